"""A journal with holes, or another one under the same name: noticed, shown, and nothing doubled."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest

from audit.models import Event
from audit.services.events import Actor
from lockers import selectors
from lockers.models import BridgePresence, LockEvent
from lockers.services import connections, journal
from lockers.services.connections import Known
from lockers.services.journal import Line, LinesMissing
from tests.factories.cast import Estate

JOURNAL, OTHER = uuid.UUID(int=7), uuid.UUID(int=8)


@pytest.fixture
def arrived(estate: Estate, at: dt.datetime) -> Estate:
    BridgePresence.objects.update(journal=JOURNAL, last_seq=0)
    return estate


def lines(at: dt.datetime, *numbers: int) -> list[Line]:
    # Each at its own instant, as they are.
    return [
        Line(seq=n, kind="bridge_started", occurred_at=at + dt.timedelta(milliseconds=n))
        for n in numbers
    ]


def tell(
    estate: Estate, told: list[Line], *, after: int, at: dt.datetime, name: uuid.UUID = JOURNAL,
    is_renamed: bool = False,
) -> int:  # fmt: skip
    return journal.receive(
        bridge=estate.bridge, journal=name, lines=told, after=after, at=at, is_renamed=is_renamed
    )


def arrive(
    estate: Estate, at: dt.datetime, name: uuid.UUID, last: int, starts_after: int | None = None
) -> Known:
    return connections.arrive(
        bridge=estate.bridge,
        connection=uuid.uuid4(),
        software="test",
        journal=name,
        last_seq=last,
        clock_offset_ms=0,
        at=at,
        starts_after=starts_after,
    )


def alarm() -> str:
    return BridgePresence.objects.get().journal_alarm


def numbers() -> list[int]:
    return list(LockEvent.objects.order_by("id").values_list("seq", flat=True))


def test_lines_that_the_bridge_lost_are_recorded_and_what_follows_is_stored(
    arrived: Estate, at: dt.datetime
) -> None:
    tell(arrived, lines(at, 1, 2), after=0, at=at)
    assert tell(arrived, lines(at, 5, 6, 9), after=2, at=at) == 9
    assert numbers() == [1, 2, 5, 6, 9]
    told = Event.objects.filter(action="bridge.journal_gap").order_by("id")
    assert [event.data for event in told] == [{"after": 2, "next": 5}, {"after": 6, "next": 9}]
    assert alarm() == "gap"


def test_lines_that_got_lost_on_the_way_are_asked_for_again(
    arrived: Estate, at: dt.datetime
) -> None:
    tell(arrived, lines(at, 1, 2), after=0, at=at)
    with pytest.raises(LinesMissing):
        tell(arrived, lines(at, 5), after=4, at=at)
    assert (numbers(), alarm()) == ([1, 2], "")
    assert tell(arrived, lines(at, 3, 4, 5), after=2, at=at) == 5
    assert numbers() == [1, 2, 3, 4, 5]
    assert not Event.objects.filter(action="bridge.journal_gap").exists()


def test_the_first_lines_are_missed_too(arrived: Estate, at: dt.datetime) -> None:
    tell(arrived, lines(at, 4), after=0, at=at)
    assert alarm() == "gap"


def test_lines_that_found_no_room_are_lost_lines(arrived: Estate, at: dt.datetime) -> None:
    lost = Line(seq=1, kind="lines_lost", occurred_at=at, detail="12")
    tell(arrived, [lost], after=0, at=at)
    assert Event.objects.get(action="bridge.journal_gap").data == {"lost": "12"}
    assert alarm() == "gap"


def test_a_first_journal_is_no_alarm(estate: Estate, at: dt.datetime) -> None:
    BridgePresence.objects.update(journal=None)
    assert arrive(estate, at, JOURNAL, 0) == Known(0, None)
    assert alarm() == ""


def test_the_journal_that_we_know_is_no_alarm(arrived: Estate, at: dt.datetime) -> None:
    tell(arrived, lines(at, 1, 2, 3), after=0, at=at)
    known = arrive(arrived, at, JOURNAL, 5)
    assert known == Known(3, at + dt.timedelta(milliseconds=3))
    assert alarm() == ""


def test_another_journal_is_an_alarm(arrived: Estate, at: dt.datetime) -> None:
    tell(arrived, lines(at, 1, 2, 3), after=0, at=at)
    assert arrive(arrived, at, OTHER, 1) == Known(0, None)
    assert alarm() == "replaced"
    assert Event.objects.get(action="bridge.journal_rewound").data == {"stored": 3, "told": 1}


def test_a_shorter_journal_is_an_alarm_and_its_new_name_no_second_one(
    arrived: Estate, at: dt.datetime
) -> None:
    tell(arrived, lines(at, 1, 2, 3), after=0, at=at)
    assert arrive(arrived, at, JOURNAL, 2).seq == 3
    assert alarm() == "replaced"
    assert arrive(arrived, at, OTHER, 2, starts_after=1) == Known(1, None)
    assert Event.objects.filter(action="bridge.journal_rewound").count() == 1


def test_what_is_known_by_the_old_name_of_a_journal_is_not_stored_again(
    arrived: Estate, at: dt.datetime
) -> None:
    tell(arrived, lines(at, 1, 2, 3, 4), after=0, at=at)
    arrive(arrived, at, OTHER, 5, starts_after=1)
    later = at + dt.timedelta(days=1)
    copied = [*lines(at, 2, 3), *lines(later, 4, 5)]
    assert tell(arrived, copied, after=1, at=later, name=OTHER, is_renamed=True) == 5
    stored = LockEvent.objects.order_by("id").values_list("journal", "seq")
    assert list(stored) == [(JOURNAL, n) for n in (1, 2, 3, 4)] + [(OTHER, 4), (OTHER, 5)]
    assert not Event.objects.filter(action="bridge.journal_gap").exists()


def test_an_old_name_that_comes_back_is_remembered(arrived: Estate, at: dt.datetime) -> None:
    tell(arrived, lines(at, 1, 2, 3), after=0, at=at)
    arrive(arrived, at, OTHER, 1)
    tell(arrived, lines(at, 1), after=0, at=at, name=OTHER)
    assert arrive(arrived, at, JOURNAL, 3).seq == 3


def test_staff_see_it_until_they_looked_into_it(arrived: Estate, at: dt.datetime) -> None:
    tell(arrived, lines(at, 4), after=0, at=at)
    BridgePresence.objects.update(connection=uuid.uuid4(), last_seen_at=at)
    arrived.bridge.refresh_from_db()
    assert "missing" in selectors.of_bridge(arrived.bridge, at).sentence
    staff = Actor.staff(arrived.olga.pk)
    assert connections.settle_journal(bridge=arrived.bridge, actor=staff, at=at)
    assert not connections.settle_journal(bridge=arrived.bridge, actor=staff, at=at)
    assert alarm() == ""
    settled = Event.objects.get(action="bridge.journal_settled")
    assert settled.actor_id == str(arrived.olga.pk)
