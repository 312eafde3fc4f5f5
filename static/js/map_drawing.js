// Draws the banks as they stand: one SVG each, in true proportion, number first, glyph second.
import { describe, say } from "./map_words.js";

const SVG = "http://www.w3.org/2000/svg";
const PX_PER_MM = 0.2;
const GAP = 1.5;
const GLYPH = 15;

function make(name, attributes = {}, parent = null) {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  parent?.append(node);
  return node;
}

// A bank's size in pixels; the smallest door still has room for its number.
function scaleOf(bank) {
  const narrow = Math.min(...bank.doors.map((door) => door.w));
  const low = Math.min(...bank.doors.map((door) => door.h));
  return Math.max(PX_PER_MM, 46 / narrow, 30 / low);
}

export function drawBank(bank, doors) {
  const figure = document.createElement("figure");
  figure.className = "bank";
  figure.id = `bank-${bank.id}`;
  figure.dataset.bank = bank.id;
  const head = document.createElement("figcaption");
  head.className = "bank__head";
  const name = document.createElement("h3");
  name.textContent = say("bank", { name: bank.name });
  const free = document.createElement("span");
  free.className = "bank__free";
  const more = document.createElement("button");
  more.type = "button";
  more.className = "bank__more";
  more.dataset.openBank = bank.id;
  more.textContent = say("more");
  more.setAttribute("aria-label", say("bank_actions", { name: bank.name }));
  head.append(name, free, more);
  const unreachable = document.createElement("p");
  unreachable.className = "bank__unreachable";
  unreachable.textContent = say("unreachable");
  unreachable.hidden = true;
  figure.append(head, unreachable);
  if (bank.doors.length) {
    const front = drawDoors(bank, doors);
    figure.style.flexBasis = front.firstChild.style.maxWidth;
    figure.append(front);
  }
  return figure;
}

function drawDoors(bank, doors) {
  const scale = scaleOf(bank);
  const width = Math.max(...bank.doors.map((door) => door.x + door.w)) * scale;
  const height = Math.max(...bank.doors.map((door) => door.y + door.h)) * scale;
  const plinth = Math.min(bank.plinth, 150) * scale;
  const pad = 6;
  const holder = document.createElement("div");
  holder.className = "bank__scroll";
  const svg = make("svg", {
    viewBox: `${-pad} ${-pad} ${width + 2 * pad} ${height + pad + plinth + 2}`,
    role: "group",
    "aria-label": say("bank", { name: bank.name }),
  });
  svg.style.maxWidth = `${width + 2 * pad}px`;
  svg.style.minWidth = `${(width + 2 * pad) * 0.75}px`;
  make("path", {
    class: "plinth",
    d: `M6 ${height}v${plinth}h${width - 12}v${-plinth}`,
  }, svg);
  make("rect", { class: "carcass", x: -3, y: -3, width: width + 6, height: height + 6, rx: 3 }, svg);
  const leaves = make("g", { class: "leaves" });
  for (const shape of bank.doors) {
    const door = doors.get(shape.id);
    door.place = { x: shape.x * scale, y: shape.y * scale, w: shape.w * scale, h: shape.h * scale };
    door.node = drawDoor(door);
    door.ajar = drawAjar(door);
    svg.append(door.node);
    leaves.append(door.ajar);
  }
  svg.append(leaves);
  holder.append(svg);
  return holder;
}

function drawDoor(door) {
  const { x, y, w, h } = door.place;
  const node = make("g", {
    class: "door",
    role: "button",
    tabindex: "-1",
    "data-door": door.shape.id,
    transform: `translate(${x} ${y})`,
  });
  const box = { x: GAP, y: GAP, width: w - 2 * GAP, height: h - 2 * GAP, rx: 2 };
  make("rect", { class: "leaf", ...box }, node);
  make("rect", { class: "fill", ...box }, node);
  make("path", { class: "corner", d: `M${w - 15} ${GAP}H${w - GAP}V15z` }, node);
  const size = Math.min(15, w / Math.max(3, door.shape.number.length * 0.72 + 1));
  const number = make("text", { class: "number", x: 6, y: 5 + size * 0.8, "font-size": size }, node);
  number.textContent = door.shape.number;
  // Under the number where there is height for it, else beside it.
  const under = h >= 44;
  door.glyph = make("use", {
    class: "glyph",
    x: under ? (w - GLYPH) / 2 : w - GLYPH - 6,
    y: under ? Math.max(22, (h - GLYPH) / 2 + 4) : (h - GLYPH) / 2,
    width: GLYPH,
    height: GLYPH,
  }, node);
  if (door.shape.marks.includes("low")) {
    make("path", { class: "low", d: `M${w / 2 - 8} ${h - 5}h16` }, node);
  }
  make("title", {}, node);
  make("rect", { class: "ring", x: -1, y: -1, width: w + 2, height: h + 2, rx: 4 }, node);
  return node;
}

// The open leaf, swung towards the reader on its hinges.
function drawAjar(door) {
  const { x, y, w, h } = door.place;
  const out = Math.max(9, Math.min(w * 0.3, 22));
  const lean = Math.min(4, h * 0.09);
  const left = door.shape.hinge !== "right";
  const hinge = left ? x + GAP : x + w - GAP;
  const free = left ? hinge + out : hinge - out;
  const d = `M${hinge} ${y + GAP}L${free} ${y + GAP + lean}V${y + h - GAP + lean}L${hinge} ${y + h - GAP}z`;
  return make("path", { class: "ajar", d, hidden: "" });
}

export function showDoor(door) {
  const { now, node } = door;
  const words = describe(door);
  const open = now.door === "open" ? ` is-open is-${door.shape.hinge}` : "";
  node.setAttribute("class", `door is-${now.state}${open}`);
  node.setAttribute("aria-label", `${say("door", { number: door.shape.number })}, ${words}`);
  node.querySelector("title").textContent = `${door.shape.number}: ${words}`;
  door.glyph.setAttribute("href", `#glyph-${now.state}`);
  door.ajar.setAttribute("class", `ajar is-${now.state}`);
  door.ajar.toggleAttribute("hidden", now.door !== "open");
}

export function showBank(bank, figure, free) {
  const total = bank.doors.length;
  const words = say("free_of", { free, total });
  figure.querySelector(".bank__free").textContent = words;
  figure.querySelector(".bank__unreachable").hidden = bank.now?.online !== false;
  figure.classList.toggle("is-veiled", bank.now?.online === false);
  figure.querySelector("svg")?.setAttribute(
    "aria-label", `${say("bank", { name: bank.name })}: ${words}`,
  );
}
