"""Without any job having run: what is shown is what a claim does, at every instant."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import transaction

from access.errors.decisions import NotAllowed
from access.models import Person
from audit.errors import Refusal
from audit.services.events import Actor
from occupancy import selectors
from occupancy.choices import ClosedHow
from occupancy.errors.claims import UndoOver
from occupancy.errors.custody import NotWhileOverdue
from occupancy.errors.reservations import BookingOver
from occupancy.errors.waiting import OfferOver
from occupancy.models import Claim, Offer, Policy
from occupancy.selectors.waiting import waiting_for
from occupancy.services.bookings import reservations
from occupancy.services.claims import assignments, claiming, renewals
from occupancy.services.claims.claiming import Wanted
from occupancy.services.queue import waiting
from tests import factories
from tests.factories.cast import SETUP, Estate
from tests.occupancy.booked import (
    DAY,
    HOUR,
    MINUTE,
    book,
    bookable,
    check_in,
    claim,
    offered,
    wait,
)

SECOND = dt.timedelta(seconds=1)
MIDNIGHT = dt.datetime(2026, 11, 18, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def booking(estate: Estate) -> Policy:
    return bookable(estate)


@pytest.fixture
def gus(estate: Estate) -> Person:
    gus: Person = factories.PersonFactory(organisation=estate.organisation, home_site=estate.site)
    return gus


def seen(who: Person, estate: Estate, at: dt.datetime, **wanted: int) -> list[str]:
    """Return the doors that somebody is shown, the best first."""
    plan = claiming.look(person_id=who.pk, bank_id=estate.bank.pk, wanted=Wanted(**wanted), at=at)
    return [choice.door.number for choice in plan.choices]


def got(who: Person, estate: Estate, at: dt.datetime, **wanted: int) -> str | None:
    """Return the door that the same person would get then, and give it back."""
    try:
        with transaction.atomic():
            number = assignments.claim(
                person_id=who.pk, bank_id=estate.bank.pk, wanted=Wanted(**wanted),
                actor=Actor.person(who.pk), at=at,
            ).number  # fmt: skip
            transaction.set_rollback(True)
            return number
    except Refusal:
        return None


def agreed(who: Person, estate: Estate, at: dt.datetime, **wanted: int) -> list[str]:
    """Return what is shown, having seen that a claim gives just that."""
    shown = seen(who, estate, at, **wanted)
    assert got(who, estate, at, **wanted) == (shown[0] if shown else None)
    return shown


# Who looks, and who claims


def test_a_use_that_is_over_is_shown_as_free_from_that_instant(
    estate: Estate, gus: Person, at: dt.datetime
) -> None:
    for who, door in zip((estate.amira, estate.ben), estate.doors, strict=False):
        claim(who, door, at)
    small = {"size_id": estate.small.pk}
    assert agreed(gus, estate, MIDNIGHT - SECOND, **small) == []
    assert agreed(gus, estate, MIDNIGHT, **small) == ["1", "2"]


def test_the_best_door_is_the_best_though_it_was_not_tidied_up(
    estate: Estate, gus: Person, at: dt.datetime
) -> None:
    for _twice in range(2):
        Claim.objects.create(
            compartment=estate.doors[1], kind="assignment", holder=estate.ben,
            policy=estate.policy, starts_at=at - DAY, started_at=at - DAY,
            closed_at=at - HOUR, closed_how="finished",
        )  # fmt: skip
    claim(estate.amira, estate.doors[0], at)
    # The one that was used least comes first.
    assert agreed(gus, estate, at + HOUR) == ["2", "3"]
    assert agreed(gus, estate, MIDNIGHT) == ["1", "2", "3"]


def test_what_is_overdue_and_held_stays_taken(estate: Estate, gus: Person, at: dt.datetime) -> None:
    Policy.objects.update(at_end="hold")
    claim(estate.amira, estate.doors[0], at)
    assert agreed(gus, estate, MIDNIGHT + DAY) == ["2", "3"]


def test_a_booking_that_nobody_came_for_keeps_no_door(
    estate: Estate, gus: Person, at: dt.datetime
) -> None:
    book(estate, estate.amira, at + HOUR, at, door=estate.doors[0])
    assert agreed(gus, estate, at + 69 * MINUTE) == ["2", "3"]
    assert agreed(gus, estate, at + 70 * MINUTE) == ["1", "2", "3"]


def test_what_somebody_had_counts_no_more_when_it_is_over(estate: Estate, at: dt.datetime) -> None:
    Policy.objects.update(limit_per_person=1)
    claim(estate.amira, estate.doors[0], at)
    assert agreed(estate.amira, estate, MIDNIGHT - SECOND) == []
    assert agreed(estate.amira, estate, MIDNIGHT) == ["1", "2", "3"]


def test_a_lapsed_booking_of_their_own_is_no_booking_any_more(
    estate: Estate, at: dt.datetime
) -> None:
    Policy.objects.update(bookings_per_person=1)
    book(estate, estate.amira, at + HOUR, at)
    lapsed, starts = at + 70 * MINUTE, at + 3 * HOUR
    window = {"starts_at": starts, "ends_at": starts + HOUR, "at": lapsed}
    found = reservations.look(
        person_id=estate.amira.pk, bank_id=estate.bank.pk, wanted=Wanted(), **window
    )
    assert [one.door.number for one in found] == ["1", "2", "3"]
    assert book(estate, estate.amira, starts, lapsed).number == "1"


def test_nobody_is_shown_a_door_that_another_waits_for(
    estate: Estate, gus: Person, at: dt.datetime
) -> None:
    for who, door in zip((estate.amira, estate.ben), estate.doors, strict=False):
        claim(who, door, at)
    wait(estate, gus, at)
    small = {"size_id": estate.small.pk}
    # Both come free at midnight: one is for Gus, and nobody has offered it to him yet.
    assert agreed(estate.amira, estate, MIDNIGHT, **small) == ["2"]
    assert agreed(gus, estate, MIDNIGHT, **small) == ["1"]
    assert agreed(estate.amira, estate, MIDNIGHT, compartment_id=estate.doors[0].pk) == []
    assert Offer.objects.count() == 0


def test_whoever_has_an_offer_is_shown_that_door_and_others_are_not(
    estate: Estate, gus: Person, at: dt.datetime
) -> None:
    Policy.objects.update(model="shared", lasts=2 * HOUR)
    claim(estate.ben, estate.doors[1], at)
    held = claim(estate.amira, estate.doors[0], at)
    # Somebody has booked door 1 for later: shown is whether it is to be had until then.
    book(estate, estate.amira, at + 4 * HOUR, at, door=estate.doors[0])
    wait(estate, gus, at)
    assignments.release(
        claim_id=held.claim_id, how=ClosedHow.RELEASED_BY_STAFF, actor=SETUP, at=at + MINUTE
    )
    now, small = at + 2 * MINUTE, {"size_id": estate.small.pk}
    assert offered(gus, now) == "1"
    assert agreed(gus, estate, now, **small) == ["1"]
    assert agreed(estate.amira, estate, now, **small) == []
    # From the instant at which it lapses it is anybody's.
    assert agreed(estate.amira, estate, at + 16 * MINUTE, **small) == ["1"]
    Policy.objects.update(lasts=5 * HOUR)
    assert agreed(gus, estate, now, **small) == []


def test_a_door_that_may_be_taken_back_is_nobodys_for_a_minute_where_others_wait(
    estate: Estate, gus: Person, at: dt.datetime
) -> None:
    claim(estate.ben, estate.doors[1], at)
    held = claim(estate.amira, estate.doors[0], at)
    assignments.release(claim_id=held.claim_id, how=ClosedHow.FINISHED, actor=SETUP, at=at + MINUTE)
    Claim.objects.filter(kind="offer").delete()
    wait(estate, gus, at + MINUTE)
    small = {"size_id": estate.small.pk}
    assert agreed(gus, estate, at + MINUTE + 59 * SECOND, **small) == []
    assert agreed(gus, estate, at + 2 * MINUTE, **small) == ["1"]


# What somebody is shown of their own


def test_an_offer_an_undo_a_use_and_a_booking_end_by_themselves(
    estate: Estate, gus: Person, at: dt.datetime
) -> None:
    Policy.objects.update(model="session", lasts=HOUR, renewals=3)
    booked = book(estate, estate.amira, at + HOUR, at, door=estate.doors[2])
    mine = claim(estate.ben, estate.doors[1], at)
    other = claim(estate.amira, estate.doors[0], at)
    wait(estate, gus, at)
    assignments.release(
        claim_id=other.claim_id, how=ClosedHow.FINISHED, actor=SETUP, at=at,
        person_id=estate.amira.pk,
    )  # fmt: skip
    undo = {"claim_id": other.claim_id, "person_id": estate.amira.pk, "actor": SETUP}
    with pytest.raises(UndoOver):
        assignments.undo_release(at=at + MINUTE, **undo)
    # The offer begins when undo is over, and lasts a quarter of an hour.
    assert [offered(gus, at + s * SECOND) for s in (59, 60, 959, 960)] == [None, "1", "1", None]
    assert waiting_for(gus, at + 16 * MINUTE) == []
    with pytest.raises(OfferOver), transaction.atomic():
        waiting.accept(
            offer_id=Offer.objects.get().pk, person_id=gus.pk, actor=SETUP, at=at + 16 * MINUTE
        )
    again = {"claim_id": mine.claim_id, "person_id": estate.ben.pk, "actor": SETUP}
    assignments.open_again(at=at + HOUR - SECOND, **again)
    with pytest.raises(NotAllowed):
        assignments.open_again(at=at + HOUR, **again)
    with pytest.raises(NotWhileOverdue):
        renewals.renew(at=at + HOUR, **again)
    with pytest.raises(BookingOver):
        check_in(estate.amira, booked, at + 70 * MINUTE)
    assert Claim.objects.filter(closed_at=None).count() == 3


def test_the_map_shows_what_the_clock_says(estate: Estate, at: dt.datetime) -> None:
    claim(estate.amira, estate.doors[0], at)
    book(estate, estate.ben, MIDNIGHT, at, door=estate.doors[0])
    Policy.objects.update(at_end="hold")
    claim(estate.ben, estate.doors[1], at)
    Claim.objects.create(
        compartment=estate.doors[2], kind="closure", starts_at=at, ends_at=at + HOUR
    )

    def shown(when: dt.datetime) -> list[str]:
        doors = selectors.bank_states([estate.bank.pk], when)
        return [door.state(when).shown for door in doors]

    assert shown(at + HOUR - SECOND) == ["occupied", "occupied", "cleaning"]
    assert shown(at + HOUR) == ["occupied", "occupied", "free"]
    assert shown(MIDNIGHT) == ["reserved", "overdue", "free"]
    assert shown(MIDNIGHT + 10 * MINUTE) == ["free", "overdue", "free"]
