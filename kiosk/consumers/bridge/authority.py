"""The lease, and who has which door: what the server may do depends on what the bridge has."""

from __future__ import annotations

import asyncio
import contextlib
import time
import uuid
from collections.abc import Callable
from typing import Any

from django.utils import timezone

from kiosk.bridge.protocol.authority import (
    Handback,
    Held,
    HeldGrant,
    Hold,
    Renew,
    Renewed,
    Take,
    Written,
)
from kiosk.bridge.protocol.from_bridge import Health
from kiosk.consumers.bridge.part import Line, Part, in_thread, milliseconds
from lockers.authority import ServerSide, Terms
from lockers.notify import MAP
from lockers.services import authority, commands
from occupancy.services import keeping
from occupancy.services.keeping import Untold

RENEW_EVERY_S = 1.0
# An answer that is late by this much, and the server gives no door: it would only have to take it
# back. The lease ends much later.
ANSWERS_WITHIN_S = 3.0
# As lockers_may_give() has it.
MARKS_LAST_S = 3.0
LOOK_EVERY_S = 5.0
# Claims in one message; the rest goes in the next.
AT_ONCE = 4_000


class Authority(Part):
    """Keeps the lease, tells the bridge of every change of holder, and takes the doors back."""

    def __init__(
        self, line: Line, terms: Terms, term: int, banks: frozenset[int], stored: int
    ) -> None:
        super().__init__(line)
        self._side = ServerSide(terms, term)
        # Those that it is told to give out when it is alone, and those that it would.
        self._told_banks = self._banks = banks
        self._answered_at = -ANSWERS_WITHIN_S
        self._look = asyncio.Event()
        self._look.set()
        # What was said and not answered yet, and the newest number that was.
        self._told: dict[int, tuple[Untold, bool]] = {}
        self._known = 0
        # Called when more may be opened than before.
        self.on_written: Callable[[], None] = lambda: None
        self._is_first = True
        # One after the other: what was read first must not be heard last.
        self._telling = asyncio.Lock()
        # What the bridge has to have sent before its doors are taken back, and what is stored.
        self._handback: Handback | None = None
        self._stored = stored
        self.takes = {Renewed: self._renewed, Written: self._written, Handback: self._hand_back}
        self.hears = {MAP: self._on_map}

    async def entrust(self) -> None:
        """Note what the bridge will be told to give out; it may know older orders yet."""
        bridge_id = self.line.bridge.pk
        self._banks = await in_thread(
            authority.entrusted, bridge_id=bridge_id, banks=self._told_banks
        )
        # Where the server alone gives doors, there is no lease and nothing to keep.
        self.works = [self._renew, self._tell] if self._banks else []

    async def heard(self, health: Health) -> None:
        """Give out doors without a lease where the bridge says that it never will."""
        banks = self._told_banks.union(health.gives)
        if banks != self._banks and self._answers:
            await in_thread(authority.entrust, bridge_id=self.line.bridge.pk, banks=banks)
            self._banks = banks

    @property
    def _answers(self) -> bool:
        return time.monotonic() - self._answered_at < ANSWERS_WITHIN_S

    def _on_map(self, payload: Any) -> None:
        if payload is None or self._banks.intersection(payload):
            self._look.set()

    async def _renew(self) -> None:
        while True:
            await self._send_renewal()
            await asyncio.sleep(RENEW_EVERY_S)
            if self._answers:
                await in_thread(self._beat)

    async def _send_renewal(self) -> None:
        self._side = self._side.renew(time.monotonic())
        side = self._side
        await self.line.send(Renew(term=side.term, number=side.newest, known=self._known))

    def _beat(self) -> None:
        """Mark that the server may act, as of a time before it was found so.

        The mark counts for some seconds, which have to lie in the lease. Should this process be
        held up before it is written, it is written old.
        """
        side, at = self._side, authority.clock()
        if side.may_act(time.monotonic() + MARKS_LAST_S):
            authority.beat(bridge_id=self.line.bridge.pk, term=side.term, at=at)

    async def _renewed(self, answer: Renewed) -> None:
        if answer.term == self._side.term:
            self._answered_at = time.monotonic()
        could_act = self._side.may_act(time.monotonic())
        self._side = self._side.answered(answer.term, answer.number)
        if not could_act:
            self.on_written()

    async def tell(self) -> None:
        """Tell the bridge what it does not have; before each command, so that it comes first."""
        if self.works:
            async with self._telling:
                await self._tell_news()

    async def to_open(self) -> list[uuid.UUID] | None:
        """Return the commands that may be sent, None for all; what they wait for is told now."""
        if not self.works:
            return None
        if not self._side.may_act(time.monotonic()):
            # What somebody was told may be untrue by now: the bridge may have given their door.
            return []
        ready, without = await in_thread(keeping.to_open, bridge_id=self.line.bridge.pk)
        if without:
            await self.tell()
        found: list[uuid.UUID] = ready
        return found

    async def _tell_news(self) -> None:
        bridge_id = self.line.bridge.pk
        number = await in_thread(authority.next_number, bridge_id=bridge_id)
        # Its disk may be another one than it was: the first time it is told everything.
        is_all, self._is_first = self._is_first, False
        # It may have what was not answered: what of that is over has to be told as well.
        said = {one.claim_id for told, _all in self._told.values() for one in told.holds}
        found = await in_thread(keeping.untold, bridge_id=bridge_id, said=said, is_all=is_all)
        if not found.holds and not found.gone and not is_all:
            return
        told = Untold(found.holds[:AT_ONCE], found.gone)
        self._told[number] = told, is_all
        await self.line.send(
            Held(
                term=self._side.term,
                number=number,
                holds=[_hold(one) for one in told.holds],
                gone=told.gone,
                is_all=is_all,
                has_more=len(found.holds) > AT_ONCE,
            )
        )

    async def _tell(self) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_EVERY_S):
                    await self._look.wait()
            self._look.clear()
            await self.tell()

    async def _written(self, written: Written) -> None:
        told, is_all = self._told.get(written.number, (None, False))
        if told is None or written.term != self._side.term:
            return
        # What was said before is settled by this: it was told again, or that it is over.
        self._told = {number: one for number, one in self._told.items() if number > written.number}
        await in_thread(
            keeping.kept,
            bridge_id=self.line.bridge.pk,
            states={one.claim_id: one.state for one in told.holds},
            gone=told.gone,
            is_all=is_all,
        )
        self._known = max(self._known, written.number)
        await self._send_renewal()
        self.on_written()
        if len(told.holds) == AT_ONCE:
            self._look.set()

    async def _hand_back(self, handback: Handback) -> None:
        self._handback = handback
        # All of it may be here since an earlier connection.
        await self.stored(self._stored)

    async def stored(self, seq: int) -> None:
        """Take the doors back when all is stored that the bridge did alone."""
        self._stored = seq
        handback = self._handback
        if handback is None or seq < handback.last_seq:
            return
        self._handback = None
        async with self._telling:
            await self._take_back(handback)
        self._look.set()

    async def _take_back(self, handback: Handback) -> None:
        # Asked for by people who went by what was so before.
        await in_thread(commands.withdraw_asked, bridge_id=self.line.bridge.pk, at=timezone.now())
        term = await in_thread(
            authority.taken_back, bridge=self.line.bridge, term=handback.term, at=timezone.now()
        )
        self._side = ServerSide(self._side.terms, term)
        self._told.clear()
        self._is_first = True
        await self.line.send(Take(term=term))


def _hold(one: keeping.Hold) -> Hold:
    return Hold(
        claim_id=one.claim_id,
        kind=one.kind,
        compartment_id=one.compartment_id,
        starts_at_ms=milliseconds(one.starts_at),
        has_begun=one.has_begun,
        ends_at_ms=milliseconds(one.ends_at) if one.ends_at else None,
        person_id=one.holder_id,
        role_id=one.role_id,
        department_id=one.department_id,
        counts=one.counts,
        stays=one.stays,
        grant=_grant(one.grant) if one.grant is not None else None,
    )


def _grant(one: keeping.HeldGrant) -> HeldGrant:
    return HeldGrant(
        id=one.id,
        begins_ms=milliseconds(one.starts_at),
        ends_ms=milliseconds(one.ends_at) if one.ends_at else None,
    )
