"""Giving a door without the server, and taking it back: on the disk before anybody is told."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Collection
from dataclasses import replace

from access.access_list.deciding import Answer
from access.access_list.entries import Person
from kiosk.bridge import giving
from kiosk.bridge.access_list import KeptList
from kiosk.bridge.authority import Authority
from kiosk.bridge.holdings import Holdings, Kept
from kiosk.bridge.journal import JournalFull
from kiosk.bridge.protocol import GivenAlone


class Giver:
    """Gives the best free door of somebody's list while this box decides alone."""

    def __init__(
        self,
        authority: Authority,
        holdings: Holdings,
        kept: KeptList,
        shut: Callable[[], Collection[int]],
    ) -> None:
        self._authority, self._holdings, self._kept, self._shut = authority, holdings, kept, shut
        self._giving = asyncio.Lock()

    async def give(self, shown: Answer, bank_id: int, door_id: int | None = None) -> Answer:
        """Give a door to somebody who is good there and has none; the answer names it."""
        if bank_id not in self._holdings.banks:
            return shown.but("nothing_held", "bank: gives no door without the server")
        # One after the other: two must not find the same door free.
        async with self._giving:
            if not self._authority.may_give:
                return shown.but("not_alone_yet", "server: may still be giving doors")
            return await self._give(shown, bank_id, door_id)

    async def finish(self, shown: Answer, kept: Kept) -> Answer:
        """End a use of somebody who is good there."""
        async with self._giving:
            if not self._authority.may_give:
                return shown.but("not_alone_yet", "server: may still be giving doors")
            try:
                await self._holdings.finish(kept, kept.hold.person_id or 0)
            except JournalFull as error:
                return shown.but("not_recorded", f"disk: {error}")
            return replace(shown, compartment_id=kept.hold.compartment_id)

    async def _give(self, shown: Answer, bank_id: int, door_id: int | None) -> Answer:
        known, at = self._kept.known, self._kept.at
        person = known.get(Person, f"person:{shown.person_id}")
        if person is None:
            return shown.but("unknown_badge", "person: not in the list")
        choice = giving.choose(
            known, self._holdings.all(), self._shut(), person=person, bank_id=bank_id,
            credential=shown.kind, at=at, door_id=door_id,
        )  # fmt: skip
        if isinstance(choice, giving.Refused):
            return replace(shown, code=choice.code, why=(*shown.why, *choice.why))
        why = (*shown.why, f"door: {choice.compartment_id}, the first that is free")
        given = GivenAlone(
            ref=uuid.uuid4(),
            person_id=person.id,
            policy_id=choice.offer.policy_id,
            due_at_ms=int(choice.due_at.timestamp() * 1000),
            ends_at_ms=int(choice.ends_at.timestamp() * 1000),
            counts=[policy_id for policy_id, _most in choice.offer.limits],
            kind=shown.kind,
            credential_id=shown.credential_id,
            why=[step[:300] for step in why][:40],
        )
        try:
            kept = await self._holdings.give(
                given, choice.compartment_id, int(at.timestamp() * 1000)
            )
        except JournalFull as error:
            return shown.but("not_recorded", f"disk: {error}")
        return replace(shown, why=why, compartment_id=choice.compartment_id, grant=kept.granted)
