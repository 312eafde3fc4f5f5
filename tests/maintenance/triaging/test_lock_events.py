"""From lock events to tickets: each judged once, however often and in which order they come."""

from __future__ import annotations

import datetime as dt
import random
import uuid
from collections import Counter

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from lockers.models import Bridge, Compartment, LockEvent
from lockers.services.journal import receiving
from lockers.services.journal.lines import Line
from maintenance import jobs
from maintenance.models import Finding, Ticket
from maintenance.services.tickets import closing, doors
from maintenance.services.triaging import lock_events
from occupancy.services.ending.sweeping import RowsSetAside
from tests.factories.cast import SETUP, Estate
from tests.maintenance.tickets.making import DAY, HOUR, MINUTE, lock_event, status

FAILED = {"kind": "command_failed", "detail": "did_not_open"}


def failed(estate: Estate, at: dt.datetime, place: int = 0) -> int:
    return lock_event(estate, at, "command_failed", place, detail="did_not_open")


def judge(at: dt.datetime, *events: int) -> int:
    return lock_events.judge(event_ids=events, at=at)


def test_a_door_that_did_not_open_twice_in_a_row_is_jammed_and_given_to_nobody_new(
    estate: Estate, at: dt.datetime
) -> None:
    assert judge(at, failed(estate, at)) == 0
    assert not Ticket.objects.exists()
    assert judge(at + MINUTE, failed(estate, at + MINUTE)) == 1
    ticket = Ticket.objects.get()
    assert (ticket.category, ticket.source, ticket.compartment) == (
        "jammed", "system", estate.doors[0],
    )  # fmt: skip
    assert ticket.last_seen_at == at + MINUTE
    assert status(estate) == "fault"


@pytest.mark.parametrize("seen", ["command_opened", "door_opened", "door_forced"])
def test_a_door_that_opened_in_between_is_not(estate: Estate, at: dt.datetime, seen: str) -> None:
    events = [failed(estate, at), lock_event(estate, at + MINUTE, seen),
              failed(estate, at + 2 * MINUTE)]  # fmt: skip
    judge(at + HOUR, *events)
    assert not Ticket.objects.filter(category="jammed").exists()


def test_another_door_and_another_reason_do_not_count(estate: Estate, at: dt.datetime) -> None:
    judge(
        at, failed(estate, at), failed(estate, at, 1),
        lock_event(estate, at, "command_failed", detail="board_silent"),
    )  # fmt: skip
    assert not Ticket.objects.exists()


def test_a_forced_door_is_a_ticket_and_not_one_that_somebody_repairs(
    estate: Estate, at: dt.datetime
) -> None:
    Compartment.objects.filter(pk=estate.doors[1].pk).update(service_status="out_of_service")
    judge(at, lock_event(estate, at, "door_forced"), lock_event(estate, at, "door_forced", 1))
    assert Ticket.objects.get().compartment == estate.doors[0]
    assert Finding.objects.count() == 2


def test_judged_twice_or_in_any_order_it_comes_out_the_same(
    estate: Estate, at: dt.datetime
) -> None:
    story = ["command_failed"] * 3 + ["command_opened"] + ["command_failed"] * 2 + ["door_forced"]
    events = [
        lock_event(estate, at + n * MINUTE, kind, detail="did_not_open" if "failed" in kind else "")
        for n, kind in enumerate(story)
    ]

    def outcome() -> tuple[Counter[str], set[tuple[int, str]]]:
        found = Counter({one.category: one.occurrences for one in Ticket.objects.all()})
        told = Finding.objects.exclude(ticket=None).values_list("event", "ticket__category")
        return found, set(told)

    outcomes = []
    for seed in range(6):
        Finding.objects.all().delete()
        Ticket.objects.all().delete()
        Compartment.objects.update(service_status="in_service")
        order = events * 2
        random.Random(seed).shuffle(order)
        for one in order:
            judge(at + HOUR, one)
        outcomes.append(outcome())
    assert outcomes == [outcomes[0]] * 6
    # The second and third of three, and the second of two.
    assert outcomes[0][0] == {"jammed": 3, "forced": 1}


def test_the_sweep_finds_what_no_signal_told_of_and_nothing_twice(
    estate: Estate, at: dt.datetime
) -> None:
    for n in range(4):
        failed(estate, at + n * MINUTE)
    lock_event(estate, at, "door_forced", 1)
    lock_event(estate, at, "door_opened", 1)
    assert lock_events.sweep(at=at + HOUR) == 4
    assert lock_events.sweep(at=at + HOUR) == 0
    assert {(t.category, t.occurrences) for t in Ticket.objects.all()} == {
        ("jammed", 3), ("forced", 1),
    }  # fmt: skip
    assert Finding.objects.count() == 5


