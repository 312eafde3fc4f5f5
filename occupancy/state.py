"""What a compartment is called on map and kiosk: one pure ladder over three separate truths.

Service, allocation and door are facts of their own and none is derived from another; where they
contradict each other the answer is an exception, not a guess.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from lockers.health import STUCK_AFTER

# A door may stand open this long after its last use before a free compartment is called wrong.
LEFT_OPEN_AFTER = dt.timedelta(minutes=2)


@dataclass(frozen=True)
class Facts:
    """Everything the ladder looks at. ``claim_*`` is the one claim that matters now, if any."""

    service_status: str
    is_wired: bool = True
    bridge_online: bool = True
    board_state: str = "ok"
    door_state: str = "unknown"
    door_changed_at: dt.datetime | None = None
    door_forced: bool = False
    failed_opens: int = 0
    has_sensor: bool = True
    claim_kind: str | None = None
    claim_started: bool = False
    claim_starts_at: dt.datetime | None = None
    claim_ends_at: dt.datetime | None = None
    claim_at_end: str = "release"
    claim_in_recovery: bool = False
    # From when nobody comes for a booking any more.
    claim_lapses_at: dt.datetime | None = None


@dataclass(frozen=True)
class State:
    """What is shown, with the truths it came from and why it is an exception, if it is one."""

    shown: str
    allocation: str
    door: str
    reason: str = ""


def allocation(facts: Facts, at: dt.datetime) -> str:
    """Say who has it: free, reserved, occupied, overdue, in recovery, or cleaning for a closure."""
    if facts.claim_kind is None or facts.claim_starts_at is None:
        return "free"
    past = facts.claim_ends_at is not None and at >= facts.claim_ends_at
    if facts.claim_kind == "closure":
        return "free" if past or at < facts.claim_starts_at else "cleaning"
    if facts.claim_started:
        if facts.claim_in_recovery:
            return "recovery"
        if not past:
            return "occupied"
        # Back to the pool by itself: from that instant on, whenever the job tidies it up.
        return "free" if facts.claim_at_end == "release" else "overdue"
    lapsed = facts.claim_lapses_at is not None and at >= facts.claim_lapses_at
    return "free" if past or lapsed else "reserved"


def door(facts: Facts) -> str:
    """Say how the door stands: what cannot be read now is unknown, never the last value."""
    if not facts.has_sensor or not facts.is_wired:
        return "unknown"
    if not facts.bridge_online or facts.board_state == "offline":
        return "unknown"
    return facts.door_state


def shown(facts: Facts, at: dt.datetime) -> State:
    """Return the displayed state; the first rung that applies wins.

    1 out of service, 2 offline, 3 exception (forced, fault, stuck, unreadable, left open),
    4 recovery, 5 overdue, 6 occupied, 7 cleaning, 8 reserved, 9 free.
    """
    has = allocation(facts, at)
    stands = door(facts)
    if facts.service_status in {"out_of_service", "decommissioned"}:
        return State("out_of_service", has, stands)
    if facts.is_wired and (not facts.bridge_online or facts.board_state == "offline"):
        reason = "bridge_silent" if not facts.bridge_online else "board_silent"
        return State("offline", has, stands, reason)
    reason = _exception(facts, has, stands, at)
    if reason:
        return State("exception", has, stands, reason)
    if has == "recovery":
        return State("recovery", has, stands)
    if has == "overdue":
        return State("overdue", has, stands)
    if has == "occupied":
        return State("occupied", has, stands)
    if has == "cleaning" or facts.service_status == "needs_cleaning":
        return State("cleaning", has, stands)
    if has == "reserved":
        return State("reserved", has, stands)
    return State("free", has, stands)


def _exception(facts: Facts, has: str, stands: str, at: dt.datetime) -> str:
    if facts.door_forced:
        return "forced_open"
    if facts.service_status == "fault":
        return "fault"
    if facts.failed_opens >= STUCK_AFTER:
        return "stuck"
    if facts.is_wired and facts.has_sensor and stands == "unknown":
        return "door_unreadable"
    left_open = (
        has == "free"
        and stands == "open"
        and facts.door_changed_at is not None
        and at - facts.door_changed_at >= LEFT_OPEN_AFTER
    )
    return "free_but_open" if left_open else ""
