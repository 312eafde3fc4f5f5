"""Who gives out the doors here: the server, as long as it may, and then this box.

The rules are lockers/authority.py, the argument is lockers/authority.md. What they say is on the
disk before anything follows from it.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sqlite3
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import msgspec

from kiosk.bridge import protocol
from kiosk.bridge.holdings import Holdings, Kept
from kiosk.bridge.journal import Journal, JournalFull
from kiosk.bridge.protocol import Handback, Held, Renew, Renewed, Take, Written
from lockers.authority import BridgeSide, Terms

log = logging.getLogger(__name__)

LOOKS_EVERY_S = 0.5


class _Written(msgspec.Struct, frozen=True):
    term: int = 0
    is_alone: bool = False
    is_returning: bool = False
    heard: int = 0
    known: int = 0
    lease_s: float = 60


class Authority:
    """Answers renewals, writes down who has which door, and decides alone when nobody else does."""

    def __init__(
        self,
        journal: Journal,
        holdings: Holdings,
        send: Callable[[protocol.Message], bool],
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._journal, self._holdings, self._send, self._now = journal, holdings, send, now
        self._side = BridgeSide(Terms(), now())
        # Whether any bank here is given out without the server.
        self.works_alone = False
        self._watching: asyncio.Task[None] | None = None
        # One change at a time: what is answered while a change is being written contradicts it.
        self._turn = asyncio.Lock()
        self.takes: dict[type[protocol.Message], Callable[[Any], Awaitable[None]]] = {
            Renew: self._renew,
            Held: self._held,
            Take: self._take,
        }

    @property
    def term(self) -> int:
        """The term that it is, as far as it is known here."""
        return self._side.term

    @property
    def is_alone(self) -> bool:
        """Whether the doors are given here, or were until a moment ago."""
        return self._side.is_alone

    @property
    def may_give(self) -> bool:
        """Whether a door may be given here now."""
        return self.works_alone and self._side.may_give

    def may_open(self, kept: Kept) -> bool:
        """Say whether to open for who has a door: given here, or known to the server as kept."""
        return kept.ref is not None or self._side.may_open(kept.number)

    @property
    def gives_in_s(self) -> float | None:
        """In how many seconds doors may be given here, unless the server returns; None: never."""
        if not self.works_alone or not self._holdings.is_complete or self._side.is_returning:
            return None
        if self._side.is_alone:
            return 0.0
        return max(0.0, self._side.stopped_at - self._now()) + LOOKS_EVERY_S

    async def open(self) -> None:
        """Go on with what the journal holds; the server may have been answered a moment ago."""
        row = await self._journal.read(
            lambda base: base.execute("SELECT value FROM about WHERE name = 'side'").fetchone()
        )
        kept = msgspec.json.decode(row[0], type=_Written) if row else _Written()
        side = BridgeSide(
            Terms.of(kept.lease_s), 0.0, kept.term, kept.is_alone, kept.is_returning,
            kept.heard, kept.known,
        )  # fmt: skip
        self._side = side.started(self._now())
        await self._holdings.open()
        self._watching = asyncio.create_task(self._watch())

    async def close(self) -> None:
        """Begin nothing more."""
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.gather(self._watching, return_exceptions=True)

    async def greeted(self, welcome: protocol.Welcome) -> None:
        """Take the server's term when there is nothing to hand back; else stop giving doors."""
        async with self._turn:
            side = replace(self._side, terms=Terms.of(welcome.lease_s))
            if side.is_alone:
                self._side = side
                await self._hand_back()
            elif welcome.term > side.term:
                # This disk is younger than that bank: whatever it held is told anew.
                await self._become(replace(side, term=welcome.term, heard=0))
            elif side != self._side:
                await self._become(side)

    async def _hand_back(self) -> None:
        if not self._side.is_returning:
            await self._become(self._side.hand_back())
        self._send(Handback(term=self._side.term, last_seq=self._journal.last_seq))

    async def cut(self) -> None:
        """Decide alone again at once, where the server was not heard to take the doors back."""
        async with self._turn:
            if self._side.is_returning:
                with contextlib.suppress(JournalFull):
                    await self._become(self._side.resume())

    async def _renew(self, renew: Renew) -> None:
        async with self._turn:
            if self._side.is_alone:
                # The line was never lost, but the server did not renew in time.
                await self._hand_back()
                return
            side = self._side.answer(renew.term, renew.known, self._now())
            if side is None:
                return
            if side.known != self._side.known:
                with contextlib.suppress(JournalFull):
                    # It holds after a start as well; unless it is written down, less is opened.
                    await self._become(side)
            self._side = side
            self._send(Renewed(term=renew.term, number=renew.number))

    async def _held(self, held: Held) -> None:
        async with self._turn:
            side = self._side.hear(held.term, held.number)
            if side is None:
                return
            try:
                await self._holdings.told(held)
                await self._become(side)
            except JournalFull as error:
                # Not written down, so it is not said: the server tells nobody of it.
                log.error("who has which door cannot be written down: %s", error)
                return
            self._send(Written(term=held.term, number=held.number))

    async def _take(self, take: Take) -> None:
        async with self._turn:
            side = self._side.taken(take.term, self._now())
            if side != self._side:
                await self._become(side)
                log.info("the server gives out the doors again")

    async def _watch(self) -> None:
        """Begin to decide alone when the server has surely stopped."""
        while True:
            await asyncio.sleep(LOOKS_EVERY_S)
            async with self._turn:
                await self._begin_alone()

    async def _begin_alone(self) -> None:
        may_begin = self.works_alone and self._holdings.is_complete
        if may_begin and self._side.may_begin_alone(self._now()):
            try:
                await self._become(self._side.begin_alone(), "alone_began")
            except JournalFull as error:
                log.error("no doors are given here: the journal cannot be written: %s", error)
            else:
                log.warning("the server is away: the doors are given out here")

    async def _become(self, side: BridgeSide, kind: protocol.EventKind | None = None) -> None:
        """Write down what is so from now on, and only then let it be so."""
        body = _encoded(side)

        def write(base: sqlite3.Connection) -> None:
            base.execute("INSERT OR REPLACE INTO about VALUES ('side', ?)", (body,))

        await self._journal.change(write, kind, detail=str(side.term) if kind else "")
        self._side = side


def _encoded(side: BridgeSide) -> str:
    kept = _Written(
        side.term, side.is_alone, side.is_returning, side.heard, side.known, side.terms.lease_s
    )
    return msgspec.json.encode(kept).decode()
