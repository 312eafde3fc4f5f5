"""The times of a rule of RFC 5545, in what the clocks of a site show. Pure.

The rule runs in wall time and each time of it is then looked up in the site's zone: 09:00 stays
09:00 over both clock changes, and 29 February comes every four years.
"""

from __future__ import annotations

import datetime as dt
import re
import zoneinfo
from collections.abc import Iterator

from dateutil.rrule import rrule, rrulestr

from occupancy import periods

# What a rule may say, by how often it repeats. More would let a rule that never comes true keep
# a process busy until the year 9999.
_USUAL = {"FREQ", "INTERVAL", "COUNT", "UNTIL", "BYDAY", "BYMONTH", "WKST"}
_PARTS = {
    "DAILY": _USUAL - {"BYMONTH"},
    "WEEKLY": _USUAL,
    "MONTHLY": _USUAL | {"BYMONTHDAY", "BYSETPOS"},
    "YEARLY": _USUAL | {"BYMONTHDAY", "BYSETPOS"},
}
_NUMBERS = {"COUNT": 10_000, "INTERVAL": 1000, "BYMONTH": 12}
# "The sixth Monday of a month" never comes, and what is beyond a year breaks the reckoning.
_DAY = re.compile(r"([+-]?\d{1,2})?(?:MO|TU|WE|TH|FR|SA|SU)")
_MOST_NTH = {"MONTHLY": 5, "YEARLY": 53}
_MOST_IN_ONE_ANSWER = 400


class NoSuchRule(ValueError):
    """Not a rule of repetition that is understood."""


def parse(rule: str, first: dt.datetime, zone: zoneinfo.ZoneInfo) -> rrule:
    """Return a rule that begins at a wall time; raises NoSuchRule.

    An UNTIL in UTC, as the RFC wants it beside a time zone, is read as the instant it is.
    """
    text = rule.strip().upper().removeprefix("RRULE:")
    parts = dict(part.partition("=")[::2] for part in text.split(";"))
    if len(parts) != text.count(";") + 1 or not all(parts.values()):
        raise NoSuchRule(rule)
    if not set(parts) <= _PARTS.get(parts.get("FREQ", ""), set()):
        raise NoSuchRule(rule)
    if parts.get("COUNT") and parts.get("UNTIL"):
        raise NoSuchRule(rule)  # the RFC allows one of them
    for name, most in _NUMBERS.items():
        numbers = parts.get(name, "1").split(",")
        if not all(one.isascii() and one.isdigit() and 1 <= int(one) <= most for one in numbers):
            raise NoSuchRule(rule)
    if not all(_is_day(one, parts["FREQ"]) for one in parts.get("BYDAY", "MO").split(",")):
        raise NoSuchRule(rule)
    if until := parts.get("UNTIL"):
        parts["UNTIL"] = _until(until, zone)
    text = ";".join(f"{name}={value}" for name, value in parts.items())
    try:
        parsed = rrulestr(f"RRULE:{text}", dtstart=first)
        if not isinstance(parsed, rrule):
            raise NoSuchRule(rule)
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        raise NoSuchRule(rule) from error
    return parsed


def _is_day(text: str, freq: str) -> bool:
    """Say whether it is a day of the week, or such as the last of them where that has a meaning."""
    found = _DAY.fullmatch(text)
    if found is None:
        return False
    nth = found.group(1)
    return nth is None or 1 <= abs(int(nth)) <= _MOST_NTH.get(freq, 0)


def _until(text: str, zone: zoneinfo.ZoneInfo) -> str:
    if re.fullmatch(r"\d{8}", text):
        return f"{text}T235959"  # a date is that whole day
    if not re.fullmatch(r"\d{8}T\d{6}Z?", text):
        raise NoSuchRule(text)
    if text.endswith("Z"):
        try:
            instant = dt.datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=dt.UTC)
        except ValueError as error:
            raise NoSuchRule(text) from error
        return instant.astimezone(zone).strftime("%Y%m%dT%H%M%S")
    return text


def windows(
    rule: rrule,
    ends_at: dt.time,
    zone: zoneinfo.ZoneInfo,
    *,
    after: dt.datetime,
    until: dt.datetime,
) -> Iterator[tuple[dt.datetime, dt.datetime]]:
    """Yield start and end, in UTC, of each time that begins from ``after`` on, up to ``until``.

    An end that is not later than the start is on the next day.
    """
    wall_until = until.astimezone(zone).replace(tzinfo=None)
    # A little earlier: a time in the gap of a clock change counts as later than it says.
    begin = (after - dt.timedelta(hours=3)).astimezone(zone).replace(tzinfo=None)
    given = 0
    for wall in rule.xafter(begin, inc=True):
        if wall > wall_until or given == _MOST_IN_ONE_ANSWER:
            return
        starts = periods.shown_at(wall, zone)
        if starts < after or starts > until:
            continue
        day = wall.date() + dt.timedelta(days=int(ends_at <= wall.time()))
        ends = periods.shown_at(dt.datetime.combine(day, ends_at), zone)
        if ends > starts:
            given += 1
            yield starts, ends
