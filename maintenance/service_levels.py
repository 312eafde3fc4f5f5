"""How soon a fault is seen to: what counts where the table says nothing, and when it is due. Pure.

Hours of the clock are hours on a stopwatch, clock change or not. Hours of opening are those in
which the site is open by its own calendar.
"""

from __future__ import annotations

import datetime as dt
import zoneinfo
from collections.abc import Iterator
from dataclasses import dataclass

from occupancy.allocation.hours import Hours
from occupancy.periods import shown_at

_HOUR = dt.timedelta(hours=1)
_DAY = dt.timedelta(days=1)
# A closing time is kept to the minute before midnight; that is meant by it.
_LAST = dt.time(23, 59)
# A calendar that is shut for a year has no working day; and so long nobody plans ahead.
_SHUT_FOR_GOOD, _FURTHEST = 366, 3_660


@dataclass(frozen=True)
class Level:
    """How soon one category of fault is seen to, and by which teams."""

    priority: int
    due_hours: int
    in_opening_hours: bool = False
    escalate_after_hours: int | None = None
    team_id: int | None = None
    escalate_to_id: int | None = None


_URGENT, _HIGH, _NORMAL, _LOW = 1, 2, 3, 4
# By the category's word: somebody's things locked in or open to all first, dirt last.
DEFAULTS: dict[str, Level] = {
    "jammed": Level(_HIGH, 24),
    "forced": Level(_URGENT, 4),
    "held_open": Level(_NORMAL, 24),
    "unreadable": Level(_NORMAL, 72),
    "low_battery": Level(_NORMAL, 24 * 7),
    "silent": Level(_URGENT, 4),
    "wont_close": Level(_HIGH, 24),
    "damaged": Level(_NORMAL, 72),
    "dirty": Level(_LOW, 72),
    "things_left": Level(_NORMAL, 24),
    "other": Level(_NORMAL, 72),
}


def default(category: str) -> Level:
    """Return what counts for a category where the table has no line."""
    return DEFAULTS.get(category, DEFAULTS["other"])


def due(level: Level, at: dt.datetime, hours: Hours, zone: zoneinfo.ZoneInfo) -> dt.datetime:
    """Return when what was reported at ``at`` is due."""
    # In one zone Python adds up what clocks show, not the time that goes by.
    at = at.astimezone(dt.UTC)
    lasts = level.due_hours * _HOUR
    by_clock = at + lasts
    if not level.in_opening_hours:
        return by_clock
    for opens_at, closes_at in _open_from(at, hours, zone):
        begins = max(at, opens_at)
        if closes_at - begins >= lasts:
            return begins + lasts
        lasts -= max(closes_at - begins, dt.timedelta())
    return by_clock


def escalates(level: Level, due_at: dt.datetime) -> dt.datetime | None:
    """Return when what was due at ``due_at`` is escalated, if it is."""
    if level.escalate_after_hours is None:
        return None
    return due_at + level.escalate_after_hours * _HOUR


def _open_from(
    at: dt.datetime, hours: Hours, zone: zoneinfo.ZoneInfo
) -> Iterator[tuple[dt.datetime, dt.datetime]]:
    """Yield when the site is open, in order, until it is shut for good."""
    today, shut, until = at.astimezone(zone).date(), 0, at
    for later in range(_FURTHEST):
        day = today + later * _DAY
        spans = [
            (max(opens_at, until), closes_at)
            for opens_at, closes_at in _of_day(day, hours, zone)
            if closes_at > until
        ]
        shut = 0 if spans else shut + 1
        if shut > _SHUT_FOR_GOOD:
            return
        for opens_at, closes_at in spans:
            # Two that overlap count once.
            if closes_at > until:
                yield max(opens_at, until), closes_at
                until = closes_at


def _of_day(
    day: dt.date, hours: Hours, zone: zoneinfo.ZoneInfo
) -> list[tuple[dt.datetime, dt.datetime]]:
    if day in hours.special:
        one = hours.special[day]
        spans = [] if one is None else [one]
    elif not hours.weekly:
        spans = [(dt.time(0), _LAST)]
    else:
        spans = sorted(hours.weekly.get(day.weekday(), ()))
    return [
        (shown_at(dt.datetime.combine(day, opens_at), zone), _end(day, closes_at, zone))
        for opens_at, closes_at in spans
    ]


def _end(day: dt.date, closes_at: dt.time, zone: zoneinfo.ZoneInfo) -> dt.datetime:
    if closes_at >= _LAST:
        return shown_at(dt.datetime.combine(day + _DAY, dt.time(0)), zone)
    return shown_at(dt.datetime.combine(day, closes_at), zone)
