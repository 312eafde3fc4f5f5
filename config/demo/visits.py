"""Plan who used which door when: pure, and the same for the same moment and seed."""

from __future__ import annotations

import datetime as dt
import random
import zoneinfo
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from occupancy import periods
from occupancy.choices import AtEnd, ClosedHow

DAYS = 14
# Whoever came in the last minutes is still at the door; the past ends before them.
_STILL_AT_THE_DOOR = dt.timedelta(minutes=2)


@dataclass(frozen=True)
class Visit:
    """One use of one door, from getting it to giving it up (None: still has it)."""

    door: int
    person: int
    starts_at: dt.datetime
    ends_at: dt.datetime
    opens: tuple[dt.datetime, ...]
    closed_at: dt.datetime | None
    how: ClosedHow | None


@dataclass(frozen=True)
class Habit:
    """How people of one site come and go; times are minutes of the local day."""

    # Share of the people who take a door, Monday first.
    load: tuple[float, ...]
    # Peaks of arrival: minute, spread in minutes.
    arrivals: tuple[tuple[float, float], ...]
    # Either a peak of leaving, or (when ``stay`` is set) shortest and longest stay in minutes.
    leaving: tuple[float, float] = (0, 0)
    stay: tuple[float, float] | None = None
    # When they open it in between, and how likely.
    opens: tuple[tuple[float, float], ...] = ()
    # How many of a hundred walk away without finishing.
    forget: float = 0.06


OFFICE_HABIT = Habit(
    load=(0.42, 0.55, 0.56, 0.50, 0.26, 0.01, 0.0),
    arrivals=((8.75 * 60, 38), (8.75 * 60, 38), (13 * 60, 50)),
    leaving=(17.4 * 60, 48),
    opens=((10.5 * 60, 0.2), (12.6 * 60, 0.45), (15 * 60, 0.15)),
)
SCHOOL_HABIT = Habit(
    load=(0.84, 0.88, 0.86, 0.87, 0.78, 0.0, 0.0),
    arrivals=((8.4 * 60, 9),),
    leaving=(15.4 * 60, 14),
    opens=((10.7 * 60, 0.6), (12.6 * 60, 0.7)),
)
POOL_HABIT = Habit(
    load=(0.5, 0.52, 0.55, 0.5, 0.58, 0.85, 0.8),
    arrivals=((7.2 * 60, 25), (11 * 60, 80), (16 * 60, 60), (18.5 * 60, 45)),
    stay=(45, 130),
    opens=((0, 0.15),),
    forget=0.02,
)
HABITS = (OFFICE_HABIT, SCHOOL_HABIT, POOL_HABIT)


