"""Who somebody is, by what they show at the screen; and the record of what was refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from access.access_list import deciding
from access.access_list.deciding import ALLOWED, Answer, Place
from access.access_list.entries import Pin
from kiosk.bridge.agent import Agent
from kiosk.bridge.journal import JournalFull
from kiosk.bridge.protocol import ReaderConfig, ScanRefused, encode_refused
from kiosk.bridge.screen import reading
from kiosk.bridge.screen.turn import Refused, Turn


class Showing:
    """Identifies by the list of this box."""

    def __init__(self, agent: Agent) -> None:
        self._agent = agent

    async def by_badge(self, bank_id: int, raw: str) -> Turn:
        """Return whose turn it is by what the screen's reader typed."""
        read = reading.whole(self._agent.access.known, bank_id, raw)
        if read is None:
            raise await self.refuse(Answer(ALLOWED).but("bad_read", "badge: not whole"), None)
        reader, text = read
        place = Place(bank_id, reader.id)
        is_pass = reading.is_pass(text)
        shown = await self._pass(place, text) if is_pass else self._badge(place, text)
        return Turn(place, shown, shown(False))

    async def by_number(self, bank_id: int, number: str, typed: str) -> Turn:
        """Return whose turn it is by a personal number and its PIN."""
        kept, place = self._agent.access, Place(bank_id, 0)
        person_id = deciding.number_of(kept.known, number)
        pin = await self.check(Answer(ALLOWED, person_id=person_id, kind="pin"), typed, None)

        def shown(_has_pin: bool) -> Answer:
            return deciding.by_pin(kept.known, place, pin, kept.at)

        return Turn(place, shown, shown(True), pin)

    def _badge(self, place: Place, text: str) -> Callable[[bool], Answer]:
        kept = self._agent.access
        return lambda has_pin: deciding.by_badge(
            kept.known, place, text, kept.at, has_shown_pin=has_pin
        )

    async def _pass(self, place: Place, text: str) -> Callable[[bool], Answer]:
        kept, journal = self._agent.access, self._agent.journal
        at = ReaderConfig(
            reader_id=place.reader_id, bank_id=place.bank_id, driver="typing", address=""
        )
        judged = self._agent.readers.judge(text, at)
        given = judged.given
        if not judged.allowed or given is None:
            code = judged.code if not judged.allowed else "pass_unknown_key"
            raise await self.refuse(Answer(code, judged.why), place.reader_id)
        return lambda has_pin: deciding.by_pass(
            kept.known, place, given, kept.at, used=journal.used_passes, has_shown_pin=has_pin
        )

    async def check(self, answer: Answer, typed: str, reader_id: int | None) -> Pin:
        """Return the PIN that was typed; raises Refused."""
        pin = await self._agent.pins.check(answer, typed, reader_id)
        if isinstance(pin, Pin):
            return pin
        wait_s = self._agent.access.wait_s(answer.person_id, reader_id)
        raise await self.refuse(pin, reader_id, wait_seconds=int(wait_s + 0.999))

    async def refuse(self, answer: Answer, who: Turn | int | None, **facts: Any) -> Refused:
        """Write down a refusal, which the server is told as soon as it can be."""
        told = ScanRefused(
            code=answer.code,
            reader_id=who.reader_id if isinstance(who, Turn) else who,
            pass_id=answer.given.id if answer.given is not None else None,
            person_id=answer.person_id,
            why=[step[:300] for step in answer.why][:20],
        )
        try:
            await self._agent.journal.append("scan_refused", detail=encode_refused(told))
        except JournalFull:
            facts |= {"unrecorded": True}
        return Refused(answer.code, **facts)
