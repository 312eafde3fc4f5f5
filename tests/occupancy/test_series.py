"""Recurring bookings, over both clock changes, in any zone, on 29 February."""

from __future__ import annotations

import datetime as dt
import zoneinfo

import pytest

from audit.models import Event
from audit.services.events import Actor
from occupancy.allocation import recurring
from occupancy.errors.reservations import BadRule, SeriesOver
from occupancy.models import Claim, Occurrence, Policy, Series
from occupancy.services.bookings import series
from occupancy.services.bookings.reservations import Wanted
from occupancy.services.bookings.series import Made, Repeats
from tests import factories
from tests.factories.cast import Estate

LONDON = zoneinfo.ZoneInfo("Europe/London")
DAY = dt.timedelta(days=1)


def starts(rule: str, first: dt.datetime, zone: zoneinfo.ZoneInfo, days: int) -> list[str]:
    after = first.replace(tzinfo=zone)
    found = recurring.windows(
        recurring.parse(rule, first, zone), dt.time(17), zone,
        after=after.astimezone(dt.UTC), until=(after + days * DAY).astimezone(dt.UTC),
    )  # fmt: skip
    return [one.isoformat() for one, _ends in found]


def test_nine_stays_nine_over_both_clock_changes() -> None:
    spring = starts("FREQ=WEEKLY", dt.datetime(2027, 3, 24, 9), LONDON, 7)
    assert spring == ["2027-03-24T09:00:00+00:00", "2027-03-31T08:00:00+00:00"]
    autumn = starts("FREQ=WEEKLY", dt.datetime(2027, 10, 27, 9), LONDON, 7)
    assert autumn == ["2027-10-27T08:00:00+00:00", "2027-11-03T09:00:00+00:00"]


def test_an_hour_that_is_skipped_begins_after_the_gap_and_one_that_comes_twice_the_first_time() -> (
    None
):
    gap = starts("FREQ=DAILY", dt.datetime(2027, 3, 27, 1, 30), LONDON, 1)
    assert gap == ["2027-03-27T01:30:00+00:00", "2027-03-28T01:00:00+00:00"]
    twice = starts("FREQ=DAILY", dt.datetime(2027, 10, 30, 1, 30), LONDON, 1)
    assert twice[-1] == "2027-10-31T00:30:00+00:00"


def test_kathmandu_is_five_hours_and_three_quarters_ahead() -> None:
    zone = zoneinfo.ZoneInfo("Asia/Kathmandu")
    assert starts("FREQ=DAILY;COUNT=2", dt.datetime(2026, 11, 17, 9), zone, 9) == [
        "2026-11-17T03:15:00+00:00", "2026-11-18T03:15:00+00:00",
    ]  # fmt: skip


def test_the_29th_of_february_comes_in_leap_years_and_the_31st_in_long_months() -> None:
    leap = starts("FREQ=YEARLY", dt.datetime(2028, 2, 29, 9), LONDON, 366 * 5)
    assert [one[:10] for one in leap] == ["2028-02-29", "2032-02-29"]
    long = starts("FREQ=MONTHLY;BYMONTHDAY=31", dt.datetime(2027, 1, 31, 9), LONDON, 100)
    assert [one[:10] for one in long] == ["2027-01-31", "2027-03-31"]


def test_a_night_ends_on_the_next_day() -> None:
    rule = recurring.parse("FREQ=DAILY", dt.datetime(2027, 3, 27, 22), LONDON)
    at = dt.datetime(2027, 3, 27, tzinfo=dt.UTC)
    (begins, ends), *_more = recurring.windows(rule, dt.time(6), LONDON, after=at, until=at + DAY)
    # The night of the change is an hour shorter.
    assert ends - begins == dt.timedelta(hours=7)


@pytest.mark.parametrize(
    "until, last", [("20261119", "2026-11-19"), ("20261118T090000Z", "2026-11-18")]
)
def test_until_is_a_day_or_an_instant(until: str, last: str) -> None:
    found = starts(f"FREQ=DAILY;UNTIL={until}", dt.datetime(2026, 11, 17, 9), LONDON, 30)
    assert found[-1][:10] == last


@pytest.mark.parametrize(
    "rule",
    [
        "", "FREQ=HOURLY", "FREQ=DAILY;BYHOUR=3", "FREQ=DAILY\nEXRULE:FREQ=DAILY", "FREQ=DAILY;",
        "FREQ=WEEKLY;INTERVAL=0", "FREQ=WEEKLY;BYDAY=XX", "FREQ=DAILY;UNTIL=soon",
        "FREQ=DAILY;COUNT=2;UNTIL=20270101", "FREQ=DAILY;UNTIL=20261399",
        "FREQ=YEARLY;BYMONTH=13", "FREQ=DAILY;COUNT=-1",
    ],
)  # fmt: skip
def test_what_is_no_rule_is_refused(rule: str) -> None:
    with pytest.raises(recurring.NoSuchRule):
        recurring.parse(rule, dt.datetime(2026, 11, 17, 9), LONDON)


