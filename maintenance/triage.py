"""Whether what the locks say is a fault that somebody has to see to, and which. Pure.

Two ways lead here: events, of which each is judged once, and how things stand, which is looked at
again and again. What stands is one fault for as long as it stands.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from lockers.health import STUCK_AFTER

JAMMED, FORCED, HELD_OPEN = "jammed", "forced", "held_open"
UNREADABLE, SILENT, LOW_BATTERY = "unreadable", "silent", "low_battery"

# Long enough to pack a bag, and to change; somebody who has the door may forget it just the same.
OPEN_FOR = dt.timedelta(minutes=10)
# A sensor is read several times a second: what stays unknown so long is no passing trouble.
UNREADABLE_FOR = dt.timedelta(minutes=5)
# Longer than a restart takes.
SILENT_FOR = dt.timedelta(minutes=2)

# What a bridge says (kiosk.bridge.protocol): the pulse was given, and the sensor saw the door stay
# shut. No board says of itself that its bolt is stuck; what else fails is the line or the bridge.
DID_NOT_OPEN = "did_not_open"
# Nothing is wrong with what is out of service: somebody may be working on it.
_NOT_IN_USE = frozenset({"out_of_service", "decommissioned"})


def of_event(kind: str, detail: str, failures_in_a_row: int) -> str | None:
    """Return the fault that one line of a journal means, if it does.

    ``failures_in_a_row`` counts the commands that did not open the door, this one included, since
    it was last seen open.
    """
    if kind == "door_forced":
        return FORCED
    if (kind, detail) == ("command_failed", DID_NOT_OPEN) and failures_in_a_row >= STUCK_AFTER:
        return JAMMED
    return None


@dataclass(frozen=True)
class DoorStands:
    """How a door stands; what is not known is as it would be if all was well."""

    state: str = "closed"
    since: dt.datetime | None = None
    has_sensor: bool = True
    service_status: str = "in_service"
    # Its bridge and its board answer; else what the door does is not known.
    is_heard: bool = True
    # The bank is being commissioned, or all of it was opened on purpose.
    is_meant: bool = False
    battery_mv: int | None = None
    battery_low_mv: int | None = None
    # The reading is of the battery that is in it now.
    is_battery_read: bool = True


@dataclass(frozen=True)
class BoardStands:
    """How a board stands."""

    state: str = "ok"
    since: dt.datetime | None = None
    is_bridge_heard: bool = True
    # None of its doors is in use.
    is_unused: bool = False


@dataclass(frozen=True)
class BridgeStands:
    """When a bridge was last heard; never, if it was never there."""

    last_seen_at: dt.datetime | None = None
    is_enrolled: bool = True
    is_revoked: bool = False


Standing = DoorStands | BoardStands | BridgeStands


def of_standing(facts: Standing, at: dt.datetime) -> str | None:
    """Return the fault that how a thing stands means at ``at``, if it does; the worst first."""
    match facts:
        case DoorStands():
            return _of_door(facts, at)
        case BoardStands():
            return _of_board(facts, at)
        case BridgeStands():
            return _of_bridge(facts, at)


def _of_door(facts: DoorStands, at: dt.datetime) -> str | None:
    if facts.service_status in _NOT_IN_USE or facts.is_meant:
        return None
    if facts.is_heard and facts.has_sensor:
        if facts.state == "open" and _lasts(facts.since, OPEN_FOR, at):
            return HELD_OPEN
        if facts.state == "unknown" and _lasts(facts.since, UNREADABLE_FOR, at):
            return UNREADABLE
    return of_battery(facts)


def of_battery(facts: DoorStands) -> str | None:
    """Return the fault of a door's battery, whatever else is wrong with the door."""
    if facts.service_status in _NOT_IN_USE or not facts.is_battery_read:
        return None
    if facts.battery_mv is None or facts.battery_low_mv is None:
        return None
    return LOW_BATTERY if facts.battery_mv < facts.battery_low_mv else None


def _of_board(facts: BoardStands, at: dt.datetime) -> str | None:
    # A silent bridge swallows its boards: one fault, one ticket.
    if not facts.is_bridge_heard or facts.is_unused:
        return None
    is_silent = facts.state == "offline" and _lasts(facts.since, SILENT_FOR, at)
    return SILENT if is_silent else None


def _of_bridge(facts: BridgeStands, at: dt.datetime) -> str | None:
    if not facts.is_enrolled or facts.is_revoked:
        return None
    return SILENT if _lasts(facts.last_seen_at, SILENT_FOR, at) else None


def _lasts(since: dt.datetime | None, how_long: dt.timedelta, at: dt.datetime) -> bool:
    return since is not None and at - since >= how_long
