// The kiosk's screen. Where each event leads is the table of kiosk/flow.py; what happens is decided by
// the server. Nothing of a person is kept here but initials and opaque ids, and both go at the reset.

import { post } from "./kiosk_api.js";
import { which } from "./kiosk_choices.js";
import { countdown } from "./kiosk_countdown.js";
import { doorway } from "./kiosk_door.js";
import { drawing } from "./kiosk_drawing.js";
import { hold } from "./kiosk_hold.js";
import { idle } from "./kiosk_idle.js";
import { link } from "./kiosk_link.js";
import { WRONG_PIN } from "./kiosk_pad.js";
import { paint } from "./kiosk_paint.js";
import { pins } from "./kiosk_pin.js";
import { changing } from "./kiosk_pin_change.js";
import { note, reach, toast } from "./kiosk_say.js";
import { visiting } from "./kiosk_visitor.js";
import { wedge } from "./kiosk_wedge.js";
import { fill } from "./kiosk_words.js";

const given = JSON.parse(document.getElementById("given").textContent);
const { words, flow } = given;
const $ = (selector) => document.querySelector(selector);
const all = (selector) => [...document.querySelectorAll(selector)];
const IDENTIFYING = ["attract", "pin_start", "pin_lost", "pin_number", "pin_code", "pin_second", "pin_where",
  "where_ask", "refused", "visitor", "visitor_code"];
const NO_ACCESS = ["no_access", "access_over"];
// A screen in use lets an idle one beside it answer a tap at the bank's own reader.
const POLITE_MS = 700;

let step = "attract";
let bank = given.state;
let tied = false;
let busy = false;
let ending = Promise.resolve();
let session = fresh();

function fresh() {
  return { scan: null, choices: null, held: null, marked: null, undoFor: 0, mayChangePin: false,
    isRecovery: false, stopUndo() {} };
}

// ---- steps -------------------------------------------------------------------------------

function go(event) {
  const next = flow[step][event];
  const changed = next !== step;
  step = next;
  document.body.dataset.step = step;
  document.body.toggleAttribute("data-pad", !!$(`section[data-step="${step}"] [data-pad]`));
  for (const section of all("section[data-step]")) section.hidden = section.dataset.step !== step;
  if (changed) arrive($(`section[data-step="${step}"] h1`));
  if (step === "attract" || step === "revoked") idler.stop();
  // As long as a finish can be undone, the screen that offers it stays.
  else idler.begin(step === "finished" ? session.undoFor : undefined);
  screen.draw();
}

function arrive(heading) {
  $("#help").close();
  session.marked = null;
  heading.setAttribute("tabindex", "-1");
  heading.focus({ preventScroll: true });
}

function reset() {
  const scan = session.scan ?? pin.waiting();
  if (scan) ending = post("/kiosk/end", { scan });
  session.stopUndo();
  session = fresh();
  door.forget();
  finisher.reset();
  pin.forget();
  change.forget();
  visitor.forget();
  note("");
  toast("");
  $("#who").textContent = "";
  for (const one of all("[data-number], [data-where], [data-live], [data-refusal], #which")) one.replaceChildren();
  $("#help").close();
  document.activeElement?.blur();
  if (bank.layout !== given.drawing.layout) location.reload();
  go("reset");
}

function leave() {
  reset();
  reach(false);
}

// Where doors are drawn too small for a fingertip, a touch marks one and a key takes it.
function pick(one) {
  if (view.isLarge(one.id)) claim({ choice: { compartment: one.id } });
  else {
    session.marked = one;
    screen.mark();
  }
}

// ---- asking the server --------------------------------------------------------------------

async function ask(path, body) {
  if (busy) return null;
  busy = true;
  document.body.dataset.busy = "";
  const mine = session;
  // The last turn is over there too: the same badge again would be taken for the same scan.
  await ending;
  const answer = await post(path, body);
  busy = false;
  delete document.body.dataset.busy;
  // Cleared meanwhile: what comes back now is nobody's. A scan that was made is ended.
  if (mine !== session) {
    if (answer.body.scan) ending = post("/kiosk/end", { scan: answer.body.scan });
    return null;
  }
  idler.touchIfOn();
  if (answer.body.code === "device_revoked") {
    revoked();
    return null;
  }
  return answer;
}

