"""When a battery fails, from what is known of it. Pure: no database, no clock.

Three words are heard and the earliest counts: the line through the lowest voltage of each day
down to where its model is low; how fast it uses up the openings that its model says it is good
for; and the days that it says it lasts.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from maintenance.choices import ForecastBy

# A line is drawn through no fewer days with a reading, and over no shorter time.
LEAST_DAYS = 3
LEAST_SPAN = 14
# How often a door is used says nothing before it was in use for a week.
LEAST_IN_USE = 7
# What is further away is no forecast.
FURTHEST = 20 * 365


@dataclass(frozen=True, slots=True)
class Limits:
    """What a model says of its battery; None for what it does not say."""

    low_mv: int | None = None
    openings: int | None = None
    days: int | None = None


@dataclass(frozen=True, slots=True)
class Voltages:
    """The lowest voltage of each day since the replacement, summed up.

    Sums, so that the database adds up ten thousand batteries in one statement. ``x`` is the
    number of days since the replacement, ``y`` the voltage in mV.
    """

    count: int = 0
    first_x: int = 0
    last_x: int = 0
    last_y: int = 0
    sum_x: int = 0
    sum_y: int = 0
    sum_xx: int = 0
    sum_xy: int = 0

    @classmethod
    def of(cls, replaced_on: dt.date, lows: Iterable[tuple[dt.date, int]]) -> Voltages:
        """Sum up readings: several of a day count as their lowest, none before the replacement."""
        lowest: dict[int, int] = {}
        for day, millivolts in lows:
            x = (day - replaced_on).days
            if x >= 0:
                lowest[x] = min(millivolts, lowest.get(x, millivolts))
        if not lowest:
            return cls()
        return cls(
            count=len(lowest),
            first_x=min(lowest),
            last_x=max(lowest),
            last_y=lowest[max(lowest)],
            sum_x=sum(lowest),
            sum_y=sum(lowest.values()),
            sum_xx=sum(x * x for x in lowest),
            sum_xy=sum(x * y for x, y in lowest.items()),
        )

    @property
    def slope(self) -> float | None:
        """The change in mV a day by least squares, None where there are too few readings."""
        if self.count < LEAST_DAYS or self.last_x - self.first_x < LEAST_SPAN:
            return None
        over = self.count * self.sum_xx - self.sum_x**2
        return (self.count * self.sum_xy - self.sum_x * self.sum_y) / over

    def reaches(self, low_mv: int) -> float | None:
        """Return on which day since the replacement it comes down to a voltage.

        What was read as low is low, whatever the line says; what does not sink never does.
        """
        days = [float(self.last_x)] if self.count and self.last_y <= low_mv else []
        slope = self.slope
        if slope is not None and slope < 0:
            level = (self.sum_y - slope * self.sum_x) / self.count
            days.append((low_mv - level) / slope)
        return min(days, default=None)


@dataclass(frozen=True, slots=True)
class Forecast:
    """The day on which a battery fails, by what, and the facts for whoever asks why."""

    fails_on: dt.date
    by: ForecastBy
    facts: dict[str, Any] = field(default_factory=dict, compare=False)


def forecast(
    *,
    replaced_on: dt.date,
    today: dt.date,
    voltages: Voltages,
    openings: int,
    limits: Limits,
) -> Forecast | None:
    """Return when a battery fails, None where nothing says so; never before its replacement."""
    said: list[tuple[float, ForecastBy, dict[str, Any]]] = []
    if limits.low_mv is not None:
        reached = voltages.reaches(limits.low_mv)
        if reached is not None:
            facts = {"last_mv": voltages.last_y, "low_mv": limits.low_mv}
            if voltages.slope is not None:
                facts["sinks_mv"] = -round(voltages.slope * 30)
            said.append((reached, ForecastBy.VOLTAGE, facts))
    in_use = max((today - replaced_on).days, 1)
    if limits.openings is not None and openings > 0:
        is_known = in_use >= LEAST_IN_USE or openings >= limits.openings
        if is_known:
            facts = {"openings": openings, "lasts_openings": limits.openings}
            said.append((in_use * limits.openings / openings, ForecastBy.OPENINGS, facts))
    if limits.days is not None:
        said.append((limits.days, ForecastBy.DAYS, {"lasts_days": limits.days}))
    near = [one for one in said if one[0] <= FURTHEST]
    if not near:
        return None
    after, by, facts = min(near, key=lambda one: one[0])
    return Forecast(replaced_on + dt.timedelta(days=max(int(after), 0)), by, facts)
