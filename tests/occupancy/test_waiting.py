"""Waiting lists as a specification: who is next, what is held, and what becomes of it."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import transaction

from access.errors.decisions import NotAllowed
from access.models import Notice, Person
from audit.models import Event
from audit.services.events import Actor
from lockers.choices import ServiceStatus
from lockers.models import Area, BridgePresence, Command, Door
from occupancy.choices import ClosedHow
from occupancy.errors.claims import CompartmentTaken, UndoOver
from occupancy.errors.policies import LimitReached, SizeNotAllowed
from occupancy.errors.waiting import (
    AlreadyWaiting,
    NoSuchOffer,
    NothingToWaitFor,
    NotOnTheList,
    OfferOver,
    OthersWait,
    PlaceOver,
)
from occupancy.models import Assignment, Claim, Offer, WaitingEntry
from occupancy.selectors.waiting import Waiting, lists_at, waiting_for
from occupancy.services.claims import assignments
from occupancy.services.claims.assignments import Wanted
from occupancy.services.custody import overrides
from occupancy.services.ending import expiry
from occupancy.services.queue import waiting
from tests import factories
from tests.factories.cast import SETUP, Estate

MINUTE = dt.timedelta(minutes=1)
SECOND = dt.timedelta(seconds=1)


@pytest.fixture
def full(estate: Estate, at: dt.datetime) -> Estate:
    """The bank with both small doors taken, by Gus and Hal; Ines and Jo would like one."""
    BridgePresence.objects.update(last_seen_at=at + dt.timedelta(days=30))
    for name in ("gus", "hal", "ines", "jo"):
        estate.extra[name] = factories.PersonFactory(
            organisation=estate.organisation, home_site=estate.site, given_name=name.title(),
            email=f"{name}@example.org",
        )  # fmt: skip
    for name, door in zip(("gus", "hal"), estate.doors, strict=False):
        claim(estate, name, at, door=door.pk)
    return estate


def who(estate: Estate, name: str) -> Person:
    found = estate.extra.get(name) or getattr(estate, name)
    assert isinstance(found, Person)
    return found


def claim(estate: Estate, name: str, at: dt.datetime, door: int | None = None, **more: Any) -> Any:
    wanted = Wanted(compartment_id=door) if door else Wanted(size_id=estate.small.pk)
    with transaction.atomic():
        return assignments.claim(
            person_id=who(estate, name).pk, bank_id=estate.bank.pk,
            wanted=more.pop("wanted", wanted), actor=SETUP, at=at, **more,
        )  # fmt: skip


def join(estate: Estate, name: str, at: dt.datetime, size: int | None = None) -> WaitingEntry:
    with transaction.atomic():
        return waiting.join(
            person_id=who(estate, name).pk, bank_id=estate.bank.pk,
            size_id=size or estate.small.pk, actor=SETUP, at=at,
        )  # fmt: skip


def release(estate: Estate, name: str, at: dt.datetime, how: str = "released_by_staff") -> int:
    held = Assignment.objects.get(holder=who(estate, name), closed_at=None)
    assignments.release(claim_id=held.pk, how=ClosedHow(how), actor=SETUP, at=at)
    return held.pk


def accept(estate: Estate, name: str, at: dt.datetime, **more: Any) -> Any:
    offer = Offer.objects.filter(entry__person=who(estate, name)).latest("pk")
    with transaction.atomic():
        return waiting.accept(
            offer_id=offer.pk, person_id=who(estate, name).pk, actor=SETUP, at=at, **more
        )


def seen(estate: Estate, name: str, at: dt.datetime) -> Waiting:
    (one,) = waiting_for(who(estate, name), at)
    return one


def offered(estate: Estate, name: str, at: dt.datetime) -> str | None:
    found = [one.offer.number for one in waiting_for(who(estate, name), at) if one.offer]
    return found[0] if found else None


# Positions


def test_positions_follow_the_order_of_joining_and_then_of_the_rows(
    full: Estate, at: dt.datetime
) -> None:
    for name in ("ines", "jo", "ben"):
        join(full, name, at)
    assert [seen(full, name, at).position for name in ("ines", "jo", "ben")] == [1, 2, 3]
    mine = WaitingEntry.objects.get(person=who(full, "ines"))
    waiting.leave(entry_id=mine.pk, person_id=mine.person_id, actor=SETUP, at=at)
    assert [seen(full, name, at).position for name in ("jo", "ben")] == [1, 2]


def test_each_size_has_its_own_list_and_nobody_is_on_one_twice(
    full: Estate, at: dt.datetime
) -> None:
    claim(full, "amira", at, door=full.doors[2].pk)
    join(full, "ines", at)
    assert join(full, "jo", at, full.large.pk).size == full.large
    assert seen(full, "jo", at).position == 1
    with pytest.raises(AlreadyWaiting):
        join(full, "ines", at)


def test_the_list_is_that_of_the_area_or_of_the_site_where_there_is_none(
    full: Estate, at: dt.datetime
) -> None:
    assert join(full, "ines", at).area is None
    assert seen(full, "ines", at).place == "Harbour House"
    floor = Area.objects.create(site=full.site, name="Floor 1", kind="floor")
    full.bank.area = floor
    full.bank.save(update_fields=["area"])
    assert join(full, "jo", at).area == floor
    assert (seen(full, "jo", at).place, seen(full, "jo", at).position) == ("Floor 1", 1)


def test_the_expected_wait_is_not_known_before_doors_came_free(
    full: Estate, at: dt.datetime
) -> None:
    join(full, "ines", at)
    assert seen(full, "ines", at).expected is None
    for hour in range(10):
        Claim.objects.create(
            compartment=full.doors[0], kind="assignment", holder=full.amira, policy=full.policy,
            starts_at=at - dt.timedelta(days=1), started_at=at - dt.timedelta(days=1),
            closed_at=at - dt.timedelta(hours=10 - hour), closed_how="finished",
        )  # fmt: skip
    assert seen(full, "ines", at).expected == dt.timedelta(hours=1)
    (small, large) = lists_at(full.bank.pk, at)
    assert (small.waiting, small.expected) == (1, dt.timedelta(hours=2))
    assert (large.waiting, large.expected) == (0, None)


# Joining


def test_whoever_could_have_no_such_door_is_told_why(full: Estate, at: dt.datetime) -> None:
    with pytest.raises(NotAllowed):
        join(full, "carla", at)
    with pytest.raises(LimitReached):
        join(full, "gus", at)
    full.policy.sizes.set([full.large])
    with pytest.raises(SizeNotAllowed):
        join(full, "ines", at)


def test_nobody_waits_for_what_does_not_meet_their_needs(full: Estate, at: dt.datetime) -> None:
    Person.objects.filter(pk=who(full, "ines").pk).update(needs_low_door=True)
    with pytest.raises(NothingToWaitFor):
        join(full, "ines", at)


def test_a_door_that_is_free_is_offered_at_once(full: Estate, at: dt.datetime) -> None:
    join(full, "ines", at, full.large.pk)
    assert offered(full, "ines", at) == "3"


# Offers


def test_a_released_door_is_offered_to_the_first_for_a_quarter_of_an_hour(
    full: Estate, at: dt.datetime
) -> None:
    for name in ("ines", "jo"):
        join(full, name, at)
    release(full, "gus", at)
    offer = seen(full, "ines", at).offer
    assert offer is not None
    assert (offer.number, offer.until) == ("1", at + 15 * MINUTE)
    assert (offered(full, "jo", at), seen(full, "jo", at).position) == (None, 1)
    letter = Notice.objects.get(kind="door_offered")
    assert (letter.to, letter.useful_until) == ("ines@example.org", offer.until)
    assert Event.objects.filter(action="offer.made", person_id=who(full, "ines").pk).exists()


def test_an_offered_door_is_not_to_be_had_by_anybody_else(full: Estate, at: dt.datetime) -> None:
    join(full, "ines", at)
    release(full, "gus", at)
    for door in (full.doors[0].pk, None):
        with pytest.raises(OthersWait):
            claim(full, "jo", at, door=door)
    with pytest.raises(CompartmentTaken):
        claim(full, "jo", at, door=full.doors[1].pk)


def test_accepting_gives_a_claim_with_its_grant_and_opens_only_at_the_bank(
    full: Estate, at: dt.datetime
) -> None:
    join(full, "ines", at)
    release(full, "gus", at)
    Command.objects.all().delete()
    got = accept(full, "ines", at + MINUTE)
    assert (got.number, got.command_id, Command.objects.count()) == ("1", None, 0)
    ines = who(full, "ines")
    assert ines.grants.get(revoked_at=None).claim_id == got.claim_id
    assert waiting_for(ines, at + MINUTE) == []
    assert WaitingEntry.objects.get().closed_how == "got"
    assert Claim.objects.get(kind="offer").closed_how == "offer_over"


def test_claiming_at_the_screen_takes_up_the_offer_and_opens(full: Estate, at: dt.datetime) -> None:
    join(full, "ines", at)
    release(full, "gus", at)
    got = claim(full, "ines", at + MINUTE, wanted=Wanted())
    assert got.number == "1"
    assert got.command_id is not None
    assert Offer.objects.get().closed_how == "accepted"


def test_the_limits_hold_when_an_offer_is_accepted(full: Estate, at: dt.datetime) -> None:
    join(full, "ines", at)
    release(full, "gus", at)
    claim(full, "ines", at, door=full.doors[2].pk)
    with pytest.raises(LimitReached):
        accept(full, "ines", at)
    assert offered(full, "ines", at) == "1"


def test_nobody_accepts_what_was_offered_to_somebody_else(full: Estate, at: dt.datetime) -> None:
    join(full, "ines", at)
    release(full, "gus", at)
    with pytest.raises(NoSuchOffer):
        waiting.accept(
            offer_id=Offer.objects.get().pk, person_id=who(full, "jo").pk, actor=SETUP, at=at
        )


def test_who_declines_leaves_and_the_next_is_offered_the_door(
    full: Estate, at: dt.datetime
) -> None:
    for name in ("ines", "jo"):
        join(full, name, at)
    release(full, "gus", at)
    me = {"person_id": who(full, "ines").pk, "actor": SETUP, "at": at + MINUTE}
    waiting.decline(offer_id=Offer.objects.get().pk, **me)
    assert offered(full, "jo", at + MINUTE) == "1"
    assert waiting_for(who(full, "ines"), at + MINUTE) == []
    with pytest.raises(OfferOver):
        waiting.decline(offer_id=Offer.objects.earliest("pk").pk, **me)


def test_who_leaves_gives_up_what_is_held(full: Estate, at: dt.datetime) -> None:
    mine = join(full, "ines", at)
    join(full, "jo", at)
    release(full, "gus", at)
    me = {"entry_id": mine.pk, "person_id": mine.person_id, "actor": SETUP, "at": at}
    waiting.leave(**me)
    assert offered(full, "jo", at) == "1"
    with pytest.raises(PlaceOver):
        waiting.leave(**me)
    with pytest.raises(NotOnTheList):
        waiting.leave(**{**me, "person_id": full.amira.pk})


# Time


def test_a_lapsed_offer_is_over_at_that_instant_whatever_the_job_did(
    full: Estate, at: dt.datetime
) -> None:
    join(full, "ines", at)
    release(full, "gus", at)
    lapses = at + 15 * MINUTE
    assert offered(full, "ines", lapses - SECOND) == "1"
    assert waiting_for(who(full, "ines"), lapses) == []
    with pytest.raises(OfferOver):
        accept(full, "ines", lapses)
    assert claim(full, "jo", lapses).number == "1"


def test_the_sweep_offers_what_lapsed_to_the_next_once(full: Estate, at: dt.datetime) -> None:
    for name in ("ines", "jo"):
        join(full, name, at)
    release(full, "gus", at)
    later = at + 20 * MINUTE
    waiting.offer_due(later)
    waiting.offer_due(later)
    assert seen(full, "jo", later).offer is not None
    assert [one.closed_how for one in Offer.objects.order_by("pk")] == ["lapsed", ""]
    assert Offer.objects.earliest("pk").closed_at == at + 15 * MINUTE
    assert Notice.objects.filter(kind="offer_lapsed", to="ines@example.org").count() == 1
    assert WaitingEntry.objects.get(person=who(full, "ines")).closed_how == "lapsed"


def test_an_expired_use_frees_its_door_for_who_waits(full: Estate, at: dt.datetime) -> None:
    join(full, "ines", at)
    midnight = dt.datetime(2026, 11, 18, 0, 0, tzinfo=dt.UTC)
    assert expiry.expire_due(at=midnight + MINUTE) == 2
    assert seen(full, "ines", midnight + MINUTE).offer is not None


def test_a_walk_up_right_after_the_end_of_a_use_does_not_come_before_who_waits(
    full: Estate, at: dt.datetime
) -> None:
    for name in ("ines", "amira"):
        join(full, name, at)
    midnight = dt.datetime(2026, 11, 18, 0, 0, tzinfo=dt.UTC)
    with pytest.raises(OthersWait):
        claim(full, "jo", midnight)


def test_a_walk_up_gets_what_is_left_over(full: Estate, at: dt.datetime) -> None:
    join(full, "ines", at)
    midnight = dt.datetime(2026, 11, 18, 0, 0, tzinfo=dt.UTC)
    assert claim(full, "jo", midnight).number == "2"
    assert offered(full, "ines", midnight) == "1"


def test_two_offers_are_never_made_to_one_place(full: Estate, at: dt.datetime) -> None:
    join(full, "ines", at)
    for name in ("gus", "hal"):
        release(full, name, at)
    waiting.offer_due(at)
    assert Offer.objects.count() == 1
    assert claim(full, "jo", at).number == "2"


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
    assert waiting.drop(person_id=who(full, "ines").pk, at=at) == 1
    assert offered(full, "jo", at) == "1"
    assert WaitingEntry.objects.get(person=who(full, "ines")).closed_how == "gone"


def test_what_a_leaver_left_behind_is_not_offered_before_it_is_emptied(
    full: Estate, at: dt.datetime
) -> None:
    join(full, "ines", at)
    Person.objects.filter(pk=who(full, "gus").pk).update(status="left")
    door = full.doors[0].pk
    release(full, "gus", at, how="holder_left")
    assert offered(full, "ines", at) is None
    change = {"compartment_id": door, "actor": SETUP, "reason": "emptied", "at": at}
    overrides.set_service_status(status=ServiceStatus.NEEDS_CLEANING, **change)
    waiting.offer_due(at)
    assert offered(full, "ines", at) is None
    overrides.set_service_status(status=ServiceStatus.IN_SERVICE, **change)
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
