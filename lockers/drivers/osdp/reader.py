"""One OSDP reader: what happened at it becomes reads, and what is old becomes none."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import AsyncGenerator
from typing import Any

import osdp

from lockers.drivers.base import Keyed, ReaderHealth, ReadError
from lockers.drivers.osdp.bus import Bus
from lockers.drivers.osdp.cards import Keypad, card_text
from lockers.drivers.osdp.profile import Profile

# A reader keeps what it reads until it is asked. After a longer absence whoever showed the badge
# has left, and a door that opens then opens for nobody.
LATE_S = 5.0
# What was kept comes at once, one after the other; a silence as long as this ends it.
KEPT_S = 0.5


class OsdpReader:
    """One reader of a bus, which connects, asks and watches."""

    def __init__(self, bus: Bus, profile: Profile) -> None:
        self.address = bus.line.address
        self.profile = profile
        self.health = ReaderHealth("connecting")
        self._bus = bus
        self._reads: asyncio.Queue[str | Keyed | ReadError] = asyncio.Queue()
        self._keypad = Keypad()
        self._seen_at = -math.inf
        self._kept_until = -math.inf

    @property
    def is_connected(self) -> bool:
        """Tell whether it is there and speaks in secret."""
        return self.health.state == "ok"

    async def scans(self) -> AsyncGenerator[str | Keyed | ReadError, None]:
        """Yield every read for ever, connecting again by itself; never raises for the wire."""
        self._reads = asyncio.Queue()
        self._bus.join(self)
        try:
            while True:
                yield await self._reads.get()
        finally:
            await self._bus.leave(self)

    async def show(self, accepted: bool) -> None:
        """Light and beep, whatever of it the reader has."""
        await self._bus.show(self.profile.unit, accepted=accepted)

    def seen(self) -> None:
        """Note that it is there; what it kept during a long absence comes now."""
        at = time.monotonic()
        if at - self._seen_at > LATE_S:
            self._kept_until = at + KEPT_S
        self._seen_at = at

    def happened(self, event: dict[str, Any]) -> None:
        """Take one event of libosdp."""
        if event["event"] not in (osdp.Event.CardRead, osdp.Event.KeyPress):
            return
        self.seen()
        at = time.monotonic()
        is_kept = at < self._kept_until
        if is_kept:
            self._kept_until = at + KEPT_S
        if event["event"] == osdp.Event.CardRead:
            length = event["length"]
            read: str | ReadError = ReadError("late", length)
            if not is_kept:
                read = card_text(event["format"], length, event["data"], bits=self.profile.bits)
            self._reads.put_nowait(read)
        elif is_kept:
            self._keypad.forget()
        else:
            for keyed in self._keypad.press(event["data"], at):
                self._reads.put_nowait(keyed)
