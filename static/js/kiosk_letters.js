// Letters on the screen, from A to Z: a name, a company, an address. Large keys, always in one order.

const LETTERS = [..."ABCDEFGHIJKLMNOPQRSTUVWXYZ"];
const LONGEST = 80;

export function letters(step, { words, kind, isOptional = false, onEnter }) {
  const section = document.querySelector(`section[data-step="${step}"]`);
  const keys = section.querySelector("[data-letters]");
  const echo = section.querySelector("[data-echo]");
  const note = section.querySelector("[data-letters-note]");
  const ok = { key: "ok", text: words.next, className: "key key--primary letters__ok" };
  const space = { key: " ", text: words.space, className: "key letters__space" };
  const del = { key: "del", text: "⌫", label: words.del };
  const rows = kind === "address"
    ? [...LETTERS, "-", "_", "+", del, ..."1234567890", "@", ".", ok]
    : [...LETTERS, "'", "-", ".", del, space, ok];
  let typed = "";

  function show() {
    echo.textContent = typed;
    const button = keys.querySelector('[data-key="ok"]');
    button.disabled = !isOptional && !typed.trim();
    if (isOptional) button.textContent = typed.trim() ? words.next : words.skip;
  }

  function press(key) {
    if (key === "ok") {
      onEnter(typed.trim());
      return;
    }
    say("");
    if (key === "del") typed = typed.slice(0, -1);
    else if (typed.length < LONGEST && !(key === " " && (typed === "" || typed.endsWith(" ")))) {
      // An address is written small; of a name the first letter of each word is large.
      const isFirst = kind === "name" && (typed === "" || /[ '-]$/.test(typed));
      typed += isFirst ? key : key.toLowerCase();
    }
    show();
  }

  function say(text) {
    note.textContent = text;
    note.hidden = !text;
  }

  const back = section.querySelector('[data-do="back"]');
  for (const one of rows) {
    // Beside the last keys, so that everything lies within reach.
    if (one === space || (one === ok && kind === "address")) keys.append(back);
    const { key, text, label, className } = typeof one === "string" ? { key: one, text: one } : one;
    const button = document.createElement("button");
    button.type = "button";
    button.className = className ?? "key";
    button.dataset.key = key;
    button.textContent = text;
    if (label) button.setAttribute("aria-label", label);
    button.addEventListener("click", () => press(key));
    keys.append(button);
  }
  show();

  return {
    say,
    value: () => typed.trim(),
    clear() {
      typed = "";
      say("");
      show();
    },
  };
}
