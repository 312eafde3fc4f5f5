"""When people come and go, made up by seed: offices, shifts, pools and schools. Pure."""

from __future__ import annotations

import datetime as dt
import random
import zoneinfo
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

HOUR = 60  # clock times within a day are minutes
DAY = 24 * HOUR
_MONDAY_TO_SUNDAY = 7


class Attendance(StrEnum):
    """How people come."""

    FIXED_OFFICE = "fixed-office"
    HYBRID = "hybrid"
    SHIFT = "shift"
    POOL = "pool"
    SCHOOL = "school"


@dataclass(frozen=True, slots=True)
class Visit:
    """Somebody is here, and wants a door for as long."""

    person_id: int
    arrives_at: dt.datetime
    leaves_at: dt.datetime


@dataclass(frozen=True, slots=True)
class Hours:
    """When a place is open: its weekdays (0 is Monday), and minutes of the day."""

    days: int
    opens: int
    closes: int


@dataclass(frozen=True, slots=True)
class Habits:
    """What is assumed of people; every figure of a simulation rests on it."""

    attendance: Attendance = Attendance.HYBRID
    # Mean days a week on which somebody comes; None: as usual for the attendance.
    days_per_week: float | None = None
    # Whether the days are chosen with peaks (Tuesday to Thursday), or evenly.
    has_peaks: bool = True
    # How many of those who come want a door at all.
    wants: float = 1.0
    # How many forget to give it back when they leave.
    forgets: float = 0.1
    # How many are ill or on holiday on a day on which they would come.
    absent: float = 0.1


OPEN = {
    Attendance.FIXED_OFFICE: Hours(5, 7 * HOUR, 19 * HOUR),
    Attendance.HYBRID: Hours(5, 7 * HOUR, 19 * HOUR),
    Attendance.SHIFT: Hours(7, 0, DAY),
    Attendance.POOL: Hours(7, 6 * HOUR, 22 * HOUR),
    Attendance.SCHOOL: Hours(5, 7 * HOUR + 30, 16 * HOUR),
}
USUAL_DAYS = {
    Attendance.FIXED_OFFICE: 5.0,
    Attendance.HYBRID: 2.45,
    Attendance.SHIFT: 5.0,
    Attendance.POOL: 2.0,
    Attendance.SCHOOL: 5.0,
}
SHIFT_STARTS = (6 * HOUR, 14 * HOUR, 22 * HOUR)
# How much somebody with a choice of days likes each: Tuesday to Thursday before Monday and Friday.
_PEAKS = {
    Attendance.HYBRID: (0.8, 1.3, 1.35, 1.25, 0.5),
    Attendance.POOL: (1.0, 0.9, 1.0, 0.9, 1.0, 1.6, 1.4),
}


def visits(
    habits: Habits, people: int, weeks: int, seed: int, monday: dt.date, zone: zoneinfo.ZoneInfo
) -> Iterator[Visit]:
    """Yield all visits by arrival; the same seed gives the same ones.

    A person's own days, hours and moods do not depend on how many others there are.
    """
    crowd = [_Person(number, habits, seed) for number in range(1, people + 1)]
    waiting: list[Visit] = []
    for week in range(weeks):
        begins = monday + dt.timedelta(weeks=week)
        for person in crowd:
            waiting.extend(person.week(week, begins, zone))
        # A night shift reaches into the next week; no visit begins before its own week does, but
        # for minutes, so that one week at a time is enough to put in order.
        waiting.sort(key=lambda visit: (visit.arrives_at, visit.person_id))
        until = _instant(begins + dt.timedelta(weeks=1), -HOUR, zone)
        ready = [visit for visit in waiting if visit.arrives_at < until]
        waiting = waiting[len(ready) :]
        yield from ready
    yield from waiting


def open_hours(
    attendance: Attendance, weeks: int, monday: dt.date, zone: zoneinfo.ZoneInfo
) -> float:
    """Return how many hours the place is open in so many weeks."""
    hours = OPEN[attendance]
    total = dt.timedelta(0)
    for week in range(weeks):
        for weekday in range(hours.days):
            day = monday + dt.timedelta(weeks=week, days=weekday)
            total += _instant(day, hours.closes, zone) - _instant(day, hours.opens, zone)
    return total / dt.timedelta(hours=1)


