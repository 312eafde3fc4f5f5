// The 12-key pad: always in the same order, masked for PINs, a spoken count but never a digit.

export function pad(section, { masked, fill, words, onEnter }) {
  const keys = section.querySelector("[data-pad]");
  const title = section.querySelector("[data-pad-title]");
  const echo = section.querySelector("[data-pad-echo]");
  const live = section.querySelector("[data-pad-live]");
  let typed = "";
  let blocked = false;

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
    clear(heading) {
      typed = "";
      if (heading) title.textContent = heading;
      block(false);
    },
    block,
  };
}
