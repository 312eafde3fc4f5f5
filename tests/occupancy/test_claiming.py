from __future__ import annotations

import datetime as dt

import pytest
from django.db import transaction

from audit.models import Event
from audit.services.events import Actor
from lockers.errors import BridgeOffline
from lockers.models import BridgePresence, Command
from occupancy.choices import ClosedHow
from occupancy.errors.claims import CompartmentTaken, NoCompartmentAvailable
from occupancy.errors.policies import LimitReached
from occupancy.models import Assignment
from occupancy.services.claims import assignments
from occupancy.services.claims.assignments import Wanted
from tests.factories.cast import Estate


def claim(estate: Estate, who: str, at: dt.datetime, wanted: Wanted | None = None) -> object:
    person = getattr(estate, who)
    return assignments.claim(
        person_id=person.pk,
        bank_id=estate.bank.pk,
        wanted=wanted or Wanted(),
        actor=Actor.person(person.pk),
        at=at,
    )


def test_it_gives_the_smallest_free_door_until_local_midnight(
    estate: Estate, at: dt.datetime
) -> None:
    got = assignments.claim(
        person_id=estate.amira.pk,
        bank_id=estate.bank.pk,
        wanted=Wanted(),
        actor=Actor.person(estate.amira.pk),
        at=at,
    )
    assert got.number == "1"
    assert got.due_at == dt.datetime(2026, 11, 18, 0, 0, tzinfo=dt.UTC)
    assignment = Assignment.objects.get(pk=got.claim_id)
    assert assignment.holder == estate.amira
    command = Command.objects.get(pk=got.command_id)
    assert (command.status, command.deadline) == ("queued", at + dt.timedelta(seconds=10))
    assert estate.amira.grants.get(revoked_at__isnull=True).claim_id == got.claim_id
    assert [e.action for e in Event.objects.filter(person_id=estate.amira.pk).order_by("id")][
        -2:
    ] == ["door.open_requested", "assignment.claimed"]


def test_a_second_claim_by_the_same_person_is_refused(estate: Estate, at: dt.datetime) -> None:
    claim(estate, "amira", at)
    with pytest.raises(LimitReached):
        claim(estate, "amira", at)


def test_that_very_door_is_refused_when_somebody_took_it(estate: Estate, at: dt.datetime) -> None:
    wanted = Wanted(compartment_id=estate.doors[1].pk)
    claim(estate, "amira", at, wanted)
    with pytest.raises(CompartmentTaken):
        claim(estate, "ben", at, wanted)


def test_no_large_door_left_names_the_sizes_that_are(estate: Estate, at: dt.datetime) -> None:
    claim(estate, "amira", at, Wanted(size_id=estate.large.pk))
    with pytest.raises(NoCompartmentAvailable) as refused:
        claim(estate, "ben", at, Wanted(size_id=estate.large.pk))
    assert refused.value.facts["free_sizes"] == ["Small"]


def test_a_silent_bridge_is_said_before_anything_is_written(
    estate: Estate, at: dt.datetime
) -> None:
    BridgePresence.objects.update(last_seen_at=at - dt.timedelta(minutes=1))
    with pytest.raises(BridgeOffline), transaction.atomic():
        claim(estate, "amira", at)
    assert not Assignment.objects.exists()


def test_finish_undo_and_the_next_persons_claim(estate: Estate, at: dt.datetime) -> None:
    got = claim(estate, "amira", at)
    me = {"person_id": estate.amira.pk, "actor": Actor.person(estate.amira.pk)}
    assignments.release(claim_id=got.claim_id, how=ClosedHow.FINISHED, at=at, **me)
    assignments.undo_release(claim_id=got.claim_id, at=at + dt.timedelta(seconds=59), **me)
    assert Assignment.objects.get(pk=got.claim_id).closed_at is None
    assert estate.amira.grants.filter(revoked_at__isnull=True).count() == 1


def test_an_ended_day_frees_the_door_even_before_the_job_ran(
    estate: Estate, at: dt.datetime
) -> None:
    for who, number in (("amira", 0), ("ben", 1)):
        claim(estate, who, at, Wanted(compartment_id=estate.doors[number].pk))
    tomorrow = at + dt.timedelta(days=1)
    BridgePresence.objects.update(last_seen_at=tomorrow)
    got = claim(estate, "ben", tomorrow, Wanted(compartment_id=estate.doors[0].pk))
    assert got.number == "1"
    assert Assignment.objects.filter(closed_how=ClosedHow.EXPIRED).count() == 2
