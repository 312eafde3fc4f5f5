"""Badge readers that are wired to this box."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import logging
import time
import uuid
from collections.abc import Callable

from kiosk.bridge import protocol
from kiosk.bridge.clock import ServerClock
from kiosk.bridge.journal import Journal, JournalFull
from kiosk.bridge.judging import Judge, Judged
from lockers.drivers import registry
from lockers.drivers.ascii_reader import ReadError
from lockers.drivers.base import SIGNED, ReaderSpec
from lockers.drivers.errors import DriverError

log = logging.getLogger(__name__)

# A badge that is held on the reader is read again and again.
SAME_BADGE_S = 2.5
# Scans that wait for the server's word, at most.
ASKED = 100


class Readers:
    """Refuses what it can and sends on the rest; what was read is never written to a log.

    What cannot be sent now is refused and written down, never kept: whoever showed it leaves.
    """

    def __init__(
        self, clock: ServerClock, journal: Journal, send: Callable[[protocol.Message], bool]
    ) -> None:
        self._clock, self._journal, self._send = clock, journal, send
        self._judge = Judge(protocol.Config(config_hash=""))
        self._asked: dict[uuid.UUID, tuple[protocol.ReaderConfig, Judged]] = {}
        self._tasks: list[asyncio.Task[None]] = []

    async def configure(self, config: protocol.Config) -> None:
        """Listen to these readers and no others."""
        await self.stop()
        self.judge_by(config)
        self._tasks = [asyncio.create_task(self._listen(reader)) for reader in config.readers]

    def judge_by(self, config: protocol.Config) -> None:
        """Take the keys and rules of a configuration."""
        self._judge = Judge(config)

    async def stop(self) -> None:
        """Listen to none."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []

    async def answered(self, answer: protocol.ScanAnswer) -> None:
        """Note the server's answer; a reader with a light would show it."""
        log.info("scan %s: %s", answer.scan_id, "accepted" if answer.accepted else "refused")
        _reader, judged = self._asked.pop(answer.scan_id, (None, None))
        given = judged.given if judged is not None else None
        if answer.accepted and given is not None and given.is_single_use:
            try:
                await self._journal.use_pass(given.id, int(given.ends_at.timestamp() * 1000))
            except JournalFull as error:
                log.error("a used pass could not be remembered: %s", error)

    async def cut(self) -> None:
        """Write down what the server never answered; it is not asked again."""
        asked, self._asked = self._asked, {}
        for reader, judged in asked.values():
            await self._refuse(reader, judged.but("no_answer", "server: no answer"))

    async def _take(self, reader: protocol.ReaderConfig, text: str) -> None:
        """Refuse what was read here and now, or send it to the server."""
        now_ms = self._clock.now_ms()
        judged = Judged("not_judged")
        if text.startswith(SIGNED):
            at = dt.datetime.fromtimestamp(now_ms / 1000, dt.UTC)
            judged = self._judge.judge(text, reader, at=at, used=self._journal.used_passes)
            if not judged.allowed:
                await self._refuse(reader, judged)
                return
        scan = protocol.Scan(
            scan_id=uuid.uuid4(), reader_id=reader.reader_id, text=text, occurred_at_ms=now_ms
        )
        if not self._send(scan):
            await self._refuse(reader, judged.but("no_link", "server: away"))
            return
        self._asked[scan.scan_id] = reader, judged
        while len(self._asked) > ASKED:
            del self._asked[next(iter(self._asked))]

    async def _refuse(self, reader: protocol.ReaderConfig, judged: Judged) -> None:
        """Write down a refusal, which the server is told as soon as it can be."""
        log.warning("reader %s: refused here (%s)", reader.reader_id, judged.code)
        refused = protocol.ScanRefused(
            code=judged.code,
            reader_id=reader.reader_id,
            pass_id=judged.given.id if judged.given is not None else None,
            why=list(judged.why),
        )
        try:
            await self._journal.append(
                "scan_refused",
                compartment_id=reader.compartment_id,
                detail=protocol.encode_refused(refused),
            )
        except JournalFull as error:
            log.error("a refusal could not be written down: %s", error)

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
                await self._take(config, read)
