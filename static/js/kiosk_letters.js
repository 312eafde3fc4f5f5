// Letters on the screen, from A to Z: a name, a company, an address. Large keys, always in one order.
// Letters with accents are a second page of the same keys: nothing has to be held or guessed.

import { fill } from "./kiosk_words.js";

const LETTERS = [..."ABCDEFGHIJKLMNOPQRSTUVWXYZ"];
const ACCENTED = [..."ÀÁÂÃÄÅĄÆÇČĆÉÈÊËĘÍÎÏŁÑÓÔÕÖŐØŒŠŚßÚÙÛÜŰÝŽŹŻ"];
const DIGITS = [..."1234567890"];
// What an address needs besides letters; no name with an accent does.
const PLAIN_ONLY = [...LETTERS, ...DIGITS, "_", "+", "@"];
const LONGEST = 80;

export function letters(step, { words, kind, isOptional = false, onEnter }) {
  const section = document.querySelector(`section[data-step="${step}"]`);
  const keys = section.querySelector("[data-letters]");
  const echo = section.querySelector("[data-echo]");
  const note = section.querySelector("[data-letters-note]");
  const back = section.querySelector('[data-do="back"]');
  const isAddress = kind === "address";
  const buttons = new Map();
  let typed = "";

  function show() {
    echo.textContent = typed;
    const ok = buttons.get("ok");
    ok.disabled = !isOptional && !typed.trim();
    if (isOptional) ok.textContent = typed.trim() ? words.next : words.skip;
  }

  function turn(page) {
    keys.dataset.page = page;
    for (const [key, button] of buttons) {
      button.hidden = page === "accents" ? PLAIN_ONLY.includes(key) : ACCENTED.includes(key);
    }
    const other = buttons.get("accents");
    other.textContent = page === "accents" ? "ABC" : "áäñ";
    other.setAttribute("aria-pressed", page === "accents");
  }

  function press(key) {
    say("");
    if (key === "ok") {
      onEnter(typed.trim());
      return;
    }
    if (key === "accents") turn(keys.dataset.page === "accents" ? "plain" : "accents");
    else if (key === "del") typed = typed.slice(0, -1);
    else if (typed.length < LONGEST && !(key === " " && (typed === "" || typed.endsWith(" ")))) {
      // An address is written small; of a name the first letter of each word is large.
      const isFirst = !isAddress && (typed === "" || /[ '-]$/.test(typed));
      typed += isFirst ? key : key.toLowerCase();
      if (ACCENTED.includes(key)) {
        // What comes next is nearly always a plain letter. Whoever is at a keyboard stays in place.
        const hadFocus = keys.contains(document.activeElement);
        turn("plain");
        if (hadFocus) buttons.get("accents").focus({ preventScroll: true });
      }
    }
    show();
  }

  function say(text) {
    note.textContent = text;
    note.hidden = !text;
  }

  function add(key, { text = key, label = "", className = "key" } = {}) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = className;
    button.dataset.key = key;
    button.textContent = text;
    if (label) button.setAttribute("aria-label", label);
    button.addEventListener("click", () => press(key));
    keys.append(button);
    buttons.set(key, button);
  }

  /** Say a letter with an accent in words: not every voice knows it. */
  function spoken(letter) {
    const [base, mark] = letter.normalize("NFD");
    return mark ? fill(words.marks[mark.charCodeAt(0).toString(16)], { letter: base }) : words.signs[letter];
  }

  const sign = (key) => add(key, { label: words.signs[key] });
  for (const letter of LETTERS) add(letter);
  for (const letter of ACCENTED) add(letter, { label: spoken(letter) });
  for (const one of ["'", "-"]) sign(one);
  if (isAddress) {
    for (const one of ["_", "+"]) sign(one);
    for (const one of DIGITS) add(one);
    sign("@");
  }
  sign(".");
  add("del", { text: "⌫", label: words.del_letter });
  add("accents", { label: words.accents });
  add(" ", { text: words.space, className: "key letters__space" });
  // Beside the last keys, so that everything lies within reach.
  keys.append(back);
  add("ok", { text: words.next, className: "key key--primary letters__ok" });
  keys.dataset.kind = kind;
  turn("plain");
  show();

  return {
    say,
    value: () => typed.trim(),
    clear() {
      typed = "";
      say("");
      turn("plain");
      show();
    },
  };
}