function revoked() {
  session = fresh();
  door.forget();
  go("revoked");
}

function refuse(answer) {
  if (answer.body.code === "scan_over") session.scan = null;
  const mayChoose = session.scan && session.choices?.left && !session.held;
  const mayAsk = session.scan && NO_ACCESS.includes(answer.body.code);
  $("#ask_access").hidden = !mayAsk;
  $("#choose_again").hidden = !mayChoose || mayAsk;
  $("[data-refusal]").textContent = answer.body.message ?? words.gave_up;
  go("refused");
}

async function identify(body) {
  const asked = step;
  const answer = await ask("/kiosk/scan", body);
  if (!answer) return;
  if (!answer.ok) {
    const { code } = answer.body;
    if (code === "scan_taken" || !IDENTIFYING.includes(step)) return;
    if (step === "visitor_code" && ["wrong_code", "too_many_tries"].includes(code)) visitor.refused(answer);
    else if (code === "pin_required" && !("pin" in body)) {
      pin.besides(body);
      go("needs_pin");
    } else if ("pin" in body && (step === "pin_code" || (document.body.hasAttribute("data-pad") && WRONG_PIN.includes(code)))) {
      pin.refused(step, answer);
    } else refuse(answer);
    return;
  }
  const { holds, choices: may } = answer.body;
  const here = holds.filter((one) => one.here);
  known(answer.body);
  pin.forget();
  session.held = here[0] ?? holds[0] ?? null;
  if (here.length > 1) {
    which(here, (one) => {
      session.held = one;
      go("picked");
    });
    go("identified_many");
  } else if (here.length === 1) go("identified_holder");
  else if (holds.length && (["where_ask", "pin_where"].includes(asked) || !may.left)) go("identified_elsewhere");
  else {
    session.held = null;
    go("identified_free");
  }
}

function known(told) {
  Object.assign(session, { scan: told.scan, choices: told.choices, mayChangePin: told.may_change_pin, isRecovery: told.is_recovery });
  $("#who").textContent = fill(words.someone, { initials: told.initials });
}

async function askForAccess() {
  const answer = await ask("/kiosk/ask", { scan: session.scan });
  if (!answer) return;
  if (answer.ok) go("asked");
  else refuse(answer);
}

async function claim(choice) {
  note("");
  const answer = await ask("/kiosk/claim", { scan: session.scan, ...choice });
  if (!answer) return;
  if (answer.ok) {
    session.choices.left -= 1;
    session.held = { ...answer.body, here: true, where: view.get(answer.body.compartment).where };
    go("claimed");
    door.watch(answer.body, session.scan, { isFirst: true });
  } else if (["compartment_taken", "no_compartment_available"].includes(answer.body.code) && step !== "door") {
    const others = answer.body.facts?.free_sizes ?? [];
    note(others.length ? fill(words.other_sizes, { sizes: others.join(", ") }) : answer.body.message);
  } else refuse(answer);
}

async function open() {
  const answer = await ask("/kiosk/open", { scan: session.scan, claim: session.held.claim });
  if (!answer) return;
  if (!answer.ok) {
    refuse(answer);
    return;
  }
  const isFirst = step === "door" && door.isFirst();
  go("opening");
  door.watch(answer.body, session.scan, { isFirst });
}

async function finish() {
  const answer = await ask("/kiosk/finish", { scan: session.scan, claim: session.held.claim });
  if (!answer) return;
  if (!answer.ok) {
    refuse(answer);
    return;
  }
  session.undoFor = answer.body.undo_seconds;
  session.stopUndo = countdown(session.undoFor, (left) => {
    $("#undo").textContent = fill(words.undo_left, { n: left });
    $("#undo").hidden = $("#undo_offer").hidden = left === 0;
  });
  go("finished");
}

