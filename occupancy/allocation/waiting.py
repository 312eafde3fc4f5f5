"""How long somebody on a waiting list waits, as far as it can be known. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

# What is looked back on, and how many releases in it say anything at all.
LOOKS_BACK = dt.timedelta(days=7)
_ENOUGH = 5
# Nobody is told more exactly than it can be known.
_STEP = dt.timedelta(minutes=5)


def expected_wait(
    position: int, released: Sequence[dt.datetime], at: dt.datetime
) -> dt.timedelta | None:
    """Return how long the one at a position (from 1) waits if doors come free as they did of late.

    ``released`` are the instants at which doors of that kind came free. None: not known yet,
    there were too few.
    """
    recent = [one for one in released if at - LOOKS_BACK <= one <= at]
    if len(recent) < _ENOUGH:
        return None
    # From the first release on: a bank that opened yesterday is not judged by the days before.
    between = (at - min(recent)) / len(recent)
    return max(_STEP, -(-position * between // _STEP) * _STEP)
