"""Many people book, check in and lapse at the same instant; with its negative control."""

from __future__ import annotations

import datetime as dt
import threading
from collections import Counter
from collections.abc import Callable

import pytest
from django.db import connection, connections
from django.utils import timezone

from audit.errors import Refusal
from audit.services import idempotency
from audit.services.events import Actor
from lockers.models import BridgePresence
from occupancy.models import Claim
from occupancy.services.bookings import reservations
from occupancy.services.bookings.reservations import Wanted
from occupancy.services.claims import assignments
from tests import factories
from tests.factories.cast import Estate

pytestmark = pytest.mark.django_db(transaction=True)
HOUR = dt.timedelta(hours=1)
PEOPLE = 8


@pytest.fixture
def now() -> dt.datetime:
    return timezone.now().replace(second=0, microsecond=0)


@pytest.fixture
def office(transactional_db: None, now: dt.datetime) -> Estate:
    """The cast's three doors, which staff and students may book."""
    estate = Estate.build(at=now)
    BridgePresence.objects.update(last_seen_at=now + 24 * HOUR)
    type(estate.policy).objects.update(
        books_ahead=dt.timedelta(days=2), bookings_per_person=1, limit_per_person=1
    )
    return estate


def together(works: list[Callable[[], object]]) -> list[str]:
    """Do all of it at once, each with a connection of its own; return what came of each."""
    start, results = threading.Barrier(len(works)), [""] * len(works)

    def one(place: int) -> None:
        start.wait(10)
        try:
            idempotency.run(works[place])
            results[place] = "done"
        except Refusal as refusal:
            results[place] = refusal.code
        finally:
            connections.close_all()

    threads = [threading.Thread(target=one, args=(n,)) for n in range(len(works))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def booker(
    estate: Estate, person_id: int, starts: dt.datetime, at: dt.datetime
) -> Callable[[], object]:
    return lambda: reservations.reserve(
        person_id=person_id, bank_id=estate.bank.pk, wanted=Wanted(), starts_at=starts,
        ends_at=starts + HOUR, actor=Actor.person(person_id), at=at,
    )  # fmt: skip


def test_eight_want_overlapping_windows_of_three_doors(office: Estate, now: dt.datetime) -> None:
    people = [factories.PersonFactory(organisation=office.organisation) for _ in range(PEOPLE)]
    minutes = [dt.timedelta(minutes=n) for n in range(PEOPLE)]
    results = together(
        [
            booker(office, person.pk, now + HOUR + late, now)
            for person, late in zip(people, minutes, strict=True)
        ]
    )
    assert Counter(results) == {"done": 3, "no_compartment_available": 5}
    taken = Claim.objects.filter(closed_at=None)
    assert taken.values("compartment").distinct().count() == taken.count() == 3


def test_one_person_books_once_however_often_they_ask(office: Estate, now: dt.datetime) -> None:
    results = together([booker(office, office.amira.pk, now + HOUR, now)] * 6)
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
    results = Counter(together([*works, *cancel]))
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
    assert Counter(together(works))["done"] == 3
    claims = Claim.objects.filter(closed_at=None)
    assert claims.values("compartment").distinct().count() == claims.count() == 3


def test_the_negative_control_books_twice_without_the_constraint(
    office: Estate, now: dt.datetime
) -> None:
    """Look-then-insert with the constraint dropped: proves that these tests could fail."""
    with connection.cursor() as cursor:
        cursor.execute(
            "ALTER TABLE occupancy_claim DROP CONSTRAINT"
            " occupancy_one_claim_per_compartment_and_time"
        )
    try:
        both = threading.Barrier(2)

        def look_then_insert(person_id: int) -> Callable[[], object]:
            def work() -> None:
                taken = Claim.objects.filter(compartment=office.doors[0]).exists()
                both.wait(5)
                if not taken:
                    Claim.objects.create(
                        compartment=office.doors[0], kind="reservation", holder_id=person_id,
                        policy=office.policy, starts_at=now + HOUR, ends_at=now + 2 * HOUR,
                    )  # fmt: skip

            return work

        together([look_then_insert(office.amira.pk), look_then_insert(office.ben.pk)])
        assert Claim.objects.filter(compartment=office.doors[0]).count() == 2
    finally:
        Claim.objects.all().delete()
        with connection.schema_editor() as editor:
            editor.add_constraint(
                Claim,
                next(
                    one
                    for one in Claim._meta.constraints
                    if one.name == "occupancy_one_claim_per_compartment_and_time"
                ),
            )
