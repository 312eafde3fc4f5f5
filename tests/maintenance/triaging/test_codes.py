"""Triage reads what bridges and boards can say, and nothing that somebody guessed."""

from __future__ import annotations

import datetime as dt
import typing

import pytest

from kiosk.bridge import protocol
from lockers.choices import FAULT_EVENTS
from lockers.drivers import errors
from lockers.health import STUCK_AFTER
from maintenance import triage
from maintenance.models import Ticket
from maintenance.services.triaging import lock_events
from tests.factories.cast import Estate
from tests.maintenance.tickets.making import MINUTE, lock_event

KINDS = typing.get_args(protocol.EventKind)


def of_drivers() -> set[str]:
    """Return every code of what a driver raises."""
    found, left = {errors.DriverError.code}, [errors.DriverError]
    while left:
        more = left.pop().__subclasses__()
        found |= {one.code for one in more}
        left += more
    return found


def test_a_jam_is_what_a_bridge_says_of_a_door_that_stayed_shut() -> None:
    # tests/bridge/test_opening.py sees a bridge say it of a jammed door.
    assert triage.DID_NOT_OPEN == protocol.DID_NOT_OPEN


def test_the_kinds_that_are_judged_are_those_of_the_wire() -> None:
    assert set(FAULT_EVENTS) <= set(KINDS)
    faults = {kind for kind in KINDS if triage.of_event(kind, protocol.DID_NOT_OPEN, STUCK_AFTER)}
    assert faults == set(FAULT_EVENTS)


@pytest.mark.parametrize("code", sorted(of_drivers()))
def test_what_a_board_or_its_line_refuses_is_no_jam(code: str) -> None:
    assert triage.of_event("command_failed", code, 9) is None


@pytest.mark.django_db
def test_the_count_in_the_database_is_of_the_same_word(estate: Estate, at: dt.datetime) -> None:
    told = [
        lock_event(estate, at + n * MINUTE, "command_failed", detail=protocol.DID_NOT_OPEN)
        for n in range(STUCK_AFTER)
    ]
    lock_events.judge(event_ids=told, at=at + STUCK_AFTER * MINUTE)
    assert Ticket.objects.get().category == triage.JAMMED
