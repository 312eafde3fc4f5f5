// A badge reader that types like a keyboard. A number that lost a character may be another
// person's, so a read counts only whole: prefix, exact length, suffix, all within one window.
// Keys are caught before anything on the page sees them; none ever reaches a PIN pad or a button.

const WINDOW_MS = 1500;
// A pass (access/passes.py) begins like this, is longer, and has no fixed length: its signature
// tells whether it came whole.
const SIGNED = "LW1:";
const LONGEST_PASS = 400;
const PASS_WINDOW_MS = 4000;
const KEYS = { Enter: "\r", Tab: "\t" };

export function wedge(readers, { onRead, onBadRead }) {
  let buffer = "";
  let noise = false;
  let timer = 0;

  function forget() {
    clearTimeout(timer);
    buffer = "";
    noise = false;
  }

  function reject() {
    forget();
    onBadRead();
  }

  function begin(char, isNoise) {
    forget();
    buffer = char;
    noise = isNoise;
    // Noise that never ends in a suffix was somebody leaning on a keyboard: not worth a word.
    timer = setTimeout(isNoise ? forget : reject, WINDOW_MS);
  }

  const isPass = (text, reader) => text.startsWith(reader.prefix + SIGNED);
  const ends = (char) => readers.some((reader) => reader.suffix.startsWith(char));
  const fits = (text) =>
    readers.some((reader) => {
      const bare = text.length - reader.prefix.length;
      if (bare <= 0) return reader.prefix.startsWith(text);
      if (!text.startsWith(reader.prefix)) return false;
      if (isPass(text, reader)) return bare <= LONGEST_PASS + reader.suffix.length;
      if (bare <= reader.length) return !ends(text.at(-1));
      return reader.suffix.startsWith(text.slice(reader.prefix.length + reader.length));
    });
  const isWhole = (text) =>
    readers.some(
      (r) =>
        fits(text) &&
        (isPass(text, r)
          ? text.endsWith(r.suffix)
          : text.length === r.prefix.length + r.length + r.suffix.length),
    );

  window.addEventListener(
    "keydown",
    (event) => {
      if (event.ctrlKey || event.altKey || event.metaKey) return;
      const char = event.key.length === 1 ? event.key : (KEYS[event.key] ?? "");
      if (!char) return;
      const reading = buffer !== "";
      // Space, Enter and Tab belong to the page unless a read is under way.
      if (!reading && (char === " " || KEYS[event.key])) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      if (event.repeat) return;
      if (!reading) {
        begin(char, !fits(char));
      } else if (noise) {
        if (ends(char)) reject();
        else buffer += char;
      } else {
        buffer += char;
        if (readers.some((reader) => buffer === reader.prefix + SIGNED)) {
          clearTimeout(timer);
          timer = setTimeout(reject, PASS_WINDOW_MS);
        }
        if (isWhole(buffer)) {
          const raw = buffer;
          forget();
          onRead(raw);
        } else if (!fits(buffer)) {
          if (ends(char)) reject();
          else noise = true;
        }
      }
    },
    { capture: true },
  );
  // A swallowed Enter must not press the focused button when it comes up either.
  window.addEventListener("keyup", (event) => {
    if (buffer !== "" && KEYS[event.key]) event.preventDefault();
  }, { capture: true });
}
