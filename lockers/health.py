"""How a device is, in words, and what to do about it: pure, one function for each kind."""

from __future__ import annotations

import datetime as dt
import enum
from dataclasses import dataclass, replace

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from lockers import presence, troubles
from lockers.choices import JournalAlarm

# Further off than this and somebody should look at the machine's clock.
CLOCK_TOLERATED = dt.timedelta(minutes=2)
# What waits on a bridge longer than a moment does not get through.
EVENTS_TOLERATED = 1_000
COMMANDS_TOLERATED = 20
# A lock that did not open once may have been blocked by what is in the locker.
STUCK_AFTER = 2


class State(enum.IntEnum):
    """How well something is; the worst is the highest."""

    WELL = 0
    UNUSED = 1
    UNKNOWN = 2
    LOOK = 3
    BROKEN = 4

    @property
    def word(self) -> str:
        """What it is called."""
        return str(_WORDS[self])

    @property
    def icon(self) -> str:
        """Its symbol: one of Material's names, a shape of its own for each state."""
        return _ICONS[self]


_WORDS = {
    State.WELL: gettext_lazy("works"),
    State.UNUSED: gettext_lazy("not in use"),
    State.UNKNOWN: gettext_lazy("not known"),
    State.LOOK: gettext_lazy("needs a look"),
    State.BROKEN: gettext_lazy("does not work"),
}
_ICONS = {
    State.WELL: "check_circle",
    State.UNUSED: "remove",
    State.UNKNOWN: "help",
    State.LOOK: "warning",
    State.BROKEN: "error",
}


@dataclass(frozen=True)
class Health:
    """How something is, what is wrong with it, and what to do; well, it says neither."""

    state: State
    sentence: str = ""
    advice: str = ""


WELL = Health(State.WELL)


@dataclass(frozen=True)
class BridgeFacts:
    """What is known of a bridge."""

    is_enrolled: bool = True
    is_revoked: bool = False
    is_connected: bool = True
    last_seen_at: dt.datetime | None = None
    clock_offset_ms: int = 0
    queue_depth: int = 0
    unacknowledged: int = 0
    # As the bridge says: ok, full or failing.
    journal: str = "ok"
    journal_alarm: str = ""
    # As the bridge says: ok, none or refused.
    access_list: str = "ok"


@dataclass(frozen=True)
class Told:
    """What a bridge says of a wire, a board or a reader."""

    state: str
    code: str = ""
    detail: str = ""
    address: str = ""


@dataclass(frozen=True)
class DoorFacts:
    """What is known of a door that a board drives."""

    state: str = "closed"
    has_sensor: bool = True
    is_forced: bool = False
    failed_opens: int = 0


