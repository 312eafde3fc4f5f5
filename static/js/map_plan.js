// Lays the banks out by area, in the middle and in the list of banks; and makes the table.
import { drawBank } from "./map_drawing.js";
import { listBank, listDoor } from "./map_list.js";
import { byId, map } from "./map_state.js";
import { say } from "./map_words.js";

const LINK = `<span></span>
  <em class="nav__check" hidden><svg viewBox="0 0 16 16" width="14" height="14" aria-hidden="true"><use href="#glyph-exception"/></svg><i></i> <span class="visually-hidden"></span></em>
  <b></b>`;

function byArea(banks) {
  const areas = new Map();
  for (const bank of banks) {
    const area = bank.area || (banks.some((one) => one.area) ? say("no_area") : "");
    if (!areas.has(area)) areas.set(area, []);
    areas.get(area).push(bank);
  }
  return areas;
}

function title(text, name) {
  const node = document.createElement("h2");
  node.className = name;
  node.textContent = text;
  return node;
}

export function layOut() {
  const drawn = [];
  const nav = [];
  for (const [area, banks] of byArea(map.banks)) {
    const section = document.createElement("section");
    section.className = "area";
    const group = document.createElement("ul");
    group.className = "nav__banks";
    if (area) {
      section.append(title(area, "area__name"));
      nav.push(title(area, "nav__area"));
    }
    for (const bank of banks) {
      section.append(drawBank(bank, map.doors));
      const item = document.createElement("li");
      bank.link = document.createElement("a");
      bank.link.href = `#bank-${bank.id}`;
      bank.link.innerHTML = LINK;
      bank.link.firstChild.textContent = bank.name;
      item.append(bank.link);
      group.append(item);
    }
    drawn.push(section);
    nav.push(group);
  }
  byId("map-drawing").replaceChildren(...drawn);
  byId("map-banks").replaceChildren(...nav);
  if (map.listed) list();
}

export function list() {
  map.listed = true;
  byId("map-list").replaceChildren(...map.banks.map((bank) => listBank(bank, map.doors)));
  for (const door of map.doors.values()) listDoor(door);
}
