// The live map: keeps what the server last said of every door, draws it, and lets staff find one.
import { drawBank, showBank, showDoor } from "./map_drawing.js";
import { listBank, listDoor } from "./map_list.js";
import { Panel } from "./map_panel.js";
import { Feed } from "./map_socket.js";
import { announce, summarise } from "./map_voice.js";
import { neighbour } from "./map_walk.js";
import { say } from "./map_words.js";

const config = document.getElementById("map-config").dataset;
const byId = (id) => document.getElementById(id);
const UNKNOWN = { state: "offline", door: "unknown" };
const drawing = byId("map-drawing");
const list = byId("map-list");
const nav = byId("map-banks");

const map = { plan: null, banks: [], doors: new Map(), old: false, filter: new Set(), number: "" };
let selected = null;
let walked = null;

const panel = new Panel({ door: config.door, bank: config.bank }, () => {
  select(null);
  walked?.node.focus();
});

// ---- The drawing

async function fetchDrawing() {
  const answer = await fetch(config.drawing);
  if (!answer.ok) throw new Error(`drawing: ${answer.status}`);
  return answer.json();
}

async function redraw(wanted) {
  const plan = await fetchDrawing();
  const before = map.doors;
  map.plan = wanted;
  map.banks = plan.banks;
  map.doors = new Map();
  for (const bank of plan.banks) {
    for (const shape of bank.doors) {
      map.doors.set(shape.id, { shape, bank: bank.id, now: before.get(shape.id)?.now ?? UNKNOWN });
    }
  }
  drawing.replaceChildren();
  list.replaceChildren();
  nav.replaceChildren();
  const heads = [say("list_number"), say("list_state"), say("list_door"), say("list_size"), say("list_more")];
  const areas = new Map();
  for (const bank of plan.banks) {
    const area = bank.area || (plan.banks.some((one) => one.area) ? say("no_area") : "");
    if (!areas.has(area)) areas.set(area, []);
    areas.get(area).push(bank);
  }
  for (const [area, banks] of areas) {
    const section = document.createElement("section");
    section.className = "area";
    const group = document.createElement("ul");
    group.className = "nav__banks";
    if (area) {
      const title = document.createElement("h2");
      title.className = "area__name";
      title.textContent = area;
      section.append(title);
      const navTitle = document.createElement("h2");
      navTitle.className = "nav__area";
      navTitle.textContent = area;
      nav.append(navTitle);
    }
    for (const bank of banks) {
      section.append(drawBank(bank, map.doors));
      list.append(listBank(bank, map.doors, heads));
      const item = document.createElement("li");
      const link = document.createElement("a");
      link.href = `#bank-${bank.id}`;
      link.innerHTML = "<span></span><b></b>";
      link.firstChild.textContent = bank.name;
      item.append(link);
      group.append(item);
      bank.link = link;
    }
    drawing.append(section);
    nav.append(group);
  }
  walked = map.doors.values().next().value ?? null;
  walked?.node.setAttribute("tabindex", "0");
  byId("map-wait").hidden = true;
}

function show(doors) {
  for (const door of doors) {
    showDoor(door);
    listDoor(door);
  }
  count();
  sift(doors);
}

function count() {
  const states = {};
  let open = 0;
  for (const bank of map.banks) {
    let free = 0;
    for (const shape of bank.doors) {
      const { now } = map.doors.get(shape.id);
      states[now.state] = (states[now.state] ?? 0) + 1;
      open += now.door === "open";
      free += now.state === "free";
    }
    bank.free = free;
    showBank(bank, byId(`bank-${bank.id}`), free);
    bank.link.lastChild.textContent = `${free}/${bank.doors.length}`;
    bank.link.title = say("free_of", { free, total: bank.doors.length });
  }
  for (const chip of document.querySelectorAll(".chip[data-state], .chip[data-door]")) {
    const number = chip.dataset.state ? states[chip.dataset.state] ?? 0 : open;
    chip.querySelector(".chip__count").textContent = number;
    chip.hidden = number === 0 && chip.getAttribute("aria-pressed") !== "true";
  }
}

// ---- Filter and search

function matches(door) {
  const { filter, number } = map;
  const { now } = door;
  const state = filter.size === 0 || filter.has(now.state) || (filter.has("open!") && now.door === "open");
  return state && (!number || door.shape.number.toLowerCase().startsWith(number));
}

function sift(doors = map.doors.values()) {
  const sifting = map.filter.size > 0 || map.number !== "";
  for (const door of doors) {
    const fits = matches(door);
    door.node.classList.toggle("is-quiet", !fits);
    door.ajar.classList.toggle("is-quiet", !fits);
    door.row.hidden = !fits;
    door.node.classList.toggle("is-selected", door === selected);
  }
  drawing.classList.toggle("is-sifted", sifting);
  byId("map-clear").hidden = !sifting;
}

byId("map-chips").addEventListener("click", (event) => {
  const chip = event.target.closest(".chip");
  if (!chip) return;
  const name = chip.dataset.state ?? "open!";
  const on = !map.filter.delete(name);
  if (on) map.filter.add(name);
  chip.setAttribute("aria-pressed", String(on));
  sift();
});

byId("map-clear").addEventListener("click", () => {
  map.filter.clear();
  map.number = "";
  byId("map-number").value = "";
  for (const chip of document.querySelectorAll(".chip[aria-pressed]")) chip.setAttribute("aria-pressed", "false");
  count();
  sift();
});

byId("map-number").addEventListener("input", (event) => {
  map.number = event.target.value.trim().toLowerCase();
  sift();
});

