// Who stands there, by badge, PIN, code or pass, and where that leads.

import { which } from "./kiosk_choices.js";
import { WRONG_PIN } from "./kiosk_pad.js";
import { fill } from "./kiosk_words.js";

export const IDENTIFYING = ["attract", "pin_start", "pin_lost", "pin_number", "pin_code", "pin_second",
  "pin_where", "where_ask", "refused", "visitor", "visitor_code"];
const ASKED_WHERE = ["where_ask", "pin_where"];

export function identifying(turn, { words, ask, go, refuse, pin, visitor }) {
  const $ = (selector) => document.querySelector(selector);

  function known(told) {
    Object.assign(turn.session, {
      scan: told.scan, choices: told.choices, mayChangePin: told.may_change_pin, isRecovery: told.is_recovery,
      kept: told.kept,
    });
    $("#who").textContent = fill(words.someone, { initials: told.initials });
  }

  async function identify(body) {
    const asked = turn.step;
    const answer = await ask("/kiosk/scan", body);
    if (!answer) return;
    if (!answer.ok) unknown(body, answer);
    else {
      known(answer.body);
      pin.forget();
      lead(answer.body, ASKED_WHERE.includes(asked));
    }
  }

  function unknown(body, answer) {
    const { code } = answer.body;
    const { step } = turn;
    if (code === "scan_taken" || !IDENTIFYING.includes(step)) return;
    const hasPad = document.body.hasAttribute("data-pad");
    if (step === "visitor_code" && ["wrong_code", "too_many_tries"].includes(code)) visitor.refused(answer);
    else if (code === "pin_required" && !("pin" in body)) {
      pin.besides(body);
      go("needs_pin");
    } else if (code === "door_of_several") pin.instead(answer, () => go("back"));
    else if ("pin" in body && (step === "pin_code" || (hasPad && WRONG_PIN.includes(code)))) {
      pin.refused(step, answer);
    } else refuse(answer);
  }

  function lead({ holds, booked, offered }, askedWhere) {
    const { session } = turn;
    const may = session.choices;
    const here = holds.filter((one) => one.here);
    session.held = here[0] ?? holds[0] ?? null;
    if (here.length > 1) {
      which(here, (one) => {
        session.held = one;
        go("picked");
      });
      go("identified_many");
    } else if (here.length === 1) go("identified_holder");
    else if (!askedWhere && (offered || booked)) {
      session.held = offered ?? booked;
      $("#check_in").hidden = !session.held.ready;
      const isOnlyOne = !may.doors?.some((id) => id !== session.held.compartment);
      $("#not_booked").hidden = $("#not_offered").hidden = isOnlyOne;
      go(offered ? "identified_offered" : "identified_booked");
    } else if (holds.length && (askedWhere || !may.left)) go("identified_elsewhere");
    else {
      session.held = null;
      if (!askedWhere && may.why_not) refuse({ body: may.why_not });
      else go(!askedWhere && may.picks ? "identified_picks" : "identified_free");
    }
  }

  /** Whoever is known already goes on to choose. */
  const choose = () => lead({ holds: [] }, false);

  return { identify, known, choose };
}
