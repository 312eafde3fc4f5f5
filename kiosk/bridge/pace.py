"""Keeping pulses apart that one power supply has to give."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Pace:
    """One pulse after the other, with a pause after each; whoever waits is served in turn."""

    def __init__(self) -> None:
        self._turn = asyncio.Lock()
        self._given_at = -float("inf")

    @asynccontextmanager
    async def turn(self, apart_ms: int) -> AsyncIterator[None]:
        """Give the pulse inside the block, ``apart_ms`` after the one before it at least."""
        if not apart_ms:
            # Somebody at one door does not wait for a bank that is being opened.
            yield
            return
        async with self._turn:
            await asyncio.sleep(max(0.0, self._given_at + apart_ms / 1000 - time.monotonic()))
            try:
                yield
            finally:
                self._given_at = time.monotonic()
