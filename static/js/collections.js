// A form is collected: each touch is kept on the tablet and sent when there is a line.
import * as queue from "./rounds_queue.js";

const own = document.querySelector("script[data-worker]");
if (own && "serviceWorker" in navigator) {
  const { serviceWorker } = navigator;
  serviceWorker.register(own.dataset.worker, { scope: own.dataset.scope })
    .then(() => serviceWorker.ready)
    .then(({ active }) => serviceWorker.controller ?? active.postMessage("claim"))
    .catch(() => {});
}
// What waits is not thrown away when the tablet is short of room.
navigator.storage?.persist?.().catch(() => {});

const byId = (id) => document.getElementById(id);
const user = Number(own?.dataset.user ?? 0);
const words = JSON.parse(byId("words")?.textContent ?? "{}");
const fill = (text, facts) => text.replace(/\{(\w+)\}/g, (_all, name) => facts[name] ?? "");
const rows = [...document.querySelectorAll(".pupil")];
const ABOUT = ["emptied", "key", "condition"];

// What the server said last of each row: a refused touch goes back to it.
const truth = new Map(rows.map((row) => [row.id, { ...row.dataset }]));

function stateOf({ emptied, key, condition }) {
  if (!emptied || !key || !condition) return "to_do";
  return emptied === "no" || key === "not_back" ? "missing" : "collected";
}

function summaryOf(said) {
  const text = ABOUT.map((about) => words[`${about}:${said[about]}`]).filter(Boolean).join(", ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function draw(row, said) {
  for (const about of ABOUT) row.dataset[about] = said[about] ?? "";
  row.dataset.state = said.state ?? stateOf(row.dataset);
  row.toggleAttribute("data-locked", Boolean(said.is_given_back));
  for (const button of row.querySelectorAll(".says button")) {
    const [about, answer] = button.value.split(":");
    const now = about === "key" && row.dataset.key === "lost" ? "not_back" : row.dataset[about];
    button.setAttribute("aria-pressed", String(now === answer));
    button.disabled = about !== "condition" && row.hasAttribute("data-locked");
  }
  row.querySelector("[data-is=summary]").textContent = said.summary ?? summaryOf(row.dataset);
}

function progress() {
  const back = rows.filter((row) => row.dataset.state === "collected").length;
  const line = byId("progress");
  if (!line) return;
  const text = fill(words.progress, { back, lockers: rows.length });
  if (line.textContent !== text) line.replaceChildren(Object.assign(document.createElement("b"), { textContent: text }));
  byId("bar").value = back;
  byId("all-done").hidden = back !== rows.length;
}

function problem(row, text) {
  const said = row.querySelector(".pupil__problem");
  said.textContent = text;
  said.hidden = !text;
}

// Done rows fold to a line; who works by keyboard goes on with the next pupil.
function onward(row) {
  row.classList.remove("is-open");
  if (row.dataset.condition === "damaged") row.querySelector(".pupil__note input")?.focus();
  else {
    const after = [...rows.slice(rows.indexOf(row) + 1), ...rows.slice(0, rows.indexOf(row))];
    const next = after.find((one) => one.dataset.state === "to_do");
    (next?.querySelector(".says button:not([disabled])") ?? row.querySelector(".pupil__change"))?.focus({ preventScroll: Boolean(next) });
  }
}

// Without https a browser makes no such numbers by itself.
function uuid() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 15) | 64;
  bytes[8] = (bytes[8] & 63) | 128;
  const hex = [...bytes].map((one) => one.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

async function said(event) {
  const row = event.target.closest(".pupil");
  if (!row || !event.submitter?.value) return;
  event.preventDefault();
  const { value } = event.submitter;
  const [about, answer] = value.split(":");
  const was = row.dataset.state;
  problem(row, "");
  try {
    await queue.keep({
      user, url: event.target.action, entry: uuid(), happened: Date.now(), row: row.id,
      number: row.querySelector(".pupil__name").textContent,
      fields: { said: value, note: row.querySelector("[name=note]")?.value ?? "" },
    });
  } catch {
    problem(row, words.no_room);
    return;
  }
  const now = { ...row.dataset, [about]: answer, state: undefined, summary: undefined };
  draw(row, { ...now, is_given_back: row.hasAttribute("data-locked") });
  progress();
  const isNote = event.submitter.closest(".pupil__note");
  if (row.dataset.state === "collected" && (was !== "collected" || isNote || row.classList.contains("is-open"))) {
    if (isNote) row.querySelector(".pupil__change").focus();
    else onward(row);
  }
}

function refusedCard(entry) {
  const card = document.createElement("article");
  card.className = "note note--danger refused";
  const title = document.createElement("strong");
  title.textContent = fill(words.refused, { name: entry.number });
  const why = document.createElement("p");
  why.textContent = entry.message;
  const read = document.createElement("button");
  read.type = "button";
  read.className = "button";
  read.textContent = words.dismiss;
  read.addEventListener("click", () => queue.dismiss(entry.n));
  card.append(title, why, read);
  return card;
}

function lines(entries, { stopped }) {
  const mine = entries.filter((one) => one.state === "waiting" && one.user === user);
  const others = entries.filter((one) => one.state === "waiting" && one.user !== user);
  byId("no-line").hidden = navigator.onLine && stopped !== "line";
  const text = [];
  if (mine.length && (stopped || !navigator.onLine)) {
    text.push(mine.length === 1 ? words.waiting_one : fill(words.waiting_many, { n: mine.length }));
    if (stopped === "login") text.push(words.log_in);
  }
  if (others.length) text.push(fill(words.others, { n: others.length }));
  byId("waiting").textContent = text.join(". ");
  byId("waiting").hidden = !text.length;
  byId("refused").replaceChildren(
    ...entries.filter((one) => one.state === "refused" && one.user === user).map(refusedCard),
  );
}

// What was touched and waits counts on the page, too, after a reload without a line.
function lay(entries) {
  const waiting = entries.filter((one) => one.state === "waiting" && one.user === user && one.fields);
  for (const row of rows) {
    const theirs = waiting.filter((one) => one.row === row.id && one.url === row.querySelector("form").action);
    if (!theirs.length) continue;
    const now = { ...truth.get(row.id), state: undefined, summary: undefined };
    for (const one of theirs) {
      const [about, answer] = one.fields.said.split(":");
      now[about] = answer;
    }
    draw(row, { ...now, is_given_back: "locked" in truth.get(row.id) });
  }
}

queue.onChange((entries, news) => {
  lines(entries, news);
  const row = news.settled?.row && rows.find((one) => one.id === news.settled.row && one.querySelector("form").action === news.settled.url);
  if (row && news.told) {
    const { state, emptied, key, condition, summary, is_given_back: isBack } = news.told;
    truth.set(row.id, { state, emptied, key, condition, summary, ...(isBack ? { locked: "" } : {}) });
    draw(row, news.told);
  } else if (row && news.refused) {
    const known = truth.get(row.id);
    draw(row, { ...known, summary: undefined, is_given_back: "locked" in known });
    problem(row, news.refused.message ?? "");
  }
  lay(entries);
  progress();
});

document.addEventListener("submit", said);
document.addEventListener("click", (event) => {
  const change = event.target.closest(".pupil__change");
  if (!change) return;
  const row = change.closest(".pupil");
  row.classList.add("is-open");
  row.querySelector(".says button:not([disabled])")?.focus();
});
for (const change of document.querySelectorAll(".pupil__change")) change.hidden = false;
queue.begin(user);
