"""Windows over clock changes, in any zone; and what the database refuses around the services."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from itertools import combinations_with_replacement

import pytest
from django.db import IntegrityError, transaction

from access.models import Person
from lockers.models import Compartment, Site
from occupancy.errors.reservations import BookingTooLong, TooEarly, TooFarAhead, TooShortNotice
from occupancy.models import Assignment, Claim, Policy
from occupancy.services.bookings import reservations, series
from occupancy.services.bookings.reservations import Wanted
from occupancy.services.bookings.series import Made, Repeats
from occupancy.services.claims import assignments
from tests.factories.cast import SETUP, Estate
from tests.occupancy.booked import DAY, HOUR, MINUTE, book, bookable, check_in


@pytest.fixture(autouse=True)
def booking(estate: Estate) -> Policy:
    return bookable(estate, books_ahead=30 * DAY, bookings_per_person=20)


def repeat(
    estate: Estate, zone: str, first: dt.date, at: dt.datetime, rule: str, hours: str = "09:00"
) -> Made:
    Site.objects.filter(pk=estate.site.pk).update(time_zone=zone)
    begins = dt.time.fromisoformat(hours)
    ends = (dt.datetime.combine(first, begins) + 2 * HOUR).time()
    return series.make(
        person_id=estate.amira.pk, bank_id=estate.bank.pk, wanted=Wanted(),
        repeats=Repeats(rule, first, begins, ends), actor=SETUP, at=at,
    )  # fmt: skip


def local(made: Made, zone: str) -> list[str]:
    """Return the starts of what was booked, as the clocks of the site show them."""
    where = zoneinfo.ZoneInfo(zone)
    rows = Claim.objects.filter(pk__in=[one.claim_id for one in made.times]).order_by("starts_at")
    return [f"{row.starts_at.astimezone(where):%m-%d %H:%M}" for row in rows]


@pytest.mark.parametrize(
    ("first", "expected"),
    [
        (dt.date(2027, 3, 26), ["03-26 09:00", "03-27 09:00", "03-28 09:00", "03-29 09:00"]),
        (dt.date(2027, 10, 29), ["10-29 09:00", "10-30 09:00", "10-31 09:00", "11-01 09:00"]),
    ],
)
def test_a_recurring_booking_stays_at_nine_over_both_clock_changes(
    estate: Estate, first: dt.date, expected: list[str]
) -> None:
    at = dt.datetime.combine(first, dt.time(0), dt.UTC)
    made = repeat(estate, "Europe/London", first, at, "FREQ=DAILY;COUNT=4")
    assert local(made, "Europe/London") == expected
    lasted = {row.due_at - row.starts_at for row in Claim.objects.all() if row.due_at}
    assert lasted == {2 * HOUR}


def test_a_recurring_booking_in_kathmandu_is_at_nine_there(estate: Estate, at: dt.datetime) -> None:
    made = repeat(estate, "Asia/Kathmandu", dt.date(2026, 11, 18), at, "FREQ=DAILY;COUNT=2")
    assert local(made, "Asia/Kathmandu") == ["11-18 09:00", "11-19 09:00"]
    assert made.times[0].starts_at == dt.datetime(2026, 11, 18, 3, 15, tzinfo=dt.UTC)


def test_the_29th_of_february_is_booked_when_there_is_one(estate: Estate) -> None:
    at = dt.datetime(2028, 2, 20, tzinfo=dt.UTC)
    made = repeat(estate, "Europe/London", dt.date(2028, 2, 29), at, "FREQ=YEARLY")
    assert local(made, "Europe/London") == ["02-29 09:00"]
    # Nothing in the three years after it, and nothing twice.
    for year in (2029, 2030, 2031):
        assert series.materialise_due(dt.datetime(year, 2, 20, tzinfo=dt.UTC)) == 0
    assert series.materialise_due(dt.datetime(2032, 2, 20, tzinfo=dt.UTC)) == 1


def test_the_last_day_of_each_month_is_booked(estate: Estate) -> None:
    at = dt.datetime(2027, 1, 30, tzinfo=dt.UTC)
    made = repeat(estate, "Europe/London", dt.date(2027, 1, 31), at, "FREQ=MONTHLY;BYMONTHDAY=-1")
    assert local(made, "Europe/London") == ["01-31 09:00", "02-28 09:00"]


@pytest.mark.parametrize("change", ["2027-03-28", "2027-10-31"])
def test_notice_advance_length_and_check_in_count_real_hours_over_a_clock_change(
    estate: Estate, change: str
) -> None:
    Policy.objects.update(
        least_notice=2 * HOUR, books_ahead=DAY, longest_booking=3 * HOUR,
        checks_in_before=15 * MINUTE,
    )  # fmt: skip
    at = dt.datetime.fromisoformat(f"{change}T00:00+00:00")
    with pytest.raises(TooShortNotice):
        book(estate, estate.amira, at + 2 * HOUR - MINUTE, at)
    with pytest.raises(TooFarAhead):
        book(estate, estate.amira, at + DAY + MINUTE, at)
    with pytest.raises(BookingTooLong):
        book(estate, estate.amira, at + 2 * HOUR, at, hours=3.5)
    got = book(estate, estate.amira, at + 2 * HOUR, at, hours=3)
    with pytest.raises(TooEarly):
        check_in(estate.amira, got, got.starts_at - 16 * MINUTE)
    assert check_in(estate.amira, got, got.starts_at - 15 * MINUTE).due_at == at + 5 * HOUR


def test_another_end_asks_for_no_notice_and_gives_nobody_more_time_to_come(
    estate: Estate, at: dt.datetime
) -> None:
    Policy.objects.update(least_notice=HOUR)
    got = book(estate, estate.amira, at + HOUR, at)
    me = {"claim_id": got.claim_id, "actor": SETUP, "starts_at": at + HOUR}
    changed = reservations.change(ends_at=at + 4 * HOUR, at=at + 30 * MINUTE, **me)
    assert (changed.ends_at, changed.number) == (at + 4 * HOUR, got.number)
    # Also when it has begun and nobody has come yet.
    late = reservations.change(ends_at=at + 5 * HOUR, at=at + 65 * MINUTE, **me)
    assert (late.ends_at, late.lapses_at) == (at + 5 * HOUR, at + 70 * MINUTE)
    with pytest.raises(TooShortNotice):
        reservations.change(
            **{**me, "starts_at": at + 2 * HOUR}, ends_at=at + 4 * HOUR, at=at + 65 * MINUTE
        )


# Around the services


def _row(kind: str, estate: Estate, who: Person, at: dt.datetime, door: Compartment) -> Claim:
    values = {
        "compartment": door, "kind": kind, "starts_at": at, "ends_at": at + 2 * HOUR,
        "holder": None if kind == "closure" else who,
        "policy": None if kind == "closure" else estate.policy,
        "started_at": at if kind == "assignment" else None,
    }  # fmt: skip
    return Claim.objects.create(**values)


KINDS = ("assignment", "reservation", "closure", "offer")


@pytest.mark.parametrize(("one", "other"), list(combinations_with_replacement(KINDS, 2)))
def test_no_two_of_them_have_a_door_at_the_same_time(
    one: str, other: str, estate: Estate, at: dt.datetime
) -> None:
    door = estate.doors[0]
    first = _row(one, estate, estate.amira, at, door)
    for overlap in (-HOUR, dt.timedelta(0), HOUR, 2 * HOUR - MINUTE):
        with pytest.raises(IntegrityError, match="occupancy_one_"), transaction.atomic():
            _row(other, estate, estate.ben, at + overlap, door)
    # At another door, or once the first is over, it is fine.
    _row(other, estate, estate.ben, at + HOUR, estate.doors[1])
    Claim.objects.filter(pk=first.pk).update(closed_at=at + HOUR, closed_how="finished")
    _row(other, estate, estate.ben, at + HOUR, door)


@pytest.mark.parametrize("kind", ["reservation", "closure", "offer"])
def test_nothing_is_lengthened_or_moved_into_what_is_planned(
    kind: str, estate: Estate, at: dt.datetime
) -> None:
    door, free = estate.doors[:2]
    _row(kind, estate, estate.ben, at + 2 * HOUR, door)
    use = _row("assignment", estate, estate.amira, at, door)
    aside = _row("reservation", estate, estate.amira, at + 2 * HOUR, free)
    for pk, change in (
        (use.pk, {"ends_at": at + 2 * HOUR + MINUTE}),
        (use.pk, {"ends_at": None}),
        (aside.pk, {"compartment": door}),
    ):
        with pytest.raises(IntegrityError, match="occupancy_one_"), transaction.atomic():
            Claim.objects.filter(pk=pk).update(**change)
    # Whoever is overdue keeps the door although somebody else has booked it by now.
    assert Assignment.objects.filter(assignments.in_force(at + HOUR), pk=use.pk).exists()
