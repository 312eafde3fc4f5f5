// Chips with counts, and the search for a number: what does not fit steps back.
import { showBank } from "./map_drawing.js";
import { byId, map } from "./map_state.js";
import { announce } from "./map_voice.js";
import { say } from "./map_words.js";

const OPEN = "open!"; // beside the states: a door may stand open in any of them
const chips = byId("map-chips").querySelectorAll("[aria-pressed]");

export function count() {
  const states = {};
  let open = 0;
  for (const bank of map.banks) {
    bank.free = 0;
    bank.check = 0;
    for (const shape of bank.doors) {
      const { now } = map.doors.get(shape.id);
      states[now.state] = (states[now.state] ?? 0) + 1;
      open += now.door === "open";
      bank.free += now.state === "free";
      bank.check += now.state === "exception";
    }
    showBank(bank, byId(`bank-${bank.id}`), map.old);
  }
  for (const chip of chips) {
    const number = String(chip.dataset.state ? states[chip.dataset.state] ?? 0 : open);
    const told = chip.querySelector(".chip__count");
    if (told.textContent !== number) told.textContent = number;
    chip.hidden = number === "0" && chip.getAttribute("aria-pressed") !== "true";
  }
}

function matches(door) {
  const { filter, number } = map;
  const { now } = door;
  const state = filter.size === 0 || filter.has(now.state) || (filter.has(OPEN) && now.door === "open");
  return state && (!number || door.shape.number.toLowerCase().startsWith(number));
}

export function sift(doors = map.doors.values()) {
  for (const door of doors) {
    const fits = matches(door);
    door.node.classList.toggle("is-quiet", !fits);
    door.ajar?.classList.toggle("is-quiet", !fits);
    door.node.classList.toggle("is-selected", door === map.selected);
    if (door.row) door.row.hidden = !fits;
  }
  for (const table of document.querySelectorAll(".list")) {
    table.hidden = !table.querySelector("tbody tr:not([hidden])");
  }
}

// Somebody asked for something else: show it, say how much there is, and go to the first.
function changed() {
  sift();
  const sifting = map.filter.size > 0 || map.number !== "";
  byId("map-clear").hidden = !sifting;
  if (!sifting) return [];
  const found = [...map.doors.values()].filter(matches);
  const words = ["none_found", "found_one"][found.length] ?? "found";
  announce(say(words, { count: found.length }));
  const first = map.number ? exact(found) : found[0];
  const at = first?.row?.checkVisibility() ? first.row : first?.node;
  at?.scrollIntoView({ block: "nearest", inline: "nearest" });
  return found;
}

const exact = (found) =>
  found.find((door) => door.shape.number.toLowerCase() === map.number) ?? found[0];

function clear() {
  map.filter.clear();
  map.number = "";
  byId("map-number").value = "";
  for (const chip of chips) chip.setAttribute("aria-pressed", "false");
  count();
  changed();
}

// `open` shows the story of the door that was searched for.
export function listen(open) {
  byId("map-chips").addEventListener("click", (event) => {
    const chip = event.target.closest("[aria-pressed]");
    if (!chip) return;
    const name = chip.dataset.state ?? OPEN;
    const on = !map.filter.delete(name);
    if (on) map.filter.add(name);
    chip.setAttribute("aria-pressed", String(on));
    changed();
  });
  byId("map-clear").addEventListener("click", () => {
    clear();
    byId("map-number").focus();
  });
  byId("map-number").addEventListener("input", (event) => {
    map.number = event.target.value.trim().toLowerCase();
    changed();
  });
  byId("map-search").addEventListener("submit", (event) => {
    event.preventDefault();
    const door = map.number && exact(changed());
    if (door) open(door);
  });
}
