// What an identified person does: claim, open, finish, undo, keep longer, begin what was booked, wait,
// answer an offer.

import { countdown } from "./kiosk_countdown.js";
import { note, tell, toast } from "./kiosk_say.js";
import { fill } from "./kiosk_words.js";

const $ = (selector) => document.querySelector(selector);
const CHOOSE_ANOTHER = ["compartment_taken", "door_closed_then", "no_compartment_available"];

export function verbs(turn, { words, ask, go, draw, refuse, door }) {
  const of = (more) => ({ scan: turn.session.scan, ...more });
  const ofHeld = (more) => of({ claim: turn.session.held.claim, ...more });

  async function asked(path, body, work) {
    note("");
    const answer = await ask(path, body);
    if (!answer) return;
    if (answer.ok) work(answer.body);
    else refuse(answer);
  }

  function claimed(told) {
    const { session } = turn;
    if (session.choices.left) session.choices.left -= 1;
    session.held = told;
    go("claimed");
    door.watch(told, session.scan, { isFirst: true });
  }

  async function claim(choice) {
    note("");
    const answer = await ask("/kiosk/claim", of(choice));
    if (!answer) return;
    if (answer.ok) claimed(answer.body);
    else if (CHOOSE_ANOTHER.includes(answer.body.code) && turn.step !== "door") {
      const others = answer.body.facts?.free_sizes ?? [];
      note(others.length ? fill(words.other_sizes, { sizes: others.join(", ") }) : answer.body.message);
    } else refuse(answer);
  }

  const open = () =>
    asked("/kiosk/open", ofHeld(), (told) => {
      const isFirst = turn.step === "door" && door.isFirst();
      turn.session.held = { ...turn.session.held, ...told };
      go("opening");
      door.watch(told, turn.session.scan, { isFirst, isLast: told.last });
    });

  function finished(seconds) {
    const { session } = turn;
    session.stopUndo();
    session.undoFor = seconds;
    session.stopUndo = countdown(seconds, (left) => {
      $("#undo").textContent = fill(words.undo_left, { n: left });
      $("#undo").hidden = $("#undo_offer").hidden = left === 0;
    });
    go("finished");
  }

  const finish = () =>
    asked("/kiosk/finish", ofHeld(), (told) => {
      $("#finished_pull").hidden = true;
      finished(told.undo_seconds);
    });

  const undo = () =>
    asked("/kiosk/undo", ofHeld(), (told) => {
      const { session } = turn;
      session.stopUndo();
      session.held = told.holds.find((one) => one.claim === session.held.claim) ?? session.held;
      go("undone");
    });

  const renew = () =>
    asked("/kiosk/renew", ofHeld({ ends_at: turn.session.held.ends_at }), (told) => {
      turn.session.held = { ...turn.session.held, ...told };
      draw();
      toast(told.renewed ? words.renewed : words.renewed_before);
    });

  const join = (size) =>
    asked("/kiosk/join", of({ size }), (told) => {
      $("#waiting_place").textContent = fill(words.waiting_place, { n: told.place });
      tell($("#waiting_wait"), told.wait);
      go("joined");
    });

  return {
    claim,
    open,
    finish,
    finished,
    undo,
    renew,
    join,
    checkIn: () => asked("/kiosk/check_in", ofHeld(), claimed),
    accept: () => asked("/kiosk/accept", of({ offer: turn.session.held.offer }), claimed),
    decline: () =>
      asked("/kiosk/decline", of({ offer: turn.session.held.offer }), () => {
        $("#declined_told").textContent = fill(words.declined, turn.session.held);
        go("declined");
      }),
    askForAccess: () => asked("/kiosk/ask", of(), () => go("asked")),
  };
}
