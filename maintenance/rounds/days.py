"""The days of a schedule of rounds, by the clocks and the calendar of its site. Pure."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from dateutil.rrule import rrule

from occupancy import periods
from occupancy.allocation import recurring
from occupancy.allocation.hours import Hours

# A site that is closed for longer than this has no next open day.
LOOKED_AHEAD = 60
_DAY = dt.timedelta(days=1)
# Once in eight years, 29 February does not come after four.
_COMES_WITHIN = 9 * 366 * _DAY
# More days than that are of no use to anybody, and a rule may have very many.
_MOST_IN_ONE_ANSWER = 400


class OnClosed(StrEnum):
    """What becomes of a day on which the site is closed; mirrors maintenance.choices."""

    SKIP = "skip"
    NEXT = "next"
    KEEP = "keep"


class Why(StrEnum):
    """Why a day of the rule has its round then, or none."""

    RULE = "rule"
    KEPT = "kept"
    MOVED = "moved"
    CLOSED = "closed"
    MERGED = "merged"
    NO_OPEN_DAY = "no_open_day"


@dataclass(frozen=True)
class Schedule:
    """A rule of repetition in the wall time of a site."""

    rule: str
    first_day: dt.date
    last_day: dt.date | None
    begins: dt.time
    on_closed: OnClosed
    zone: zoneinfo.ZoneInfo


@dataclass(frozen=True)
class Day:
    """A day that the rule gives; ``held_on`` is when the round is, None when there is none."""

    day: dt.date
    why: Why
    held_on: dt.date | None = None
    starts_at: dt.datetime | None = None


def days(schedule: Schedule, hours: Hours, first: dt.date, last: dt.date) -> Iterator[Day]:
    """Yield what becomes of each day that the rule gives from ``first`` to ``last``.

    Raises NoSuchRule. The same day comes out the same, whatever days are asked for around it.
    """
    rule = _parsed(schedule)
    for day in _given(schedule, rule, first, last):
        why, held_on = _held(schedule, rule, hours, day)
        if held_on is None:
            yield Day(day, why)
        else:
            wall = dt.datetime.combine(held_on, schedule.begins)
            yield Day(day, why, held_on, periods.shown_at(wall, schedule.zone))


def first_of(schedule: Schedule) -> dt.date | None:
    """Return the first day that the rule gives, None when it gives none; raises NoSuchRule."""
    rule = _parsed(schedule)
    until = dt.datetime.combine(schedule.first_day, schedule.begins) + _COMES_WITHIN
    # Looked for as far as every rule of use comes true: else it would be until the year 9999.
    if next(iter(rule.replace(count=None, until=until)), None) is None:
        return None
    wall = next(iter(rule), None)
    if wall is None or (schedule.last_day and wall.date() > schedule.last_day):
        return None
    return wall.date()


def is_open(hours: Hours, day: dt.date) -> bool:
    """Say whether a site is open at any time of a day."""
    if day in hours.special:
        return hours.special[day] is not None
    return not hours.weekly or bool(hours.weekly.get(day.weekday()))


def next_open(hours: Hours, day: dt.date) -> dt.date | None:
    """Return the first open day from ``day`` on; None when there is none for two months."""
    ahead = (day + n * _DAY for n in range(LOOKED_AHEAD + 1))
    return next((one for one in ahead if is_open(hours, one)), None)


def _parsed(schedule: Schedule) -> rrule:
    begins = dt.datetime.combine(schedule.first_day, schedule.begins)
    return recurring.parse(schedule.rule, begins, schedule.zone)


def _given(
    schedule: Schedule, rule: rrule, first: dt.date, last: dt.date
) -> Iterator[dt.date]:  # fmt: skip
    until = min(last, schedule.last_day) if schedule.last_day else last
    walls = rule.xafter(dt.datetime.combine(first, dt.time.min), inc=True)
    for given, wall in enumerate(walls):
        if wall.date() > until or given == _MOST_IN_ONE_ANSWER:
            return
        yield wall.date()


def _held(
    schedule: Schedule, rule: rrule, hours: Hours, day: dt.date
) -> tuple[Why, dt.date | None]:
    if is_open(hours, day):
        return Why.RULE, day
    if schedule.on_closed is OnClosed.KEEP:
        return Why.KEPT, day
    if schedule.on_closed is OnClosed.SKIP:
        return Why.CLOSED, None
    held_on = next_open(hours, day)
    if held_on is None:
        return Why.NO_OPEN_DAY, None
    # One round is enough for a day: the rule's own, or that of the first day that moved there.
    if _is_given(rule, held_on, schedule) or _moved_before(rule, hours, day, held_on):
        return Why.MERGED, None
    return Why.MOVED, held_on


def _is_given(rule: rrule, day: dt.date, schedule: Schedule) -> bool:
    if schedule.last_day and day > schedule.last_day:
        return False
    wall = dt.datetime.combine(day, schedule.begins)
    return next(rule.xafter(wall, count=1, inc=True), None) == wall


def _moved_before(rule: rrule, hours: Hours, day: dt.date, held_on: dt.date) -> bool:
    """Say whether an earlier day of the rule was moved to that day, too."""
    before = rule.before(dt.datetime.combine(day, dt.time.min))
    return before is not None and next_open(hours, before.date()) == held_on
