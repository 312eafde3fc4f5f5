// The kiosk's screen. Where each event leads is the table of kiosk/flow.py; what happens is decided by
// the server. Nothing of a person is kept here but initials and opaque ids, and both go at the reset.

import { post } from "./kiosk_api.js";
import { asking } from "./kiosk_asking.js";
import { leaving } from "./kiosk_away.js";
import { cards } from "./kiosk_choices.js";
import { doorway } from "./kiosk_door.js";
import { drawing } from "./kiosk_drawing.js";
import { hold } from "./kiosk_hold.js";
import { IDENTIFYING, identifying } from "./kiosk_identify.js";
import { idle } from "./kiosk_idle.js";
import { link } from "./kiosk_link.js";
import { paint } from "./kiosk_paint.js";
import { problems } from "./kiosk_problem.js";
import { pins } from "./kiosk_pin.js";
import { changing } from "./kiosk_pin_change.js";
import { refusing } from "./kiosk_refusing.js";
import { note, reach, toast } from "./kiosk_say.js";
import { sharing } from "./kiosk_shares.js";
import { verbs } from "./kiosk_verbs.js";
import { visiting } from "./kiosk_visitor.js";
import { wedge } from "./kiosk_wedge.js";
import { fill } from "./kiosk_words.js";

const given = JSON.parse(document.getElementById("given").textContent);
const { words, flow } = given;
const $ = (selector) => document.querySelector(selector);
const all = (selector) => [...document.querySelectorAll(selector)];
// A screen in use lets an idle one beside it answer a tap at the bank's own reader.
const POLITE_MS = 700;

if (given.bank.id) localStorage.setItem("lockwright.bank", given.bank.id);

const turn = { step: "attract", bank: given.state, tied: false, session: fresh() };

function fresh() {
  return { scan: null, choices: null, held: null, marked: null, undoFor: 0, mayChangePin: false,
    isRecovery: false, kept: "", stopUndo() {} };
}

// ---- steps -------------------------------------------------------------------------------

function go(event) {
  const next = flow[turn.step][event];
  const changed = next !== turn.step;
  turn.step = next;
  document.body.dataset.step = next;
  document.body.toggleAttribute("data-pad", !!$(`section[data-step="${next}"] [data-pad]`));
  for (const section of all("section[data-step]")) section.hidden = section.dataset.step !== next;
  if (changed) arrive($(`section[data-step="${next}"] h1`));
  if (next === "attract" || next === "revoked") idler.stop();
  // As long as a finish can be undone, the screen that offers it stays.
  else idler.begin(next === "finished" ? turn.session.undoFor : undefined);
  painter.draw();
}

function arrive(heading) {
  $("#help").close();
  // What was said in passing was about the step before.
  toast("");
  turn.session.marked = null;
  heading.setAttribute("tabindex", "-1");
  heading.focus({ preventScroll: true });
}

const GONE = "[data-number], [data-where], [data-until], [data-because], [data-live], [data-refusal], #also,"
  + " #which, #shared_with, #shares, #shares_title, #unshare_ask, #give_up_ask, #decline_ask, #declined_told,"
  + " #todo_say, #waiting_place, #waiting_wait, [data-problem-ask], #problem_told, #yours_visit";

function reset() {
  asker.end(turn.session.scan ?? pin.waiting());
  turn.session.stopUndo();
  turn.session = fresh();
  door.forget();
  finisher.reset();
  shares.forget();
  problem.forget();
  pin.forget();
  change.forget();
  visitor.forget();
  note("");
  toast("");
  $("#who").textContent = "";
  for (const one of all(GONE)) one.replaceChildren();
  $("#help").close();
  document.activeElement?.blur();
  if (turn.bank.layout !== given.drawing.layout) location.reload();
  go("reset");
}

function leave() {
  reset();
  reach(false);
}

function revoked() {
  turn.session = fresh();
  door.forget();
  go("revoked");
}

// ---- the parts ------------------------------------------------------------------------------

const idler = idle(
  { box: $("#still"), left: $("#still_left"), bar: $("#still_bar"), told: $("#still_told") },
  { fill, words, onOver: leave },
);
const asker = asking(turn, {
  onAnswer: () => idler.touchIfOn(),
  onRevoked: revoked,
  onAway: () => away.lost(),
});
const away = leaving({ isBusy: () => asker.isBusy(), told: lastTold });
const { ask } = asker;
const view = drawing($("#bank"), given.drawing, {
  label: (one, state) =>
    fill({ free: words.door_free, kept: words.door_kept, any: words.door_any }[state] ?? words.door_taken, {
      number: one.number,
      where: one.where,
      size: given.drawing.sizes.find((size) => size.id === one.size)?.name ?? "",
    }),
  onPick(one) {
    // What is wrong with a door is asked by its number, with a way back: no touch in between.
    if (turn.step === "problem_door" || view.isLarge(one.id)) picked(one);
    else {
      turn.session.marked = one;
      painter.mark();
    }
  },
});

function picked(one) {
  if (turn.step === "problem_door") problem.pick(one);
  else does.claim({ choice: { compartment: one.id } });
}

