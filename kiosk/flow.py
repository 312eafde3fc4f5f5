"""The steps of the kiosk's screen, as a table: where each event leads. Pure.

The page is given this very table and moves by it, so what is tested here is what runs there.
An event that a step does not list changes nothing. What was typed or scanned is forgotten on
every return to ATTRACT.
"""

from __future__ import annotations

from enum import StrEnum


class Step(StrEnum):
    ATTRACT = "attract"
    PIN_START = "pin_start"  # door number or personal number?
    PIN_NUMBER = "pin_number"
    PIN_CODE = "pin_code"
    WHERE_ASK = "where_ask"  # tap, and be shown your locker without opening it
    PLACE = "place"
    NOWHERE = "nowhere"
    WHICH = "which"  # holds more than one door here
    CHOOSE = "choose"
    DRAWING = "drawing"
    DOOR = "door"  # a door on its way
    YOURS = "yours"
    FINISHED = "finished"
    REFUSED = "refused"
    REVOKED = "revoked"


class Event(StrEnum):
    # Somebody was identified, and holds here: nothing, one door, several; or one elsewhere.
    IDENTIFIED_FREE = "identified_free"
    IDENTIFIED_HOLDER = "identified_holder"
    IDENTIFIED_MANY = "identified_many"
    IDENTIFIED_ELSEWHERE = "identified_elsewhere"
    REFUSED = "refused"
    USE_PIN = "use_pin"
    ASK_WHERE = "ask_where"
    ENTERED = "entered"
    DRAW = "draw"
    CLAIMED = "claimed"
    OPENING = "opening"
    CLOSED = "closed"
    PICKED = "picked"
    ANOTHER = "another"
    FINISHED = "finished"
    UNDONE = "undone"
    AGAIN = "again"
    BACK = "back"
    RESET = "reset"
    REVOKED = "revoked"


_IDENTIFIED = {
    Event.IDENTIFIED_FREE: Step.CHOOSE,
    Event.IDENTIFIED_HOLDER: Step.YOURS,
    Event.IDENTIFIED_MANY: Step.WHICH,
    Event.IDENTIFIED_ELSEWHERE: Step.PLACE,
    Event.REFUSED: Step.REFUSED,
}
_SHOWN_WHERE = {
    Event.IDENTIFIED_FREE: Step.NOWHERE,
    Event.IDENTIFIED_HOLDER: Step.PLACE,
    Event.IDENTIFIED_MANY: Step.WHICH,
    Event.IDENTIFIED_ELSEWHERE: Step.PLACE,
    Event.REFUSED: Step.REFUSED,
}
_ALWAYS = {Event.RESET: Step.ATTRACT, Event.REVOKED: Step.REVOKED}

TABLE: dict[Step, dict[Event, Step]] = {
    Step.ATTRACT: {
        **_IDENTIFIED,
        Event.USE_PIN: Step.PIN_START,
        Event.ASK_WHERE: Step.WHERE_ASK,
    },
    Step.PIN_START: {
        **_IDENTIFIED,
        Event.PICKED: Step.PIN_NUMBER,
        Event.BACK: Step.ATTRACT,
    },
    Step.PIN_NUMBER: {
        **_IDENTIFIED,
        Event.ENTERED: Step.PIN_CODE,
        Event.BACK: Step.PIN_START,
    },
    # A wrong PIN stays here: the page says so, and counts down when there is a wait.
    Step.PIN_CODE: {**_IDENTIFIED, Event.BACK: Step.PIN_NUMBER},
    Step.WHERE_ASK: {**_SHOWN_WHERE, Event.BACK: Step.ATTRACT},
    Step.PLACE: {
        Event.OPENING: Step.DOOR,
        Event.REFUSED: Step.REFUSED,
        Event.AGAIN: Step.CHOOSE,
    },
    Step.NOWHERE: {Event.AGAIN: Step.CHOOSE},
    Step.WHICH: {Event.PICKED: Step.YOURS, Event.AGAIN: Step.CHOOSE},
    # A door that somebody else took meanwhile stays here, with the sentence.
    Step.CHOOSE: {
        Event.CLAIMED: Step.DOOR,
        Event.DRAW: Step.DRAWING,
        Event.REFUSED: Step.REFUSED,
    },
    Step.DRAWING: {
        Event.CLAIMED: Step.DOOR,
        Event.BACK: Step.CHOOSE,
        Event.REFUSED: Step.REFUSED,
    },
    Step.DOOR: {
        Event.OPENING: Step.DOOR,
        Event.CLAIMED: Step.DOOR,
        Event.CLOSED: Step.YOURS,
        Event.FINISHED: Step.FINISHED,
        Event.REFUSED: Step.REFUSED,
    },
    Step.YOURS: {
        Event.OPENING: Step.DOOR,
        Event.FINISHED: Step.FINISHED,
        Event.ANOTHER: Step.CHOOSE,
        Event.REFUSED: Step.REFUSED,
    },
    Step.FINISHED: {Event.UNDONE: Step.YOURS, Event.REFUSED: Step.REFUSED},
    Step.REFUSED: {**_IDENTIFIED, Event.AGAIN: Step.CHOOSE},
    Step.REVOKED: {},
}


def after(step: Step, event: Event) -> Step:
    """Return the step that an event leads to; an event that does not belong changes nothing."""
    if step == Step.REVOKED:
        return step
    if event in _ALWAYS:
        return _ALWAYS[event]
    return TABLE[step].get(event, step)


def table() -> dict[str, dict[str, str]]:
    """Return the whole table as the page takes it."""
    return {step.value: {event.value: after(step, event).value for event in Event} for step in Step}
