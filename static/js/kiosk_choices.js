// How many doors of each size are free, as passers-by see it and as keys to choose from.

import { tell } from "./kiosk_say.js";
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

/** ``theirs`` is what this person may choose; without it, as passers-by see it. */
export function choices(drawing, bank, theirs, words, isShut, onChoice) {
  const may = theirs?.doors;
  const until = Object.fromEntries((theirs?.sizes ?? []).map((size) => [size.id, size.until]));
  // Said once when it is the same for all.
  const isSame = new Set(Object.values(until)).size === 1;
  for (const one of document.querySelectorAll("[data-yours-until]")) tell(one, isSame ? theirs.until : "");
  const free = (size) =>
    may ? drawing.doors.filter((one) => one.size === size.id && may.includes(one.id) && bank.doors[one.id] === "free").length
      : size.free;
  const sizes = bank.free.sizes.map((size) => ({ ...size, free: free(size) }));
  const any = may ? sizes.reduce((sum, size) => sum + size.free, 0) : bank.free.total;
  document.getElementById("any_free").textContent = fill(words.free, { n: any });
  const keys = document.getElementById("sizes");
  // Changed in place, not made anew: a key must not vanish under a finger.
  for (const size of sizes) {
    const key = keys.querySelector(`[data-size="${size.id}"]`) ?? made(drawing, size, onChoice);
    if (!key.isConnected) keys.append(key);
    key.disabled = isShut || size.free === 0;
    key.querySelector("em").textContent = size.free
      ? fill(words.free, { n: size.free })
      : words.none_free;
    tell(key.querySelector("small"), isSame ? "" : (until[size.id] ?? ""));
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
  key.innerHTML = '<span class="shape"><span></span></span><strong></strong><span></span><small hidden></small><em></em>';
  key.querySelector(".shape span").style.blockSize = `${(example.h / tallest) * 100}%`;
  key.querySelector("strong").textContent = size.name;
  key.children[2].textContent = about?.fits ?? "";
  key.addEventListener("click", () => onChoice(size.id));
  return key;
}

/** Things to choose from, as keys with two lines each. */
export function cards(box, things, lines, onPick) {
  box.replaceChildren(
    ...things.map((one) => {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "key key--card";
      button.innerHTML = "<strong></strong><span></span>";
      [button.firstChild.textContent, button.lastChild.textContent] = lines(one);
      button.addEventListener("click", () => onPick(one));
      return button;
    }),
  );
}

/** The doors that somebody holds. */
export function which(held, onPick) {
  cards(document.getElementById("which"), held, (one) => [one.number, one.where], onPick);
}