byId("map-search").addEventListener("submit", (event) => {
  event.preventDefault();
  const found = [...map.doors.values()].filter(matches);
  const exact = found.find((door) => door.shape.number.toLowerCase() === map.number) ?? found[0];
  announce(found.length ? say("found", { count: found.length }) : say("none_found"));
  if (exact && map.number) open(exact);
});

// ---- Walking and choosing

function walkTo(door) {
  walked?.node.setAttribute("tabindex", "-1");
  walked = door;
  door.node.setAttribute("tabindex", "0");
  door.node.focus();
  door.node.scrollIntoView({ block: "nearest", inline: "nearest" });
}

function select(door) {
  selected?.node.classList.remove("is-selected");
  selected = door;
  door?.node.classList.add("is-selected");
}

function open(door) {
  walked?.node.setAttribute("tabindex", "-1");
  walked = door;
  door.node.setAttribute("tabindex", "0");
  select(door);
  door.node.scrollIntoView({ block: "nearest", inline: "nearest" });
  panel.open("door", door.shape.id);
}

const doorAt = (event) => {
  const node = event.target.closest("[data-door]");
  return node ? map.doors.get(Number(node.dataset.door)) : null;
};

drawing.addEventListener("click", (event) => {
  const bank = event.target.closest("[data-open-bank]");
  if (bank) {
    select(null);
    panel.open("bank", Number(bank.dataset.openBank));
    return;
  }
  const door = doorAt(event);
  if (door) open(door);
});

drawing.addEventListener("focusin", (event) => {
  const door = doorAt(event);
  if (!door || door === walked) return;
  walked?.node.setAttribute("tabindex", "-1");
  walked = door;
  door.node.setAttribute("tabindex", "0");
});

drawing.addEventListener("keydown", (event) => {
  const door = doorAt(event);
  if (!door || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key.startsWith("Arrow")) {
    event.preventDefault();
    const next = neighbour(event.key, door, map.banks, map.doors);
    if (next) walkTo(next);
  } else if (event.key === "Enter" || event.key === " ") {
    event.preventDefault();
    open(door);
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") panel.close();
});

list.addEventListener("click", (event) => {
  const button = event.target.closest("[data-list-door]");
  if (button) open(map.doors.get(Number(button.dataset.listDoor)));
});

document.querySelector(".switch").addEventListener("click", (event) => {
  const view = event.target.closest("[data-view]")?.dataset.view;
  if (!view) return;
  for (const button of document.querySelectorAll("[data-view]")) {
    button.setAttribute("aria-pressed", String(button.dataset.view === view));
  }
  drawing.hidden = view !== "drawing";
  list.hidden = view !== "list";
});

byId("map-site").addEventListener("change", (event) => location.assign(event.target.value));

// ---- What the server says

// A frame waits for the one before it: the drawing may have to be fetched in between.
let turn = Promise.resolve();
const inTurn = (work) => {
  turn = turn.then(work).catch((error) => console.error(error));
};

function take(frame) {
  const changed = [];
  for (const bank of frame.banks) {
    const known = map.banks.find((one) => one.id === bank.id);
    if (known) known.now = bank;
  }
  for (const now of frame.compartments) {
    const door = map.doors.get(now.id);
    if (!door) continue;
    door.now = { ...now, has: now.has ?? now.state };
    changed.push(door);
    panel.refresh("door", now.id);
  }
  for (const bank of new Set([...frame.banks.map((one) => one.id), ...changed.map((door) => door.bank)])) {
    panel.refresh("bank", bank);
  }
  return changed;
}

async function onSnapshot(frame) {
  if (frame.plan !== map.plan) await redraw(frame.plan);
  for (const door of map.doors.values()) door.now = UNKNOWN;
  take(frame);
  live();
  show(map.doors.values());
  openings();
}

function onDelta(frame) {
  const changed = take(frame);
  show(changed);
  if (frame.banks.length) openings();
  summarise(changed, map);
}

function live() {
  map.old = false;
  document.body.classList.remove("is-old");
  byId("map-banner").hidden = true;
  badge("live", say("live"));
}

function onOld(kind) {
  map.old = true;
  document.body.classList.add("is-old");
  const banner = byId("map-banner");
  banner.textContent = say(kind);
  banner.hidden = false;
  badge(kind === "gone" ? "gone" : "old", say(kind));
  // What was true a while ago is not known now.
  for (const door of map.doors.values()) door.now = UNKNOWN;
  show(map.doors.values());
}

function badge(is, word) {
  const node = byId("map-live");
  node.dataset.is = is;
  node.querySelector(".live__word").textContent = word;
}

function openings() {
  const notes = map.banks.filter((bank) => bank.now?.opening).map((bank) => {
    const { opening } = bank.now;
    const note = document.createElement("p");
    note.className = "note note--warn";
    note.setAttribute("role", "status");
    const button = document.createElement("button");
    button.type = "button";
    button.className = "button";
    button.textContent = say("look");
    button.addEventListener("click", () => panel.open("bank", bank.id));
    const words = document.createElement("span");
    words.textContent = say(`opening_${opening.status}`, { by: opening.by, name: bank.name, reason: opening.reason });
    note.append(words, button);
    return note;
  });
  byId("map-openings").replaceChildren(...notes);
}

new Feed(config.site, {
  snapshot: (frame) => inTurn(() => onSnapshot(frame)),
  delta: (frame) => inTurn(() => onDelta(frame)),
  old: (kind) => inTurn(() => onOld(kind)),
});
