// The 12-key pad: always in the same order, masked for PINs, a spoken count but never a digit. After
// too many wrong PINs the keys rest, and the seconds are counted where the person looks.

import { countdown } from "./kiosk_countdown.js";
import { fill } from "./kiosk_words.js";

export const WRONG_PIN = ["wrong_pin", "too_many_attempts", "pin_disabled"];

export function pad(step, { masked, words, onEnter }) {
  const section = document.querySelector(`section[data-step="${step}"]`);
  const keys = section.querySelector("[data-pad]");
  const title = section.querySelector("[data-pad-title]");
  const echo = section.querySelector("[data-pad-echo]");
  const live = section.querySelector("[data-pad-live]");
  const note = section.querySelector("[data-pad-note]");
  let typed = "";
  let blocked = false;
  let stop = () => {};

  function show() {
    echo.textContent = masked ? "●".repeat(typed.length) : typed;
    live.textContent = masked ? fill(words.typed, { n: typed.length }) : typed;
    keys.querySelector("[data-key=ok]").disabled = blocked || typed === "";
  }

  function press(key) {
    if (blocked) return;
    if (key === "ok") {
      if (typed) onEnter(typed);
      return;
    }
    typed = key === "del" ? typed.slice(0, -1) : (typed + key).slice(0, 12);
    show();
  }

  function block(isBlocked) {
    blocked = isBlocked;
    for (const button of keys.children) button.disabled = isBlocked;
    show();
  }

  function say(text) {
    note.textContent = text;
    note.hidden = !text;
    // The seconds that follow a sentence are for the eye.
    note.removeAttribute("aria-live");
  }

  function clear() {
    stop();
    typed = "";
    block(false);
  }

  for (const key of ["1", "2", "3", "4", "5", "6", "7", "8", "9", "del", "0", "ok"]) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = key === "ok" ? "key key--primary" : "key";
    button.dataset.key = key;
    button.textContent = key === "del" ? "⌫" : key === "ok" ? words.ok : key;
    if (key === "del") button.setAttribute("aria-label", words.del);
    button.addEventListener("click", () => press(key));
    keys.append(button);
  }

  return {
    clear,
    say,
    /** Begin anew, with another question when there is one. */
    begin(heading) {
      clear();
      say("");
      if (heading) title.textContent = heading;
    },
    refused(answer) {
      clear();
      const seconds = answer.body.facts?.wait_seconds;
      if (!seconds) {
        say(answer.body.message ?? words.gave_up);
        return;
      }
      block(true);
      stop = countdown(seconds, (left) => {
        if (left > 0) {
          note.textContent = `${words.no_match} ${fill(words.wait, { n: left })}`;
          note.hidden = false;
          if (left < seconds) note.setAttribute("aria-live", "off");
        } else {
          block(false);
          say(words.try_now);
        }
      });
    },
  };
}
