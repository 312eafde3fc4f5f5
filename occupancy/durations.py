"""Lengths of time as people write them: "30 min", "2 h", "14 d", "1 h 30 min". Pure."""

from __future__ import annotations

import datetime as dt
import re

_UNITS = {
    "w": dt.timedelta(weeks=1),
    "d": dt.timedelta(days=1),
    "h": dt.timedelta(hours=1),
    "min": dt.timedelta(minutes=1),
    "s": dt.timedelta(seconds=1),
}
_WORDS = {
    "w": "w", "week": "w", "weeks": "w",
    "d": "d", "day": "d", "days": "d",
    "h": "h", "hr": "h", "hrs": "h", "hour": "h", "hours": "h",
    "m": "min", "min": "min", "mins": "min", "minute": "min", "minutes": "min",
    "s": "s", "sec": "s", "secs": "s", "second": "s", "seconds": "s",
}  # fmt: skip
_PART = re.compile(r"(\d{1,5})\s*([a-z]+)\s*")
LONGEST = dt.timedelta(days=3660)


class UnknownDuration(ValueError):
    """The text is no length of time."""


def read(text: str) -> dt.timedelta:
    """Read a length of time; "0" is none at all. Raises UnknownDuration.

    Each unit once and the larger first, so that "5 min 1 h" is asked about rather than guessed.
    """
    rest = text.strip().lower()
    if rest == "0":
        return dt.timedelta(0)
    found, total = [], dt.timedelta(0)
    while rest:
        part = _PART.match(rest)
        if part is None or part[2] not in _WORDS:
            raise UnknownDuration(text)
        unit = _WORDS[part[2]]
        found.append(list(_UNITS).index(unit))
        total += int(part[1]) * _UNITS[unit]
        rest = rest[part.end() :]
    if not found or found != sorted(set(found)) or total > LONGEST:
        raise UnknownDuration(text)
    return total


def write(value: dt.timedelta) -> str:
    """Write a length of time so that ``read`` returns it; fractions of a second are dropped."""
    rest, parts = value, []
    for unit, length in list(_UNITS.items())[1:]:  # weeks are only read
        count, rest = divmod(rest, length)
        if count:
            parts.append(f"{count} {unit}")
    return " ".join(parts) or "0"
