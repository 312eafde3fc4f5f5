// Saying what is wrong with a door: one's own, or one that is touched on the drawing. Nobody has to say
// who they are.

import { note } from "./kiosk_say.js";
import { fill } from "./kiosk_words.js";

const ASKS = "[data-problem-ask]";

export function problems(turn, { words, ask, go, refuse }) {
  let door = null;

  function about(one) {
    door = one;
    turn.session.about = one.id;
    for (const title of document.querySelectorAll(ASKS)) title.textContent = fill(words.problem_with, one);
  }

  async function report(category) {
    const { scan } = turn.session;
    const answer = await ask("/kiosk/problem", { door: door.id, category, ...(scan ? { scan } : {}) });
    if (!answer) return;
    if (answer.ok) {
      document.getElementById("problem_told").textContent = fill(words.problem_told, answer.body);
      document.getElementById("problem_phone").src = answer.body.phone;
      go("reported");
    } else refuse(answer);
  }

  return {
    begin() {
      note("");
      const { held } = turn.session;
      if (turn.step === "yours") about({ id: held.compartment, number: held.number });
      go("problem");
    },
    pick(one) {
      about(one);
      go("picked");
    },
    report,
    forget() {
      door = null;
      document.getElementById("problem_phone").removeAttribute("src");
    },
  };
}
