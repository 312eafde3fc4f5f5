"""A session at a door's own reader, without any screen: the second tap ends it."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from lockers.choices import ReaderTransport
from lockers.models import BridgePresence, Command, Compartment, Reader
from lockers.services import journal
from occupancy.choices import UseModel
from occupancy.models import Assignment, Policy
from tests import factories
from tests.factories.cast import AMIRA_BADGE, BEN_BADGE, Estate
from tests.kiosk.test_wired_readers import tap

JOURNAL = uuid.UUID(int=9)
Report = Callable[..., None]
SECONDS = dt.timedelta(seconds=4)


@pytest.fixture
def door_reader(estate: Estate, clock: object) -> Reader:
    """Return the reader of door 2, at which people have a door until they open it again."""
    Policy.objects.update(model=UseModel.SESSION, lasts=dt.timedelta(hours=3))
    BridgePresence.objects.update(journal=JOURNAL, last_seq=0)
    return factories.ReaderFactory(
        bank=estate.bank,
        compartment=estate.doors[1],
        transport=ReaderTransport.WIRED,
        address="tcp://127.0.0.1:2",
    )


@pytest.fixture
def report(estate: Estate, django_capture_on_commit_callbacks: Any) -> Report:
    """Let the bridge tell what became of the newest command."""

    def told(at: dt.datetime, *kinds: str) -> None:
        command = Command.objects.latest("requested_at")
        for kind in kinds:
            line = journal.Line(
                seq=BridgePresence.objects.get().last_seq + 1,
                kind=kind,
                occurred_at=at,
                compartment_id=command.compartment_id,
                command_id=command.pk,
            )
            with django_capture_on_commit_callbacks(execute=True):
                journal.receive(bridge=estate.bridge, journal=JOURNAL, lines=[line], at=at)

    return told


def test_the_second_tap_opens_and_ends_it_and_the_door_is_the_next_persons(
    estate: Estate, door_reader: Reader, report: Report, at: dt.datetime
) -> None:
    assert tap(door_reader, AMIRA_BADGE, at)[0] is True
    report(at, "command_opened", "command_closed")
    accepted, sentence = tap(door_reader, AMIRA_BADGE, at + SECONDS)
    assert (accepted, sentence) == (
        True,
        "Door 2 is opening. It is the second from the left, at waist height."
        " Take everything out: it is given back.",
    )
    claim = Assignment.objects.get()
    assert claim.closed_at is None
    report(at + SECONDS, "command_opened")
    claim.refresh_from_db()
    assert claim.closed_how == "finished"
    report(at + SECONDS, "command_closed")
    assert tap(door_reader, BEN_BADGE, at + 2 * SECONDS)[0] is True
    assert Assignment.objects.get(closed_at=None).holder == estate.ben


def test_a_door_without_a_sensor_is_given_back_by_the_pulse(
    estate: Estate, door_reader: Reader, report: Report, at: dt.datetime
) -> None:
    Compartment.objects.update(has_sensor=False)
    tap(door_reader, AMIRA_BADGE, at)
    report(at, "command_actuated")
    assert Assignment.objects.get().closed_at is None
    tap(door_reader, AMIRA_BADGE, at + SECONDS)
    report(at + SECONDS, "command_actuated")
    assert Assignment.objects.get().closed_how == "finished"


def test_a_door_that_jams_at_the_second_tap_stays_theirs(
    estate: Estate, door_reader: Reader, report: Report, at: dt.datetime
) -> None:
    tap(door_reader, AMIRA_BADGE, at)
    report(at, "command_opened", "command_closed")
    tap(door_reader, AMIRA_BADGE, at + SECONDS)
    report(at + SECONDS, "command_failed")
    assert Assignment.objects.get().closed_at is None
    assert tap(door_reader, BEN_BADGE, at + 2 * SECONDS)[0] is False
    tap(door_reader, AMIRA_BADGE, at + 3 * SECONDS)
    report(at + 3 * SECONDS, "command_opened")
    assert Assignment.objects.get().closed_how == "finished"


def test_a_second_tap_before_the_door_ever_opened_ends_nothing(
    estate: Estate, door_reader: Reader, report: Report, at: dt.datetime
) -> None:
    tap(door_reader, AMIRA_BADGE, at)
    report(at, "command_failed")
    said = tap(door_reader, AMIRA_BADGE, at + SECONDS)[1]
    assert "given back" not in said
    report(at + SECONDS, "command_opened", "command_closed")
    assert Assignment.objects.get().closed_at is None