async function undo() {
  const answer = await ask("/kiosk/undo", { scan: session.scan, claim: session.held.claim });
  if (!answer) return;
  session.stopUndo();
  if (answer.ok) go("undone");
  else refuse(answer);
}

// ---- the parts ------------------------------------------------------------------------------

const idler = idle(
  { box: $("#still"), left: $("#still_left"), bar: $("#still_bar"), told: $("#still_told") },
  { fill, words, onOver: leave },
);
const view = drawing($("#bank"), given.drawing, {
  label: (one, isFree) =>
    fill(isFree ? words.door_free : words.door_taken, {
      number: one.number,
      where: one.where,
      size: given.drawing.sizes.find((size) => size.id === one.size)?.name ?? "",
    }),
  onPick: pick,
});
const screen = paint(given, () => ({ step, bank, tied, session }), {
  view,
  onSize: (size) => claim({ choice: { size } }),
});
const pin = pins(words, { onNumber: () => go("entered"), onPin: identify });
const change = changing(words, {
  go,
  refuse,
  send: (body) => ask("/kiosk/pin", { scan: session.scan, ...body }),
});
const visitor = visiting(words, { go, ask, refuse, identify, known });
const finisher = hold($("#finish"), $("#finish_plain"), { words, onDone: finish });
const socket = link({
  onMessage(message) {
    if (message.type === "bank") bank = message;
    if (message.type === "command") door.heard(message);
    if (message.type === "scan") waiting(message.scan);
    if (message.type === "bank" && step === "attract" && bank.layout !== given.drawing.layout) {
      location.reload();
    }
    screen.draw();
  },
  onTie(isUp) {
    if (isUp && !tied) door.askAgain();
    tied = isUp;
    if (!isUp) screen.draw();
  },
  onRevoked: revoked,
});
const door = doorway(words, {
  watch: (command, scan) => socket.send({ type: "watch", command, scan }),
  moved: () => idler.touchIfOn(),
  closed(compartment) {
    // The door's own word; the picture of the bank follows a moment later.
    bank.open = bank.open.filter((id) => id !== compartment);
    go("closed");
  },
});

function tapped(body) {
  if (step === "revoked" || busy) return;
  if (!IDENTIFYING.includes(step)) reset();
  identify(body);
}

function waiting(scan) {
  if (step === "attract" || step === "where_ask") tapped({ scan });
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

const actions = {
  use_pin: () => go("use_pin"),
  ask_where: () => go("ask_where"),
  pick_door: () => { pin.pick("door"); go("picked"); },
  pick_person: () => { pin.pick("personal_number"); go("picked"); },
  lost_badge: () => go("lost_badge"),
  change_pin: () => { change.begin(); go("change_pin"); },
  ...visitor.actions,
  ask_access: askForAccess,
  back: () => go("back"),
  again: () => { session.held = null; note(""); go(step === "yours" ? "another" : "again"); },
  any: () => claim({ choice: { any: true } }),
  draw: () => { note(""); go("draw"); },
  take_marked: () => claim({ choice: { compartment: session.marked.id } }),
  another: () => claim({ instead_of: session.held.claim }),
  open,
  undo,
  done: leave,
  more_time: () => idler.touch(),
  // Left open, it goes too.
  help() {
    $("#help").showModal();
    idler.begin();
  },
  close_help() {
    $("#help").close();
    if (step === "attract" || step === "revoked") idler.stop();
  },
  reach: () => reach(!document.body.hasAttribute("data-reach")),
};

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-do]");
  if (button && !button.disabled) actions[button.dataset.do]();
});
for (const kind of ["pointerdown", "keydown"]) {
  document.addEventListener(kind, () => idler.touchIfOn(), { capture: true });
}
document.addEventListener("contextmenu", (event) => event.preventDefault());
window.addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});
screen.draw();
