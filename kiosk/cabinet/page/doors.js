// The cabinet's page: draws what the cabinet says and passes clicks on. It decides nothing.
import { setUpBench } from "./bench.js";

const $ = (id) => document.getElementById(id);
let cabinet = null;
let shown = null; // the bank on the page
let chosen = null; // the number of the door whose switches the bench shows
const buttons = new Map();
const pause = { first: 500, longest: 8000, now: 500 };

export async function tell(path, body) {
  const response = await fetch(path, {
    method: "POST",
    headers: body ? { "Content-Type": "application/json" } : {},
    body: body ? JSON.stringify(body) : undefined,
  });
  const answer = await response.json().catch(() => ({ error: "The cabinet did not understand." }));
  if (!response.ok) throw new Error(answer.error || "The cabinet refused.");
  return answer;
}

export const actOnDoor = (door, action) =>
  tell(`/doors/${encodeURIComponent(shown.bank)}/${encodeURIComponent(door.number)}/${action}`);

const bench = setUpBench({
  actOnDoor,
  tell,
  bank: () => shown,
  door: () => shown?.doors.find((door) => door.number === chosen),
});

function make(tag, className, text) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text) element.textContent = text;
  return element;
}

function words(door) {
  const parts = [`Door ${door.number}`, door.open ? "open" : "closed"];
  if (door.jammed) parts.push("jammed");
  if (door.slow) parts.push("slow");
  return parts.join(", ");
}

function drawDoor(door) {
  const button = make("button", "door");
  button.type = "button";
  button.dataset.number = door.number;
  button.dataset.hinge = door.hinge;
  const { width_mm: width, height_mm: height } = shown;
  button.style.left = `${(100 * door.x_mm) / width}%`;
  button.style.top = `${(100 * door.y_mm) / height}%`;
  button.style.width = `${(100 * door.width_mm) / width}%`;
  button.style.height = `${(100 * door.height_mm) / height}%`;
  const hasReader = shown.readers.some((reader) => reader.door === door.number);
  button.dataset.reader = hasReader ? "yes" : "no";
  const face = make("span", "face");
  face.append(
    make("span", "slots"), make("span", "number", door.number), make("span", "lock"),
    make("span", "sensor"), make("span", "fault jam", "Jam"), make("span", "fault slow", "Slow"),
  );
  const leaf = make("span", "leaf");
  leaf.append(face, make("span", "lip"), make("span", "pins"));
  const stage = make("span", "stage");
  stage.append(make("span", "hollow"), leaf);
  button.append(stage);
  button.addEventListener("click", () => {
    choose(door.number);
    const now = shown.doors.find((one) => one.number === door.number);
    if (now.open) actOnDoor(now, "close").catch(showTrouble);
  });
  button.addEventListener("focus", () => choose(door.number));
  return button;
}

function paint(door) {
  const button = buttons.get(door.number);
  button.setAttribute("aria-label", words(door));
  button.title = words(door);
  button.dataset.open = door.open ? "yes" : "no";
  button.dataset.relay = door.relay ? "on" : "off";
  button.dataset.jammed = door.jammed ? "yes" : "no";
  button.dataset.slow = door.slow ? "yes" : "no";
}

function count() {
  const open = shown.doors.filter((door) => door.open).length;
  const total = shown.doors.length;
  $("bank-counts").textContent = `${total} doors, ${open ? `${open} open` : "all closed"}`;
}

function show(bank) {
  shown = bank;
  chosen = null;
  location.hash = bank.bank;
  $("bank-title").textContent = bank.title;
  $("cabinet").style.setProperty("--ratio", bank.width_mm / bank.height_mm);
  buttons.clear();
  // Reading order is top to bottom, column by column, as the doors are numbered in steel.
  for (const door of bank.doors) buttons.set(door.number, drawDoor(door));
  $("front").replaceChildren(...buttons.values());
  bank.doors.forEach(paint);
  for (const tab of $("tabs").children) {
    const isShown = tab.dataset.bank === bank.bank;
    tab.setAttribute("aria-selected", isShown);
    tab.tabIndex = isShown ? 0 : -1;
  }
  count();
  bench.showBank();
}

