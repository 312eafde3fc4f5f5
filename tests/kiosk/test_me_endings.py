"""What a phone says of what is over: by itself, by staff, overdue; and what it then lets one do."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from lockers.models import Command
from occupancy.choices import ClosedHow
from occupancy.models import Assignment, Policy
from occupancy.services.claims import assignments
from occupancy.services.ending import expiry, recovery
from tests.factories.cast import SETUP, Estate
from tests.kiosk.phone import Phone

HOUR = dt.timedelta(hours=1)


@pytest.fixture(autouse=True)
def clock(estate: Estate, at: dt.datetime) -> Iterator[time_machine.Coordinates]:
    Policy.objects.update(opens_by_phone=True, ends_at_time=dt.time(18))
    with time_machine.travel(at, tick=False) as coordinates:
        yield coordinates


@pytest.fixture
def phone(estate: Estate, at: dt.datetime) -> Phone:
    return Phone(estate.amira, at)


def late(clock: time_machine.Coordinates, estate: Estate, **by: float) -> None:
    """Let time pass; the bridge is heard at its end."""
    clock.shift(dt.timedelta(**by))
    estate.bridge.presence.last_seen_at = timezone.now()
    estate.bridge.presence.save(update_fields=["last_seen_at"])


@pytest.mark.parametrize("job", [False, True], ids=["before the job", "after it"])
def test_what_ended_by_itself_is_said_for_a_day_whether_or_not_a_job_ran(
    phone: Phone, estate: Estate, clock: time_machine.Coordinates, job: bool
) -> None:
    claim = phone.claim(estate)
    late(clock, estate, hours=9, minutes=1)
    if job:
        expiry.expire_due(at=timezone.now())
    said = phone.read("me")
    assert "Your time with door 1 in bank A ended at 18:00." in said
    assert "You have no locker now." in said
    assert "released by itself at the end" in phone.read("me-history")
    # Its page leads to where that stands; so does an old link in a letter.
    answer = phone.client.get(reverse("me-door", args=[claim.pk]))
    assert answer["Location"] == reverse("me")
    asked = phone.client.get(reverse("me-door", args=[claim.pk]), headers={"HX-Request": "true"})
    assert asked["HX-Redirect"] == reverse("me")
    late(clock, estate, hours=24)
    assert "ended at" not in phone.read("me")


def test_nothing_is_said_of_a_door_that_was_taken_again(
    phone: Phone, estate: Estate, clock: time_machine.Coordinates
) -> None:
    phone.claim(estate)
    late(clock, estate, hours=9, minutes=1)
    again = phone.claim(estate)
    assert "ended at" not in phone.read("me")
    phone.do("me-finish", again.pk)
    assert "ended at" not in phone.read("me")


def test_what_staff_did_is_said(phone: Phone, estate: Estate) -> None:
    claim = phone.claim(estate)
    assignments.release(
        claim_id=claim.pk, how=ClosedHow.RELEASED_BY_STAFF, actor=SETUP, at=timezone.now(),
        reason="asked for",
    )  # fmt: skip
    assert "Staff gave door 1 in bank A back for you." in phone.read("me")


def test_what_is_overdue_is_neither_opened_nor_given_back_by_phone(
    phone: Phone, estate: Estate, clock: time_machine.Coordinates
) -> None:
    Policy.objects.update(at_end="hold", renewals=3)
    claim = phone.claim(estate)
    late(clock, estate, hours=9, minutes=1)
    said = phone.scan(estate) + phone.read("me-door", claim.pk)
    assert "Your things are safe: ask reception to open it." in said
    for key in ("Open door", "Keep it longer", "Yes, finish", "scan the label at"):
        assert key not in said
    for name in ("me-open", "me-finish"):
        assert "Ask reception to open it." in phone.do(name, claim.pk)
    assert "This locker is overdue." in phone.do("me-renew", claim.pk)
    assert not Command.objects.exists()
    claim.refresh_from_db()
    assert claim.closed_at is None


def test_what_staff_empty_is_not_opened_by_phone(phone: Phone, estate: Estate) -> None:
    claim = phone.claim(estate)
    recovery.begin(claim_id=claim.pk, actor=SETUP, at=timezone.now(), reason="water damage")
    said = phone.scan(estate)
    assert "is to be emptied by staff" in said
    assert "Open door" not in said
    assert "Ask reception to open it." in phone.do("me-open", claim.pk)
    assert not Command.objects.exists()


def test_a_door_that_never_opened_ends_no_session(phone: Phone, estate: Estate) -> None:
    Policy.objects.update(model="session", lasts=2 * HOUR)
    assert "scan the label with your camera" in phone.read(
        "me-get", query=f"?bank={estate.bank.pk}"
    )
    phone.scan(estate)
    claim = phone.claim(estate)
    Command.objects.update(status="failed")
    assert "you are finished with it" not in phone.read("me-door", claim.pk)
    phone.do("me-open", claim.pk)
    assert set(Command.objects.values_list("purpose", flat=True)) == {"claim", "open_again"}
    assert Assignment.objects.get().closed_at is None
    Command.objects.update(status="closed")
    assert "you are finished with it" in phone.read("me-door", claim.pk)
