"""Signs of life of what sits behind a broker, and waiting for them."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable
from typing import TypeVar

from lockers.drivers.errors import BoardSilent, BoardUnreachable, DriverError

T = TypeVar("T")

# One missed heartbeat, and what doors were said to be is no longer known.
FRESH = 1.5
# After three, the connection of a gateway may be stalled: a command would sit in it and
# fire whenever the network comes back.
GONE = 3.0


class News:
    """Wakes whoever waits for something to become true."""

    def __init__(self) -> None:
        self._waiting: set[asyncio.Future[None]] = set()

    def tell(self) -> None:
        """Have everybody look again."""
        for one in self._waiting:
            if not one.done():
                one.set_result(None)

    async def wait(self, look: Callable[[], T | None], *, deadline: float) -> T | None:
        """Return what ``look`` finds, None if it found nothing until the deadline."""
        loop = asyncio.get_running_loop()
        while (found := look()) is None and (left := deadline - loop.time()) > 0:
            heard: asyncio.Future[None] = loop.create_future()
            self._waiting.add(heard)
            try:
                await asyncio.wait({heard}, timeout=left)
            finally:
                self._waiting.discard(heard)
        return found


class Life:
    """What is known about whether a gateway lives."""

    def __init__(self, name: str, *, interval_s: float | None) -> None:
        """Take the interval of its heartbeats, None where only a last will tells of its end."""
        self._name = name
        self._interval_s = interval_s or math.inf
        self._heard_at: float | None = None
        self._is_offline = False

    def heard(self) -> None:
        """Note a live message of the gateway itself."""
        self._heard_at = time.monotonic()
        self._is_offline = False

    def came_online(self, *, is_heard: bool) -> None:
        """Note that its last will is taken back, and whether that alone shows that it lives."""
        self._is_offline = False
        if is_heard:
            self.heard()

    def lost_sight(self) -> None:
        """Note that its end may have been missed: only a new sign of life counts."""
        self._is_offline = False
        self._heard_at = None

    def went_offline(self) -> None:
        """Note its last will."""
        self._heard_at = None
        self._is_offline = True

    def trouble(self, intervals: float) -> DriverError | None:
        """Say what is wrong when nothing was heard for so many heartbeats."""
        if self._is_offline:
            return BoardUnreachable(f"{self._name} lost its connection to the broker")
        if self._heard_at is None:
            return BoardSilent(f"{self._name} has not been heard yet")
        silent_s = time.monotonic() - self._heard_at
        if silent_s > intervals * self._interval_s:
            return BoardSilent(f"{self._name} was last heard {silent_s:.0f} s ago")
        return None
