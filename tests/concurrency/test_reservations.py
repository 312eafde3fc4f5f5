"""Many people book, check in and lapse at the same instant; with its negative control."""

from __future__ import annotations

import datetime as dt
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction

from audit.services.events import Actor
from lockers.models import BridgePresence
from occupancy.models import Claim
from occupancy.services.bookings import reservations
from occupancy.services.bookings.reservations import Wanted
from occupancy.services.claims import assignments
from tests import factories
from tests.concurrency.racing import outcomes
from tests.conftest import MORNING
from tests.factories.cast import Estate

pytestmark = pytest.mark.django_db(transaction=True)
HOUR = dt.timedelta(hours=1)
PEOPLE = 8
ONE_CLAIM = "occupancy_one_claim_per_compartment_and_time"


@pytest.fixture
def now() -> dt.datetime:
    return MORNING


@pytest.fixture
def office(transactional_db: None, now: dt.datetime) -> Estate:
    """The cast's three doors, which staff and students may book."""
    estate = Estate.build(at=now)
    BridgePresence.objects.update(last_seen_at=now + 24 * HOUR)
    type(estate.policy).objects.update(
        books_ahead=dt.timedelta(days=2), bookings_per_person=1, limit_per_person=1
    )
    return estate


def booker(
    estate: Estate, person_id: int, starts: dt.datetime, at: dt.datetime, door_id: int | None = None
) -> Callable[[], object]:
    return lambda: reservations.reserve(
        person_id=person_id, bank_id=estate.bank.pk, wanted=Wanted(compartment_id=door_id),
        starts_at=starts, ends_at=starts + HOUR, actor=Actor.person(person_id), at=at,
    )  # fmt: skip


def test_eight_want_overlapping_windows_of_three_doors(office: Estate, now: dt.datetime) -> None:
    people = [factories.PersonFactory(organisation=office.organisation) for _ in range(PEOPLE)]
    minutes = [dt.timedelta(minutes=n) for n in range(PEOPLE)]
    results = outcomes(
        *[
            booker(office, person.pk, now + HOUR + late, now)
            for person, late in zip(people, minutes, strict=True)
        ]
    )
    assert Counter(results) == {"done": 3, "no_compartment_available": 5}
    taken = Claim.objects.filter(closed_at=None)
    assert taken.values("compartment").distinct().count() == taken.count() == 3


def test_one_person_books_once_however_often_they_ask(office: Estate, now: dt.datetime) -> None:
    results = outcomes(*[booker(office, office.amira.pk, now + HOUR, now)] * 6)
    assert Counter(results) == {"done": 1, "booking_limit_reached": 5}


def test_a_booking_is_checked_in_to_once(office: Estate, now: dt.datetime) -> None:
    got = reservations.reserve(
        person_id=office.amira.pk, bank_id=office.bank.pk, wanted=Wanted(), starts_at=now,
        ends_at=now + HOUR, actor=Actor.person(office.amira.pk), at=now,
    )  # fmt: skip
    works: list[Callable[[], object]] = [
        lambda: reservations.check_in(
            claim_id=got.claim_id, person_id=office.amira.pk,
            actor=Actor.person(office.amira.pk), at=now,
        )
    ] * 4  # fmt: skip
    cancel = [
        lambda: reservations.cancel(
            claim_id=got.claim_id, actor=Actor.person(office.amira.pk), at=now
        )
    ]
    results = Counter(outcomes(*works, *cancel))
    assert results["done"] == 1
    assert (
        Claim.objects.exclude(closed_at=None).count()
        + Claim.objects.filter(started_at__isnull=False, closed_at=None).count()
        == 1
    )


def test_a_walk_up_and_a_booking_never_share_a_door(office: Estate, now: dt.datetime) -> None:
    people = [factories.PersonFactory(organisation=office.organisation) for _ in range(PEOPLE)]

    def walk_up(person_id: int) -> Callable[[], object]:
        return lambda: assignments.claim(
            person_id=person_id, bank_id=office.bank.pk, wanted=Wanted(),
            actor=Actor.person(person_id), at=now,
        )  # fmt: skip

    works = [
        walk_up(person.pk) if n % 2 else booker(office, person.pk, now + HOUR, now)
        for n, person in enumerate(people)
    ]
    assert Counter(outcomes(*works))["done"] == 3
    claims = Claim.objects.filter(closed_at=None)
    assert claims.values("compartment").distinct().count() == claims.count() == 3


@pytest.fixture
def unguarded() -> Iterator[None]:
    """Take the constraint away that judges bookings, and put it back."""
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE occupancy_claim DROP CONSTRAINT {ONE_CLAIM}")
    yield
    Claim.objects.all().delete()
    with connection.schema_editor() as editor:
        found = next(one for one in Claim._meta.constraints if one.name == ONE_CLAIM)
        editor.add_constraint(Claim, found)


def test_the_constraint_refuses_a_booking_that_looked_a_moment_too_early(
    office: Estate, now: dt.datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(OperationalError, match="could not serialize"):
        _book_after_a_booking_came(office, now, monkeypatch)
    assert Claim.objects.get().holder == office.ben


def test_the_negative_control_books_twice_without_the_constraint(
    office: Estate, now: dt.datetime, monkeypatch: pytest.MonkeyPatch, unguarded: None
) -> None:
    """The same without the constraint: proves that these tests could fail."""
    _book_after_a_booking_came(office, now, monkeypatch)
    both = Claim.objects.filter(compartment=office.doors[0], closed_at=None)
    assert {claim.holder for claim in both} == {office.amira, office.ben}


def _book_after_a_booking_came(
    office: Estate, now: dt.datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Let Ben book between Amira's look and her write, on a connection of his own."""
    look, looked = reservations.choices_in, threading.Event()
    amira, ben = (
        booker(office, who.pk, now + HOUR, now, office.doors[0].pk)
        for who in (office.amira, office.ben)
    )

    def look_and_wait(*args: Any, **named: Any) -> Any:
        found = look(*args, **named)
        if not looked.is_set():
            looked.set()
            assert outcomes(ben) == ["done"]
        return found

    monkeypatch.setattr(reservations, "choices_in", look_and_wait)
    with transaction.atomic(), connection.cursor() as cursor:
        # The statement that writes looks once more: as if its look, too, was a moment too early.
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        amira()
