"""Years, terms and half-terms in academicSessions.csv: how deep each lies, and in which other.

The standard calls them schoolYear, semester, term and gradingPeriod, and says what is part of what
by ``parentSourcedId``. Many programs leave that empty: then it is the one that the days lie in.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

YEAR = "schoolYear"
# How deep each usually lies, the year at 1.
USUAL = {YEAR: 1, "semester": 2, "term": 2, "gradingPeriod": 3}


@dataclass(frozen=True)
class Entry:
    """A row of the table; days that cannot be read are none."""

    id: str
    row: int
    name: str
    type: str
    first: dt.date | None
    last: dt.date | None
    parent: str

    def lies_in(self, other: Entry) -> bool:
        """Say whether all of it is within another; one without days is within none."""
        if not (self.first and self.last and other.first and other.last):
            return False
        return other.first <= self.first and self.last <= other.last


def levels(entries: Sequence[Entry], known: Mapping[str, int]) -> dict[str, int]:
    """Return how deep each entry lies; ``known`` are the levels of those that are here already."""
    by_id = {entry.id: entry for entry in entries}
    found: dict[str, int] = {}

    def level(entry: Entry, above: frozenset[str]) -> int:
        if entry.id in found:
            return found[entry.id]
        if entry.type == YEAR:
            return 1
        if entry.parent in by_id and entry.parent not in above:
            return level(by_id[entry.parent], above | {entry.id}) + 1
        if entry.parent in known:
            return known[entry.parent] + 1
        return min(USUAL.get(entry.type, 2), 2 + any(
            other.type in ("semester", "term") and entry is not other and entry.lies_in(other)
            for other in entries
        ))  # fmt: skip

    for entry in entries:
        found[entry.id] = level(entry, frozenset())
    return found


def parents(
    entries: Sequence[Entry], depths: Mapping[str, int], known: Mapping[str, Entry]
) -> dict[str, str]:
    """Return what each entry is part of, "" for a year and for what belongs nowhere.

    ``known`` are the sessions that are here already, with their levels in ``depths``.
    """
    everything = {**known, **{entry.id: entry for entry in entries}}

    def parent(entry: Entry) -> str:
        if depths[entry.id] == 1:
            return ""
        if entry.parent:
            return entry.parent if entry.parent in everything else ""
        around = [
            other.id
            for other in everything.values()
            if depths[other.id] == depths[entry.id] - 1 and entry.lies_in(other)
        ]
        return around[0] if len(around) == 1 else ""

    return {entry.id: parent(entry) for entry in entries}
