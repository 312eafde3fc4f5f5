"""Trying PINs without the server: one at a time, counted, and slower after wrong ones."""

from __future__ import annotations

import asyncio

from access import hashing
from access.access_list import deciding
from access.access_list.deciding import Answer
from access.access_list.entries import Pin
from kiosk.bridge.access_list import KeptList, ListFailing
from kiosk.bridge.journal import Journal, JournalFull
from kiosk.bridge.protocol import WrongPin, encode_detail


class Pins:
    """Compares what was typed with the verifiers of the list."""

    def __init__(self, kept: KeptList, journal: Journal) -> None:
        self._kept, self._journal = kept, journal
        # One at a time: each PIN that is tried takes 19 MiB.
        self._trying = asyncio.Lock()

    async def check(self, answer: Answer, typed: str, reader_id: int | None) -> Pin | Answer:
        """Return the PIN that was typed at a reader, or a screen (None), or why it is none.

        Where the answer names nobody it takes as long.
        """
        person_id = answer.person_id
        async with self._trying:
            if self._kept.must_wait(person_id, reader_id):
                return answer.but("too_many_attempts", "PIN: guessed wrong too often")
            pins = deciding.pins_of(self._kept.known, person_id or 0)
            fits = await asyncio.to_thread(_fitting, [pin.verifier for pin in pins], typed)
            try:
                if fits is None:
                    await self._kept.count_wrong(person_id, reader_id)
                    if person_id is not None:
                        wrong = WrongPin(reader_id=reader_id, person_id=person_id)
                        await self._journal.append("pin_wrong", detail=encode_detail(wrong))
                    return answer.but("wrong_pin", "PIN: does not fit")
                assert person_id is not None  # nobody has no PIN
                await self._kept.forgive(person_id)
                pin = pins[fits]
                decision = deciding.pin_is_good(self._kept.known, pin, self._kept.at)
                if not decision.allowed:
                    return answer.after(decision)
                if pin.purpose == "recovery":
                    await self._kept.use(pin.key)
            except (ListFailing, JournalFull) as error:
                return answer.but("not_recorded", f"disk: {error}")
        return pin


def _fitting(verifiers: list[str], typed: str) -> int | None:
    """Return which PIN was typed; without any it takes as long."""
    for place, verifier in enumerate(verifiers):
        if hashing.pin_matches(verifier, typed):
            return place
    if not verifiers:
        hashing.pin_matches(None, typed)
    return None
