// One door on its way. It is never called open unless its sensor said so.

import { fill } from "./kiosk_words.js";

const CLOSE_PLEASE_MS = 20_000;
// A command lives ten seconds; without a word this long after it, nobody knows.
const SILENCE_MS = 15_000;
const RUNGS = { queued: 1, sent: 1, accepted: 1, actuated: 2, opened: 3, closed: 4 };

// Not the last word yet.
const isOnItsWay = ({ status, sensor }) => RUNGS[status] <= (sensor ? 2 : 1);

export function doorway(words, { watch, moved, closed, pulled }) {
  const section = document.querySelector('section[data-step="door"]');
  const live = section.querySelector("[data-live]");
  const rungs = [...section.querySelectorAll("#ladder li")];
  const again = section.querySelector("#try_again");
  const another = section.querySelector("#take_another");
  let current = null;
  let timer = 0;

  function say(text, mood) {
    live.textContent = fill(text, { number: current.number });
    live.dataset.mood = mood;
    section.dataset.mood = mood;
  }

  function rung(reached, isStuck) {
    rungs.forEach((one, place) => {
      one.toggleAttribute("data-done", place < reached);
      one.toggleAttribute("data-next", place === reached && !isStuck);
    });
  }

  function later(wait, work) {
    clearTimeout(timer);
    timer = setTimeout(work, wait);
  }

  function offer(mayRetry, mayTake) {
    again.hidden = !mayRetry;
    another.hidden = !mayTake;
  }

  function failed(text, mayTake) {
    clearTimeout(timer);
    say(text, "danger");
    rung(1, true);
    offer(true, mayTake);
  }

  function show(status, hasSensor) {
    rungs[2].hidden = rungs[3].hidden = !hasSensor;
    if (status in RUNGS) rung(RUNGS[status], false);
    if (status === "actuated" && !hasSensor) {
      clearTimeout(timer);
      say(words.released, "good");
      if (current.isLast) pulled();
    } else if (status === "opened") {
      say(current.isLast ? words.is_open_last : words.is_open, "good");
      later(CLOSE_PLEASE_MS, () => say(words.please_close, "warn"));
    } else if (status === "closed") {
      clearTimeout(timer);
      say(words.is_closed, "good");
      closed(current.compartment, current.isLast);
    } else if (status === "failed") {
      failed(current.isFirst ? words.not_opened : words.not_opened_again, current.isFirst);
    } else if (status === "expired" || status === "cancelled") {
      failed(words.too_late, current.isFirst);
    } else if (status === "unknown") {
      failed(words.not_known, false);
    } else {
      say(words.opening, "going");
    }
  }

  return {
    watch(answer, scan, { isFirst, isLast = false }) {
      current = { ...answer, scan, isFirst, isLast, status: "" };
      offer(false, false);
      rungs[2].hidden = rungs[3].hidden = false;
      rung(1, false);
      say(words.opening, "going");
      later(SILENCE_MS, () => {
        current.isSilent = true;
        failed(words.not_known, false);
      });
      watch(answer.command, scan);
    },
    heard(message) {
      if (!current || message.id !== current.command || message.status === current.status) return;
      current.status = message.status;
      moved();
      if (current.isSilent && isOnItsWay(message)) {
        // Late news of something that may not happen any more takes no button away.
        rung(RUNGS[message.status], true);
        return;
      }
      offer(false, false);
      show(message.status, message.sensor);
    },
    askAgain() {
      if (current) watch(current.command, current.scan);
    },
    isFirst: () => current?.isFirst ?? false,
    forget() {
      clearTimeout(timer);
      current = null;
      live.textContent = "";
    },
  };
}
