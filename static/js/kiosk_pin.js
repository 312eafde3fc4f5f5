// A door's number or a personal number, then the PIN. After too many wrong ones the keys rest, and
// the seconds are counted where the person looks.

import { countdown } from "./kiosk_countdown.js";
import { pad } from "./kiosk_pad.js";
import { fill } from "./kiosk_words.js";

export function pins(words, { onNumber, onPin }) {
  const note = document.getElementById("pin_note");
  let asked = "";
  let number = "";
  let stop = () => {};

  const numberPad = pad(document.querySelector('section[data-step="pin_number"]'), {
    masked: false, fill, words,
    onEnter(typed) {
      number = typed;
      say("");
      stop();
      codePad.clear(words.type_pin);
      onNumber();
    },
  });
  const codePad = pad(document.querySelector('section[data-step="pin_code"]'), {
    masked: true, fill, words,
    onEnter: (pin) => onPin({ [asked]: number, pin }),
  });

  function say(text) {
    note.textContent = text;
    note.hidden = !text;
    // The seconds that follow a sentence are for the eye.
    note.removeAttribute("aria-live");
  }

  function forget() {
    stop();
    number = "";
    numberPad.clear();
    codePad.clear();
    say("");
  }

  return {
    forget,
    pick(what) {
      forget();
      asked = what;
      numberPad.clear(what === "door" ? words.type_door : words.type_person);
    },
    refused(answer) {
      codePad.clear();
      const seconds = answer.body.facts?.wait_seconds;
      if (!seconds) {
        say(answer.body.message ?? words.gave_up);
        return;
      }
      codePad.block(true);
      stop();
      stop = countdown(seconds, (left) => {
        if (left > 0) {
          note.textContent = `${words.no_match} ${fill(words.wait, { n: left })}`;
          note.hidden = false;
          if (left < seconds) note.setAttribute("aria-live", "off");
        } else {
          codePad.block(false);
          say(words.try_now);
        }
      });
    },
  };
}
