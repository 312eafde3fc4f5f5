"""Which days a schedule gives: by its rule, the calendar of the site and the clocks there. Pure."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maintenance.rounds import days
from maintenance.rounds.days import Day, OnClosed, Schedule, Why
from occupancy.allocation.hours import Hours
from occupancy.allocation.recurring import NoSuchRule

LONDON = zoneinfo.ZoneInfo("Europe/London")
MONDAY = dt.date(2026, 11, 2)
NINE, SIX = dt.time(9), dt.time(18)
WEEKDAYS = Hours({day: [(NINE, SIX)] for day in range(5)})
DAY = dt.timedelta(days=1)
RULES = [
    "FREQ=DAILY", "FREQ=DAILY;INTERVAL=3", "FREQ=WEEKLY;BYDAY=MO", "FREQ=WEEKLY;BYDAY=TU,SA,SU",
    "FREQ=MONTHLY;BYMONTHDAY=31", "FREQ=MONTHLY;BYDAY=-1FR", "FREQ=DAILY;COUNT=9",
]  # fmt: skip


def schedule(rule: str = "FREQ=DAILY", **more: Any) -> Schedule:
    values: dict[str, Any] = {
        "rule": rule, "first_day": MONDAY, "last_day": None, "begins": NINE,
        "on_closed": OnClosed.SKIP, "zone": LONDON, **more,
    }  # fmt: skip
    return Schedule(**values)


def told(one: Schedule, hours: Hours, first: dt.date, count: int) -> list[Day]:
    return list(days.days(one, hours, first, first + count * DAY))


def test_a_closed_day_is_left_out_or_moved_or_kept() -> None:
    saturdays = "FREQ=WEEKLY;BYDAY=SA"
    saturday, monday = MONDAY + 5 * DAY, MONDAY + 7 * DAY
    (skipped,) = told(schedule(saturdays), WEEKDAYS, MONDAY, 6)
    assert (skipped.why, skipped.held_on, skipped.starts_at) == (Why.CLOSED, None, None)
    (moved,) = told(schedule(saturdays, on_closed=OnClosed.NEXT), WEEKDAYS, MONDAY, 6)
    assert (moved.day, moved.held_on, moved.why) == (saturday, monday, Why.MOVED)
    (kept,) = told(schedule(saturdays, on_closed=OnClosed.KEEP), WEEKDAYS, MONDAY, 6)
    assert (kept.held_on, kept.why) == (saturday, Why.KEPT)


def test_a_holiday_is_a_closed_day_and_an_open_sunday_an_open_one() -> None:
    hours = Hours(WEEKDAYS.weekly, {MONDAY: None, MONDAY + 6 * DAY: (NINE, SIX)})
    held = [one.held_on for one in told(schedule(), hours, MONDAY, 6) if one.held_on]
    assert MONDAY not in held and MONDAY + 6 * DAY in held
    assert MONDAY + 5 * DAY not in held


def test_a_day_has_one_round_also_where_several_are_moved_to_it() -> None:
    daily = schedule(on_closed=OnClosed.NEXT)
    whys = [one.why for one in told(daily, WEEKDAYS, MONDAY + 4 * DAY, 3)]
    assert whys == [Why.RULE, Why.MERGED, Why.MERGED, Why.RULE]
    weekend = schedule("FREQ=WEEKLY;BYDAY=SA,SU", on_closed=OnClosed.NEXT)
    whys = [one.why for one in told(weekend, WEEKDAYS, MONDAY, 6)]
    assert whys == [Why.MOVED, Why.MERGED]


def test_a_site_without_an_open_day_gives_no_round_and_says_why() -> None:
    never = Hours({0: []})
    skipped = told(schedule(), never, MONDAY, 30)
    assert len(skipped) == 31 and {one.why for one in skipped} == {Why.CLOSED}
    moved = told(schedule(on_closed=OnClosed.NEXT), never, MONDAY, 30)
    assert {(one.why, one.held_on) for one in moved} == {(Why.NO_OPEN_DAY, None)}


@pytest.mark.parametrize(
    ("begins", "day", "expected"),
    [
        (dt.time(1, 30), dt.date(2027, 3, 28), "2027-03-28T01:00:00+00:00"),  # skipped: gap's end
        (dt.time(1, 30), dt.date(2027, 10, 31), "2027-10-31T00:30:00+00:00"),  # twice: the first
        (dt.time(9), dt.date(2027, 3, 27), "2027-03-27T09:00:00+00:00"),
        (dt.time(9), dt.date(2027, 3, 28), "2027-03-28T08:00:00+00:00"),
        (dt.time(9), dt.date(2027, 10, 31), "2027-10-31T09:00:00+00:00"),
    ],
)
def test_it_begins_by_the_clocks_of_the_site_over_both_clock_changes(
    begins: dt.time, day: dt.date, expected: str
) -> None:
    (one,) = days.days(schedule(begins=begins), Hours(), day, day)
    assert one.starts_at is not None and one.starts_at.isoformat() == expected


@pytest.mark.parametrize(
    "rule",
    [
        "", "FREQ=HOURLY", "FREQ=DAILY;BYHOUR=3", "every monday", "FREQ=WEEKLY;BYDAY=",
        "FREQ=WEEKLY;BYDAY=1MO", "FREQ=MONTHLY;BYDAY=6MO", "FREQ=YEARLY;BYDAY=60MO",
    ],
)  # fmt: skip
def test_a_rule_that_is_not_understood_is_refused(rule: str) -> None:
    with pytest.raises(NoSuchRule):
        days.first_of(schedule(rule))


@pytest.mark.parametrize(
    ("rule", "last", "first"),
    [
        ("FREQ=WEEKLY;BYDAY=WE", None, MONDAY + 2 * DAY),
        ("FREQ=WEEKLY", None, MONDAY),  # with no day of the week: that of the first day
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", None, dt.date(2028, 2, 29)),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", None, None),
        ("FREQ=DAILY;INTERVAL=7;BYDAY=TU", None, None),
        ("FREQ=WEEKLY;BYDAY=WE", MONDAY + DAY, None),
        ("FREQ=WEEKLY;BYDAY=WE;UNTIL=20261103", None, None),
        ("FREQ=MONTHLY;BYDAY=-1FR;COUNT=1", None, dt.date(2026, 11, 27)),
    ],
)
def test_the_first_day_of_a_rule_if_there_ever_is_one(
    rule: str, last: dt.date | None, first: dt.date | None
) -> None:
    assert days.first_of(schedule(rule, last_day=last)) == first


def calendar(weekly: set[int], special: dict[int, bool]) -> Hours:
    spans = {day: [(NINE, SIX)] for day in weekly}
    days_ = {MONDAY + n * DAY: (NINE, SIX) if is_open else None for n, is_open in special.items()}
    return Hours(spans or {0: []}, days_)


CALENDARS = st.builds(
    calendar, st.sets(st.integers(0, 6)),
    st.dictionaries(st.integers(0, 60), st.booleans(), max_size=15),
)  # fmt: skip
BEGINNINGS = st.sampled_from([dt.time(0), dt.time(1, 30), NINE, dt.time(23, 59)])


@given(
    rule=st.sampled_from(RULES), on_closed=st.sampled_from(list(OnClosed)), hours=CALENDARS,
    begins=BEGINNINGS,
    first=st.integers(-20, 40), count=st.integers(0, 60), last=st.none() | st.integers(0, 60),
)  # fmt: skip
def test_no_day_has_two_rounds_and_none_is_on_a_closed_day_unless_it_is_kept(
    rule: str, on_closed: OnClosed, hours: Hours, begins: dt.time, first: int, count: int,
    last: int | None,
) -> None:  # fmt: skip
    last_day = MONDAY + last * DAY if last is not None else None
    one = schedule(rule, on_closed=on_closed, begins=begins, last_day=last_day)
    found = told(one, hours, MONDAY + first * DAY, count)
    held = [day.held_on for day in found if day.held_on]
    assert len(set(held)) == len(held)
    assert [day.day for day in found] == sorted({day.day for day in found})
    for day in found:
        assert MONDAY <= day.day <= (last_day or day.day)
        assert (day.starts_at is None) is (day.held_on is None)
        if day.held_on is not None and day.why is not Why.KEPT:
            assert days.is_open(hours, day.held_on)
        if day.starts_at is not None:
            wall = day.starts_at.astimezone(LONDON).replace(tzinfo=None)
            late = wall - dt.datetime.combine(day.held_on, begins)  # type: ignore[arg-type]
            assert dt.timedelta() <= late <= dt.timedelta(hours=1)


@given(
    rule=st.sampled_from(RULES), on_closed=st.sampled_from(list(OnClosed)), hours=CALENDARS,
    cut=st.integers(0, 50),
)  # fmt: skip
def test_a_day_comes_out_the_same_whatever_days_are_asked_for_around_it(
    rule: str, on_closed: OnClosed, hours: Hours, cut: int
) -> None:
    one = schedule(rule, on_closed=on_closed)
    whole = told(one, hours, MONDAY, 50)
    parts = told(one, hours, MONDAY, cut) + told(one, hours, MONDAY + (cut + 1) * DAY, 49 - cut)
    assert whole == [day for day in parts if day.day <= MONDAY + 50 * DAY]
