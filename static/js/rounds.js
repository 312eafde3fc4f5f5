// The pages of rounds: one door after another, also where there is no line.
import * as queue from "./rounds_queue.js";
import { stopPage } from "./rounds_stop.js";

const own = document.querySelector("script[data-worker]");
if (own && "serviceWorker" in navigator) {
  const { serviceWorker } = navigator;
  serviceWorker.register(own.dataset.worker, { scope: own.dataset.scope })
    .then(() => serviceWorker.ready)
    .then(({ active }) => serviceWorker.controller ?? active.postMessage("claim"))
    .catch(() => {});
}
// What waits is not thrown away when the phone is short of room.
navigator.storage?.persist?.().catch(() => {});

const byId = (id) => document.getElementById(id);
const holder = byId("told");
const told = holder?.textContent.trim() ? JSON.parse(holder.textContent) : null;
const words = told?.words ?? JSON.parse(byId("words")?.textContent ?? "{}");
const user = told?.user ?? Number(holder?.dataset.user ?? 0);
const fill = (text, facts) => text.replace(/\{(\w+)\}/g, (_all, name) => facts[name] ?? "");
const key = told ? `round-${told.round}` : "";

let waitingHere = new Map();
let place = 0;
let page;

function shown(stop) {
  const kept = waitingHere.get(stop.id);
  if (stop.result) return { result: stop.result, said: stop.by ? fill(words.done_by, stop) : stop.said };
  if (kept) return { result: kept.result, said: `${words[kept.result]}, ${words.to_send}`, waits: true };
  return null;
}

function firstOpen(from) {
  const stops = told.doors;
  for (let step = 0; step < stops.length; step += 1) {
    const at = (from + step) % stops.length;
    if (!shown(stops[at])) return at;
  }
  return -1;
}

function go(to) {
  place = Math.min(Math.max(to, 0), told.doors.length - 1);
  sessionStorage.setItem(key, place);
  page.show(told.doors[place], shown(told.doors[place]));
  list();
}

function list() {
  const done = told.doors.filter(shown).length;
  byId("progress").textContent = told.doors.length ? fill(words.progress, { done, doors: told.doors.length }) : "";
  byId("doors").replaceChildren(
    ...told.doors.map((stop, at) => {
      const row = document.createElement("li");
      const button = document.createElement("button");
      const state = shown(stop);
      button.type = "button";
      button.className = "doors__door";
      button.dataset.result = state?.result ?? "";
      if (at === place) button.setAttribute("aria-current", "true");
      const number = document.createElement("b");
      number.textContent = stop.number;
      const said = document.createElement("span");
      said.textContent = `${stop.bank}${state ? ` · ${state.said}` : ""}`;
      button.append(number, said);
      button.addEventListener("click", () => {
        byId("all").open = false;
        go(at);
        byId("stop").scrollIntoView({ block: "start" });
      });
      row.append(button);
      return row;
    }),
  );
}

function onward() {
  const next = firstOpen(place + 1);
  if (next >= 0) go(next);
  else {
    list();
    page.over(told.is_over ? words.over : told.doors.length ? words.all_done : words.no_doors);
  }
  scrollTo({ top: 0 });
}

function refusedCard(entry) {
  const card = document.createElement("article");
  card.className = "note note--danger refused";
  const title = document.createElement("strong");
  title.textContent = fill(words.refused, { number: entry.number });
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
  const isAway = !navigator.onLine || stopped === "line";
  byId("no-line").hidden = !isAway;
  const said = [];
  if (mine.length) {
    said.push(mine.length === 1 ? words.waiting_one : fill(words.waiting_many, { n: mine.length }));
    if (stopped === "login") said.push(words.log_in);
  }
  if (others.length) said.push(fill(words.others, { n: others.length }));
  byId("waiting").textContent = said.join(". ");
  byId("waiting").hidden = !said.length;
  byId("refused").replaceChildren(
    ...entries.filter((one) => one.state === "refused" && one.user === user).map(refusedCard),
  );
}

queue.onChange((entries, news) => {
  lines(entries, news);
  if (!told) return;
  waitingHere = new Map(
    entries.filter((one) => one.state === "waiting" && one.user === user && one.round === told.round)
      .map((one) => [one.stop, one]),
  );
  const sent = news.settled && told.doors.find((stop) => stop.id === news.settled.stop);
  if (sent && news.told) Object.assign(sent, { result: news.told.result, said: news.told.said });
  // Somebody else did it: it is done, and not to be done again.
  else if (sent && news.refused?.code === "stop_done") Object.assign(sent, { result: "taken", said: news.refused.message });
  if (news.told?.is_round_over) told.is_over = true;
  list();
  page.again(shown(told.doors[place] ?? {}) ?? null);
});

async function entered(stop, entry) {
  try {
    await queue.keep({
      ...entry, stop: stop.id, number: stop.number, round: told.round, user,
      entry: crypto.randomUUID?.() ?? uuid(), happened: Date.now(),
      url: told.done.replace("/0/", `/${stop.id}/`),
    });
  } catch {
    page.problem(words.no_room);
    return;
  }
  onward();
}

// Without https a browser makes no such numbers by itself.
function uuid() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 15) | 64;
  bytes[8] = (bytes[8] & 63) | 128;
  const hex = [...bytes].map((one) => one.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

async function open(stop, say) {
  say(words.asking);
  try {
    const answer = await queue.post(told.open.replace("/0/", `/${stop.id}/`), new FormData());
    const body = await answer.json().catch(() => ({}));
    say(answer.ok || body.message ? body.message : words.log_in);
  } catch {
    say(words.no_line);
  }
}

if (told) {
  page = stopPage(byId("stop"), { told, words, fill, entered, open, step: (by) => go(place + by) });
  const last = Number(sessionStorage.getItem(key) ?? 0);
  const first = firstOpen(Math.min(last, Math.max(told.doors.length - 1, 0)));
  if (!told.is_over && first >= 0) go(first);
  else onward();
}
queue.begin(user);
