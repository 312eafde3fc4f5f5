// What the screen shows of the turn, the bank and its line to the server.

import { choices, counts } from "./kiosk_choices.js";
import { tell } from "./kiosk_say.js";
import { fill, shortTime } from "./kiosk_words.js";

const $ = (selector) => document.querySelector(selector);
const all = (selector) => [...document.querySelectorAll(selector)];
const POINTS = ["door", "yours", "place"];

// ``turn`` returns the step, bank, line and session as they are now.
export function paint(given, turn, { view, onSize }) {
  const { words, flow } = given;

  function draw() {
    const { step, bank, tied, session } = turn();
    const held = session.held;
    const isOffline = !tied || !bank.online;
    document.body.dataset.tie = tied ? "up" : "down";
    for (const button of all("[data-needs-doors]")) button.disabled = isOffline || bank.opening;
    for (const button of all("[data-here-only]")) button.hidden = !held?.here;
    $("#who").hidden = !session.scan;
    $("#visitor").hidden = bank.visitors === "no";
    $("#visitor_new").hidden = bank.visitors !== "register";
    $("#change_pin").hidden = !session.mayChangePin || flow[step].change_pin === step;
    tell($("#recovery"), session.isRecovery && !bank.opening ? words.recovered : "");
    $("#banner").hidden = !bank.opening;
    $("#banner").textContent = fill(words.bank_opening, { bank: given.bank.name });
    const offline = !tied
      ? words.disconnected
      : fill(bank.instead ? words.offline_instead : words.offline, { bank: bank.instead });
    for (const one of all("[data-unreachable]")) tell(one, isOffline ? offline : "");
    $(".welcome").hidden = isOffline;
    $("#welcome").textContent = bank.free.total === 0 ? words.all_taken : words.welcome;
    counts(bank, isOffline);
    choices(given.drawing, bank, words, isOffline || bank.opening, onSize);
    view.update(tied ? bank.doors : {}, tied ? bank.open : []);
    view.pickable(step === "drawing" && !isOffline && !bank.opening);
    mark();
    view.highlight(POINTS.includes(step) && held?.here ? held.compartment : null);
    if (held) ofHeld(held, isOffline ? offline : "");
  }

  function ofHeld(held, offline) {
    const { step, session } = turn();
    const where = held.here
      ? fill(words.where, { where: held.where })
      : fill(held.directions ? words.where_else : words.where_bank, held);
    for (const one of all("[data-number]")) one.textContent = held.number;
    for (const one of all("[data-where]")) one.textContent = where;
    if (step === "yours") yours(held, offline);
    $("#get_another").hidden = !session.choices?.left;
  }

  function yours(held, offline) {
    const until = held.ends_at ? shortTime(held.ends_at, given.time_zone) : "";
    const text = turn().bank.open.includes(held.compartment)
      ? words.yours_open
      : until === "00:00" ? words.yours_midnight
      : until ? words.yours_until
      : words.yours;
    const live = $('section[data-step="yours"] [data-live]');
    live.dataset.mood = offline ? "warn" : "";
    tell(live, offline || fill(text, { number: held.number, time: until }));
  }

  // Where doors are drawn too small for a fingertip, a touch marks one and a key takes it.
  function mark() {
    const { bank, session } = turn();
    const isFree = session.marked && bank.doors[session.marked.id] === "free";
    if (!isFree) session.marked = null;
    view.mark(session.marked?.id ?? null);
    tell($("#take_marked"), isFree ? fill(words.take_marked, session.marked) : "");
  }

  return { draw, mark };
}
