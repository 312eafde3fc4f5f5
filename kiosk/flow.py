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
    PIN_LOST = "pin_lost"  # lost badge: where a recovery PIN comes from, and where it is typed
    PIN_SECOND = "pin_second"  # this bank asks for the PIN besides the badge
    PIN_WHERE = "pin_where"  # the same, before somebody is shown where their locker is
    WHERE_ASK = "where_ask"  # tap, and be shown your locker without opening it
    PLACE = "place"
    NOWHERE = "nowhere"
    WHICH = "which"  # holds more than one door here
    CHOOSE = "choose"
    DRAWING = "drawing"
    DOOR = "door"  # a door on its way
    YOURS = "yours"
    SHARE = "share"  # hold the badge of who may open it too
    SHARED = "shared"
    SHARES = "shares"  # who may open it too
    UNSHARE = "unshare"  # ending one of them: asked once more
    GIVE_UP = "give_up"  # given by staff: asked once more
    BOOKED = "booked"  # a booking that can be begun
    OFFERED = "offered"  # from the waiting list, for a while
    DECLINE = "decline"  # it costs the place on the list: asked once more
    DECLINED = "declined"
    JOIN = "join"  # which size to wait for
    WAITING = "waiting"  # a place on the waiting list
    FINISHED = "finished"
    # A visitor: with a code, or new here.
    VISITOR = "visitor"
    VISITOR_CODE = "visitor_code"
    VISITOR_NAME = "visitor_name"
    VISITOR_COMPANY = "visitor_company"
    VISITOR_HOST = "visitor_host"
    VISITOR_AGREE = "visitor_agree"
    VISITOR_WELCOME = "visitor_welcome"  # the code to come back with
    ASKED = "asked"  # a request for access is on its way
    # Change my PIN: the old one, the new one twice.
    PIN_OLD = "pin_old"
    PIN_NEW = "pin_new"
    PIN_AGAIN = "pin_again"
    PIN_CHANGED = "pin_changed"
    # Something is wrong with a door: which one, unless it is one's own, and what.
    PROBLEM_DOOR = "problem_door"
    PROBLEM = "problem"
    PROBLEM_YOURS = "problem_yours"
    PROBLEM_TOLD = "problem_told"
    REFUSED = "refused"
    REVOKED = "revoked"


class Event(StrEnum):
    # Somebody was identified, and holds here: nothing, one door, several; or one elsewhere.
    IDENTIFIED_FREE = "identified_free"
    IDENTIFIED_HOLDER = "identified_holder"
    IDENTIFIED_MANY = "identified_many"
    IDENTIFIED_ELSEWHERE = "identified_elsewhere"
    IDENTIFIED_PICKS = "identified_picks"  # and picks a door on the drawing
    IDENTIFIED_BOOKED = "identified_booked"
    IDENTIFIED_OFFERED = "identified_offered"
    REFUSED = "refused"
    USE_PIN = "use_pin"
    ASK_WHERE = "ask_where"
    ENTERED = "entered"
    LOST_BADGE = "lost_badge"
    NEEDS_PIN = "needs_pin"
    CHANGE_PIN = "change_pin"
    WRONG_OLD = "wrong_old"
    CHOOSE_NEW = "choose_new"
    CHANGED = "changed"
    DRAW = "draw"
    CLAIMED = "claimed"
    OPENING = "opening"
    CLOSED = "closed"
    PICKED = "picked"
    ANOTHER = "another"
    FINISHED = "finished"
    VISITING = "visiting"
    HAS_CODE = "has_code"
    REGISTERED = "registered"
    WRONG_HOST = "wrong_host"
    ASKED = "asked"
    SHARING = "sharing"
    SHARED = "shared"
    LISTING = "listing"
    UNSHARING = "unsharing"
    UNSHARED = "unshared"
    DECLINING = "declining"
    DECLINED = "declined"
    GIVING_UP = "giving_up"
    JOINING = "joining"
    JOINED = "joined"
    PROBLEM = "problem"
    REPORTED = "reported"
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
    Event.IDENTIFIED_PICKS: Step.DRAWING,
    Event.IDENTIFIED_BOOKED: Step.BOOKED,
    Event.IDENTIFIED_OFFERED: Step.OFFERED,
    Event.NEEDS_PIN: Step.PIN_SECOND,
    Event.REFUSED: Step.REFUSED,
}
_SHOWN_WHERE = {
    Event.IDENTIFIED_FREE: Step.NOWHERE,
    Event.IDENTIFIED_PICKS: Step.NOWHERE,
    Event.IDENTIFIED_BOOKED: Step.NOWHERE,
    Event.IDENTIFIED_OFFERED: Step.NOWHERE,
    Event.IDENTIFIED_HOLDER: Step.PLACE,
    Event.IDENTIFIED_MANY: Step.WHICH,
    Event.IDENTIFIED_ELSEWHERE: Step.PLACE,
    Event.NEEDS_PIN: Step.PIN_WHERE,
    Event.REFUSED: Step.REFUSED,
}
_MAY_CHANGE_PIN = {Event.CHANGE_PIN: Step.PIN_OLD}
_ALWAYS = {Event.RESET: Step.ATTRACT, Event.REVOKED: Step.REVOKED}

