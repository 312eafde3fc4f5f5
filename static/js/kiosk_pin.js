// A door's number or a personal number, then the PIN; or the PIN that a bank asks for besides a badge.

import { pad } from "./kiosk_pad.js";

export function pins(words, { onNumber, onPin }) {
  let asked = "";
  let number = "";
  // The badge or waiting scan that the PIN belongs to; it goes with the next reset.
  let shown = null;

  const pads = {
    pin_number: pad("pin_number", {
      masked: false, words,
      onEnter(typed) {
        number = typed;
        pads.pin_code.begin(words.type_pin);
        onNumber();
      },
    }),
    pin_code: pad("pin_code", { masked: true, words, onEnter: (pin) => onPin({ [asked]: number, pin }) }),
    pin_second: pad("pin_second", { masked: true, words, onEnter: (pin) => onPin({ ...shown, pin }) }),
    pin_where: pad("pin_where", { masked: true, words, onEnter: (pin) => onPin({ ...shown, pin }) }),
  };

  function forget() {
    number = "";
    shown = null;
    for (const one of Object.values(pads)) one.begin();
  }

  return {
    forget,
    pick(what) {
      forget();
      asked = what;
      pads.pin_number.begin(what === "door" ? words.type_door : words.type_person);
    },
    /** The number of a door says not who it is: their own number does. */
    instead(answer, back) {
      this.pick("personal_number");
      pads.pin_number.say(answer.body.message);
      back();
    },
    besides(body) {
      shown = body;
      pads.pin_second.begin(words.type_second);
      pads.pin_where.begin(words.type_second);
    },
    /** The scan that waits for its PIN, if that is what was shown. */
    waiting: () => shown?.scan ?? null,
    refused: (step, answer) => pads[step].refused(answer),
  };
}
