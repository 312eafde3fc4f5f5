"""When a fault is due: by the clock or by opening hours, also where those make no sense."""

from __future__ import annotations

import datetime as dt
import zoneinfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockers.models import OpeningHours, SpecialDay
from maintenance import service_levels
from maintenance.choices import Category
from maintenance.selectors import levels
from maintenance.service_levels import Level
from occupancy.allocation.hours import Hours, Span
from tests.factories.cast import Estate

LONDON = zoneinfo.ZoneInfo("Europe/London")
HOUR = dt.timedelta(hours=1)
FIRST = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
TIMES = st.integers(0, 24 * 60 - 1).map(lambda n: dt.time(n // 60, n % 60))
NINE_TO_FIVE: Span = (dt.time(9), dt.time(17))
WEEK = Hours({day: [NINE_TO_FIVE] for day in range(5)})


def due(at: dt.datetime, hours: int, calendar: Hours = WEEK) -> dt.datetime:
    return service_levels.due(Level(3, hours, in_opening_hours=True), at, calendar, LONDON)


def local(day: int, hour: int, month: int = 11, minute: int = 0) -> dt.datetime:
    return dt.datetime(2026, month, day, hour, minute, tzinfo=LONDON).astimezone(dt.UTC)


def test_every_category_has_a_usual_level() -> None:
    assert set(service_levels.DEFAULTS) == set(Category.values)


def test_hours_of_the_clock_are_those_of_a_stopwatch_also_across_a_clock_change() -> None:
    before = local(24, 12, month=10)  # the clocks go back on the 25th
    ends = service_levels.due(Level(3, 24), before, WEEK, LONDON)
    assert ends - before == 24 * HOUR
    assert ends.astimezone(LONDON).hour == 11


def test_hours_in_which_the_site_is_shut_do_not_count() -> None:
    assert due(local(17, 10), 4) == local(17, 14)
    assert due(local(17, 15), 4) == local(18, 11)  # two today, two tomorrow
    assert due(local(20, 16), 2) == local(23, 10)  # from Friday to Monday
    assert due(local(21, 12), 1) == local(23, 10)  # reported on a Saturday
    assert due(local(17, 10), 7) == local(17, 17)  # to the very end of a day


def test_special_days_count_by_their_own_hours() -> None:
    shut = Hours(WEEK.weekly, {dt.date(2026, 11, 18): None})
    assert due(local(17, 16), 2, shut) == local(19, 10)
    short = Hours(WEEK.weekly, {dt.date(2026, 11, 18): (dt.time(12), dt.time(13))})
    assert due(local(17, 16), 3, short) == local(19, 10)
    opened = Hours(WEEK.weekly, {dt.date(2026, 11, 21): (dt.time(10), dt.time(12))})
    assert due(local(20, 16), 2, opened) == local(21, 11)


def test_it_is_the_same_whatever_zone_the_instant_is_written_in() -> None:
    before = local(24, 12, month=10)
    assert due(before.astimezone(LONDON), 24, Hours()) == due(before, 24, Hours())


def test_a_night_with_a_clock_change_is_as_long_as_it_is() -> None:
    always = Hours()
    before = local(24, 12, month=10)
    assert due(before, 24, always) - before == 24 * HOUR
    nights = Hours({day: [(dt.time(0), dt.time(4))] for day in range(7)})
    # Five hours between midnight and four when the clocks go back, three when they go forward.
    assert due(local(25, 0, month=10), 5, nights).astimezone(LONDON) == local(25, 4, month=10)
    assert due(local(29, 0, month=3), 4, nights).astimezone(LONDON) == local(30, 1, month=3)


@pytest.mark.parametrize(
    "calendar",
    [
        Hours({0: []}),
        Hours(
            {0: [NINE_TO_FIVE]},
            {dt.date(2026, 11, 16) + week * dt.timedelta(7): None for week in range(60)},
        ),
    ],
)
def test_a_calendar_without_any_working_day_counts_by_the_clock(calendar: Hours) -> None:
    assert due(local(17, 10), 4, calendar) == local(17, 14)


def test_a_long_holiday_is_no_calendar_without_a_working_day() -> None:
    summer = {dt.date(2026, 7, 20) + n * dt.timedelta(1): None for n in range(44)}
    assert due(local(18, 16, month=7), 1, Hours(WEEK.weekly, summer)) == local(2, 10, month=9)


@given(
    minutes=st.integers(0, 2 * 366 * 24 * 60),
    hours=st.integers(1, 24 * 90),
    weekly=st.dictionaries(
        st.integers(0, 6),
        st.lists(st.tuples(TIMES, TIMES).filter(lambda span: span[0] < span[1]), max_size=3),
    ),
    closed=st.sets(st.integers(0, 730), max_size=20),
    zone=st.sampled_from(["Europe/London", "America/St_Johns", "Australia/Lord_Howe", "UTC"]),
)
def test_it_is_never_due_before_so_many_hours_went_by_and_later_reports_are_not_due_earlier(
    minutes: int,
    hours: int,
    weekly: dict[int, list[Span]],
    closed: set[int],
    zone: str,
) -> None:
    at = FIRST + minutes * dt.timedelta(minutes=1)
    calendar = Hours(weekly, {FIRST.date() + n * dt.timedelta(1): None for n in closed})
    level, place = Level(3, hours, in_opening_hours=True), zoneinfo.ZoneInfo(zone)
    ends = service_levels.due(level, at, calendar, place)
    assert ends >= at + hours * HOUR
    longer = Level(3, hours + 1, in_opening_hours=True)
    by_clock = service_levels.due(longer, at, calendar, place) == at + (hours + 1) * HOUR
    assert service_levels.due(longer, at, calendar, place) > ends or by_clock


def test_escalation_counts_from_when_it_was_due(at: dt.datetime) -> None:
    assert service_levels.escalates(Level(1, 4, escalate_after_hours=2), at) == at + 2 * HOUR
    assert service_levels.escalates(Level(1, 4), at) is None


def test_the_calendar_is_the_sites_own(estate: Estate) -> None:
    OpeningHours.objects.create(
        site=estate.site, weekday=0, opens_at=dt.time(8), closes_at=dt.time(12)
    )
    OpeningHours.objects.create(
        site=estate.site, weekday=0, opens_at=dt.time(13), closes_at=dt.time(17)
    )
    SpecialDay.objects.create(site=estate.site, date=dt.date(2026, 12, 25), name="Christmas")
    hours = levels.hours_of(estate.site)
    assert hours.weekly == {
        0: [(dt.time(8), dt.time(12)), (dt.time(13), dt.time(17))]
    }  # fmt: skip
    assert hours.special == {dt.date(2026, 12, 25): None}
