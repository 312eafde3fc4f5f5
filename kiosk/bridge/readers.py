"""Badge readers that are wired to this box."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
import uuid
from collections.abc import Callable, Sequence

from kiosk.bridge import protocol
from kiosk.bridge.clock import ServerClock
from lockers.drivers import registry
from lockers.drivers.ascii_reader import ReadError
from lockers.drivers.base import ReaderSpec
from lockers.drivers.errors import DriverError

log = logging.getLogger(__name__)

# A badge that is held on the reader is read again and again.
SAME_BADGE_S = 2.5


class Readers:
    """Sends what is read to the server; a badge's text is never written to a log."""

    def __init__(self, clock: ServerClock, send: Callable[[protocol.Message], None]) -> None:
        self._clock, self._send = clock, send
        self._tasks: list[asyncio.Task[None]] = []

    async def configure(self, configs: Sequence[protocol.ReaderConfig]) -> None:
        """Listen to these readers and no others."""
        await self.stop()
        self._tasks = [asyncio.create_task(self._listen(config)) for config in configs]

    async def stop(self) -> None:
        """Listen to none."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []

    def answered(self, answer: protocol.ScanAnswer) -> None:
        """Note the server's answer; a reader with a light would show it."""
        log.info("scan %s: %s", answer.scan_id, "accepted" if answer.accepted else "refused")

    async def _listen(self, config: protocol.ReaderConfig) -> None:
        try:
            reader = registry.open_reader(
                ReaderSpec(
                    reader_id=config.reader_id,
                    driver=config.driver,
                    address=config.address,
                    prefix=config.prefix,
                    suffix=config.suffix,
                    length=config.length,
                )
            )
        except DriverError as error:
            log.error("reader %s cannot be used: %s", config.reader_id, error)
            return
        last, last_at = "", 0.0
        async with contextlib.aclosing(reader.scans()) as scans:
            async for read in scans:
                if isinstance(read, ReadError):
                    log.warning("reader %s: a badge was not read whole (%s)",
                                config.reader_id, read.reason)  # fmt: skip
                    # Told without its characters: refused there, and recorded.
                    read = ""
                now = time.monotonic()
                if read == last and now - last_at < SAME_BADGE_S:
                    continue
                last, last_at = read, now
                self._send(
                    protocol.Scan(
                        scan_id=uuid.uuid4(),
                        reader_id=config.reader_id,
                        text=read,
                        occurred_at_ms=self._clock.now_ms(),
                    )
                )
