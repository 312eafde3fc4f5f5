"""No fault without a ticket and none twice: killed between event and ticket, and two at once."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection, transaction

from lockers.models import Compartment, LockEvent
from maintenance.choices import Category, Source
from maintenance.models import Finding, Ticket
from maintenance.services.tickets import escalating, reporting
from maintenance.services.tickets.subjects import Subject
from maintenance.services.triaging import lock_events
from tests import servers
from tests.concurrency import racing
from tests.concurrency.jobs.halting import Run
from tests.conftest import MORNING
from tests.factories.cast import SETUP, Estate
from tests.factories.upkeep import ServiceLevelFactory, TeamFactory
from tests.maintenance.tickets.making import HOUR, MINUTE, lock_event, report

pytestmark = pytest.mark.django_db(transaction=True)
_KILLED = "a server to be killed"


@pytest.fixture
def estate(transactional_db: None) -> Estate:
    return Estate.build(at=MORNING)


@contextlib.contextmanager
def door_held(estate: Estate) -> Iterator[None]:
    """Keep whoever would make a ticket of the first door waiting, until the block ends."""
    with transaction.atomic():
        Compartment.objects.select_for_update(no_key=True).get(pk=estate.doors[0].pk)
        yield


def waiting(more: str = "") -> int:
    with connection.cursor() as cursor:
        # Within a transaction it would look the same for ever.
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            f" AND pid <> pg_backend_pid() AND wait_event_type = 'Lock' {more}"
        )
        return int(cursor.fetchone()[0])


def sessions() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = %s", (_KILLED,)
        )
        return int(cursor.fetchone()[0])


def kill_between_event_and_ticket(estate: Estate) -> None:
    """Let a server store two lines and kill it (-9) when it is about to make a ticket of them."""
    address = {"DATABASE_URL": servers.database_url(), "PGAPPNAME": _KILLED}
    with door_held(estate):
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.concurrency.one_batch", str(estate.bridge.pk),
             str(estate.doors[0].pk), MORNING.isoformat()],
            cwd=servers.ROOT, env={**os.environ, **address},
        )  # fmt: skip
        try:
            servers.until(lambda: waiting(f"AND application_name = '{_KILLED}'") == 1, 60)
        finally:
            os.kill(process.pid, signal.SIGKILL)
            process.wait(10)
    # Let go, its backend finds nobody at the other end.
    servers.until(lambda: sessions() == 0)


def test_killed_between_event_and_ticket_the_sweep_makes_exactly_one(estate: Estate) -> None:
    kill_between_event_and_ticket(estate)
    assert LockEvent.objects.count() == 2, "the events were committed"
    assert not Ticket.objects.exists(), "the negative control: without the sweep there is none"
    assert lock_events.sweep(at=MORNING + MINUTE) == 1
    assert lock_events.sweep(at=MORNING + 2 * MINUTE) == 0
    ticket = Ticket.objects.get()
    assert (ticket.category, ticket.occurrences) == ("jammed", 1)
    assert Finding.objects.count() == 2


def twice_at_once(estate: Estate) -> list[str]:
    """Judge a fault twice: both have found it unjudged before either makes a ticket of it."""
    event = lock_event(estate, MORNING, "door_forced")

    def judge() -> object:
        aside: list[str] = []
        lock_events.judge(event_ids=[event], at=MORNING, aside=aside)
        assert not aside
        return None

    with door_held(estate):
        runs = [Run(judge) for _each in range(2)]
        servers.until(lambda: waiting() == 2)
    racing.join(run.thread for run in runs)
    return [run.ended for run in runs]


def test_two_receivers_at_once_make_one_ticket_and_count_once(estate: Estate) -> None:
    assert twice_at_once(estate) == ["done", "done"]
    assert Ticket.objects.get().occurrences == 1
    assert Finding.objects.count() == 1


def test_the_negative_control_counts_twice_when_nobody_looks_what_was_judged(
    estate: Estate, monkeypatch: pytest.MonkeyPatch
) -> None:
    careful = reporting.report

    def careless(*, event_id: int, **values: Any) -> object:
        return careful(**values)

    monkeypatch.setattr(reporting, "report", careless)
    twice_at_once(estate)
    assert Ticket.objects.get().occurrences == 2


def report_at_once(estate: Estate, times: int) -> list[str]:
    """Let several people report the same fault: all are there before one is done."""

    def one() -> object:
        return report(estate, MORNING)

    with door_held(estate):
        runs = [Run(one) for _each in range(times)]
        servers.until(lambda: waiting() == times)
    racing.join(run.thread for run in runs)
    return [run.ended for run in runs]


def test_many_reports_at_once_are_one_ticket_with_all_of_them(estate: Estate) -> None:
    assert report_at_once(estate, 5) == ["done"] * 5
    assert Ticket.objects.get().occurrences == 5


def test_the_negative_control_without_the_lock_the_database_refuses_a_second_ticket(
    estate: Estate, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Look, then write: the constraint keeps it one ticket, and reports would be lost."""
    monkeypatch.setattr(Subject, "lock", lambda self: None)
    create = Ticket.objects.create

    def after_everybody_looked(**values: Any) -> Ticket:
        barrier.wait(10)
        return create(**values)

    barrier = racing.threading.Barrier(2)
    monkeypatch.setattr(Ticket.objects, "create", after_everybody_looked)

    def one() -> object:
        return reporting.report(
            subject=Subject.of_door(estate.doors[0]), category=Category.DAMAGED,
            source=Source.PHONE, actor=SETUP, at=MORNING,
        )  # fmt: skip

    ends = racing.together(one, one)
    failed = [repr(end) for end in ends if isinstance(end, Exception)]
    assert len(failed) == 1
    assert "maintenance_one_open_ticket_per_thing_and_fault" in failed[0]
    assert Ticket.objects.get().occurrences == 1


def test_two_escalations_at_once_tell_once(estate: Estate) -> None:
    from access.models import Notice

    boss = TeamFactory(organisation=estate.organisation, email="boss@northwind.example")
    ServiceLevelFactory(
        organisation=estate.organisation, category="damaged", due_hours=1, escalate_after_hours=0,
        escalate_to=boss,
    )  # fmt: skip
    report(estate, MORNING)
    late = MORNING + dt.timedelta(days=1)

    def escalate() -> object:
        return escalating.escalate_due(at=late + HOUR)

    with door_held(estate):
        runs = [Run(escalate) for _each in range(2)]
        servers.until(lambda: waiting() == 2)
    racing.join(run.thread for run in runs)
    assert [run.ended for run in runs] == ["done", "done"]
    assert Notice.objects.count() == 1
