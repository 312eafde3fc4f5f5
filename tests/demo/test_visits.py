"""Two weeks of comings and goings hold together whenever the demonstration is built."""

from __future__ import annotations

import datetime as dt
import itertools
import random
import zoneinfo

import pytest

from config.demo.visits import OFFICE_HABIT, POOL_HABIT, SCHOOL_HABIT, Diary, Habit, Visit
from occupancy.choices import AtEnd, ClosedHow

LONDON = zoneinfo.ZoneInfo("Europe/London")
MOMENTS = {
    "a Tuesday morning": dt.datetime(2026, 11, 17, 9, 0, tzinfo=dt.UTC),
    "a Friday night": dt.datetime(2026, 11, 20, 21, 30, tzinfo=dt.UTC),
    "a Sunday before dawn": dt.datetime(2026, 11, 22, 3, 0, tzinfo=dt.UTC),
    "half a minute after midnight": dt.datetime(2026, 11, 18, 0, 0, 30, tzinfo=dt.UTC),
    "the day the clocks go back": dt.datetime(2026, 10, 25, 12, 0, tzinfo=dt.UTC),
    "the day after the clocks go forward": dt.datetime(2026, 3, 30, 8, 20, tzinfo=dt.UTC),
}


def _diary(at: dt.datetime, habit: Habit, ends_at: dt.time, at_end: AtEnd, doors: int) -> Diary:
    diary = Diary(
        zone=LONDON,
        ends_at_time=ends_at,
        at_end=at_end,
        doors=range(doors),
        people=range(1000, 1165),
        at=at,
        rng=random.Random(7),
    )
    diary.fill(habit)
    return diary


def _office(at: dt.datetime) -> Diary:
    diary = _diary(at, OFFICE_HABIT, dt.time(0, 0), AtEnd.RELEASE, doors=180)
    diary.top_up(90)
    return diary


@pytest.fixture(params=MOMENTS.values(), ids=list(MOMENTS))
def moment(request: pytest.FixtureRequest) -> dt.datetime:
    at: dt.datetime = request.param
    return at


def _holds_together(diary: Diary) -> None:
    for key in ("door", "person"):
        by_key = sorted(diary.visits, key=lambda visit: (getattr(visit, key), visit.starts_at))
        for one, next_one in itertools.pairwise(by_key):
            if getattr(one, key) == getattr(next_one, key):
                assert one.closed_at is not None, "whoever still has it was the last"
                assert one.closed_at < next_one.starts_at
    for visit in diary.visits:
        assert visit.starts_at <= diary.at
        assert visit.starts_at < visit.ends_at
        if visit.closed_at is not None:
            assert visit.starts_at < visit.closed_at <= diary.at
        assert all(visit.starts_at < opened < diary.at for opened in visit.opens)


def test_no_door_and_no_person_is_used_twice_at_once(moment: dt.datetime) -> None:
    _holds_together(_office(moment))
    _holds_together(_diary(moment, SCHOOL_HABIT, dt.time(17, 0), AtEnd.HOLD, doors=68))
    _holds_together(_diary(moment, POOL_HABIT, dt.time(22, 0), AtEnd.RELEASE, doors=68))


def test_the_office_is_in_use_at_whatever_hour_and_until_its_next_midnight(
    moment: dt.datetime,
) -> None:
    now = _office(moment).now

    assert len(now) == 90
    midnight = dt.datetime.combine(
        moment.astimezone(LONDON).date() + dt.timedelta(days=1), dt.time(), tzinfo=LONDON
    )
    assert {visit.ends_at for visit in now} == {midnight.astimezone(dt.UTC)}


def test_some_pupils_forgot_to_finish_and_are_overdue() -> None:
    saturday = dt.datetime(2026, 11, 21, 11, 0, tzinfo=dt.UTC)

    now = _diary(saturday, SCHOOL_HABIT, dt.time(17, 0), AtEnd.HOLD, doors=68).now

    assert 1 <= len(now) <= 25
    assert all(visit.ends_at < saturday for visit in now)


def test_fridays_are_quiet_and_weekends_empty() -> None:
    visits = _diary(
        MOMENTS["a Sunday before dawn"], OFFICE_HABIT, dt.time(0, 0), AtEnd.RELEASE, doors=180
    ).visits

    def on(*weekdays: int) -> list[Visit]:
        return [visit for visit in visits if visit.starts_at.weekday() in weekdays]

    assert len(on(4)) < 0.7 * len(on(2))
    assert len(on(5, 6)) < 10
    mornings = [visit for visit in visits if 7 <= visit.starts_at.astimezone(LONDON).hour < 11]
    assert len(mornings) > len(visits) / 2
    # Whoever comes and goes gives it back, forgets it, or asks reception.
    assert {visit.how for visit in visits} == {
        ClosedHow.FINISHED, ClosedHow.EXPIRED, ClosedHow.RELEASED_BY_STAFF,
    }  # fmt: skip
