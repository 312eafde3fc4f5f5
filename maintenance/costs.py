"""What things cost, how long they last, and whether to repair or replace them. Pure.

Money is Decimal in the organisation's currency, rates are per year of 365.25 days.
"""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

YEAR_DAYS = Decimal("365.25")
_CENT = Decimal("0.01")
# A thing that was never opened wears out by age alone.
_NEVER = dt.date.max


class Because(enum.StrEnum):
    """Which came first."""

    AGE = "age"
    CYCLES = "cycles"


class Advice(enum.StrEnum):
    REPLACE = "replace"
    REPAIR = "repair"


@dataclass(frozen=True, slots=True)
class End:
    """When something is expected to be at its end, and why."""

    on: dt.date
    because: Because


@dataclass(frozen=True, slots=True)
class Life:
    """One asset in service: what it is made for, what it did and what it cost.

    ``cycles`` are all of its life, ``cycles_of_year`` those of the last year, as are ``upkeep``
    (parts and work), ``failures`` and theirs.
    """

    installed_on: dt.date
    life_years: int
    life_cycles: int | None
    cycles: int
    cycles_of_year: int
    replacement_cost: Decimal
    upkeep: Decimal
    upkeep_of_year: Decimal
    failures: int
    failures_of_year: int


@dataclass(frozen=True, slots=True)
class Judgement:
    """Whether to go on repairing, with the two costs of a year of service."""

    advice: Advice
    repaired_per_year: Decimal
    replaced_per_year: Decimal
    end: End
    is_past_end: bool

    @property
    def saving(self) -> Decimal:
        """What a new one would save in a year; below nothing, what it would cost more."""
        return self.repaired_per_year - self.replaced_per_year


def money(amount: Decimal) -> Decimal:
    """Round to hundredths, as an invoice does."""
    return amount.quantize(_CENT, ROUND_HALF_UP)


def years_after(day: dt.date, years: int) -> dt.date:
    """Return the same day of a later year; the 29th of February becomes the 1st of March."""
    if day.year + years > dt.MAXYEAR:
        return _NEVER
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return dt.date(day.year + years, 3, 1)


def years_between(begins: dt.date, ends: dt.date) -> Decimal:
    """Return years of service; nothing for what begins later."""
    return max(Decimal((ends - begins).days), Decimal(0)) / YEAR_DAYS


def cycles_per_year(life: Life, today: dt.date) -> Decimal:
    """Return the present rate of openings: of the last year, or of a shorter life."""
    served = years_between(life.installed_on, today)
    return Decimal(life.cycles_of_year) / _at_least_a_month(min(served, Decimal(1)))


def end_of_life(life: Life, today: dt.date) -> End:
    """Return when it is at its end: by age or by openings, whichever comes earlier."""
    by_age = End(years_after(life.installed_on, life.life_years), Because.AGE)
    if life.life_cycles is None:
        return by_age
    left = life.life_cycles - life.cycles
    if left <= 0:
        by_cycles = today
    else:
        rate = cycles_per_year(life, today)
        days = int(left / rate * YEAR_DAYS) if rate else None
        far = (_NEVER - today).days
        by_cycles = _NEVER if days is None or days > far else today + dt.timedelta(days=days)
    return End(by_cycles, Because.CYCLES) if by_cycles < by_age.on else by_age


def upkeep_per_year(life: Life, today: dt.date) -> Decimal:
    """Return what a year of repairs costs, on the average of its life.

    Where the last year was dearer that is what it costs by now, if it broke more than once: a
    single repair is no trend. A young asset counts as a year old for the same reason.
    """
    served = max(years_between(life.installed_on, today), Decimal(1))
    average = life.upkeep / served
    return max(life.upkeep_of_year, average) if life.failures_of_year > 1 else average


def new_one_lasts(life: Life, today: dt.date) -> Decimal:
    """Return for how many years a new one would serve in this place, at this rate."""
    years = Decimal(life.life_years)
    rate = cycles_per_year(life, today)
    if life.life_cycles and rate:
        years = min(years, Decimal(life.life_cycles) / rate)
    return _at_least_a_month(years)


def judge(life: Life, today: dt.date, usual_upkeep: Decimal) -> Judgement:
    """Say whether repairing on or a new one costs less for a year of service.

    ``usual_upkeep`` is what a year of an asset of its model costs: a new one breaks, too. The
    advice is to replace where that is cheaper; age alone replaces nothing that works.
    """
    repaired = upkeep_per_year(life, today)
    replaced = life.replacement_cost / new_one_lasts(life, today) + min(usual_upkeep, repaired)
    end = end_of_life(life, today)
    advice = Advice.REPLACE if repaired > replaced else Advice.REPAIR
    return Judgement(advice, money(repaired), money(replaced), end, end.on <= today)


def rank(judged: Iterable[tuple[int, Judgement]]) -> list[tuple[int, Judgement]]:
    """Put first what a new one saves most on; of equals, what is at its end earlier."""
    return sorted(judged, key=lambda one: (-one[1].saving, one[1].end.on, one[0]))


@dataclass(frozen=True, slots=True)
class OfYear:
    """What has to be replaced in a year, and what that costs."""

    year: int
    count: int
    cost: Decimal
    # How many of them are past their end already.
    late: int


def by_year(ends: Sequence[tuple[dt.date, Decimal]], today: dt.date) -> list[OfYear]:
    """Add up what is at its end in each year; what should be gone already counts for this year."""
    years: dict[int, OfYear] = {}
    for on, cost in ends:
        year = max(on.year, today.year)
        was = years.get(year, OfYear(year, 0, Decimal(0), 0))
        years[year] = OfYear(year, was.count + 1, was.cost + cost, was.late + (on <= today))
    return [years[year] for year in sorted(years)]


@dataclass(frozen=True, slots=True)
class Total:
    """What assets of one model, or in one bank, cost and how often they fail."""

    count: int
    years: Decimal
    failures: int
    purchase: Decimal
    parts: Decimal
    labour: Decimal

    @property
    def cost(self) -> Decimal:
        """All that was spent on them."""
        return self.purchase + self.parts + self.labour

    @property
    def failures_per_year(self) -> Decimal | None:
        """Failures in a year of one asset; None before there was any service."""
        return (Decimal(self.failures) / self.years).quantize(_CENT) if self.years else None

    def __add__(self, other: Total) -> Total:
        return Total(
            self.count + other.count, self.years + other.years, self.failures + other.failures,
            self.purchase + other.purchase, self.parts + other.parts, self.labour + other.labour,
        )  # fmt: skip


NOTHING = Total(0, Decimal(0), 0, Decimal(0), Decimal(0), Decimal(0))


def labour_cost(minutes: int, rate_per_hour: Decimal) -> Decimal:
    """Return what some minutes of work cost."""
    return money(Decimal(minutes) * rate_per_hour / 60)


def _at_least_a_month(years: Decimal) -> Decimal:
    return max(years, Decimal(1) / 12)