TABLE: dict[Step, dict[Event, Step]] = {
    Step.ATTRACT: {
        **_IDENTIFIED,
        Event.USE_PIN: Step.PIN_START,
        Event.ASK_WHERE: Step.WHERE_ASK,
        Event.VISITING: Step.VISITOR,
        Event.PROBLEM: Step.PROBLEM_DOOR,
    },
    Step.VISITOR: {
        **_IDENTIFIED,
        Event.HAS_CODE: Step.VISITOR_CODE,
        Event.ENTERED: Step.VISITOR_NAME,
        Event.BACK: Step.ATTRACT,
    },
    # A wrong code stays here.
    Step.VISITOR_CODE: {**_IDENTIFIED, Event.BACK: Step.VISITOR},
    Step.VISITOR_NAME: {Event.ENTERED: Step.VISITOR_COMPANY, Event.BACK: Step.VISITOR},
    Step.VISITOR_COMPANY: {Event.ENTERED: Step.VISITOR_HOST, Event.BACK: Step.VISITOR_NAME},
    Step.VISITOR_HOST: {Event.ENTERED: Step.VISITOR_AGREE, Event.BACK: Step.VISITOR_COMPANY},
    Step.VISITOR_AGREE: {
        Event.REGISTERED: Step.VISITOR_WELCOME,
        Event.WRONG_HOST: Step.VISITOR_HOST,
        Event.REFUSED: Step.REFUSED,
        Event.BACK: Step.VISITOR_HOST,
    },
    Step.VISITOR_WELCOME: _IDENTIFIED,
    Step.ASKED: {},
    Step.PIN_START: {
        **_IDENTIFIED,
        Event.PICKED: Step.PIN_NUMBER,
        Event.LOST_BADGE: Step.PIN_LOST,
        Event.BACK: Step.ATTRACT,
    },
    Step.PIN_LOST: {
        **_IDENTIFIED,
        Event.PICKED: Step.PIN_NUMBER,
        Event.BACK: Step.PIN_START,
    },
    Step.PIN_NUMBER: {
        **_IDENTIFIED,
        Event.ENTERED: Step.PIN_CODE,
        Event.BACK: Step.PIN_START,
    },
    # A wrong PIN stays here: the page says so, and counts down when there is a wait.
    Step.PIN_CODE: {**_IDENTIFIED, Event.BACK: Step.PIN_NUMBER},
    Step.PIN_SECOND: _IDENTIFIED,
    Step.PIN_WHERE: _SHOWN_WHERE,
    Step.WHERE_ASK: {**_SHOWN_WHERE, Event.BACK: Step.ATTRACT},
    Step.PLACE: {
        **_MAY_CHANGE_PIN,
        Event.OPENING: Step.DOOR,
        Event.REFUSED: Step.REFUSED,
        Event.AGAIN: Step.CHOOSE,
    },
    Step.NOWHERE: {**_MAY_CHANGE_PIN, Event.AGAIN: Step.CHOOSE},
    Step.WHICH: {**_MAY_CHANGE_PIN, Event.PICKED: Step.YOURS, Event.AGAIN: Step.CHOOSE},
    # A door that somebody else took meanwhile stays here, with the sentence.
    Step.CHOOSE: {
        **_MAY_CHANGE_PIN,
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
        **_MAY_CHANGE_PIN,
        Event.OPENING: Step.DOOR,
        Event.FINISHED: Step.FINISHED,
        Event.ANOTHER: Step.CHOOSE,
        Event.SHARING: Step.SHARE,
        Event.LISTING: Step.SHARES,
        Event.GIVING_UP: Step.GIVE_UP,
        Event.PROBLEM: Step.PROBLEM_YOURS,
        Event.REFUSED: Step.REFUSED,
    },
    # A badge that nobody knows stays here, with the sentence.
    Step.SHARE: {
        Event.SHARED: Step.SHARED,
        Event.BACK: Step.YOURS,
        Event.REFUSED: Step.REFUSED,
    },
    Step.SHARED: {Event.BACK: Step.YOURS},
    Step.SHARES: {
        Event.SHARING: Step.SHARE,
        Event.UNSHARING: Step.UNSHARE,
        Event.BACK: Step.YOURS,
    },
    Step.UNSHARE: {
        Event.UNSHARED: Step.YOURS,
        Event.BACK: Step.SHARES,
        Event.REFUSED: Step.REFUSED,
    },
    Step.GIVE_UP: {
        Event.FINISHED: Step.FINISHED,
        Event.BACK: Step.YOURS,
        Event.REFUSED: Step.REFUSED,
    },
    Step.BOOKED: {
        Event.CLAIMED: Step.DOOR,
        Event.AGAIN: Step.CHOOSE,
        Event.REFUSED: Step.REFUSED,
    },
    Step.OFFERED: {
        Event.CLAIMED: Step.DOOR,
        Event.DECLINING: Step.DECLINE,
        Event.AGAIN: Step.CHOOSE,
        Event.REFUSED: Step.REFUSED,
    },
    Step.DECLINE: {
        Event.DECLINED: Step.DECLINED,
        Event.BACK: Step.OFFERED,
        Event.REFUSED: Step.REFUSED,
    },
    Step.DECLINED: {Event.AGAIN: Step.CHOOSE},
    Step.JOIN: {Event.JOINED: Step.WAITING, Event.REFUSED: Step.REFUSED},
    Step.WAITING: {},
    Step.PIN_OLD: {Event.ENTERED: Step.PIN_NEW, Event.REFUSED: Step.REFUSED},
    Step.PIN_NEW: {Event.ENTERED: Step.PIN_AGAIN, Event.REFUSED: Step.REFUSED},
    # Only here is the server asked; what was wrong leads back to where it was typed.
    Step.PIN_AGAIN: {
        Event.WRONG_OLD: Step.PIN_OLD,
        Event.CHOOSE_NEW: Step.PIN_NEW,
        Event.CHANGED: Step.PIN_CHANGED,
        Event.REFUSED: Step.REFUSED,
    },
    Step.PIN_CHANGED: {},
    # Nobody has to say who they are.
    Step.PROBLEM_DOOR: {Event.PICKED: Step.PROBLEM, Event.BACK: Step.ATTRACT},
    Step.PROBLEM: {
        Event.REPORTED: Step.PROBLEM_TOLD,
        Event.BACK: Step.PROBLEM_DOOR,
        Event.REFUSED: Step.REFUSED,
    },
    Step.PROBLEM_YOURS: {
        Event.REPORTED: Step.PROBLEM_TOLD,
        Event.BACK: Step.YOURS,
        Event.REFUSED: Step.REFUSED,
    },
    Step.PROBLEM_TOLD: {},
    Step.FINISHED: {Event.UNDONE: Step.YOURS, Event.REFUSED: Step.REFUSED},
    Step.REFUSED: {
        **_IDENTIFIED,
        Event.AGAIN: Step.CHOOSE,
        Event.ASKED: Step.ASKED,
        Event.JOINING: Step.JOIN,
    },
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