function choose(number) {
  if (chosen === number) return;
  buttons.get(chosen)?.removeAttribute("aria-current");
  chosen = number;
  buttons.get(number)?.setAttribute("aria-current", "true");
  bench.showDoor();
}

function drawTabs() {
  $("tabs").replaceChildren(...cabinet.banks.map((bank) => {
    const tab = make("button", "", bank.title);
    tab.type = "button";
    tab.dataset.bank = bank.bank;
    tab.title = bank.title;
    tab.setAttribute("role", "tab");
    tab.setAttribute("aria-label", bank.title);
    tab.setAttribute("aria-controls", "room");
    tab.addEventListener("click", () => show(bank));
    return tab;
  }));
}

$("tabs").addEventListener("keydown", (event) => {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!step) return;
  const tabs = [...$("tabs").children];
  const next = tabs[(tabs.indexOf(document.activeElement) + step + tabs.length) % tabs.length];
  next.focus();
  next.click();
  event.preventDefault();
});

$("front").addEventListener("keydown", (event) => {
  const door = shown.doors.find((one) => one.number === event.target.dataset?.number);
  if (!door || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "j" || event.key === "J") {
    actOnDoor(door, door.jammed ? "unjam" : "jam").catch(showTrouble);
    return;
  }
  const [dx, dy] = {
    ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1],
  }[event.key] || [0, 0];
  if (!dx && !dy) return;
  event.preventDefault();
  const middle = (one) => [one.x_mm + one.width_mm / 2, one.y_mm + one.height_mm / 2];
  const [x, y] = middle(door);
  let best = null;
  for (const other of shown.doors) {
    const [ox, oy] = middle(other);
    const along = (ox - x) * dx + (oy - y) * dy;
    if (other === door || along <= 1) continue;
    const aside = Math.abs((ox - x) * dy) + Math.abs((oy - y) * dx);
    const cost = along + 3 * aside;
    if (!best || cost < best.cost) best = { cost, other };
  }
  if (best) buttons.get(best.other.number).focus();
});

let news = [];
function announce(sentence) {
  // One polite sentence for a burst of changes: forty doors must not talk for a minute.
  if (!news.length) {
    setTimeout(() => {
      $("news").textContent = news.length > 3 ? `${news.length} doors changed.` : news.join(". ");
      news = [];
    }, 400);
  }
  news.push(sentence);
}

function showTrouble(error) {
  $("door-line").textContent = error.message;
}

function hear(message) {
  if (message.type === "cabinet") {
    cabinet = message;
    document.title = `${cabinet.title}: virtual cabinet`;
    $("title").textContent = cabinet.title;
    drawTabs();
    bench.showBadges(cabinet.badges);
    const wanted = shown?.bank ?? decodeURIComponent(location.hash.slice(1));
    show(cabinet.banks.find((bank) => bank.bank === wanted) ?? cabinet.banks[0]);
    return;
  }
  const bank = cabinet.banks.find((one) => one.bank === message.bank);
  if (message.type === "boards") {
    bank.boards = message.boards;
    if (bank === shown) bench.showBoards();
    return;
  }
  const door = bank.doors.find((one) => one.number === message.door.number);
  const moved = door.open !== message.door.open;
  Object.assign(door, message.door);
  if (bank !== shown) return;
  paint(door);
  count();
  if (moved) announce(words(door));
  if (door.number === chosen) bench.showDoor();
}

function listen() {
  const socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/live`);
  socket.addEventListener("open", () => {
    pause.now = pause.first;
    $("link").textContent = "Live";
    $("link").dataset.up = "yes";
  });
  socket.addEventListener("message", (event) => hear(JSON.parse(event.data)));
  socket.addEventListener("close", () => {
    $("link").textContent = "The cabinet does not answer. Trying again";
    $("link").dataset.up = "no";
    setTimeout(listen, pause.now);
    pause.now = Math.min(pause.now * 2, pause.longest);
  });
}

listen();
