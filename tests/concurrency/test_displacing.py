"""A door is taken away while others want the one that is left."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable

import pytest

from access.models import Notice, Person
from lockers.choices import ServiceStatus
from lockers.models import BridgePresence
from occupancy.models import Claim
from occupancy.services.bookings import displacing, reservations
from occupancy.services.bookings.reservations import Wanted
from occupancy.services.claims import assignments
from occupancy.services.custody import overrides
from tests import factories
from tests.concurrency.racing import outcomes
from tests.conftest import MORNING
from tests.factories.cast import SETUP, Estate

pytestmark = pytest.mark.django_db(transaction=True)
HOUR = dt.timedelta(hours=1)


@pytest.fixture
def now() -> dt.datetime:
    return MORNING


@pytest.fixture
def office(transactional_db: None, now: dt.datetime) -> Estate:
    """Amira has booked door 1; door 2 is the only one like it."""
    estate = Estate.build(at=now)
    BridgePresence.objects.update(last_seen_at=now + 24 * HOUR)
    type(estate.policy).objects.update(books_ahead=dt.timedelta(days=2))
    Person.objects.filter(pk=estate.amira.pk).update(email="amira@example.org")
    book(estate, estate.amira, estate.doors[0].pk, now)()
    return estate


def book(estate: Estate, who: Person, door_id: int, now: dt.datetime) -> Callable[[], object]:
    return lambda: reservations.reserve(
        person_id=who.pk, bank_id=estate.bank.pk, wanted=Wanted(compartment_id=door_id),
        starts_at=now + HOUR, ends_at=now + 2 * HOUR, actor=SETUP, at=now,
    )  # fmt: skip


def test_four_jobs_at_once_move_a_booking_once_and_write_once(
    office: Estate, now: dt.datetime
) -> None:
    type(office.doors[0]).objects.filter(pk=office.doors[0].pk).update(service_status="fault")
    soon = now + HOUR / 2
    assert outcomes(*[lambda: displacing.displace_due(soon)] * 4) == ["done"] * 4
    assert Claim.objects.get().compartment == office.doors[1]
    assert Notice.objects.filter(kind="booking_moved").count() == 1


def test_whoever_is_first_at_the_last_equal_door_has_it_and_nobody_is_put_to_it_twice(
    office: Estate, now: dt.datetime
) -> None:
    people = [factories.PersonFactory(organisation=office.organisation) for _ in range(3)]
    works: list[Callable[[], object]] = [
        lambda: overrides.set_service_status(
            compartment_id=office.doors[0].pk, status=ServiceStatus.OUT_OF_SERVICE, actor=SETUP,
            reason="bent", at=now,
        ),
        book(office, people[0], office.doors[1].pk, now),
        lambda: assignments.claim(
            person_id=people[1].pk, bank_id=office.bank.pk, actor=SETUP, at=now,
            wanted=Wanted(compartment_id=office.doors[1].pk),
        ),
    ]  # fmt: skip
    results = Counter(outcomes(*works))
    mine = Claim.objects.get(holder=office.amira)
    is_moved = mine.compartment == office.doors[1]
    assert is_moved is (mine.unserved_since is None)
    assert results["done"] == (1 if is_moved else 2)
    assert Claim.objects.filter(compartment=office.doors[1], closed_at=None).count() == 1