class _Person:
    """One person's own days and ways."""

    def __init__(self, number: int, habits: Habits, seed: int) -> None:
        self.number = number
        self.habits = habits
        self.random = random.Random(f"{seed}:{number}")
        self.days = self._own_days()
        self.shift = number % len(SHIFT_STARTS)

    def week(self, week: int, monday: dt.date, zone: zoneinfo.ZoneInfo) -> Iterator[Visit]:
        """Yield this person's visits of a week."""
        come = _COME[self.habits.attendance]
        for weekday in self.days:
            is_here = self.random.random() >= self.habits.absent
            wants = self.random.random() < self.habits.wants
            start, stop = come(self.random, weekday, (self.shift + week) % len(SHIFT_STARTS))
            if is_here and wants:
                day = monday + dt.timedelta(days=weekday)
                yield Visit(self.number, _instant(day, start, zone), _instant(day, stop, zone))

    def _own_days(self) -> Sequence[int]:
        habits = self.habits
        open_days = OPEN[habits.attendance].days
        mean = habits.days_per_week
        if mean is None:
            mean = USUAL_DAYS[habits.attendance]
        # People differ by a day to either side; together they have the mean.
        spread = min(1.0, mean, open_days - mean)
        wanted = mean + self.random.uniform(-spread, spread)
        count = int(wanted) + (self.random.random() < wanted - int(wanted))
        likes = list(_PEAKS.get(habits.attendance, ())) if habits.has_peaks else []
        likes = likes or [1.0] * open_days
        # Weighted, without putting back: the greatest keys win (Efraimidis and Spirakis).
        keys = [self.random.random() ** (1 / like) for like in likes]
        return sorted(sorted(range(open_days), key=lambda day: -keys[day])[:count])


def _office(chance: random.Random, weekday: int, shift: int) -> tuple[int, int]:
    start = _around(chance, 8 * HOUR + 50, 40, 7 * HOUR, 11 * HOUR)
    return start, _around(chance, 17 * HOUR + 15, 50, 15 * HOUR, 19 * HOUR)


def _shift(chance: random.Random, weekday: int, shift: int) -> tuple[int, int]:
    start = SHIFT_STARTS[shift]
    # In at most ten minutes early, out before the handover to the next shift.
    return start + chance.randint(-9, 5), start + 8 * HOUR - chance.randint(12, 25)


def _pool(chance: random.Random, weekday: int, shift: int) -> tuple[int, int]:
    peak = chance.choices((7 * HOUR, 13 * HOUR, 17 * HOUR + 30), (0.3, 0.25, 0.45))[0]
    start = _around(chance, peak, 75, 6 * HOUR, 20 * HOUR + 30)
    return start, start + _around(chance, 85, 25, 40, 90)


def _school(chance: random.Random, weekday: int, shift: int) -> tuple[int, int]:
    start = _around(chance, 7 * HOUR + 55, 8, 7 * HOUR + 30, 8 * HOUR + 20)
    return start, _around(chance, 15 * HOUR + 20, 15, 14 * HOUR, 16 * HOUR)


def _around(chance: random.Random, middle: int, spread: int, low: int, high: int) -> int:
    return max(low, min(high, round(chance.gauss(middle, spread))))


_COME: dict[Attendance, Callable[[random.Random, int, int], tuple[int, int]]] = {
    Attendance.FIXED_OFFICE: _office,
    Attendance.HYBRID: _office,
    Attendance.SHIFT: _shift,
    Attendance.POOL: _pool,
    Attendance.SCHOOL: _school,
}


def _instant(day: dt.date, minutes: int, zone: zoneinfo.ZoneInfo) -> dt.datetime:
    wall = dt.datetime.combine(day, dt.time()) + dt.timedelta(minutes=minutes)
    return wall.replace(tzinfo=zone).astimezone(dt.UTC)
