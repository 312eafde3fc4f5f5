// The screen while the server is away. What may be done is decided by the bridge in this box; nothing of
// a person is kept here but the turn's own number, and that goes at the reset.

import { look, post, serverAnswers } from "./alone_api.js";
import { doorway } from "./alone_door.js";
import { toldBefore } from "./alone_told.js";
import { idle } from "./kiosk_idle.js";
import { pad } from "./kiosk_pad.js";
import { wedge } from "./kiosk_wedge.js";
import { fill } from "./kiosk_words.js";

const words = JSON.parse(document.getElementById("given").textContent);
const $ = (selector) => document.querySelector(selector);
const all = (selector) => [...document.querySelectorAll(selector)];
const LOOKS_MS = 300;
const TOAST_MS = 6000;
// How long what was just said stays before the server's page comes back.
const READ_MS = 6000;
const TOUCHES_MS = 5000;
const BANK = "lockwright.bank";
const BETWEEN = ["loading", "start", "bank", "away"];
const LAST_WORDS = ["refused", "finished"];

let step = "loading";
let steppedAt = performance.now();
let state = null;
let bank = null;
let turn = null; // { id, doors, door }
let number = "";
let busy = false;
let leaving = false;
let touchedAt = 0;
let asks = 0;
let toastTimer = 0;
const readers = [];

// ---- steps -------------------------------------------------------------------------------

function go(next) {
  if (next !== step) {
    step = next;
    steppedAt = performance.now();
    document.body.dataset.step = next;
    for (const section of all("section[data-step]")) section.hidden = section.dataset.step !== next;
    toast("");
    const heading = $(`section[data-step="${next}"] h1`);
    heading.setAttribute("tabindex", "-1");
    heading.focus({ preventScroll: true });
  }
  if (BETWEEN.includes(next)) idler.stop();
  else idler.begin();
  draw();
}

function toast(text) {
  clearTimeout(toastTimer);
  $("#toast").textContent = text;
  $("#toast").hidden = !text;
  if (text) toastTimer = setTimeout(() => toast(""), TOAST_MS);
}

function reset() {
  if (turn) post("end", { turn: turn.id });
  turn = null;
  number = "";
  door.forget();
  for (const one of [numberPad, pinPad, besidesPad]) one.begin();
  $("#doors").replaceChildren();
  for (const one of all("[data-number], #refusal, #finished, #finish_ask, #now")) one.textContent = "";
  document.activeElement?.blur();
  go("start");
}

function refuse({ body }) {
  const why = words.why[body.code] ?? words.why.other;
  $("#refusal").textContent = fill(why, { n: body.facts?.wait_seconds, ...body.facts });
  if (body.code === "turn_over") turn = null;
  go("refused");
}

// ---- the parts ------------------------------------------------------------------------------

const idler = idle(
  { box: $("#still"), left: $("#still_left"), bar: $("#still_bar"), told: $("#still_told") },
  { fill, words, onOver: reset },
);
const door = doorway(words, { onMove: () => idler.touchIfOn() });
const before = toldBefore(words);
const numberPad = pad("number", {
  masked: false, words,
  onEnter(typed) {
    number = typed;
    pinPad.begin();
    go("pin");
  },
});
const pinPad = pad("pin", {
  masked: true, words,
  onEnter: (pin) => identify("number", { bank: bank.id, number, pin }, pinPad),
});
const besidesPad = pad("besides", {
  masked: true, words,
  onEnter: (pin) => identify("pin", { turn: turn.id, pin }, besidesPad),
});
wedge(readers, {
  onRead(raw) {
    if (!bank || busy) return;
    if (step !== "start") reset();
    before.close();
    identify("badge", { bank: bank.id, badge: raw });
  },
  onBadRead: () => toast(words.bad_read),
});

// ---- asking -----------------------------------------------------------------------------------

async function ask(path, body) {
  if (busy) return null;
  busy = true;
  document.body.dataset.busy = "";
  const mine = turn;
  const answer = await post(path, body);
  busy = false;
  asks += 1;
  delete document.body.dataset.busy;
  // The screen was cleared meanwhile: this is nobody's any more.
  if (mine !== turn) {
    if (answer.body.turn) post("end", { turn: answer.body.turn });
    return null;
  }
  idler.touchIfOn();
  return answer;
}

async function identify(path, body, typing) {
  const answer = await ask(path, body);
  if (!answer) return;
  const { code } = answer.body;
  if (answer.ok) {
    keep(answer.body);
    if (answer.body.needs_pin) {
      besidesPad.begin();
      go("besides");
    } else lead();
  } else if (typing && ["wrong_pin", "too_many_attempts"].includes(code)) {
    typing.refused({ body: { ...answer.body, message: words.why[code] } });
  } else refuse(answer);
}

function keep(told) {
  turn = { ...turn, id: told.turn, doors: told.doors };
}

function lead() {
  const { doors } = turn;
  if (doors.length === 0) go("free");
  else if (doors.length === 1) pick(doors[0]);
  else {
    $("#doors").replaceChildren(...doors.map((one) => key(fill(words.door, one), () => pick(one))));
    go("which");
  }
}

