"""Deadlines that no busy machine reaches, where a test is not about a deadline that passes."""

from __future__ import annotations

import time


def soon(seconds: float = 20.0) -> float:
    """Return the moment in so many seconds, on the clock that deadlines are told on."""
    return time.monotonic() + seconds
