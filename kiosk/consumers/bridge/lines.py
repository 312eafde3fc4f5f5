"""The bridge's journal in: each line is stored once, and acknowledged when it is."""

from __future__ import annotations

import asyncio
from functools import partial

from django.utils import timezone

from kiosk.bridge import protocol
from kiosk.consumers.bridge.authority import Authority
from kiosk.consumers.bridge.part import Line, Part, in_thread, instant
from kiosk.services import told
from lockers.services import journal

# A full queue holds the socket back: events are never dropped.
FRAMES_WAITING = 20


class Lines(Part):
    """Stores journal lines frame by frame, and heeds at once those that come ahead."""

    def __init__(self, line: Line, authority: Authority) -> None:
        super().__init__(line)
        self._authority = authority
        self._is_renamed = False
        self._arrived: asyncio.Queue[protocol.Events] = asyncio.Queue(maxsize=FRAMES_WAITING)
        self.takes = {protocol.Events: self._arrived.put, protocol.Live: self._heed}
        self.works = [self._store]

    async def greeted(self, hello: protocol.Hello) -> None:
        """Remember whether the journal has an earlier name."""
        self._is_renamed = hello.starts_after is not None

    def ended(self) -> None:
        """Let whoever waits to hand over lines go on."""
        while not self._arrived.empty():
            self._arrived.get_nowait()

    async def _heed(self, live: protocol.Live) -> None:
        await in_thread(
            journal.heed,
            bridge=self.line.bridge,
            journal=self.line.journal,
            lines=[_line(event) for event in live.lines],
            at=timezone.now(),
        )

    async def _store(self) -> None:
        while True:
            events = await self._arrived.get()
            at = timezone.now()
            # Lines that are missing end the connection: with the next one the bridge is told from
            # where on they are wanted.
            stored = await in_thread(
                journal.receive,
                bridge=self.line.bridge,
                journal=self.line.journal,
                lines=[_line(event) for event in events.lines],
                after=events.after,
                is_renamed=self._is_renamed,
                at=at,
                tell=partial(told.record, at=at),
            )
            await self.line.send(protocol.Ack(seq=stored))
            await self._authority.stored(stored)


def _line(event: protocol.Event) -> journal.Line:
    about, detail = told.about(event.kind, event.detail)
    return journal.Line(
        seq=event.seq,
        kind=event.kind,
        occurred_at=instant(event.occurred_at_ms),
        clock_ok=event.clock_ok,
        compartment_id=event.compartment_id,
        controller_id=event.controller_id,
        command_id=event.command_id,
        detail=detail,
        about=about,
    )
