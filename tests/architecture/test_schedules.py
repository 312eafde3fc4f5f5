"""What runs by itself: every job exists, runs, and does its work once."""

from __future__ import annotations

import datetime as dt
import io

import pytest
import time_machine
from django.core.management import call_command
from django.utils.module_loading import import_string
from django_q.models import Schedule

from audit.models import Answer, Event
from audit.services import idempotency
from audit.services.events import Actor
from config import schedules
from lockers.models import Command
from occupancy.models import Assignment
from occupancy.services.claims import assignments
from occupancy.services.claims.assignments import Wanted
from tests.factories.cast import Estate

MIDNIGHT = dt.datetime(2026, 11, 18, 0, 0, tzinfo=dt.UTC)  # in London, in winter


def run(job: str, at: dt.datetime) -> int:
    with time_machine.travel(at, tick=False):
        result: int = import_string(job)()
    return result


def claim(estate: Estate, at: dt.datetime) -> assignments.Claimed:
    return assignments.claim(
        person_id=estate.amira.pk,
        bank_id=estate.bank.pk,
        wanted=Wanted(),
        actor=Actor.person(estate.amira.pk),
        at=at,
    )


@pytest.mark.parametrize("job", schedules.JOBS, ids=lambda job: job.name)
def test_every_job_exists_and_finds_nothing_to_do_on_a_quiet_day(
    estate: Estate, at: dt.datetime, job: schedules.Job
) -> None:
    assert run(job.function, at) == 0


def test_a_day_ends_at_the_sites_midnight_once(estate: Estate, at: dt.datetime) -> None:
    got = claim(estate, at)
    assert run("occupancy.jobs.expire", MIDNIGHT - dt.timedelta(seconds=1)) == 0
    assert run("occupancy.jobs.expire", MIDNIGHT) == 1
    ended = Assignment.objects.get(pk=got.claim_id)
    assert (ended.closed_at, ended.closed_how) == (MIDNIGHT, "expired")
    assert run("occupancy.jobs.expire", MIDNIGHT + dt.timedelta(minutes=1)) == 0
    assert Event.objects.filter(action="assignment.expired").count() == 1
    assert not estate.amira.grants.filter(revoked_at__isnull=True).exists()


def test_running_a_day_late_gives_the_same_history(estate: Estate, at: dt.datetime) -> None:
    got = claim(estate, at)
    assert run("occupancy.jobs.expire", MIDNIGHT + dt.timedelta(days=1)) == 1
    assert Assignment.objects.get(pk=got.claim_id).closed_at == MIDNIGHT
    assert Event.objects.get(action="assignment.expired").occurred_at == MIDNIGHT


def test_a_command_that_nobody_took_or_answered_is_ended_once(
    estate: Estate, at: dt.datetime
) -> None:
    waiting = claim(estate, at).command_id
    assert run("lockers.jobs.settle_commands", at + dt.timedelta(seconds=9)) == 0
    assert run("lockers.jobs.settle_commands", at + dt.timedelta(seconds=10)) == 1
    assert Command.objects.get(pk=waiting).status == "expired"
    sent = Command.objects.create(
        compartment=estate.doors[1],
        bridge=estate.bridge,
        purpose="override",
        actor_kind="staff",
        status="sent",
        requested_at=at,
        deadline=at + dt.timedelta(seconds=10),
    )
    later = at + dt.timedelta(minutes=2)
    assert run("lockers.jobs.settle_commands", later) == 1
    assert run("lockers.jobs.settle_commands", later) == 0
    sent.refresh_from_db()
    assert sent.status == "unknown"


def test_old_answers_are_forgotten_and_younger_ones_kept(db: None, at: dt.datetime) -> None:
    for age in (1, 47, 49):
        Answer.objects.create(
            scope="user:1",
            key=f"key-{age:05}",
            fingerprint="",
            status=200,
            body={},
            answered_at=at - dt.timedelta(hours=age),
        )
    assert dt.timedelta(hours=24) <= idempotency.KEPT_FOR
    assert run("audit.jobs.purge_answers", at) == 1
    assert run("audit.jobs.purge_answers", at) == 0


def test_syncing_adds_mends_and_removes_ours_and_leaves_others(db: None) -> None:
    Schedule.objects.create(name="lockwright: something of last year", func="gone.away")
    Schedule.objects.create(name="nightly report of the customer", func="reports.run")
    assert schedules.sync() == len(schedules.JOBS) + 1
    assert schedules.sync() == 0
    Schedule.objects.filter(func="occupancy.jobs.expire").update(minutes=60)
    assert schedules.sync() > 0
    assert Schedule.objects.get(func="occupancy.jobs.expire").minutes == 1
    assert Schedule.objects.filter(name="nightly report of the customer").exists()
    assert Schedule.objects.count() == len(schedules.JOBS) + 1


def test_the_command_can_run_at_every_start(db: None) -> None:
    for changed in (len(schedules.JOBS), 0):
        out = io.StringIO()
        call_command("sync_schedules", stdout=out)
        assert out.getvalue() == f"{len(schedules.JOBS)} schedules, {changed} changed.\n"
