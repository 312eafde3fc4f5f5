// Draws the banks as they stand: one SVG each, in true proportion, number first, glyph second.
import { describe, say, stateWord } from "./map_words.js";

const SVG = "http://www.w3.org/2000/svg";
const PX_PER_MM = 0.2;
const GAP = 1.5;
const GLYPH = 15;
// As wide as a bold digit gets in the fonts of the stack, in ems.
const DIGIT = 0.7;

function make(name, attributes = {}, parent = null) {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  parent?.append(node);
  return node;
}

// What already says so is not written again: nothing moves but what changed.
function write(node, text) {
  if (node.textContent !== text) node.textContent = text;
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
  const fault = document.createElement("button");
  fault.type = "button";
  fault.className = "bank__fault";
  fault.dataset.openBank = bank.id;
  fault.hidden = true;
  fault.innerHTML = `<svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true"><use href="#glyph-exception"/></svg>`;
  fault.append(say("fault"));
  fault.setAttribute("aria-label", say("fault_of", { name: bank.name }));
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
  figure.append(head, fault, unreachable);
  if (bank.doors.length) figure.append(drawDoors(bank, doors, figure));
  return figure;
}

function drawDoors(bank, doors, figure) {
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
  figure.style.setProperty("--natural", `${width + 2 * pad}px`);
  figure.style.setProperty("--tall", `${height + pad + plinth + 2}px`);
  make("path", {
    class: "plinth",
    d: `M6 ${height}v${plinth}h${width - 12}v${-plinth}`,
  }, svg);
  make("rect", { class: "carcass", x: -3, y: -3, width: width + 6, height: height + 6, rx: 3 }, svg);
  const leaves = make("g", { class: "leaves" });
  for (const shape of bank.doors) {
    const door = doors.get(shape.id);
    door.place = { x: shape.x * scale, y: shape.y * scale, w: shape.w * scale, h: shape.h * scale };
    door.leaves = leaves;
    drawDoor(door);
    svg.append(door.node);
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
  const digits = door.shape.number.length;
  const size = Math.max(8, Math.min(16, (w - 12) / (digits * DIGIT)));
  door.number = make("text", { class: "number", y: 5 + size * 0.8, "font-size": size }, node);
  if (digits * DIGIT * size > w - 8) {
    door.number.setAttribute("textLength", w - 10);
    door.number.setAttribute("lengthAdjust", "spacingAndGlyphs");
  }
  door.number.textContent = door.shape.number;
  // Under the number where there is height for it, else beside it.
  const under = h >= 44;
  door.glyphAt = under ? (w - GLYPH) / 2 : w - GLYPH - 6;
  door.glyph = make("use", {
    class: "glyph",
    y: under ? Math.max(22, (h - GLYPH) / 2) : (h - GLYPH) / 2,
    width: GLYPH,
    height: GLYPH,
  }, node);
  if (door.shape.marks.includes("low")) {
    make("path", { class: "low", d: `M${w / 2 - 8} ${h - 5}h16` }, node);
  }
  make("rect", { class: "ring", x: -1, y: -1, width: w + 2, height: h + 2, rx: 4 }, node);
  door.node = node;
  door.ajar = null;
  door.word = null;
}

// How far an open leaf stands out over its own door.
const leafOf = (door) => Math.max(9, Math.min(door.place.w * 0.2, 20));

// The open leaf, swung towards the reader on its hinges.
function drawAjar(door) {
  const { x, y, w, h } = door.place;
  const out = leafOf(door);
  const lean = Math.min(4, h * 0.09);
  const left = door.shape.hinge !== "right";
  const hinge = left ? x + GAP : x + w - GAP;
  const free = left ? hinge + out : hinge - out;
  const d = `M${hinge} ${y + GAP}L${free} ${y + GAP + lean}V${y + h - GAP + lean}L${hinge} ${y + h - GAP}z`;
  return make("path", { class: "ajar", d }, door.leaves);
}

// The word under the glyph, where doors are drawn large: two lines when it is long.
function drawWord(door) {
  const { w, h } = door.place;
  const text = stateWord(door.now.state);
  if (door.word?.dataset.says === text) return;
  door.word?.remove();
  const cut = text.length > 9 ? text.lastIndexOf(" ") : -1;
  const lines = cut > 0 ? [text.slice(0, cut), text.slice(cut + 1)] : [text];
  const longest = Math.max(...lines.map((line) => line.length));
  const below = Number(door.glyph.getAttribute("y")) + GLYPH + 6.5;
  const y = door.glyphAt < w / 2 && below < h - 4 ? below : h - 4;
  door.word = make("text", {
    class: "word", y, "font-size": Math.min(7, (w - 6) / (longest * 0.58)), "data-says": text,
  });
  for (const [at, line] of lines.entries()) {
    make("tspan", { x: w / 2, dy: at * 7 }, door.word).textContent = line;
  }
  door.glyph.after(door.word);
}

export function showDoor(door, near) {
  const { now, node, shape } = door;
  const open = now.door === "open";
  const left = shape.hinge !== "right";
  const out = open ? leafOf(door) : 0;
  node.setAttribute("class", `door is-${now.state}${open ? ` is-open is-${shape.hinge}` : ""}`);
  node.setAttribute("aria-label", `${say("door", { number: shape.number })}, ${describe(door)}`);
  // An open leaf covers its hinge side: number and glyph make room.
  door.number.setAttribute("x", open && left ? out + 3 : 6);
  const aside = left ? out / 2 : -out / 2;
  door.glyph.setAttribute("x", door.glyphAt + aside);
  door.glyph.setAttribute("href", `#glyph-${now.state}`);
  if (open && !door.ajar) door.ajar = drawAjar(door);
  door.ajar?.setAttribute("class", `ajar is-${now.state}`);
  door.ajar?.toggleAttribute("hidden", !open);
  if (near) drawWord(door);
  door.word?.setAttribute("transform", `translate(${aside} 0)`);
}

export function showBank(bank, figure, old) {
  const { check, free, link } = bank;
  const reached = bank.now?.online !== false;
  const known = reached && !old;
  const words = known ? say("free_of", { free, total: bank.doors.length }) : say("not_known");
  write(figure.querySelector(".bank__free"), words);
  figure.querySelector(".bank__unreachable").hidden = reached;
  figure.querySelector(".bank__fault").hidden = !(known && bank.now?.fault);
  if (bank.caption) write(bank.caption, known && bank.now?.fault ? ` · ${say("fault")}` : "");
  figure.classList.toggle("is-veiled", !known);
  const label = `${say("bank", { name: bank.name })}: ${words}`;
  const svg = figure.querySelector("svg");
  if (svg && svg.getAttribute("aria-label") !== label) svg.setAttribute("aria-label", label);
  write(link.querySelector("b"), known ? say("free_count", { free }) : say("not_known"));
  const mark = link.querySelector(".nav__check");
  mark.hidden = check === 0;
  write(mark.querySelector("i"), String(check));
  write(mark.querySelector(".visually-hidden"), say("to_check"));
}