@pytest.fixture
def booking(estate: Estate) -> Policy:
    return factories.PolicyFactory(
        organisation=estate.organisation, bank=estate.bank, name="Booked doors",
        model="reservation", books_ahead=7 * DAY, bookings_per_person=3,
    )  # fmt: skip


def make(estate: Estate, at: dt.datetime, **more: object) -> Made:
    return series.make(
        person_id=estate.amira.pk, bank_id=estate.bank.pk,
        wanted=Wanted(compartment_id=estate.doors[0].pk),
        repeats=Repeats("FREQ=DAILY", at.date(), dt.time(10), dt.time(12)),
        actor=Actor.person(estate.amira.pk), at=at, **more,
    )  # fmt: skip


def test_each_time_is_booked_or_explained(estate: Estate, booking: Policy, at: dt.datetime) -> None:
    estate.site.special_days.create(date=at.date() + DAY, name="Stocktaking")
    asked = make(estate, at, dry_run=True)
    assert not Series.objects.exists() and not Claim.objects.exists()
    made = make(estate, at)
    why = [one.skipped_why for one in made.times]
    assert why == [one.skipped_why for one in asked.times]
    assert why == ["", "closed", "", "", "limit", "limit", "limit"]
    assert Occurrence.objects.filter(claim__isnull=False).count() == 3
    assert Event.objects.filter(action="series.skipped").count() == 4


def test_a_door_that_is_taken_is_skipped_on_that_day_only(
    estate: Estate, booking: Policy, at: dt.datetime
) -> None:
    Claim.objects.create(
        compartment=estate.doors[0], kind="closure", starts_at=at + DAY, ends_at=at + 2 * DAY
    )
    made = make(estate, at)
    assert [one.skipped_why for one in made.times[:3]] == ["", "none_free", ""]


def test_the_job_goes_on_day_by_day_once(estate: Estate, booking: Policy, at: dt.datetime) -> None:
    Policy.objects.filter(pk=booking.pk).update(bookings_per_person=20)
    assert len(make(estate, at).times) == 7
    assert series.materialise_due(at) == 0
    for _run in range(2):
        series.materialise_due(at + DAY)
    assert Occurrence.objects.count() == 8
    # A week off: what has gone by is not booked, the rest is.
    series.materialise_due(at + 30 * DAY)
    assert Claim.objects.filter(kind="reservation", starts_at__gt=at + 30 * DAY).count() == 7


def test_what_is_only_too_far_ahead_for_its_person_is_booked_when_it_comes_nearer(
    estate: Estate, booking: Policy, at: dt.datetime
) -> None:
    Policy.objects.filter(pk=booking.pk).update(bookings_per_person=20, books_ahead=3 * DAY)
    # Others may book a fortnight ahead, so that somebody looks that far.
    factories.PolicyFactory(
        organisation=estate.organisation, site=estate.site, name="Contractors",
        person_kinds=["contractor"], model="reservation", books_ahead=14 * DAY,
    )  # fmt: skip
    assert [one.skipped_why for one in make(estate, at).times] == ["", "", ""]
    series.materialise_due(at + DAY)
    assert Occurrence.objects.filter(claim__isnull=False).count() == Occurrence.objects.count() == 4


def test_ending_a_series_cancels_what_is_to_come(
    estate: Estate, booking: Policy, at: dt.datetime
) -> None:
    made = make(estate, at)
    assert made.series_id is not None
    me = {"series_id": made.series_id, "actor": Actor.person(estate.amira.pk)}
    with pytest.raises(SeriesOver):
        series.end(at=at, person_id=estate.ben.pk, **me)
    assert series.end(at=at, person_id=estate.amira.pk, **me) == 3
    assert not Claim.objects.filter(closed_at=None).exists()
    assert series.materialise_due(at + DAY) == 0
    with pytest.raises(SeriesOver):
        series.end(at=at, **me)


def test_a_bad_rule_makes_nothing(estate: Estate, booking: Policy, at: dt.datetime) -> None:
    with pytest.raises(BadRule):
        series.make(
            person_id=estate.amira.pk, bank_id=estate.bank.pk, wanted=Wanted(),
            repeats=Repeats("FREQ=SECONDLY", at.date(), dt.time(10), dt.time(12)),
            actor=Actor.person(estate.amira.pk), at=at,
        )  # fmt: skip
    assert not Series.objects.exists()