@dataclass
class Diary:
    """The visits to one site, and from when on each door and each person is free again."""

    zone: zoneinfo.ZoneInfo
    ends_at_time: dt.time
    at_end: AtEnd
    doors: Sequence[int]
    people: Sequence[int]
    at: dt.datetime
    rng: random.Random
    # Doors that nobody takes today: whoever tries the demonstration finds one of every size.
    spare: frozenset[int] = frozenset()
    visits: list[Visit] = field(default_factory=list)
    _busy_until: dict[tuple[str, int], dt.datetime] = field(default_factory=dict)

    @property
    def now(self) -> list[Visit]:
        """The visits that still last."""
        return [visit for visit in self.visits if visit.closed_at is None]

    def keep(self, door: int, person: int | None, until: dt.datetime | None) -> None:
        """Leave a door and a person alone until they are free again (None: they are not yet)."""
        self._busy_until["door", door] = _rested(until)
        if person is not None:
            self._busy_until["person", person] = _rested(until)

    def fill(self, habit: Habit, first: dt.date | None = None) -> None:
        """Write visits that follow a habit, from a day (or two weeks ago) up to this moment."""
        today = self.at.astimezone(self.zone).date()
        day = first or today - dt.timedelta(days=DAYS)
        while day <= today:
            self._fill_day(habit, day)
            day += dt.timedelta(days=1)
        if self.at_end == AtEnd.HOLD:
            self._forget_one()

    def top_up(self, wanted: int) -> None:
        """Let more people come today until so many doors are held, at whatever hour it is.

        A demonstration is looked at in the evening and at weekends, too.
        """
        local = self.at.astimezone(self.zone)
        midnight = dt.datetime.combine(local.date(), dt.time(), tzinfo=self.zone)
        last = max(self.at - _STILL_AT_THE_DOOR, midnight)
        first = max(midnight, last - dt.timedelta(hours=9))
        missing = max(0, wanted - len(self.now))
        for _each in range(missing):
            starts_at = (first + (last - first) * self.rng.random()).astimezone(dt.UTC)
            people = [one for one in self.people if self._is_free("person", one, starts_at)]
            doors = self._free_doors(starts_at)
            if people and doors:
                self._write(
                    self.rng.choice(doors), self.rng.choice(people), starts_at, (), None, None
                )

    def _forget_one(self) -> None:
        """Let the last who left leave something behind, if nobody else has."""
        if any(visit.ends_at <= self.at for visit in self.now):
            return
        for visit in sorted(self.visits, key=lambda visit: visit.closed_at or self.at)[::-1]:
            is_last = visit.closed_at is not None and all(
                self._busy_until[key] == _rested(visit.closed_at)
                for key in (("door", visit.door), ("person", visit.person))
            )
            if is_last and visit.ends_at <= self.at:
                self.visits[self.visits.index(visit)] = replace(visit, closed_at=None, how=None)
                self.keep(visit.door, visit.person, None)
                return

    def _fill_day(self, habit: Habit, day: dt.date) -> None:
        share = habit.load[day.weekday()] * self.rng.uniform(0.93, 1.07)
        many = min(len(self.people), round(share * len(self.people)))
        comers = sorted(
            (self._minute(day, *self.rng.choice(habit.arrivals)), person)
            for person in self.rng.sample(list(self.people), many)
        )
        for starts_at, person in comers:
            if starts_at < self.at - _STILL_AT_THE_DOOR:
                self._come(habit, day, person, starts_at)

    def _come(self, habit: Habit, day: dt.date, person: int, starts_at: dt.datetime) -> None:
        free = self._free_doors(starts_at)
        if not free or not self._is_free("person", person, starts_at):
            return
        ends_at = periods.next_local(starts_at, self.ends_at_time, self.zone)
        leaves_at, how = self.leaving(habit, day, starts_at, ends_at)
        until = min(leaves_at, ends_at, self.at) - _STILL_AT_THE_DOOR
        opens = []
        for minute, chance in habit.opens:
            opened_at = (
                self._minute(day, minute, 15)
                if minute
                else starts_at + dt.timedelta(minutes=self.rng.uniform(5, 40))
            )
            if self.rng.random() < chance and starts_at + _STILL_AT_THE_DOOR < opened_at < until:
                opens.append(opened_at)
        is_over = self.at_end == AtEnd.RELEASE and ends_at <= self.at
        gone = is_over or leaves_at < self.at - _STILL_AT_THE_DOOR
        self._write(
            self.rng.choice(free),
            person,
            starts_at,
            tuple(sorted(opens)),
            leaves_at if gone else None,
            how if gone else None,
        )

    def leaving(
        self, habit: Habit, day: dt.date, starts_at: dt.datetime, ends_at: dt.datetime
    ) -> tuple[dt.datetime, ClosedHow]:
        """Say when and how a visit ends, if it lasts as long as the habit says."""
        earliest = starts_at + dt.timedelta(minutes=20)
        if self.rng.random() < habit.forget:
            if self.at_end == AtEnd.RELEASE:
                return ends_at, ClosedHow.EXPIRED
            back = day + dt.timedelta(days=self.rng.choice((1, 1, 3, 4)))
            while back.weekday() > 4:
                back += dt.timedelta(days=1)
            return self._minute(back, 8.2 * 60, 3), ClosedHow.FINISHED
        leaves_at = (
            starts_at + dt.timedelta(minutes=self.rng.uniform(*habit.stay))
            if habit.stay
            else max(earliest, self._minute(day, *habit.leaving))
        )
        if leaves_at >= ends_at:
            if self.at_end == AtEnd.RELEASE:
                return ends_at, ClosedHow.EXPIRED
            return leaves_at, ClosedHow.FINISHED
        by_staff = self.rng.random() < 0.01
        return leaves_at, ClosedHow.RELEASED_BY_STAFF if by_staff else ClosedHow.FINISHED

    def _minute(self, day: dt.date, minute: float, spread: float) -> dt.datetime:
        """Return an instant around a minute of a local day, never outside that day."""
        drawn = min(max(self.rng.gauss(minute, spread), 5 * 60 + 30), 22 * 60 - 1)
        whole, seconds = divmod(int(drawn * 60), 60)
        wall = dt.time(whole // 60, whole % 60, seconds)
        return dt.datetime.combine(day, wall, tzinfo=self.zone).astimezone(dt.UTC)

    def _free_doors(self, at: dt.datetime) -> list[int]:
        is_today = at.astimezone(self.zone).date() == self.at.astimezone(self.zone).date()
        spare = self.spare if is_today else ()
        return [
            door for door in self.doors if door not in spare and self._is_free("door", door, at)
        ]

    def _is_free(self, what: str, which: int, at: dt.datetime) -> bool:
        until = self._busy_until.get((what, which))
        return until is None or until <= at

    def _write(
        self,
        door: int,
        person: int,
        starts_at: dt.datetime,
        opens: tuple[dt.datetime, ...],
        closed_at: dt.datetime | None,
        how: ClosedHow | None,
    ) -> None:
        ends_at = periods.next_local(starts_at, self.ends_at_time, self.zone)
        self.visits.append(Visit(door, person, starts_at, ends_at, opens, closed_at, how))
        self.keep(door, person, closed_at)


def _rested(until: dt.datetime | None) -> dt.datetime:
    """Return when whoever was busy until then is free: they rest a few minutes in between."""
    return until + dt.timedelta(minutes=3) if until else dt.datetime.max.replace(tzinfo=dt.UTC)
