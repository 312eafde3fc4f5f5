// What the screen shows of the turn, the bank and its line to the server.

import { choices, counts } from "./kiosk_choices.js";
import { tell } from "./kiosk_say.js";
import { fill } from "./kiosk_words.js";

const $ = (selector) => document.querySelector(selector);
const all = (selector) => [...document.querySelectorAll(selector)];
const POINTS = ["door", "yours", "place", "booked", "offered", "give_up", "share", "shared", "shares",
  "unshare", "decline", "problem_yours"];
const STAFF_OPEN = ["overdue", "recovery"];
const MOODS = { warning: "warn", grace: "warn", overdue: "danger", recovery: "danger" };

export function paint(given, turn, { view, onSize }) {
  const { words, flow } = given;

  // Which doors this person may have, as they stand now; passers-by see which are free.
  function states() {
    const { bank, tied, session, step } = turn;
    if (!tied) return {};
    const may = session.choices?.doors;
    if (!may || !["choose", "drawing"].includes(step)) return bank.doors;
    return Object.fromEntries(
      Object.entries(bank.doors).map(([id, state]) => [
        id, state === "free" && !may.includes(Number(id)) ? "kept" : state,
      ]),
    );
  }

  function draw() {
    const { bank, tied, session, step } = turn;
    const held = session.held;
    const isOffline = !tied || !bank.online;
    document.body.dataset.tie = tied ? "up" : "down";
    for (const button of all("[data-needs-doors]")) button.disabled = isOffline || bank.opening;
    for (const button of all("[data-needs-line]")) button.disabled = !tied;
    // Who is to know of it is told by the server: without it nothing is offered.
    $("#problem").hidden = !tied || !(step === "attract" || (step === "yours" && held?.here));
    for (const button of all("[data-here-only]")) button.hidden = !held?.here;
    $("#who").hidden = !session.scan;
    $("#visitor").hidden = bank.visitors === "no";
    $("#visitor_new").hidden = bank.visitors !== "register";
    $("#change_pin").hidden = !session.mayChangePin || flow[step].change_pin === step;
    tell($("#recovery"), bank.opening ? "" : session.isRecovery ? words.recovered : session.kept);
    $("#banner").hidden = !bank.opening;
    $("#banner").textContent = fill(words.bank_opening, { bank: given.bank.name });
    const offline = !tied
      ? words.disconnected
      : fill(bank.instead ? words.offline_instead : words.offline, { bank: bank.instead });
    for (const one of all("[data-unreachable]")) tell(one, isOffline ? offline : "");
    $(".welcome").hidden = isOffline;
    $("#welcome").textContent = bank.free.total === 0 ? words.all_taken : words.welcome;
    counts(bank, isOffline);
    choices(given.drawing, bank, session.choices, words, isOffline || bank.opening, onSize);
    view.update(states(), tied ? bank.open : []);
    if (step === "problem_door") view.pickable(tied, true);
    else view.pickable(step === "drawing" && !isOffline && !bank.opening);
    mark();
    const mine = POINTS.includes(step) && held?.here ? held.compartment : null;
    view.highlight(step === "problem" ? session.about : mine);
    if (held) ofHeld(held, isOffline ? offline : "");
  }

  function ofHeld(held, offline) {
    const where = held.here
      ? fill(words.where, { where: held.where })
      : fill(held.directions ? words.where_else : words.where_bank, held);
    for (const one of all("[data-number]")) one.textContent = held.number;
    for (const one of all("[data-where]")) one.textContent = where;
    for (const one of all("[data-until]")) tell(one, held.until ?? "");
    for (const one of all("[data-because]")) {
      tell(one, held.because ? fill(words.because, { reason: held.because }) : "");
    }
    if (turn.step === "yours") yours(held, offline);
    $("#get_another").hidden = !turn.session.choices?.left || held.ends_at_tap;
    $("#give_up_ask").textContent = fill(words.give_up, held);
    $("#decline_ask").textContent = fill(words.decline, held);
  }

  function yours(held, offline) {
    const isOpen = turn.bank.open.includes(held.compartment);
    const live = $('section[data-step="yours"] [data-live]');
    live.dataset.mood = offline ? "warn" : (MOODS[held.standing] ?? "");
    tell(live, offline || (isOpen ? fill(words.yours_open, held) : held.until));
    tell($("#yours_visit"), held.visit ?? "");
    // One way to end it: what ends when it is opened needs no key for that besides.
    const finishes = held.finishes !== "no" && !held.ends_at_tap;
    $("#finish").hidden = $("#hold_note").hidden = !finishes;
    $("#finish [data-label]").textContent = held.finishes === "ask" ? words.give_back : words.finish;
    $("#open_yours").textContent = held.ends_at_tap ? words.open_last : words.open_again;
    $("#open_yours").hidden = !held.opens;
    $("#renew").hidden = !held.renews;
    const others = held.shared_with.length;
    $("#share_key").hidden = !held.shares && !others;
    $("#share_key").textContent = others ? fill(words.shared_n, { n: others }) : words.share;
    $("#more").hidden = $("#renew").hidden && $("#share_key").hidden;
    $("#todo").hidden = !STAFF_OPEN.includes(held.standing);
    $("#todo_say").textContent = fill(words.say, held);
  }

  // Where doors are drawn too small for a fingertip, a touch marks one and a key takes it.
  function mark() {
    const { session } = turn;
    const isGood = session.marked && states()[session.marked.id] === "free";
    if (!isGood) session.marked = null;
    view.mark(session.marked?.id ?? null);
    tell($("#take_marked"), isGood ? fill(words.take_marked, session.marked) : "");
  }

  return { draw, mark };
}
