"""The server's time, carried by our monotonic clock; the wall clock is never trusted."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass

# A sample this old may have drifted more than a slower, newer one is wrong.
SAMPLES = 10


@dataclass(frozen=True)
class _Sample:
    round_trip_ms: float
    offset_ms: float  # server time minus our monotonic clock


class ServerClock:
    """Server time in milliseconds, from probes that went there and back."""

    def __init__(self) -> None:
        self._samples: deque[_Sample] = deque(maxlen=SAMPLES)

    @staticmethod
    def monotonic_ms() -> float:
        """Return this machine's monotonic clock."""
        return time.monotonic() * 1000

    def sample(self, *, sent_ms: float, server_ms: int, received_ms: float) -> None:
        """Take a probe: sent and received on our monotonic clock, answered at ``server_ms``."""
        round_trip = max(0.0, received_ms - sent_ms)
        middle = sent_ms + round_trip / 2
        self._samples.append(_Sample(round_trip, server_ms - middle))

    @property
    def is_set(self) -> bool:
        """Say whether the server's time is known; nothing fires before."""
        return bool(self._samples)

    @property
    def _offset_ms(self) -> float:
        if not self._samples:
            return time.time() * 1000 - self.monotonic_ms()
        # The quickest probe says it best: its error is at most half its round trip.
        return min(self._samples, key=lambda sample: sample.round_trip_ms).offset_ms

    def now_ms(self) -> int:
        """Return the server's time; before the first probe this box's wall clock has to do."""
        if not self._samples:
            return int(time.time() * 1000)
        return int(self.monotonic_ms() + self._offset_ms)

    def loop_time(self, server_ms: int) -> float:
        """Return the instant of a server time on ``time.monotonic()`` (and the event loop)."""
        return (server_ms - self._offset_ms) / 1000

    @property
    def wall_offset_ms(self) -> int:
        """How far this box's wall clock is ahead of the server, for the health report."""
        return int(time.time() * 1000) - self.now_ms() if self._samples else 0