const painter = paint(given, turn, {
  view,
  onSize: (size) => does.claim({ choice: { size } }),
});
const { draw } = painter;
const refuse = refusing(turn, { words, go });
const pin = pins(words, { onNumber: () => go("entered"), onPin: (body) => who.identify(body) });
const change = changing(words, {
  go,
  refuse,
  send: (body) => ask("/kiosk/pin", { scan: turn.session.scan, ...body }),
});
const visitor = visiting(words, {
  go,
  ask,
  refuse,
  identify: (body) => who.identify(body),
  known: (told) => who.known(told),
  choose: () => who.choose(),
});
const who = identifying(turn, { words, ask, go, refuse, pin, visitor });
const socket = link({
  onMessage(message) {
    if (message.type === "bank") turn.bank = message;
    if (message.type === "command") door.heard(message);
    if (message.type === "scan") waiting(message.scan);
    const isRedrawn = message.type === "bank" && message.layout !== given.drawing.layout;
    if (isRedrawn && turn.step === "attract") location.reload();
    draw();
  },
  onTie(isUp) {
    if (isUp && !turn.tied) door.askAgain();
    turn.tied = isUp;
    away.tied(isUp);
    if (!isUp) draw();
  },
  onRevoked: revoked,
});
const door = doorway(words, {
  watch: (command, scan) => socket.send({ type: "watch", command, scan }),
  moved: () => idler.touchIfOn(),
  closed(compartment, isLast) {
    // The door's own word; the picture of the bank follows a moment later.
    turn.bank.open = turn.bank.open.filter((id) => id !== compartment);
    if (isLast) over(false);
    else go("closed");
  },
  pulled: () => over(true),
});
const does = verbs(turn, { words, ask, go, draw, refuse, door });
const shares = sharing(turn, { words, ask, go, refuse });
const problem = problems(turn, { words, ask, go, refuse });
const finisher = hold($("#finish"), $("#finish_plain"), {
  words,
  onDone: () => (turn.session.held.finishes === "ask" ? go("giving_up") : does.finish()),
});

// Opened for the last time: without a sensor nobody knows whether it was shut again.
function over(isBlind) {
  $("#finished_pull").hidden = !isBlind;
  $("#finished_pull").textContent = isBlind ? fill(words.pull_last, turn.session.held) : "";
  does.finished(turn.session.held.undo_seconds);
}

function tapped(body) {
  if (turn.step === "revoked" || asker.isBusy()) return;
  // Held here, a badge is that of somebody else who may open it too.
  if (turn.step === "share") {
    shares.share("scan" in body ? { with_scan: body.scan } : body);
    return;
  }
  if (!IDENTIFYING.includes(turn.step)) reset();
  who.identify(body);
}

function waiting(scan) {
  if (["attract", "where_ask", "share"].includes(turn.step)) tapped({ scan });
  else setTimeout(() => tapped({ scan }), POLITE_MS);
}

wedge(given.readers, {
  onRead: (raw) => tapped({ badge: raw }),
  onBadRead() {
    toast(words.bad_read);
    // Refused and recorded there; what was read stays here.
    post("/kiosk/scan", { badge: "" });
  },
});

// What somebody here was told last, for the page that goes on without the server.
function lastTold() {
  if (asker.isBusy()) return { kind: "lost" };
  if (turn.step === "door") return { kind: "said", text: $("section[data-step=door] [data-live]").textContent };
  if (turn.step === "finished") return { kind: "said", text: $("section[data-step=finished] h1").textContent };
  return turn.session.scan ? { kind: "interrupted" } : null;
}

function again() {
  turn.session.held = null;
  note("");
  go(turn.step === "yours" ? "another" : "again");
}

const actions = {
  use_pin: () => go("use_pin"),
  ask_where: () => go("ask_where"),
  pick_door: () => { pin.pick("door"); go("picked"); },
  pick_person: () => { pin.pick("personal_number"); go("picked"); },
  lost_badge: () => go("lost_badge"),
  change_pin: () => { change.begin(); go("change_pin"); },
  ...visitor.actions,
  ask_access: does.askForAccess,
  back: () => { note(""); go("back"); },
  again,
  any: () => does.claim({ choice: { any: true } }),
  draw: () => { note(""); go("draw"); },
  take_marked: () => picked(turn.session.marked),
  problem: problem.begin,
  problem_kind: (button) => problem.report(button.dataset.kind),
  another: () => does.claim({ instead_of: turn.session.held.claim }),
  open: does.open,
  undo: does.undo,
  renew: does.renew,
  shares: shares.begin,
  share: shares.more,
  unshare: shares.end,
  give_up: does.finish,
  check_in: does.checkIn,
  accept: does.accept,
  declining: () => go("declining"),
  decline: does.decline,
  join() {
    cards($("#join_sizes"), given.drawing.sizes, (size) => [size.name, size.fits], (size) => does.join(size.id));
    go("joining");
  },
  done: leave,
  more_time: () => idler.touch(),
  // Left open, it goes too.
  help() {
    $("#help").showModal();
    idler.begin();
  },
  close_help() {
    $("#help").close();
    if (turn.step === "attract" || turn.step === "revoked") idler.stop();
  },
  reach: () => reach(!document.body.hasAttribute("data-reach")),
};

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-do]");
  if (button && !button.disabled) actions[button.dataset.do](button);
});
for (const kind of ["pointerdown", "keydown"]) {
  document.addEventListener(kind, () => idler.touchIfOn(), { capture: true });
}
document.addEventListener("contextmenu", (event) => event.preventDefault());
window.addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});
draw();