def test_the_sweep_takes_more_than_it_looks_at_at_once(
    estate: Estate, at: dt.datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lock_events, "AT_ONCE", 2)
    for n in range(7):
        failed(estate, at + n * MINUTE)
    assert lock_events.sweep(at=at + HOUR) == 6


def test_one_that_cannot_be_done_is_named_and_the_others_go_on(
    estate: Estate, at: dt.datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, good = lock_event(estate, at, "door_forced"), lock_event(estate, at, "door_forced", 1)
    report = lock_events.reporting.report

    def poisoned(**values: object) -> object:
        if values["event_id"] == bad:
            raise ValueError("poisoned")
        return report(**values)  # type: ignore[arg-type]

    monkeypatch.setattr(lock_events.reporting, "report", poisoned)
    monkeypatch.setattr(jobs.timezone, "now", lambda: at + MINUTE)
    with pytest.raises(RowsSetAside) as failed:
        jobs.triage()
    assert failed.value.rows == [f"event:{bad}"]
    assert Finding.objects.get().event_id == good
    monkeypatch.undo()
    assert lock_events.sweep(at=at + MINUTE) == 1


def test_an_old_failure_that_arrives_late_opens_nothing_that_was_repaired_since(
    estate: Estate, at: dt.datetime
) -> None:
    judge(at, failed(estate, at - HOUR), failed(estate, at))
    ticket = Ticket.objects.get()
    closing.close(ticket_id=ticket.pk, resolution="Oiled", actor=SETUP, at=at + HOUR)
    judge(at + DAY, failed(estate, at + MINUTE))
    ticket.refresh_from_db()
    assert (ticket.status, ticket.occurrences) == ("done", 2)
    judge(at + DAY, failed(estate, at + DAY))
    ticket.refresh_from_db()
    assert (ticket.status, ticket.reopened) == ("open", 1)


def test_of_a_bridge_whose_clock_is_wrong_the_time_of_arrival_counts(
    estate: Estate, at: dt.datetime
) -> None:
    event = lock_event(estate, at - 999 * DAY, "door_forced", clock_ok=False)
    LockEvent.objects.filter(pk=event).update(received_at=at)
    judge(at, event)
    assert Ticket.objects.get().last_seen_at == at


def test_an_event_of_a_door_that_is_gone_or_anothers_is_judged_and_no_ticket(
    estate: Estate, at: dt.datetime
) -> None:
    judge(at, lock_event(estate, at, "door_forced", compartment=None))
    assert Finding.objects.get().ticket is None
    assert not Ticket.objects.exists()


def test_lines_that_mean_nothing_cost_one_statement(estate: Estate, at: dt.datetime) -> None:
    events = [lock_event(estate, at, "door_opened") for _each in range(20)]
    with CaptureQueriesContext(connection) as queries:
        judge(at, *events)
    assert len(queries) == 1


def test_no_fault_is_judged_with_a_few_statements_however_many_there_are(
    estate: Estate, at: dt.datetime
) -> None:
    def count(events: list[int]) -> int:
        with CaptureQueriesContext(connection) as queries:
            judge(at, *events)
        return len(queries)

    def silent() -> int:
        return lock_event(estate, at, "command_failed", detail="board_silent")

    assert count([silent()]) == count([silent() for _each in range(50)])


@pytest.mark.django_db(transaction=True)
def test_what_a_bridge_tells_becomes_a_ticket_as_soon_as_it_is_stored(
    transactional_db: None, at: dt.datetime
) -> None:
    estate = Estate.build(at=at)
    bridge = Bridge.objects.select_related("site").get()
    lines = [
        Line(seq=n, compartment_id=estate.doors[0].pk, occurred_at=at, **FAILED) for n in (1, 2)
    ]
    for _again in range(2):  # redelivery is normal
        receiving.receive(bridge=bridge, journal=uuid.UUID(int=7), lines=lines, at=at)
    assert Ticket.objects.get().occurrences == 1
    assert Finding.objects.count() == 2


def test_a_jam_whose_door_is_taken_out_is_one_story(estate: Estate, at: dt.datetime) -> None:
    judge(at, failed(estate, at - MINUTE), failed(estate, at))
    ticket = Ticket.objects.get()
    doors.take_out(ticket_id=ticket.pk, actor=SETUP, at=at)
    assert status(estate) == "out_of_service"
    closing.close(ticket_id=ticket.pk, resolution="Oiled", actor=SETUP, at=at)
    assert status(estate) == "in_service"
