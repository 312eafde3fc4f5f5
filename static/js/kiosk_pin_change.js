// Change my PIN: the old one, and the new one twice. Asked of the server once, at the end; what was
// wrong leads back to where it was typed.

import { WRONG_PIN, pad } from "./kiosk_pad.js";

export function changing(words, { go, send, refuse }) {
  let old = "";
  let chosen = "";

  const oldPad = pad("pin_old", {
    masked: true, words,
    onEnter(typed) {
      old = typed;
      newPad.begin(words.type_new);
      go("entered");
    },
  });
  const newPad = pad("pin_new", {
    masked: true, words,
    onEnter(typed) {
      chosen = typed;
      againPad.begin(words.type_again);
      go("entered");
    },
  });
  const againPad = pad("pin_again", {
    masked: true, words,
    async onEnter(typed) {
      if (typed !== chosen) {
        chooseAgain(words.not_alike);
        return;
      }
      const answer = await send({ old, new: chosen });
      if (!answer) return;
      againPad.begin();
      if (answer.ok) {
        forget();
        go("changed");
      } else if (answer.body.code === "weak_pin") chooseAgain(answer.body.message);
      else if (WRONG_PIN.includes(answer.body.code)) {
        oldPad.refused(answer);
        go("wrong_old");
      } else refuse(answer);
    },
  });

  function chooseAgain(why) {
    newPad.begin(words.type_new);
    newPad.say(why);
    go("choose_new");
  }

  function forget() {
    old = "";
    chosen = "";
    for (const one of [oldPad, newPad, againPad]) one.begin();
  }

  return {
    forget,
    begin() {
      forget();
      oldPad.begin(words.type_old);
    },
  };
}
