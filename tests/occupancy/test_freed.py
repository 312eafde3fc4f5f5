"""Whatever gives a door back calls whoever waits for it, at once."""

from __future__ import annotations

import datetime as dt

import pytest

from access.models import Person
from audit.models import Event
from lockers.choices import ServiceStatus
from lockers.models import Compartment
from occupancy.choices import ClosedHow
from occupancy.errors.waiting import OthersWait
from occupancy.models import Claim, Offer
from occupancy.services.bookings import closures, no_shows, reservations
from occupancy.services.bookings.reservations import Reserved
from occupancy.services.custody import overrides
from tests import factories
from tests.factories.cast import SETUP, Estate
from tests.occupancy.booked import (
    DAY,
    HOUR,
    MINUTE,
    book,
    bookable,
    claim,
    offered,
    offers_made,
    wait,
)


@pytest.fixture
def gus(estate: Estate, at: dt.datetime) -> Person:
    """Gus would like a small door; Ben has door 2 for the day."""
    bookable(estate)
    claim(estate.ben, estate.doors[1], at)
    gus: Person = factories.PersonFactory(organisation=estate.organisation, email="gus@example.org")
    return gus


@pytest.fixture
def booked(estate: Estate, gus: Person, at: dt.datetime) -> Reserved:
    """Amira has booked door 1 from 10:00, so that nobody has it for the day; Gus waits for it."""
    got = book(estate, estate.amira, at + HOUR, at, door=estate.doors[0])
    wait(estate, gus, at)
    assert offers_made() == 0
    return got


def test_a_cancelled_booking_calls_who_waits(
    booked: Reserved, gus: Person, at: dt.datetime
) -> None:
    reservations.cancel(claim_id=booked.claim_id, actor=SETUP, at=at + MINUTE)
    assert offered(gus, at + MINUTE) == "1"


def test_a_booking_that_moves_away_calls_who_waits(
    estate: Estate, booked: Reserved, gus: Person, at: dt.datetime
) -> None:
    reservations.change(
        claim_id=booked.claim_id, starts_at=at + DAY, ends_at=at + DAY + HOUR, actor=SETUP,
        at=at + MINUTE,
    )  # fmt: skip
    assert offered(gus, at + MINUTE) == "1"


def test_a_booking_that_nobody_came_for_calls_who_waits(
    booked: Reserved, gus: Person, at: dt.datetime
) -> None:
    late = at + HOUR + 10 * MINUTE
    assert no_shows.release_no_shows(late - MINUTE) == 0
    assert no_shows.release_no_shows(late + MINUTE) == 1
    assert offered(gus, late + MINUTE) == "1"
    assert Claim.objects.get(pk=booked.claim_id).closed_at == late


def test_nobody_walks_in_before_who_waits_when_nobody_came(
    estate: Estate, booked: Reserved, gus: Person, at: dt.datetime
) -> None:
    late = at + HOUR + 10 * MINUTE
    with pytest.raises(OthersWait):
        claim(estate.amira, estate.doors[0], late)
    # What the refusal rolled back, whoever is next finds just the same.
    assert claim(gus, estate.doors[0], late).number == "1"


def test_a_lifted_closure_calls_who_waits(estate: Estate, gus: Person, at: dt.datetime) -> None:
    planned = _close(estate.doors[0], at, None)
    wait(estate, gus, at)
    assert planned.claim_id is not None
    closures.lift(claim_id=planned.claim_id, actor=SETUP, at=at + MINUTE)
    assert offered(gus, at + MINUTE) == "1"


def test_a_closure_that_is_over_calls_who_waits_and_is_written_down_once(
    estate: Estate, gus: Person, at: dt.datetime
) -> None:
    planned = _close(estate.doors[0], at, at + HOUR)
    wait(estate, gus, at)
    assert closures.end_due(at + HOUR - MINUTE) == 0
    for expected in (1, 0):
        assert closures.end_due(at + HOUR + MINUTE) == expected
    assert offered(gus, at + HOUR + MINUTE) == "1"
    closed = Claim.objects.get(pk=planned.claim_id)
    assert (closed.closed_at, closed.closed_how) == (at + HOUR, ClosedHow.EXPIRED)
    assert Event.objects.get(action="closure.ended").occurred_at == at + HOUR


def test_nobody_walks_in_before_who_waits_when_a_closure_is_over(
    estate: Estate, gus: Person, at: dt.datetime
) -> None:
    _close(estate.doors[0], at, at + HOUR)
    wait(estate, gus, at)
    with pytest.raises(OthersWait):
        claim(estate.amira, estate.doors[0], at + HOUR)


def test_who_was_offered_a_door_that_breaks_gets_the_other_one_at_once(
    estate: Estate, gus: Person, at: dt.datetime
) -> None:
    wait(estate, gus, at)
    assert offered(gus, at) == "1"
    ben = Claim.objects.get(holder=estate.ben)
    Claim.objects.filter(pk=ben.pk).update(closed_at=at, closed_how="finished")
    overrides.set_service_status(
        compartment_id=estate.doors[0].pk, status=ServiceStatus.OUT_OF_SERVICE, actor=SETUP,
        reason="bent", at=at + 2 * MINUTE,
    )  # fmt: skip
    assert offered(gus, at + 2 * MINUTE) == "2"
    assert [one.closed_how for one in Offer.objects.order_by("pk")] == ["withdrawn", ""]


def _close(door: Compartment, at: dt.datetime, until: dt.datetime | None) -> closures.Planned:
    return closures.plan(
        compartment_id=door.pk, starts_at=at, ends_at=until, actor=SETUP, at=at, reason="lock"
    )
