"""Suspended by HR, or gone: nothing opens at once, and nothing is freed before it is emptied."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import time_machine
from django.db import transaction

from access.errors.decisions import NotAllowed
from access.models import Notice
from access.services import identification, leaving
from access.services.shown import Where
from audit.services.events import Actor
from lockers.models import BridgePresence
from occupancy.errors.claims import CompartmentTaken
from occupancy.models import Assignment, Recovery
from occupancy.services.claims import assignments
from occupancy.services.claims.assignments import Wanted
from occupancy.services.custody import sharing
from occupancy.services.ending import expiry, leavers, lost_property, recovery
from occupancy.services.ending.lost_property import Found
from tests.factories.cast import AMIRA_BADGE, SETUP, Estate
from tests.occupancy.ending.held import HOUR, MINUTE, hold, policy, with_mail
from tests.occupancy.ending.test_recovery import shown

STOPS = {"suspended": leaving.suspend, "left": leaving.leave}
HR = "Told by HR"


@pytest.fixture
def mine(estate: Estate, at: dt.datetime) -> Assignment:
    """Amira's door until five, which goes back to the pool by itself."""
    BridgePresence.objects.update(last_seen_at=at + dt.timedelta(days=30))
    with_mail(estate.amira)
    return hold(estate, policy(estate), at, at + 8 * HOUR)


def stop(estate: Estate, at: dt.datetime, how: str, capture: Any = None) -> None:
    """Stop Amira; with what captures it, what happens on commit happens."""
    if capture is None:
        # As if the process had died between the commit and the word to the others.
        STOPS[how](person=estate.amira, actor=SETUP, at=at, reason=HR)
        return
    with time_machine.travel(at, tick=False), capture(execute=True):
        STOPS[how](person=estate.amira, actor=SETUP, at=at, reason=HR)


def wants(estate: Estate, door: Assignment, at: dt.datetime) -> int:
    """Let Ben ask for that very door."""
    with transaction.atomic():
        return assignments.claim(
            person_id=estate.ben.pk, bank_id=estate.bank.pk,
            wanted=Wanted(compartment_id=door.compartment_id), actor=SETUP, at=at,
        ).claim_id  # fmt: skip


def opens(claim: Assignment, person_id: int, at: dt.datetime) -> None:
    with transaction.atomic():
        assignments.open_again(claim_id=claim.pk, person_id=person_id, actor=SETUP, at=at)


@pytest.mark.parametrize("how", STOPS)
def test_from_the_badge_that_stops_to_the_door_that_is_free(
    estate: Estate, mine: Assignment, at: dt.datetime, how: str,
    django_capture_on_commit_callbacks: Any,
) -> None:  # fmt: skip
    sharing.share(
        claim_id=mine.pk, person_id=estate.amira.pk, with_id=estate.ben.pk, until=at + 8 * HOUR,
        actor=SETUP, at=at,
    )  # fmt: skip
    opens(mine, estate.amira.pk, at + MINUTE)
    opens(mine, estate.ben.pk, at + MINUTE)
    noon = at + 3 * HOUR
    stop(estate, noon, how, django_capture_on_commit_callbacks)

    # At once: no badge, no door, not by whom it was shared with either.
    with pytest.raises(NotAllowed), transaction.atomic():
        here = Where(SETUP, estate.organisation.pk, estate.site.pk, estate.bank.pk)
        identification.by_badge(text=AMIRA_BADGE, where=here, at=noon)
    for person in (estate.amira, estate.ben):
        with pytest.raises(NotAllowed):
            opens(mine, person.pk, noon)

    # Recovery began; the holder is told; neither time nor anybody else frees the door.
    case = Recovery.objects.get(closed_at=None)
    assert (case.claim_id, case.begun_at) == (mine.pk, noon)
    assert Notice.objects.get(kind="recovery_begun").to == "amira@northwind.example"
    for later in (noon, at + 8 * HOUR, at + 80 * HOUR):
        assert shown(estate, later) == "recovery"
        assert expiry.expire_due(at=later) == 0
        with pytest.raises(CompartmentTaken):
            wants(estate, mine, later)

    # Emptied by staff: only now it is somebody else's.
    later = at + 81 * HOUR
    olga = Actor.staff(estate.olga.pk)
    recovery.open_for(recovery_id=case.pk, user_id=estate.olga.pk, at=later, reason=HR)
    recovery.empty(recovery_id=case.pk, found=True, actor=olga, at=later)
    lost_property.store_item(
        recovery_id=case.pk, found=Found(what="Laptop", stored_where="Safe"), actor=olga, at=later
    )
    with pytest.raises(CompartmentTaken):
        wants(estate, mine, later)
    recovery.close(recovery_id=case.pk, actor=olga, at=later)
    assert shown(estate, later) == "free"
    wants(estate, mine, later)


@pytest.mark.parametrize("how", STOPS)
def test_a_process_that_dies_in_between_frees_nothing_even_when_the_end_comes_first(
    estate: Estate, mine: Assignment, at: dt.datetime, how: str
) -> None:
    end = at + 8 * HOUR
    stop(estate, end - MINUTE, how)
    with pytest.raises(NotAllowed):
        opens(mine, estate.amira.pk, end - MINUTE)
    # The end comes before the sweep does.
    assert expiry.expire_due(at=end) == 0
    assert shown(estate, end) == "overdue"
    with pytest.raises(CompartmentTaken):
        wants(estate, mine, end)
    assert leavers.recover_all(at=end + 4 * MINUTE) == 1
    assert shown(estate, end + 4 * MINUTE) == "recovery"


def test_what_was_over_before_follows_its_policy(
    estate: Estate, mine: Assignment, at: dt.datetime
) -> None:
    stop(estate, at + 8 * HOUR, "suspended")
    assert leavers.recover_all(at=at + 8 * HOUR) == 0
    assert shown(estate, at + 8 * HOUR) == "free"
    assert expiry.expire_due(at=at + 8 * HOUR) == 1


def test_who_may_go_on_after_all_has_the_door_again_until_its_end(
    estate: Estate, mine: Assignment, at: dt.datetime
) -> None:
    noon = at + 3 * HOUR
    stop(estate, noon, "suspended")
    leavers.recover_all(at=noon)
    leaving.reinstate(person=estate.amira, actor=SETUP, at=noon + HOUR, reason="A mistake")
    case = Recovery.objects.get()
    recovery.call_off(recovery_id=case.pk, actor=SETUP, at=noon + HOUR, reason="A mistake")
    opens(mine, estate.amira.pk, noon + HOUR)
    assert leavers.recover_all(at=noon + HOUR) == 0
    assert expiry.expire_due(at=at + 8 * HOUR) == 1


def test_called_off_after_the_end_it_is_overdue_and_not_freed_unseen(
    estate: Estate, mine: Assignment, at: dt.datetime
) -> None:
    stop(estate, at + HOUR, "suspended")
    leavers.recover_all(at=at + HOUR)
    leaving.reinstate(person=estate.amira, actor=SETUP, at=at + 9 * HOUR)
    recovery.call_off(
        recovery_id=Recovery.objects.get().pk, actor=SETUP, at=at + 9 * HOUR, reason="She is back"
    )
    assert shown(estate, at + 9 * HOUR) == "overdue"
    assert expiry.expire_due(at=at + 30 * HOUR) == 0
