"""Whether years, terms and half-terms fit together: pure, so that a page and a file agree."""

from __future__ import annotations

import datetime as dt
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True)
class Span:
    """A year (level 1), a term of it or half of one, from its first day to its last, both in it."""

    key: Hashable
    level: int
    first: dt.date
    last: dt.date
    # Of a term the key of its year, of half a term that of the term.
    parent: Hashable | None = None

    @property
    def is_backwards(self) -> bool:
        return self.last <= self.first

    def overlaps(self, other: Span) -> bool:
        """Say whether both have a day in common."""
        return self.first <= other.last and other.first <= self.last

    def lies_in(self, other: Span) -> bool:
        """Say whether every day of it is one of the other."""
        return other.first <= self.first and self.last <= other.last


class Kind(StrEnum):
    BACKWARDS = "backwards"
    STRAY = "stray"
    OUTSIDE = "outside"
    OVERLAP = "overlap"


@dataclass(frozen=True)
class Fault:
    """One thing that does not fit: which span, and the other one that it does not fit with."""

    key: Hashable
    kind: Kind
    # Whether it is the first day that is wrong, or the last.
    is_first: bool
    other: Hashable | None = None


def faults(spans: Iterable[Span]) -> list[Fault]:
    """Return everything that does not fit among the spans of one site, in the order of the days."""
    known = {span.key: span for span in spans}
    found: list[Fault] = []
    good: list[Span] = []
    for span in known.values():
        if span.is_backwards:
            found.append(Fault(span.key, Kind.BACKWARDS, is_first=False))
            continue
        good.append(span)
        parent = known.get(span.parent) if span.parent is not None else None
        if (parent is None) != (span.level == 1) or (
            parent is not None and parent.level != span.level - 1
        ):
            found.append(Fault(span.key, Kind.STRAY, is_first=True))
        elif parent is not None and not parent.is_backwards and not span.lies_in(parent):
            found.append(
                Fault(span.key, Kind.OUTSIDE, is_first=span.first < parent.first, other=parent.key)
            )
    # Neighbours are enough to find one overlap, but each later one is told with what it meets.
    good.sort(key=lambda span: (span.level, span.first, span.last))
    for place, span in enumerate(good):
        met = next(
            (one for one in good[:place] if one.level == span.level and one.overlaps(span)), None
        )
        if met is not None:
            found.append(Fault(span.key, Kind.OVERLAP, is_first=True, other=met.key))
    return found
