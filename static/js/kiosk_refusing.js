// What is told when something is refused: the first reason large, with what to do; the others below.

import { tell } from "./kiosk_say.js";

const $ = (selector) => document.querySelector(selector);
const NO_ACCESS = ["no_access", "access_over"];
const NOTHING_FREE = "no_compartment_available";

export function refusing(turn, { words, go }) {
  return function refuse({ body }) {
    const { session } = turn;
    if (body.code === "scan_over") session.scan = null;
    const mayChoose = session.scan && session.choices?.left && session.choices.any && !session.held;
    const mayAsk = session.scan && NO_ACCESS.includes(body.code);
    const mayWait = session.scan && body.code === NOTHING_FREE && session.choices?.waits;
    $("#ask_access").hidden = !mayAsk;
    $("#join").hidden = !mayWait;
    $("#choose_again").hidden = !mayChoose || mayAsk || mayWait;
    $("[data-refusal]").textContent = body.message ?? words.gave_up;
    $("#also").replaceChildren(
      ...(body.also ?? []).map((text) => {
        const item = document.createElement("li");
        tell(item, text);
        return item;
      }),
    );
    $("#also").hidden = !body.also?.length;
    go("refused");
  };
}
