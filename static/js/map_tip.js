// The word of the door that is pointed at or walked to: one small label beside it.
import { describe, say } from "./map_words.js";

const tip = document.getElementById("map-tip");
const GAP = 8;
let shown = null;

export function showTip(door) {
  shown = door;
  tip.querySelector("b").textContent = say("door", { number: door.shape.number });
  tip.querySelector("span").textContent = describe(door);
  tip.hidden = false;
  const place = door.node.getBoundingClientRect();
  const { width, height } = tip.getBoundingClientRect();
  const above = place.top - height - GAP;
  const left = Math.min(place.left + place.width / 2 - width / 2, innerWidth - width - GAP);
  tip.style.left = `${Math.max(GAP, left)}px`;
  tip.style.top = `${above > GAP ? above : place.bottom + GAP}px`;
}

export function hideTip() {
  shown = null;
  tip.hidden = true;
}

// The door changed while its tip is up.
export function renewTip(doors) {
  if (shown && doors.includes(shown)) showTip(shown);
}
