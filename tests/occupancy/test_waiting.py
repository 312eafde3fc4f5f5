"""Waiting lists as a specification: who is next, what is held, and what becomes of it."""

from __future__ import annotations

import datetime as dt

import pytest

from access.errors.decisions import NotAllowed
from access.models import Notice, Person
from audit.models import Event
from lockers.models import Area, Command
from occupancy.errors.claims import CompartmentTaken
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
from occupancy.models import Claim, Offer, WaitingEntry
from occupancy.selectors.waiting import lists_at, waiting_for
from occupancy.services.claims.assignments import Wanted
from occupancy.services.ending import expiry
from occupancy.services.queue import waiting
from tests.factories.cast import SETUP, Estate
from tests.occupancy.waited import MINUTE, SECOND, accept, claim, join, offered, release, seen, who

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
