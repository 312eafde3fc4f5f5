"""Medians and percentiles, rounded for people."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence

RUNS = 5


def median(values: Iterable[float], digits: int = 2) -> float:
    """Return the median of several runs."""
    return round(statistics.median(values), digits)


def percentile(values: Sequence[float], share: float) -> float:
    """Return the smallest value that at least ``share`` (0 to 1) of the values do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]
