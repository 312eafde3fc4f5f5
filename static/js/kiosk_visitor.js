// A visitor: with the code of the visit, or new here. What is typed goes at the reset.

import { letters } from "./kiosk_letters.js";
import { pad } from "./kiosk_pad.js";
import { fill } from "./kiosk_words.js";

const HOST_CODES = ["no_such_host", "too_many_tries"];

export function visiting(words, { go, ask, refuse, identify, known, choose }) {
  const $ = (selector) => document.querySelector(selector);
  const enter = () => go("entered");
  const code = pad("visitor_code", {
    masked: false,
    words: { ...words, no_match: words.wrong_code },
    onEnter: (typed) => identify({ code: typed }),
  });
  const name = letters("visitor_name", { words, kind: "name", onEnter: enter });
  const company = letters("visitor_company", { words, kind: "name", isOptional: true, onEnter: enter });
  const host = letters("visitor_host", {
    words,
    kind: "address",
    onEnter() {
      $("#visitor_summary").textContent = fill(words.summary, { name: name.value(), host: host.value() });
      go("entered");
    },
  });
  let answer = null;

  function forget() {
    code.begin(words.type_code);
    for (const one of [name, company, host]) one.clear();
    for (const one of ["#visitor_summary", "#visitor_code"]) $(one).textContent = "";
    answer = null;
  }

  async function register() {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    const reply = await ask("/kiosk/visitor", {
      name: name.value(),
      company: company.value(),
      host: host.value(),
      agreed: true,
      secret: Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(""),
    });
    if (!reply) return;
    if (reply.ok) {
      answer = reply.body;
      $("#visitor_code").textContent = answer.code;
      known(answer);
      go("registered");
    } else if (HOST_CODES.includes(reply.body.code)) {
      host.say(reply.body.message);
      go("wrong_host");
    } else refuse(reply);
  }

  forget();
  return {
    forget,
    refused: (reply) => code.refused(reply),
    actions: {
      visitor: () => go("visiting"),
      visitor_code: () => { code.begin(words.type_code); go("has_code"); },
      visitor_new: () => go("entered"),
      visitor_agree: register,
      visitor_go: choose,
    },
  };
}
