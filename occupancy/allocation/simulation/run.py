"""Weeks at a bank, event by event: who comes, gets a door or not, and leaves. Pure."""

from __future__ import annotations

import datetime as dt
import heapq
import random
import zoneinfo
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import StrEnum

from occupancy.allocation.rules import Rules
from occupancy.allocation.simulation import attendance
from occupancy.allocation.simulation.attendance import Habits, Visit
from occupancy.allocation.simulation.bank import Bank, Use
from occupancy.choices import UseModel

# A Monday; the year has both clock changes, and so have the simulations that are long enough.
MONDAY = dt.date(2026, 1, 5)
ZONE = zoneinfo.ZoneInfo("Europe/London")
_HOUR = dt.timedelta(hours=1)


class PolicyName(StrEnum):
    """By which policy the doors are given out."""

    DAY_USE = "day-use"
    SESSION = "session"
    SHIFT = "shift"
    FIXED_PERIOD = "fixed-period"
    PERMANENT = "permanent"


POLICIES = {
    PolicyName.DAY_USE: Rules(1, "Day use", UseModel.DAY_USE),
    PolicyName.SESSION: Rules(
        1, "Session of at most 12 hours", UseModel.SESSION, lasts=dt.timedelta(hours=12)
    ),
    PolicyName.SHIFT: Rules(
        1, "Shift", UseModel.SHIFT,
        shifts=tuple(dt.time(start // 60) for start in attendance.SHIFT_STARTS),
        handover=dt.timedelta(minutes=10),
    ),
    PolicyName.FIXED_PERIOD: Rules(1, "Fixed period of 30 days", UseModel.FIXED, days=30),
    PolicyName.PERMANENT: Rules(1, "Permanent", UseModel.PERMANENT),
}  # fmt: skip
# A door of these is given back by whoever leaves; of the others it is kept from visit to visit.
_GIVEN_BACK = {UseModel.DAY_USE, UseModel.SESSION, UseModel.SHIFT}


@dataclass(frozen=True, slots=True)
class Setup:
    """What is simulated."""

    doors: int
    users: int
    weeks: int
    seed: int
    policy: PolicyName = PolicyName.DAY_USE
    habits: Habits = field(default_factory=Habits)


@dataclass(slots=True)
class Tally:
    """What was counted. A visit with a door already held is served by it."""

    asked: int = 0
    served: int = 0
    refused: int = 0
    # Served, but the use was over before its holder left.
    cut_short: int = 0
    peak_held: int = 0
    peak_present: int = 0
    # While the door was somebody's, and while its holder was there, too.
    held: dt.timedelta = dt.timedelta(0)
    present: dt.timedelta = dt.timedelta(0)
    served_in: dict[int, set[int]] = field(default_factory=dict)
    refused_in: dict[int, set[int]] = field(default_factory=dict)


def run(setup: Setup) -> Tally:
    """Simulate a set-up from an empty bank."""
    coming = attendance.visits(setup.habits, setup.users, setup.weeks, setup.seed, MONDAY, ZONE)
    bank = Bank(setup.doors, POLICIES[setup.policy], ZONE)
    return play(bank, coming, weeks=setup.weeks, forgets=setup.habits.forgets, seed=setup.seed)


def run_fixed(setup: Setup) -> Tally:
    """Simulate the same visits where the first people own the doors, one each, for good."""
    setup = replace(setup, policy=PolicyName.PERMANENT)
    bank = Bank(setup.doors, POLICIES[setup.policy], ZONE)
    begins = dt.datetime.combine(MONDAY, dt.time(), ZONE).astimezone(dt.UTC)
    for person in range(1, min(setup.users, setup.doors) + 1):
        bank.take(person, begins)
    coming = attendance.visits(setup.habits, setup.users, setup.weeks, setup.seed, MONDAY, ZONE)
    return play(bank, coming, weeks=setup.weeks, forgets=0, seed=setup.seed)


def play(
    bank: Bank, coming: Iterable[Visit], *, weeks: int, forgets: float = 0.0, seed: int = 0
) -> Tally:
    """Let visits happen at a bank, by arrival; ends come before arrivals of the same instant."""
    chance = random.Random(f"{seed}:forgets")
    begins = dt.datetime.combine(MONDAY, dt.time(), ZONE).astimezone(dt.UTC)
    over = dt.datetime.combine(MONDAY + dt.timedelta(weeks=weeks), dt.time(), ZONE)
    day = _Days(bank, over.astimezone(dt.UTC), begins)
    is_given_back = bank.rules.model in _GIVEN_BACK
    for visit in coming:
        at = visit.arrives_at
        day.until(at)
        day.arrives(visit, is_finished=is_given_back and chance.random() >= forgets)
    return day.close()


class _Days:
    """The clock, and what it brings: people who leave, and uses that are over."""

    def __init__(self, bank: Bank, over: dt.datetime, begins: dt.datetime) -> None:
        self.bank = bank
        self.tally = Tally(peak_held=len(bank.held))
        self.over = over
        self.begins = begins
        self._order = 0
        # When, in which order, whose use, and whether it is its end (or somebody who leaves).
        self._queue: list[tuple[dt.datetime, int, Use, bool, bool]] = []
        self._present = 0

    def arrives(self, visit: Visit, *, is_finished: bool) -> None:
        """Serve or refuse somebody."""
        tally, at = self.tally, visit.arrives_at
        week = (at - self.begins) // dt.timedelta(weeks=1)
        tally.asked += 1
        use = self.bank.held.get(visit.person_id)
        if use is None:
            use = self.bank.take(visit.person_id, at)
            if use is None:
                tally.refused += 1
                tally.refused_in.setdefault(week, set()).add(visit.person_id)
                return
            tally.peak_held = max(tally.peak_held, len(self.bank.held))
            if use.ends_at is not None:
                self._push(use.ends_at, use, is_end=True)
        tally.served += 1
        tally.served_in.setdefault(week, set()).add(visit.person_id)
        stays = visit.leaves_at
        if use.ends_at is not None and use.ends_at < stays:
            tally.cut_short += 1
            stays = use.ends_at
        tally.present += max(min(stays, self.over) - at, dt.timedelta(0))
        self._present += 1
        tally.peak_present = max(tally.peak_present, self._present)
        self._push(stays, use, is_end=False, gives_back=is_finished)

    def until(self, at: dt.datetime) -> None:
        """Let everything happen that comes before an instant, or at it."""
        while self._queue and self._queue[0][0] <= at:
            then, _order, use, is_end, gives_back = heapq.heappop(self._queue)
            if not is_end:
                self._present -= 1
            if (is_end or gives_back) and self.bank.give_back(use, then):
                self._count(use, then)

    def close(self) -> Tally:
        """Let the last week end, and count what is still held then."""
        self.until(self.over)
        for use in self.bank.held.values():
            self._count(use, self.over)
        return self.tally

    def _count(self, use: Use, until: dt.datetime) -> None:
        self.tally.held += max(min(until, self.over) - use.begun_at, dt.timedelta(0))

    def _push(self, at: dt.datetime, use: Use, *, is_end: bool, gives_back: bool = False) -> None:
        self._order += 1
        heapq.heappush(self._queue, (at, self._order, use, is_end, gives_back))


def hours(span: dt.timedelta) -> float:
    """Return a span in hours."""
    return span / _HOUR
