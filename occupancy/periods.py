"""When a use ends, in the site's own local time. Pure."""

from __future__ import annotations

import datetime as dt
import zoneinfo


def next_local(at: dt.datetime, wall: dt.time, zone: zoneinfo.ZoneInfo) -> dt.datetime:
    """Return the next instant strictly after ``at`` when clocks at the site show ``wall``, in UTC.

    A time that a clock change skips counts as the first instant after the gap; one that happens
    twice counts the first time.
    """
    day = at.astimezone(zone).date()
    for later in range(3):
        instant = shown_at(dt.datetime.combine(day + dt.timedelta(days=later), wall), zone)
        if instant > at:
            return instant
    raise AssertionError("a day always has a next one")


def shown_at(wall: dt.datetime, zone: zoneinfo.ZoneInfo) -> dt.datetime:
    """Return the instant, in UTC, at which clocks at the site show a date and time.

    One that is skipped counts as the end of the gap; one that happens twice counts the first time.
    """
    local = wall.replace(tzinfo=zone)
    instant = local.astimezone(dt.UTC)
    if instant.astimezone(zone).replace(tzinfo=None) != wall:
        # In the gap: with fold=0 Python reads it by the offset before the change.
        instant = _end_of_gap(local)
    return instant


def _end_of_gap(local: dt.datetime) -> dt.datetime:
    """Return the instant at which a skipped wall time's gap ends."""
    before, after = local.replace(fold=0).utcoffset(), local.replace(fold=1).utcoffset()
    assert before is not None and after is not None
    low = local.replace(tzinfo=None) - max(before, after)
    high = local.replace(tzinfo=None) - min(before, after)
    low_utc, high_utc = low.replace(tzinfo=dt.UTC), high.replace(tzinfo=dt.UTC)
    zone = local.tzinfo
    offset = low_utc.astimezone(zone).utcoffset()
    while high_utc - low_utc > dt.timedelta(seconds=1):
        middle = low_utc + (high_utc - low_utc) / 2
        if middle.astimezone(zone).utcoffset() == offset:
            low_utc = middle
        else:
            high_utc = middle
    return high_utc.replace(microsecond=0)
