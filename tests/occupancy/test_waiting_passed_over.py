"""Waiting lists as a specification: who is passed over, and what an undone release takes back."""

from __future__ import annotations

import datetime as dt

import pytest

from access.errors.decisions import NotAllowed
from access.models import Notice, Person
from access.services import leaving
from audit.models import Event
from audit.services.events import Actor
from lockers.choices import ServiceStatus
from lockers.models import Door
from occupancy.errors.claims import UndoOver
from occupancy.errors.waiting import (
    OfferOver,
    OthersWait,
)
from occupancy.models import Assignment, Offer, Recovery, WaitingEntry
from occupancy.selectors.waiting import waiting_for
from occupancy.services.claims import assignments
from occupancy.services.custody import overrides
from occupancy.services.ending import leavers, recovery
from occupancy.services.queue import waiting
from tests.factories.cast import SETUP, Estate
from tests.occupancy.waited import MINUTE, SECOND, accept, claim, join, offered, release, seen, who

# Undo


def test_nobody_is_told_of_a_door_before_its_last_holder_can_no_longer_undo(
    full: Estate, at: dt.datetime
) -> None:
    join(full, "ines", at)
    release(full, "gus", at, how="finished")
    assert (offered(full, "ines", at + 59 * SECOND), seen(full, "ines", at).position) == (None, 1)
    with pytest.raises(OthersWait):
        claim(full, "jo", at + SECOND)
    offer = seen(full, "ines", at + MINUTE).offer
    assert offer is not None
    assert offer.until == at + 16 * MINUTE
    assert Notice.objects.get(kind="door_offered").try_at == at + MINUTE
    with pytest.raises(OfferOver):
        accept(full, "ines", at + 59 * SECOND)


def test_an_undone_release_takes_the_offer_back_and_the_place_stays(
    full: Estate, at: dt.datetime
) -> None:
    join(full, "ines", at)
    claim_id = release(full, "gus", at, how="finished")
    gus = who(full, "gus").pk
    assignments.undo_release(claim_id=claim_id, person_id=gus, actor=SETUP, at=at + 30 * SECOND)
    assert Assignment.objects.get(pk=claim_id).closed_at is None
    assert Offer.objects.get().closed_how == "withdrawn"
    waiting.offer_due(at + 2 * MINUTE)
    assert seen(full, "ines", at + 2 * MINUTE).position == 1
    assert offered(full, "ines", at + 2 * MINUTE) is None


def test_the_sweep_leaves_the_undo_minute_alone_too(full: Estate, at: dt.datetime) -> None:
    claim_id = release(full, "gus", at, how="finished")
    join(full, "ines", at + 10 * SECOND)
    waiting.offer_due(at + 20 * SECOND)
    gus = who(full, "gus").pk
    assignments.undo_release(claim_id=claim_id, person_id=gus, actor=SETUP, at=at + 30 * SECOND)
    assert Assignment.objects.get(pk=claim_id).closed_at is None
    with pytest.raises(UndoOver):
        assignments.undo_release(claim_id=claim_id, person_id=gus, actor=SETUP, at=at + MINUTE)


# Who is passed over


def test_nobody_is_offered_a_door_that_they_cannot_use(full: Estate, at: dt.datetime) -> None:
    full.doors[1].is_accessible = True
    full.doors[1].save(update_fields=["is_accessible"])
    Person.objects.filter(pk=who(full, "ines").pk).update(needs_low_door=True)
    for name in ("ines", "jo"):
        join(full, name, at)
    release(full, "gus", at)
    assert (offered(full, "ines", at), offered(full, "jo", at)) == (None, "1")
    release(full, "hal", at)
    assert offered(full, "ines", at) == "2"