function key(text, onPress) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "key key--tall";
  button.textContent = text;
  button.addEventListener("click", onPress);
  return button;
}

function pick(one) {
  turn.door = one;
  show(one.number);
  $("#ask_finish").hidden = !one.ends;
  go("yours");
}

function show(doorNumber) {
  for (const one of all("[data-number]")) one.textContent = doorNumber;
}

async function act(path, body, done) {
  const answer = await ask(path, body);
  if (!answer) return;
  if (answer.ok) {
    keep(answer.body);
    done(answer.body);
  } else refuse(answer);
}

function opened(told) {
  show(told.opened.number);
  door.heard(told.opened);
  go("door");
}

const actions = {
  use_number() {
    if (!bank) return;
    before.close();
    numberPad.begin();
    go("number");
  },
  claim: () => act("claim", { turn: turn.id }, opened),
  open: () => act("open", { turn: turn.id, door: step === "door" ? door.id() : turn.door.id }, opened),
  ask_finish() {
    $("#finish_ask").textContent = fill(words.finish_ask, turn.door);
    go("finish");
  },
  finish: () =>
    act("finish", { turn: turn.id, door: turn.door.id }, () => {
      $("#finished").textContent = fill(words.finished, turn.door);
      go("finished");
    }),
  keep: () => go("yours"),
  done: reset,
  more_time: () => touch(true),
  close_told: () => before.close(),
};

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-do]");
  if (button && !button.disabled) actions[button.dataset.do]();
});

function touch(isSure) {
  idler.touchIfOn();
  if (!turn || (!isSure && performance.now() - touchedAt < TOUCHES_MS)) return;
  touchedAt = performance.now();
  post("more", { turn: turn.id });
}
for (const kind of ["pointerdown", "keydown"]) {
  document.addEventListener(kind, () => touch(false), { capture: true });
}
document.addEventListener("contextmenu", (event) => event.preventDefault());
window.addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});

// ---- how this place stands -------------------------------------------------------------------

function tell(element, text) {
  if (element.textContent !== text) element.textContent = text;
  element.hidden = !text;
}

// When doors are given and taken back here, counted down where somebody waits for it.
function drawGiving() {
  const seconds = bank?.gives ? state.gives_in_s : null;
  const isNow = seconds === 0;
  const n = Math.ceil(seconds ?? 0);
  for (const one of all("[data-gives]")) {
    const what = one.dataset.gives;
    const isAbout = what === "claim" || !$("#ask_finish").hidden;
    const text = seconds === null ? words[`${what}_never`] : fill(words[`${what}_in`], { n });
    tell(one, isNow || !isAbout || state.back ? "" : text);
  }
  for (const one of all('[data-needs="gives"]')) {
    if (one.disabled && isNow && !one.closest("section").hidden) {
      $("#now").textContent = one.dataset.do === "claim" ? words.claim_now : words.finish_now;
    }
    one.disabled = !isNow;
  }
}

function draw() {
  if (!state) return;
  drawGiving();
  $("#bank_name").textContent = bank?.name ? fill(words.bank, bank) : words.title;
  $("#no_reader").hidden = !bank || readers.length > 0;
  tell($("#banner"), state.back ? words.server_back : state.away ? "" : words.returning);
}

function place() {
  const { banks } = state;
  const kept = localStorage.getItem(BANK);
  bank = banks.length === 1 ? banks[0] : (banks.find((one) => String(one.id) === kept) ?? null);
  readers.splice(0, readers.length, ...(bank?.readers ?? []));
  if (!state.ready || banks.length === 0) {
    if (BETWEEN.includes(step)) go("away");
  } else if (bank) {
    if (["loading", "bank", "away"].includes(step)) go("start");
  } else if (step !== "bank") {
    const choose = (one) => {
      localStorage.setItem(BANK, one.id);
      place();
    };
    $("#banks").replaceChildren(...banks.map((one) => key(fill(words.bank, one), () => choose(one))));
    go("bank");
  }
}

// Between turns at once; what somebody was just told stays long enough to be read.
function mayLeave() {
  if (busy || before.isShown()) return false;
  if (BETWEEN.includes(step)) return true;
  if (LAST_WORDS.includes(step)) return performance.now() - steppedAt > READ_MS;
  return step === "door" && door.settledMs() > READ_MS;
}

async function leave() {
  if (leaving) return;
  leaving = true;
  if ((await serverAnswers()) && mayLeave()) {
    if (turn) await post("end", { turn: turn.id });
    location.replace("/kiosk/");
    return;
  }
  leaving = false;
}

async function watch() {
  const mine = turn?.id;
  const asked = asks;
  const answer = await look(mine);
  if (answer.ok) {
    state = answer.body;
    place();
    // What was asked before the last answer came is older than that.
    if (turn && turn.id === mine && !busy && asked === asks) {
      if (state.turn) door.heard(state.turn.opened);
      else if (state.turn === null && !LAST_WORDS.includes(step)) refuse({ body: { code: "turn_over" } });
    }
    draw();
    if (state.back && mayLeave()) leave();
  }
  setTimeout(watch, LOOKS_MS);
}

before.show();
watch();
