// One door that was opened. It is never called open unless its sensor said so.

import { fill } from "./kiosk_words.js";

const CLOSE_PLEASE_MS = 20_000;
const MOODS = { going: "going", released: "good", open: "good", closed: "good", failed: "danger", unknown: "danger" };
// Nothing more is awaited of these.
const SETTLED = ["released", "closed", "failed", "unknown"];

export function doorway(words, { onMove }) {
  const live = document.querySelector("#live");
  const again = document.querySelector("#again");
  const says = {
    going: words.going, released: words.is_released, open: words.is_open,
    closed: words.is_closed, failed: words.has_failed, unknown: words.not_known,
  };
  let current = null;
  let timer = 0;

  function say(text, mood) {
    live.textContent = fill(text, { number: current.number });
    live.dataset.mood = mood;
  }

  return {
    heard(told) {
      if (!told || (current?.command === told.command && current.story === told.story)) return;
      clearTimeout(timer);
      current = { ...told, at: performance.now() };
      say(says[told.story], MOODS[told.story]);
      again.hidden = !["closed", "failed", "unknown", "released"].includes(told.story);
      again.textContent = ["failed", "unknown"].includes(told.story) ? words.try_again : words.open_again;
      if (told.story === "open") {
        timer = setTimeout(() => say(words.please_close, "warn"), CLOSE_PLEASE_MS);
      }
      onMove();
    },
    id: () => current?.id,
    /** For how long the last word has been readable; 0 while another is awaited. */
    settledMs() {
      if (!current) return 0;
      const since = performance.now() - current.at;
      if (SETTLED.includes(current.story)) return since;
      return current.story === "open" ? Math.max(0, since - CLOSE_PLEASE_MS) : 0;
    },
    forget() {
      clearTimeout(timer);
      current = null;
      live.textContent = "";
    },
  };
}