def of_bridge(facts: BridgeFacts, at: dt.datetime) -> Health:
    """Judge a bridge."""
    if facts.is_revoked:
        return Health(State.UNUSED, _("It was revoked."), _("Enrol it again with a new code."))
    if not facts.is_enrolled:
        return Health(
            State.UNUSED,
            _("It was never enrolled."),
            _("Make an enrolment code and start the bridge with it."),
        )
    if not presence.is_online(facts.is_connected, facts.last_seen_at, at):
        return Health(
            State.BROKEN,
            _("It is silent: nothing can be opened from here."),
            _("Check its power and network, then whether lockwright-bridge runs on it."),
        )
    if facts.journal != "ok":
        return Health(
            State.BROKEN,
            _("Its disk cannot be written: only staff can open doors."),
            _("Make room on it, or replace it. Then it goes on by itself."),
        )
    if facts.journal_alarm == JournalAlarm.GAP:
        return Health(
            State.LOOK,
            _("Events that it had written down are missing."),
            _(
                "Look in the trail since when, and who was at its disk. Then choose “Journal was"
                " looked into” in the list of bridges."
            ),
        )
    if facts.journal_alarm:
        return Health(
            State.LOOK,
            _("Its journal is another one, or an older copy: events may be missing."),
            _(
                "If its disk was replaced, all is well; if not, look who was at it. Then choose"
                " “Journal was looked into” in the list of bridges."
            ),
        )
    if facts.access_list != "ok":
        return Health(
            State.LOOK,
            _("It has no access list: nobody could open doors while the server is away."),
            _("It gets one by itself. If not, look whether its disk can be written."),
        )
    if abs(facts.clock_offset_ms) > CLOCK_TOLERATED / dt.timedelta(milliseconds=1):
        return Health(
            State.LOOK,
            _("Its clock is wrong by %(seconds)d s.")
            % {"seconds": round(facts.clock_offset_ms / 1000)},
            _("Let it set its clock over the network (NTP), or replace the battery of its clock."),
        )
    if facts.unacknowledged > EVENTS_TOLERATED:
        return Health(
            State.LOOK,
            ngettext(
                "%(count)d event is not received yet.",
                "%(count)d events are not received yet.",
                facts.unacknowledged,
            )
            % {"count": facts.unacknowledged},
            _("They arrive by themselves. If there are ever more, check the server's load."),
        )
    if facts.queue_depth > COMMANDS_TOLERATED:
        return Health(
            State.LOOK,
            ngettext(
                "%(count)d door waits to be opened.",
                "%(count)d doors wait to be opened.",
                facts.queue_depth,
            )
            % {"count": facts.queue_depth},
            _("While a whole bank opens that is right. Else look which board is slow."),
        )
    return WELL


def behind_silence() -> Health:
    """Judge what hangs on a bridge that tells nothing."""
    return Health(State.UNKNOWN, _("Its bridge is silent."), _("See to the bridge first."))


def at_a_terminal() -> Health:
    """Judge a reader that types like a keyboard: nobody can tell whether it is plugged in."""
    return Health(State.UNKNOWN, _("Only its terminal sees it."), _("Try a badge."))


def of_bus(told: Told) -> Health:
    """Judge a wire."""
    if told.code == "all_silent" and not told.address.startswith("/"):
        told = replace(told, code="all_silent_on_the_network")
    return _judge(told, {"up": State.WELL, "degraded": State.LOOK, "down": State.BROKEN})


def of_board(told: Told) -> Health:
    """Judge a board."""
    if told.state == "suspect":
        # One answer is missed now and then; what stays away is offline within a second.
        return Health(
            State.LOOK,
            _("It missed an answer."),
            _("If that happens often, check its cable and plugs."),
        )
    return _judge(told, {"ok": State.WELL, "offline": State.BROKEN}, default="board_silent")


def of_reader(told: Told) -> Health:
    """Judge a wired badge reader."""
    states = {"ok": State.WELL, "offline": State.BROKEN, "misconfigured": State.BROKEN}
    return _judge(told, states)


def of_door(facts: DoorFacts) -> Health:
    """Judge a door whose board answers."""
    if facts.failed_opens >= STUCK_AFTER:
        return Health(
            State.BROKEN,
            _("It did not open, %(times)d times in a row.") % {"times": facts.failed_opens},
            _("Look whether something blocks it, then check the lock and its cable."),
        )
    if facts.is_forced:
        return Health(
            State.LOOK,
            _("It opened and nobody had asked."),
            _("Go and look. Close it when all is well."),
        )
    if facts.has_sensor and facts.state == "unknown":
        return Health(
            State.LOOK,
            _("It cannot be read."),
            _("Check the door's contact and its cable, and the channel it is set to."),
        )
    return WELL


def _judge(told: Told, states: dict[str, State], default: str = "") -> Health:
    state = states.get(told.state, State.UNKNOWN)
    if state is State.WELL:
        return WELL
    if state is State.UNKNOWN:
        return Health(state, _("Nothing was heard of it yet."), _("Wait a moment."))
    sentence, advice = troubles.WHY.get(told.code or default, troubles.OTHER)
    values = {"address": told.address, "detail": told.detail or told.code or told.state}
    return Health(state, str(sentence) % values, str(advice))
