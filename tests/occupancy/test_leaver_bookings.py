"""Whoever leaves frees what they booked and waited for; whoever is suspended cannot come for it."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from time_machine import travel

from access.errors.decisions import NotAllowed
from access.models import Person, TemporaryAccess, Visit
from access.services import departures, leaving
from occupancy import jobs
from occupancy.choices import ClosedHow
from occupancy.models import Claim, Occurrence, Series, WaitingEntry
from occupancy.services.bookings import leaver_bookings, series
from occupancy.services.bookings.reservations import Wanted
from occupancy.services.bookings.series import Repeats
from tests import factories
from tests.factories.cast import SETUP, Estate
from tests.occupancy.booked import DAY, HOUR, MINUTE, book, bookable, check_in, claim, offered, wait


@pytest.fixture
def gus(estate: Estate, at: dt.datetime) -> Person:
    """Gus waits for a small door: Ben has one, and the other is booked tomorrow by Amira."""
    bookable(estate)
    claim(estate.ben, estate.doors[1], at)
    gus: Person = factories.PersonFactory(organisation=estate.organisation, home_site=estate.site)
    return gus


def test_a_leavers_bookings_are_cancelled_at_once_and_who_waits_is_called(
    estate: Estate, gus: Person, at: dt.datetime, django_capture_on_commit_callbacks: Any
) -> None:
    booked = book(estate, estate.amira, at + HOUR, at, door=estate.doors[0])
    wait(estate, gus, at)
    wait(estate, estate.amira, at)
    with travel(at + MINUTE, tick=False), django_capture_on_commit_callbacks(execute=True):
        leaving.leave(person=estate.amira, actor=SETUP, at=at + MINUTE)
    claimed = Claim.objects.get(pk=booked.claim_id)
    assert (claimed.closed_at, claimed.closed_how) == (at + MINUTE, ClosedHow.CANCELLED)
    assert offered(gus, at + MINUTE) == "1"
    assert WaitingEntry.objects.get(person=estate.amira).closed_how == "gone"


def test_a_leavers_recurring_booking_ends(estate: Estate, gus: Person, at: dt.datetime) -> None:
    made = series.make(
        person_id=estate.amira.pk, bank_id=estate.bank.pk, wanted=Wanted(),
        repeats=Repeats("FREQ=DAILY;COUNT=3", at.date(), dt.time(10), dt.time(12)),
        actor=SETUP, at=at,
    )  # fmt: skip
    assert len(made.times) == 3
    Person.objects.filter(pk=estate.amira.pk).update(status="left")
    # Nobody told: the sweep finds it.
    with travel(at + MINUTE, tick=False):
        assert jobs.recover_leavers() == 3
        assert jobs.recover_leavers() == 0
    assert Series.objects.get().ended_at == at + MINUTE
    assert not Claim.objects.filter(kind="reservation", closed_at=None).exists()


def test_a_suspended_person_keeps_the_booking_and_cannot_check_in(
    estate: Estate, gus: Person, at: dt.datetime, django_capture_on_commit_callbacks: Any
) -> None:
    booked = book(estate, estate.amira, at + HOUR, at, door=estate.doors[0])
    with travel(at + MINUTE, tick=False), django_capture_on_commit_callbacks(execute=True):
        leaving.suspend(person=estate.amira, actor=SETUP, at=at + MINUTE)
    with pytest.raises(NotAllowed):
        check_in(estate.amira, booked, at + HOUR)
    leaving.reinstate(person=estate.amira, actor=SETUP, at=at + HOUR)
    assert check_in(estate.amira, booked, at + HOUR).number == "1"


def test_a_suspended_persons_recurring_booking_books_nothing_meanwhile(
    estate: Estate, gus: Person, at: dt.datetime
) -> None:
    series.make(
        person_id=estate.amira.pk, bank_id=estate.bank.pk, wanted=Wanted(),
        repeats=Repeats("FREQ=DAILY", at.date(), dt.time(10), dt.time(12)), actor=SETUP, at=at,
    )  # fmt: skip
    Person.objects.filter(pk=estate.amira.pk).update(status="suspended")
    series.materialise_due(at + DAY)
    assert Occurrence.objects.latest("starts_at").skipped_why == "not_admitted"


def test_what_is_held_for_a_suspended_person_is_offered_to_the_next_at_once(
    estate: Estate, gus: Person, at: dt.datetime, django_capture_on_commit_callbacks: Any
) -> None:
    wait(estate, estate.amira, at)
    wait(estate, gus, at)
    assert (offered(estate.amira, at), offered(gus, at)) == ("1", None)
    with travel(at + MINUTE, tick=False), django_capture_on_commit_callbacks(execute=True):
        leaving.suspend(person=estate.amira, actor=SETUP, at=at + MINUTE)
    assert (offered(estate.amira, at + MINUTE), offered(gus, at + MINUTE)) == (None, "1")
    assert WaitingEntry.objects.get(person=estate.amira).closed_at is None


def test_a_visitor_who_leaves_early_leaves_no_booking_behind(
    estate: Estate, gus: Person, at: dt.datetime, django_capture_on_commit_callbacks: Any
) -> None:
    vera: Person = factories.PersonFactory(
        organisation=estate.organisation, home_site=estate.site, kind="visitor"
    )
    visit = Visit.objects.create(
        visitor=vera, host=estate.amira, site=estate.site, expected_from=at,
        expected_until=at + 8 * HOUR, registered_at=at, arrived_at=at,
    )  # fmt: skip
    given = {"person": vera, "site": estate.site, "starts_at": at, "given_at": at}
    TemporaryAccess.objects.create(visit=visit, ends_at=at + 8 * HOUR, **given)
    today = book(estate, vera, at + 3 * HOUR, at, door=estate.doors[0])
    # Somebody gave her access for another time, which has nothing to do with the visit.
    TemporaryAccess.objects.create(**{**given, "starts_at": at + 2 * DAY, "ends_at": at + 3 * DAY})
    other = book(estate, vera, at + 2 * DAY + HOUR, at, door=estate.doors[0])
    assert leaver_bookings.cancel_of(person_ids=[vera.pk], at=at) == 0
    with travel(at + HOUR, tick=False), django_capture_on_commit_callbacks(execute=True):
        departures.leave(visit=visit, actor=SETUP, at=at + HOUR)
    assert Claim.objects.get(pk=today.claim_id).closed_how == ClosedHow.CANCELLED
    assert Claim.objects.get(pk=other.claim_id).closed_at is None
