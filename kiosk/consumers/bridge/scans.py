"""What was read at the bridge's own readers."""

from __future__ import annotations

import asyncio

from django.utils import timezone

from kiosk.bridge import protocol
from kiosk.consumers.bridge.part import Line, Part, in_thread, instant
from kiosk.services import readers

# A full queue holds the socket back: no read is dropped.
READS_WAITING = 20
# Somebody whose claim waits for the bridge's word must not keep the others waiting.
AT_ONCE = 4


class Scans(Part):
    """Asks what a badge may open, and tells the reader.

    Beside the socket: whoever claims waits for what the bridge says there next.
    """

    def __init__(self, line: Line) -> None:
        super().__init__(line)
        self._arrived: asyncio.Queue[protocol.Scan] = asyncio.Queue(maxsize=READS_WAITING)
        self.takes = {protocol.Scan: self._arrived.put}
        self.works = [self._answer] * AT_ONCE

    def ended(self) -> None:
        """Let whoever waits to hand over a read go on."""
        while not self._arrived.empty():
            self._arrived.get_nowait()

    async def _answer(self) -> None:
        while True:
            await self._scan(await self._arrived.get())

    async def _scan(self, scan: protocol.Scan) -> None:
        told = await in_thread(
            readers.scan_at_reader,
            reader_id=scan.reader_id,
            text=scan.text,
            pin=scan.pin,
            scan_id=scan.scan_id,
            bridge_id=self.line.bridge.pk,
            at=timezone.now(),
            read_at=instant(scan.occurred_at_ms),
        )
        await self.line.send(
            protocol.ScanAnswer(
                scan_id=scan.scan_id,
                accepted=told.accepted,
                sentence=told.sentence,
                wants_pin=told.wants_pin,
            )
        )
