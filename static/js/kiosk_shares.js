// Whom somebody lets open their door too: asking for the other's badge, the list, and the end of it.

import { cards } from "./kiosk_choices.js";
import { note, toast } from "./kiosk_say.js";
import { fill } from "./kiosk_words.js";

const $ = (selector) => document.querySelector(selector);

export function sharing(turn, { words, ask, go, refuse }) {
  // The one that is asked about.
  let ending = null;

  const held = () => turn.session.held;
  const keep = (told) => { turn.session.held = { ...held(), ...told }; };

  function list() {
    note("");
    $("#shares_title").textContent = fill(words.shares, held());
    $("#share_more").hidden = !held().shares;
    cards(
      $("#shares"),
      held().shared_with,
      (one) => [one.with, fill(one.once ? words.shared_once : words.shared_until, one)],
      (one) => {
        ending = one;
        $("#unshare_ask").textContent = fill(words.unshare, { ...held(), ...one });
        go("unsharing");
      },
    );
    go("listing");
  }

  async function share(shown) {
    note("");
    const answer = await ask("/kiosk/share", { scan: turn.session.scan, claim: held().claim, ...shown });
    if (!answer) return;
    if (answer.ok) {
      keep(answer.body);
      $("#shared_with").textContent = fill(words.shared, held());
      go("shared");
    } else if (answer.body.code === "scan_over") refuse(answer);
    else note(answer.body.message ?? words.gave_up);
  }

  async function end() {
    const answer = await ask("/kiosk/end_share", { scan: turn.session.scan, share: ending.share });
    if (!answer) return;
    if (!answer.ok) {
      refuse(answer);
      return;
    }
    keep(answer.body);
    go("unshared");
    toast(fill(words.unshared, { ...held(), with: ending.with }));
  }

  return {
    share,
    end,
    begin: () => (held().shared_with.length ? list() : forBadge()),
    more: forBadge,
    forget: () => { ending = null; },
  };

  function forBadge() {
    note("");
    go("sharing");
  }
}
