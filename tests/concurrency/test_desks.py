"""The same desk booking said twice at the same moment, or cancelled while it is made."""

from __future__ import annotations

import datetime as dt
import threading
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from lockers.models import BridgePresence
from occupancy.models import Claim, DeskBooking, Quota
from occupancy.services.bookings import desk_uses, desks
from occupancy.services.bookings.reservations import Wanted
from tests.concurrency.racing import outcomes
from tests.factories.cast import SETUP, Estate

pytestmark = pytest.mark.django_db(transaction=True)
HOUR = dt.timedelta(hours=1)
ONE_NUMBER = "occupancy_no_more_than_the_limit"


@pytest.fixture
def now() -> dt.datetime:
    return timezone.now().replace(second=0, microsecond=0)


@pytest.fixture
def office(transactional_db: None, now: dt.datetime) -> Estate:
    estate = Estate.build(at=now)
    BridgePresence.objects.update(last_seen_at=now + 24 * HOUR)
    type(estate.policy).objects.update(books_ahead=dt.timedelta(days=2), bookings_per_person=5)
    return estate


def put(office: Estate, now: dt.datetime, hours: int = 1) -> Any:
    return desks.put(
        organisation_id=office.organisation.pk, external_id="desk-1", person_id=office.amira.pk,
        bank_ids=[office.bank.pk], wanted=Wanted(), starts_at=now + HOUR,
        ends_at=now + (1 + hours) * HOUR, actor=SETUP, at=now, desk="D-10",
    )  # fmt: skip


def remove(office: Estate, now: dt.datetime) -> Any:
    return desks.remove(
        organisation_id=office.organisation.pk, external_id="desk-1", actor=SETUP, at=now
    )


def test_said_six_times_at_once_it_is_booked_once(office: Estate, now: dt.datetime) -> None:
    assert outcomes(*[lambda: put(office, now)] * 6) == ["done"] * 6
    assert (Claim.objects.count(), DeskBooking.objects.count()) == (1, 1)


def test_two_times_at_once_leave_one_booking(office: Estate, now: dt.datetime) -> None:
    outcomes(*[lambda hours=hours: put(office, now, hours) for hours in (1, 2, 3, 1, 2, 3)])
    (claim,) = Claim.objects.filter(closed_at=None)
    known = DeskBooking.objects.get()
    assert (known.claim_id, known.ends_at) == (claim.pk, claim.due_at)


def test_made_and_cancelled_at_once_nothing_stands(office: Estate, now: dt.datetime) -> None:
    results = Counter(outcomes(lambda: put(office, now), lambda: remove(office, now)))
    # Whichever came first; cancelled last or before, nothing is left of it.
    assert set(results) <= {"done", "desk_was_cancelled"}
    assert not Claim.objects.filter(closed_at=None).exists()


@pytest.fixture
def uncounted() -> Iterator[None]:
    """Take the constraint away that keeps one person's two bookings from having one number."""
    with connection.cursor() as cursor:
        cursor.execute(f"DROP INDEX {ONE_NUMBER}")
    yield
    Claim.objects.all().delete()
    with connection.schema_editor() as editor:
        found = next(one for one in Quota._meta.constraints if one.name == ONE_NUMBER)
        editor.add_constraint(Quota, found)


def test_the_negative_control_books_twice_without_the_lock(
    office: Estate, now: dt.datetime, monkeypatch: pytest.MonkeyPatch, uncounted: None
) -> None:
    """Look, then book: proves that these tests could fail."""
    both = threading.Barrier(2)
    known = desks._known

    def look(*of: Any) -> Any:
        found = known(*of)
        both.wait(10)
        return found

    monkeypatch.setattr(desk_uses, "lock", lambda external_id: None)
    monkeypatch.setattr(desks, "_known", look)
    outcomes(*[lambda: put(office, now)] * 2)
    assert Claim.objects.count() == 2