def test_who_is_suspended_is_passed_over_and_keeps_the_place(full: Estate, at: dt.datetime) -> None:
    for name in ("ines", "jo"):
        join(full, name, at)
    ines = Person.objects.filter(pk=who(full, "ines").pk)
    release(full, "gus", at)
    ines.update(status="suspended")
    with pytest.raises(NotAllowed):
        accept(full, "ines", at)
    waiting.offer_due(at + MINUTE)
    assert (offered(full, "ines", at + MINUTE), offered(full, "jo", at + MINUTE)) == (None, "1")
    ines.update(status="active")
    release(full, "hal", at + MINUTE)
    assert offered(full, "ines", at + MINUTE) == "2"


def test_who_left_is_off_every_list_and_their_offer_is_the_next_ones(
    full: Estate, at: dt.datetime
) -> None:
    for name in ("ines", "jo"):
        join(full, name, at)
    release(full, "gus", at)
    assert waiting.drop(person_ids=[who(full, "ines").pk], at=at) == 1
    assert offered(full, "jo", at) == "1"
    assert WaitingEntry.objects.get(person=who(full, "ines")).closed_how == "gone"


def test_what_a_leaver_left_behind_is_not_offered_before_it_is_emptied(
    full: Estate, at: dt.datetime
) -> None:
    join(full, "ines", at)
    leaving.leave(person=who(full, "gus"), actor=SETUP, at=at)
    assert leavers.recover_all(at=at) == 1
    waiting.offer_due(at)
    assert offered(full, "ines", at) is None
    case = Recovery.objects.get()
    recovery.opened_by_key(
        recovery_id=case.pk, user_id=full.olga.pk, at=at, reason="nobody comes back for it"
    )
    recovery.empty(recovery_id=case.pk, found=False, actor=SETUP, at=at)
    assert offered(full, "ines", at) is None
    recovery.close(recovery_id=case.pk, actor=SETUP, at=at)
    assert offered(full, "ines", at) == "1"


def test_a_door_that_stands_open_is_offered_once_it_is_shut(full: Estate, at: dt.datetime) -> None:
    join(full, "ines", at)
    door = Door.objects.filter(compartment=full.doors[0])
    door.update(state="open")
    release(full, "gus", at)
    assert offered(full, "ines", at) is None
    door.update(state="closed")
    waiting.offer_due(at + MINUTE)
    assert offered(full, "ines", at + MINUTE) == "1"


def test_an_offered_door_that_breaks_is_withdrawn_and_the_place_stays(
    full: Estate, at: dt.datetime
) -> None:
    join(full, "ines", at)
    release(full, "gus", at)
    overrides.set_service_status(
        compartment_id=full.doors[0].pk, status=ServiceStatus.OUT_OF_SERVICE, actor=SETUP,
        reason="bent", at=at,
    )  # fmt: skip
    waiting.offer_due(at + MINUTE)
    assert offered(full, "ines", at + MINUTE) is None
    assert seen(full, "ines", at + MINUTE).position == 1


def test_who_got_such_a_door_otherwise_is_off_the_list(full: Estate, at: dt.datetime) -> None:
    full.policy.limit_per_person = 2
    full.policy.save(update_fields=["limit_per_person"])
    for name in ("ines", "jo"):
        join(full, name, at)
    release(full, "gus", at)
    release(full, "hal", at)
    waiting.leave(
        entry_id=WaitingEntry.objects.get(person=who(full, "jo")).pk,
        person_id=who(full, "jo").pk, actor=SETUP, at=at,
    )  # fmt: skip
    assert offered(full, "ines", at) == "1"
    assert claim(full, "ines", at, door=full.doors[1].pk).number == "2"
    assert waiting_for(who(full, "ines"), at) == []
    assert claim(full, "jo", at).number == "1"


def test_the_trail_says_who_waited_and_what_was_offered(full: Estate, at: dt.datetime) -> None:
    join(full, "ines", at)
    release(full, "gus", at)
    accept(full, "ines", at)
    told = Event.objects.filter(person_id=who(full, "ines").pk).order_by("id")
    assert [event.action for event in told] == [
        "waiting.joined", "offer.made", "offer.accepted", "assignment.claimed",
    ]  # fmt: skip
    assert Event.objects.filter(action="offer.made").get().actor_id == Actor.job("waiting lists").id
