// How many doors of each size are free, as passers-by see it and as keys to choose from.

import { fill } from "./kiosk_words.js";

export function counts(bank, isOffline) {
  document.getElementById("counts").replaceChildren(
    ...bank.free.sizes.map((size) => {
      const item = document.createElement("li");
      const number = document.createElement("strong");
      number.textContent = isOffline ? "?" : size.free;
      item.append(number, ` ${size.name}`);
      item.toggleAttribute("data-none", isOffline || size.free === 0);
      return item;
    }),
  );
}

export function choices(drawing, bank, words, isShut, onChoice) {
  document.getElementById("any_free").textContent = fill(words.free, { n: bank.free.total });
  const keys = document.getElementById("sizes");
  // Changed in place, not made anew: a key must not vanish under a finger.
  for (const size of bank.free.sizes) {
    const key = keys.querySelector(`[data-size="${size.id}"]`) ?? made(drawing, size, onChoice);
    if (!key.isConnected) keys.append(key);
    key.disabled = isShut || size.free === 0;
    key.querySelector("em").textContent = size.free
      ? fill(words.free, { n: size.free })
      : words.none_free;
  }
}

function made(drawing, size, onChoice) {
  const about = drawing.sizes.find((one) => one.id === size.id);
  const example = drawing.doors.find((one) => one.size === size.id);
  const tallest = Math.max(...drawing.doors.map((one) => one.h));
  const key = document.createElement("button");
  key.type = "button";
  key.className = "key key--size";
  key.dataset.size = size.id;
  key.innerHTML = '<span class="shape"><span></span></span><strong></strong><span></span><em></em>';
  key.querySelector(".shape span").style.blockSize = `${(example.h / tallest) * 100}%`;
  key.querySelector("strong").textContent = size.name;
  key.children[2].textContent = about?.fits ?? "";
  key.addEventListener("click", () => onChoice(size.id));
  return key;
}

/** The doors that somebody holds, as keys to choose from. */
export function which(held, onPick) {
  document.getElementById("which").replaceChildren(
    ...held.map((one) => {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "key key--card";
      button.innerHTML = "<strong></strong><span></span>";
      button.firstChild.textContent = one.number;
      button.lastChild.textContent = one.where;
      button.addEventListener("click", () => onPick(one));
      return button;
    }),
  );
}
