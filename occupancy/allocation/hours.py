"""Whether a site is open when a booking begins and when it ends. Pure.

What lies in between may be a night: things stay in a locker. But the person has to get in.
"""

from __future__ import annotations

import datetime as dt
import zoneinfo
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

Span = tuple[dt.time, dt.time]
# Closing times are kept to the minute before midnight; that is meant by it.
_LAST = dt.time(23, 59)


@dataclass(frozen=True)
class Hours:
    """The opening hours of each weekday (Monday is 0), and other ones on single dates.

    A weekday without hours is closed, a site without any hours always open. ``None`` on a date:
    closed.
    """

    weekly: Mapping[int, Sequence[Span]] = field(default_factory=dict)
    special: Mapping[dt.date, Span | None] = field(default_factory=dict)

    def is_open(
        self, starts_at: dt.datetime, ends_at: dt.datetime, zone: zoneinfo.ZoneInfo
    ) -> bool:
        """Say whether the site is open at both ends of a window, closing time included."""
        last = (ends_at - dt.timedelta(minutes=1)).astimezone(zone)
        return self._has(starts_at.astimezone(zone)) and self._has(last)

    def _has(self, local: dt.datetime) -> bool:
        day, clock = local.date(), local.time()
        if day in self.special:
            span = self.special[day]
            return span is not None and _covers(span, clock)
        if not self.weekly:
            return True
        return any(_covers(span, clock) for span in self.weekly.get(day.weekday(), ()))


def _covers(span: Span, clock: dt.time) -> bool:
    opens_at, closes_at = span
    return opens_at <= clock and (clock < closes_at or closes_at >= _LAST)
