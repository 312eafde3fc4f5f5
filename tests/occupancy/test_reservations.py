"""Booking a door for a window to come."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import transaction

from audit.models import Event
from audit.services.events import Actor
from lockers.models import BridgePresence, Command
from occupancy.choices import ClosedHow
from occupancy.errors.claims import CompartmentTaken, NoCompartmentAvailable
from occupancy.errors.reservations import (
    BadWindow,
    BookingLimitReached,
    BookingOver,
    BookingTooLong,
    DoorStillInUse,
    NotBookable,
    NotYourBooking,
    SiteClosed,
    TooEarly,
    TooFarAhead,
    TooShortNotice,
)
from occupancy.models import Claim, Policy, Quota
from occupancy.services.bookings import displacing, reservations
from occupancy.services.bookings.reservations import Reserved, Wanted
from occupancy.services.claims import assignments
from tests import factories
from tests.factories.cast import Estate

HOUR = dt.timedelta(hours=1)
MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
def booking(estate: Estate) -> Policy:
    """Doors of bank A are booked: a week ahead, up to eight hours, two at once."""
    return factories.PolicyFactory(
        organisation=estate.organisation, bank=estate.bank, name="Booked doors",
        model="reservation", books_ahead=dt.timedelta(days=7), bookings_per_person=2,
        longest_booking=8 * HOUR, limit_per_person=1,
    )  # fmt: skip


def book(
    estate: Estate, who: str, starts: dt.datetime, at: dt.datetime, *, hours: int = 2,
    wanted: Wanted | None = None,
) -> Reserved:  # fmt: skip
    person = getattr(estate, who)
    with transaction.atomic():
        return reservations.reserve(
            person_id=person.pk, bank_id=estate.bank.pk, wanted=wanted or Wanted(),
            starts_at=starts, ends_at=starts + hours * HOUR,
            actor=Actor.person(person.pk), at=at,
        )  # fmt: skip


def check_in(estate: Estate, who: str, claim_id: int, at: dt.datetime) -> assignments.Claimed:
    person = getattr(estate, who)
    BridgePresence.objects.update(last_seen_at=at)
    with transaction.atomic():
        return reservations.check_in(
            claim_id=claim_id, person_id=person.pk, actor=Actor.person(person.pk), at=at
        )


def test_a_window_is_booked_at_the_best_door_and_remembered(
    estate: Estate, booking: Policy, at: dt.datetime
) -> None:
    got = book(estate, "amira", at + 3 * HOUR, at)
    claim = Claim.objects.get(pk=got.claim_id)
    assert (got.number, claim.kind, claim.policy) == ("1", "reservation", booking)
    assert (claim.starts_at, claim.due_at) == (at + 3 * HOUR, at + 5 * HOUR)
    assert claim.lapses_at == got.lapses_at == at + 3 * HOUR + 10 * MINUTE
    assert claim.booked_by == f"person:{estate.amira.pk}"
    assert Quota.objects.filter(claim=claim, is_booking=True, is_open=True).count() == 1
    event = Event.objects.get(action="booking.made")
    assert event.data["claim"] == got.claim_id
    assert not Command.objects.exists()


def test_two_bookings_of_one_window_get_two_doors_and_the_third_size_is_refused(
    estate: Estate, booking: Policy, at: dt.datetime
) -> None:
    small = Wanted(size_id=estate.small.pk)
    assert book(estate, "amira", at + HOUR, at, wanted=small).number == "1"
    assert book(estate, "ben", at + 2 * HOUR, at, wanted=small).number == "2"
    with pytest.raises(NoCompartmentAvailable):
        book(estate, "ben", at + 2 * HOUR, at, wanted=small)
    very = Wanted(compartment_id=estate.doors[0].pk)
    with pytest.raises(CompartmentTaken):
        book(estate, "ben", at + 2 * HOUR, at, wanted=very)
    # Windows that only touch do not overlap.
    assert book(estate, "ben", at + 3 * HOUR, at, wanted=very).number == "1"


def test_what_the_policy_says_about_booking_ahead_is_kept(
    estate: Estate, booking: Policy, at: dt.datetime
) -> None:
    with pytest.raises(TooFarAhead) as far:
        book(estate, "amira", at + dt.timedelta(days=7) + MINUTE, at)
    assert far.value.facts["latest"] == at + dt.timedelta(days=7)
    with pytest.raises(BookingTooLong):
        book(estate, "amira", at + HOUR, at, hours=9)
    Policy.objects.filter(pk=booking.pk).update(least_notice=HOUR)
    with pytest.raises(TooShortNotice):
        book(estate, "amira", at + 59 * MINUTE, at)
    for starts in (at - MINUTE, at + dt.timedelta(seconds=30)):
        with pytest.raises(BadWindow):
            book(estate, "amira", starts, at)
    for _each in range(2):
        book(estate, "amira", at + HOUR, at)
    with pytest.raises(BookingLimitReached):
        book(estate, "amira", at + HOUR, at)


def test_doors_whose_policy_says_nothing_of_booking_are_not_booked(
    estate: Estate, at: dt.datetime
) -> None:
    with pytest.raises(NotBookable):
        book(estate, "amira", at + HOUR, at)


def test_day_use_that_may_be_booked_ends_with_the_window(estate: Estate, at: dt.datetime) -> None:
    Policy.objects.filter(pk=estate.policy.pk).update(books_ahead=dt.timedelta(days=2))
    got = book(estate, "amira", at + HOUR, at)
    assert got.ends_at == at + 3 * HOUR


def test_opening_hours_and_special_days_are_respected(
    estate: Estate, booking: Policy, at: dt.datetime
) -> None:
    for weekday in range(5):
        estate.site.opening_hours.create(
            weekday=weekday, opens_at=dt.time(8), closes_at=dt.time(18)
        )
    estate.site.special_days.create(date=at.date() + dt.timedelta(days=1), name="Stocktaking")
    assert book(estate, "amira", at + 7 * HOUR, at, hours=2).ends_at.hour == 18
    with pytest.raises(SiteClosed):
        book(estate, "amira", at + 8 * HOUR, at, hours=2)
    with pytest.raises(SiteClosed):
        book(estate, "amira", at + dt.timedelta(days=1), at)


def test_checking_in_makes_it_a_use_with_grant_and_open_door(
    estate: Estate, booking: Policy, at: dt.datetime
) -> None:
    got = book(estate, "amira", at + HOUR, at)
    with pytest.raises(TooEarly):
        check_in(estate, "amira", got.claim_id, at + 44 * MINUTE)
    with pytest.raises(NotYourBooking):
        check_in(estate, "ben", got.claim_id, at + HOUR)
    early = at + 45 * MINUTE
    claimed = check_in(estate, "amira", got.claim_id, early)
    claim = Claim.objects.get(pk=got.claim_id)
    assert (claim.kind, claim.started_at, claim.starts_at) == ("assignment", early, early)
    assert (claim.due_at, claim.lapses_at) == (at + 3 * HOUR, None)
    quota = Quota.objects.get(claim=claim, policy=booking)
    assert (quota.is_booking, quota.is_open, quota.slot) == (False, True, 1)
    assert estate.amira.grants.get(revoked_at=None).compartment_id == claim.compartment_id
    assert Command.objects.get(pk=claimed.command_id).claim_id == claim.pk
    assert Event.objects.filter(action="booking.checked_in").count() == 1
    with pytest.raises(NotYourBooking):
        check_in(estate, "amira", got.claim_id, early)


def test_the_use_ends_with_its_window_and_the_next_person_gets_the_door(
    estate: Estate, booking: Policy, at: dt.datetime
) -> None:
    very = Wanted(compartment_id=estate.doors[0].pk)
    mine = book(estate, "amira", at + HOUR, at, wanted=very)
    theirs = book(estate, "ben", at + 3 * HOUR, at, wanted=very)
    check_in(estate, "amira", mine.claim_id, at + HOUR)
    claimed = check_in(estate, "ben", theirs.claim_id, at + 3 * HOUR)
    assert claimed.number == "1"
    assert Claim.objects.get(pk=mine.claim_id).closed_how == ClosedHow.EXPIRED


def test_a_no_show_keeps_neither_door_nor_number_from_that_instant_on(
    estate: Estate, booking: Policy, at: dt.datetime
) -> None:
    very = Wanted(compartment_id=estate.doors[0].pk)
    first = book(estate, "amira", at + HOUR, at, wanted=very, hours=4)
    book(estate, "amira", at + HOUR, at)
    late = at + HOUR + 10 * MINUTE
    with pytest.raises(BookingLimitReached):
        book(estate, "amira", late, late - MINUTE)
    with pytest.raises(CompartmentTaken):
        book(estate, "ben", late, late - MINUTE, wanted=very)
    with pytest.raises(BookingOver):
        check_in(estate, "amira", first.claim_id, late)
    # No job ran: the clock alone decides.
    assert book(estate, "ben", late, late, wanted=very).number == "1"
    lost = Claim.objects.get(pk=first.claim_id)
    assert (lost.closed_how, lost.closed_at) == (ClosedHow.NO_SHOW, late)
    assert book(estate, "amira", late + HOUR, late).claim_id
    assert reservations.release_no_shows(late + dt.timedelta(days=1)) == 2
    assert reservations.release_no_shows(late + dt.timedelta(days=1)) == 0


def test_somebody_who_walks_up_gets_the_door_of_a_no_show(
    estate: Estate, booking: Policy, at: dt.datetime
) -> None:
    Policy.objects.filter(pk=booking.pk).update(model="day_use")
    very = Wanted(compartment_id=estate.doors[0].pk)
    book(estate, "amira", at + MINUTE, at, wanted=very)
    late = at + 11 * MINUTE
    BridgePresence.objects.update(last_seen_at=late)

    def walk_up(when: dt.datetime) -> assignments.Claimed:
        with transaction.atomic():
            return assignments.claim(
                person_id=estate.ben.pk, bank_id=estate.bank.pk, wanted=very,
                actor=Actor.person(estate.ben.pk), at=when,
            )  # fmt: skip

    with pytest.raises(CompartmentTaken):
        walk_up(late - MINUTE)
    assert walk_up(late).number == "1"


def test_cancelling_frees_door_and_number_and_is_once(
    estate: Estate, booking: Policy, at: dt.datetime
) -> None:
    got = book(estate, "amira", at + HOUR, at)
    me = {"person_id": estate.amira.pk, "actor": Actor.person(estate.amira.pk)}
    with pytest.raises(NotYourBooking):
        reservations.cancel(
            claim_id=got.claim_id, person_id=estate.ben.pk, actor=me["actor"], at=at
        )
    reservations.cancel(claim_id=got.claim_id, at=at, **me)
    assert not Quota.objects.filter(is_open=True).exists()
    with pytest.raises(BookingOver):
        reservations.cancel(claim_id=got.claim_id, at=at, **me)


def test_a_changed_window_stays_at_its_door_or_goes_next_door(
    estate: Estate, booking: Policy, at: dt.datetime
) -> None:
    small = Wanted(size_id=estate.small.pk)
    got = book(estate, "amira", at + HOUR, at, wanted=small)
    book(estate, "ben", at + 4 * HOUR, at, wanted=small)
    me = {"claim_id": got.claim_id, "actor": Actor.person(estate.amira.pk), "at": at}
    same = reservations.change(starts_at=at + 2 * HOUR, ends_at=at + 4 * HOUR, **me)
    assert (same.number, same.ends_at) == ("1", at + 4 * HOUR)
    other = reservations.change(starts_at=at + 2 * HOUR, ends_at=at + 5 * HOUR, **me)
    assert (other.number, other.claim_id) == ("2", got.claim_id)
    book(estate, "ben", at + 6 * HOUR, at, wanted=Wanted(compartment_id=estate.doors[1].pk))
    book_third = Wanted(compartment_id=estate.doors[0].pk)
    Policy.objects.filter(pk=booking.pk).update(bookings_per_person=5)
    book(estate, "ben", at + 6 * HOUR, at, wanted=book_third)
    with pytest.raises(NoCompartmentAvailable):
        reservations.change(starts_at=at + 6 * HOUR, ends_at=at + 7 * HOUR, **me)


@pytest.fixture
def overdue(estate: Estate, booking: Policy, at: dt.datetime) -> Reserved:
    """Ben has door 1 and does not give it back; Amira has booked it from 11:00."""
    Policy.objects.filter(pk=booking.pk).update(at_end="hold")
    very = Wanted(compartment_id=estate.doors[0].pk)
    theirs = book(estate, "ben", at, at, wanted=very, hours=1)
    check_in(estate, "ben", theirs.claim_id, at)
    estate.amira.email = "amira@example.org"
    estate.amira.save(update_fields=["email"])
    return book(estate, "amira", at + HOUR + 20 * MINUTE, at, wanted=very)


def test_a_booking_whose_door_is_not_given_back_moves_before_it_begins(
    estate: Estate, overdue: Reserved, at: dt.datetime
) -> None:
    from access.models import Notice

    assert displacing.displace_due(at + 59 * MINUTE) == 0
    assert displacing.displace_due(at + 61 * MINUTE) == 1
    claim = Claim.objects.get(pk=overdue.claim_id)
    assert claim.compartment.number == "2"
    notice = Notice.objects.get(kind="booking_moved")
    assert (notice.to, notice.facts["was"], notice.facts["number"]) == (
        "amira@example.org", "1", "2",
    )  # fmt: skip
    assert displacing.displace_due(at + 62 * MINUTE) == 0
    assert check_in(estate, "amira", claim.pk, at + 80 * MINUTE).number == "2"


def test_without_an_equal_door_staff_are_told_once_and_nobody_is_put_to_it(
    estate: Estate, overdue: Reserved, at: dt.datetime
) -> None:
    from access.models import Notice

    estate.olga.email = "olga@example.org"
    estate.olga.save(update_fields=["email"])
    type(estate.doors[1]).objects.filter(pk=estate.doors[1].pk).update(service_status="fault")
    for minute in (61, 62):
        assert displacing.displace_due(at + minute * MINUTE) == 0
    assert Notice.objects.filter(kind="booking_unserved").values_list("to", flat=True).get() == (
        "olga@example.org"
    )
    with pytest.raises(DoorStillInUse):
        check_in(estate, "amira", overdue.claim_id, at + 80 * MINUTE)
    started = Claim.objects.filter(compartment=estate.doors[0], started_at__isnull=False)
    assert started.filter(closed_at=None).count() == 1


def test_checking_in_before_the_job_ran_moves_it_too(
    estate: Estate, overdue: Reserved, at: dt.datetime
) -> None:
    assert check_in(estate, "amira", overdue.claim_id, at + 80 * MINUTE).number == "2"
