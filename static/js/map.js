// The live map: shows what the server says of every door, and lets staff walk to one.
import { showDoor } from "./map_drawing.js";
import { count, listen, sift } from "./map_find.js";
import { listDoor } from "./map_list.js";
import { Panel } from "./map_panel.js";
import { layOut, list } from "./map_plan.js";
import { Feed } from "./map_socket.js";
import { byId, map, take as takePlan, UNKNOWN } from "./map_state.js";
import { hideTip, renewTip, showTip } from "./map_tip.js";
import { summarise } from "./map_voice.js";
import { neighbour } from "./map_walk.js";
import { say } from "./map_words.js";

const config = byId("map-config").dataset;
const drawing = byId("map-drawing");
let walked = null;

const panel = new Panel({ door: config.door, bank: config.bank }, {
  shown: () => map.selected && reveal(map.selected),
  closed: () => {
    select(null);
    const at = walked?.row?.checkVisibility() ? walked.row.querySelector("button") : walked?.node;
    at?.focus({ preventScroll: true });
  },
});

// ---- The drawing

async function fetchDrawing() {
  const answer = await fetch(config.drawing);
  if (!answer.ok) throw new Error(`drawing: ${answer.status}`);
  return answer.json();
}

// Asked for at once: it is here by the time the first states are.
let early = fetchDrawing().catch(() => null);

async function redraw(name) {
  let plan = await early;
  early = null;
  if (plan?.plan !== name) plan = await fetchDrawing();
  hideTip();
  takePlan(plan, name);
  layOut();
  walked = map.doors.values().next().value ?? null;
  walked?.node.setAttribute("tabindex", "0");
  byId("map-wait").hidden = true;
}

function show(doors) {
  for (const door of doors) {
    showDoor(door, map.near);
    if (door.row) listDoor(door);
  }
  count();
  sift(doors);
}

// ---- Walking and choosing

function reveal(door) {
  const at = door.row?.checkVisibility() ? door.row : door.node;
  at.scrollIntoView({ block: "nearest", inline: "nearest" });
}

function stand(door) {
  walked?.node.setAttribute("tabindex", "-1");
  walked = door;
  door.node.setAttribute("tabindex", "0");
}

function select(door) {
  map.selected?.node.classList.remove("is-selected");
  map.selected = door;
  door?.node.classList.add("is-selected");
}

// With the keyboard the focus goes along, to the story and its actions; Escape brings it back.
function open(door, withFocus = false) {
  stand(door);
  select(door);
  hideTip();
  panel.open("door", door.shape.id, withFocus);
}

const doorAt = (event) => {
  const node = event.target.closest?.("[data-door]");
  return node ? map.doors.get(Number(node.dataset.door)) : null;
};

drawing.addEventListener("click", (event) => {
  const bank = event.target.closest("[data-open-bank]");
  if (bank) {
    select(null);
    panel.open("bank", Number(bank.dataset.openBank), event.detail === 0);
    return;
  }
  const door = doorAt(event);
  if (door) open(door);
});

drawing.addEventListener("focusin", (event) => {
  const door = doorAt(event);
  if (!door) return;
  if (door !== walked) stand(door);
  if (door.node.matches(":focus-visible")) showTip(door);
});
drawing.addEventListener("focusout", hideTip);
drawing.addEventListener("pointerover", (event) => {
  if (event.pointerType === "touch") return;
  const door = doorAt(event);
  if (door) showTip(door);
  else hideTip();
});
drawing.addEventListener("pointerleave", hideTip);
// The wheel moves doors away under the label; an arrow key moves the label along.
byId("map-centre").addEventListener("wheel", hideTip, { passive: true });

drawing.addEventListener("keydown", (event) => {
  const door = doorAt(event);
  if (!door || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key.startsWith("Arrow")) {
    event.preventDefault();
    const next = neighbour(event.key, door, map.banks, map.doors);
    if (!next) return;
    reveal(next);
    next.node.focus({ preventScroll: true });
  } else if (event.key === "Enter" || event.key === " ") {
    event.preventDefault();
    open(door, true);
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  hideTip();
  panel.close();
});

byId("map-list").addEventListener("click", (event) => {
  const button = event.target.closest("[data-list-door]");
  if (button) open(map.doors.get(Number(button.dataset.listDoor)), true);
});

listen((door) => open(door));

// ---- How it is shown

document.querySelector(".switch").addEventListener("click", (event) => {
  const view = event.target.closest("[data-view]")?.dataset.view;
  if (!view) return;
  for (const button of document.querySelectorAll("[data-view]")) {
    button.setAttribute("aria-pressed", String(button.dataset.view === view));
  }
  if (view === "list" && !map.listed) {
    list();
    sift();
  }
  drawing.hidden = view !== "drawing";
  byId("map-list").hidden = view !== "list";
  byId("map-near").hidden = view !== "drawing";
  byId("map-centre").scrollTop = 0;
});

byId("map-near").addEventListener("click", (event) => {
  map.near = !map.near;
  event.currentTarget.setAttribute("aria-pressed", String(map.near));
  drawing.classList.toggle("is-near", map.near);
  show(map.doors.values());
  if (walked) reveal(walked);
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

// A link may lead to a door: map/1/?door=12.
let wanted = Number(new URLSearchParams(location.search).get("door"));

async function onSnapshot(frame) {
  if (frame.plan !== map.plan) await redraw(frame.plan);
  for (const door of map.doors.values()) door.now = UNKNOWN;
  take(frame);
  map.old = false;
  byId("map-banner").hidden = true;
  show([...map.doors.values()]);
  badge("live", say("live"));
  openings();
  if (map.doors.has(wanted)) open(map.doors.get(wanted));
  wanted = 0;
}

function onDelta(frame) {
  const changed = take(frame);
  show(changed);
  renewTip(changed);
  if (frame.banks.length) openings();
  summarise(changed, map);
}

function onOld(kind) {
  map.old = true;
  const banner = byId("map-banner");
  banner.textContent = say(kind);
  banner.hidden = false;
  badge(kind === "gone" ? "gone" : "old", say("not_live"));
  // What was true a while ago is not known now.
  for (const door of map.doors.values()) door.now = UNKNOWN;
  show([...map.doors.values()]);
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
    button.addEventListener("click", () => panel.open("bank", bank.id, true));
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
