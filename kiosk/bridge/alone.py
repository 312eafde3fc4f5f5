"""What happens at a reader without the server: the list decides, and the journal knows why."""

from __future__ import annotations

import uuid

from access.access_list import deciding
from access.access_list.deciding import ALLOWED, Answer, Place
from access.access_list.entries import Pin
from access.decisions import Code
from access.passes import Pass
from kiosk.bridge.access_list import KeptList
from kiosk.bridge.giver import Giver
from kiosk.bridge.journal import Journal
from kiosk.bridge.opening import Opener
from kiosk.bridge.pins import Pins
from kiosk.bridge.protocol import ReaderConfig
from kiosk.bridge.turns import Turn, Turns

# Readers with keys: where a PIN is asked for besides, they wait for it.
WITH_KEYS = {"osdp"}


class Alone:
    """Decides by the list and opens. A member of staff types their PIN, then any door's number."""

    def __init__(
        self, kept: KeptList, journal: Journal, pins: Pins, opener: Opener, giver: Giver
    ) -> None:
        self._kept, self._journal, self._pins = kept, journal, pins
        self._opener, self._giver = opener, giver
        self.turns = Turns()

    @property
    def decides(self) -> bool:
        """Whether there is a list to decide by."""
        return self._kept.state == "ok"

    async def show(self, reader: ReaderConfig, text: str, given: Pass | None) -> Answer:
        """Take what was held to a reader; a pass has proven itself by now."""
        self.turns.end(reader.reader_id)
        if not self.decides:
            return Answer(ALLOWED).but("no_link", f"access list: {self._kept.state}")
        answer = self._identify(reader, text, given, has_shown_pin=False)
        turn = Turn(text, given, answer)
        if answer.allowed:
            answer = await self._open(reader, answer, None)
        may_type = self._is_staff(reader, turn) or turn.answer.code == Code.PIN_REQUIRED
        if reader.driver in WITH_KEYS and may_type:
            self.turns.begin(reader.reader_id, turn)
        return answer

    async def type(self, reader: ReaderConfig, turn: Turn, text: str) -> Answer:
        """Take what was typed after something was shown."""
        if not self.decides:
            self.turns.end(reader.reader_id)
            return turn.answer.but("no_link", f"access list: {self._kept.state}")
        if turn.pin is not None:
            return await self._open_any(reader, turn, text)
        pin = await self._pins.check(turn.answer, text, reader.reader_id)
        if isinstance(pin, Answer):
            return pin
        turn.pin = pin
        self.turns.begin(reader.reader_id, turn)
        turn.answer = self._identify(reader, turn.text, turn.given, has_shown_pin=True)
        if not turn.answer.allowed:
            return turn.answer
        opened = await self._open(reader, turn.answer, pin)
        if opened.allowed or not self._is_staff(reader, turn):
            return opened
        if reader.compartment_id is not None:
            return await self._override(reader, turn, reader.compartment_id)
        # They may type the number of a door now.
        return turn.answer

    def _identify(
        self, reader: ReaderConfig, text: str, given: Pass | None, *, has_shown_pin: bool
    ) -> Answer:
        known, at, place = self._kept.known, self._kept.at, _place(reader)
        if given is not None:
            used = self._journal.used_passes
            return deciding.by_pass(known, place, given, at, used=used, has_shown_pin=has_shown_pin)
        if len(text) != reader.length or not (text.isascii() and text.isprintable()):
            return Answer(ALLOWED).but("bad_read", "badge: not whole")
        return deciding.by_badge(known, place, text, at, has_shown_pin=has_shown_pin)

    def _is_staff(self, reader: ReaderConfig, turn: Turn) -> bool:
        # By a badge only: a pass can be photographed.
        if turn.given is not None:
            return False
        who, known = turn.answer.person_id, self._kept.known
        return deciding.is_staff(known, who, reader.bank_id, self._kept.at) is not None

    async def _open(self, reader: ReaderConfig, shown: Answer, pin: Pin | None) -> Answer:
        """Open the door that is theirs, or the one that they are given."""
        place = _place(reader)
        answer = deciding.door(self._kept.known, shown, place, self._kept.at)
        if answer.code == "nothing_held" and not self._kept.is_over(reader.bank_id):
            answer = await self._giver.give(shown, place.bank_id, place.compartment_id)
        if answer.allowed and self._kept.is_over(reader.bank_id):
            answer = answer.but("away_too_long", "server: away for too long")
        if not answer.allowed:
            return answer
        return await self._fire(reader, answer, pin)

    async def _open_any(self, reader: ReaderConfig, turn: Turn, number: str) -> Answer:
        door = self._kept.known.door_by_number(reader.bank_id, number)
        if door is None:
            return turn.answer.but("no_such_door", "staff: no door has this number")
        return await self._override(reader, turn, door.id)

    async def _override(self, reader: ReaderConfig, turn: Turn, compartment_id: int) -> Answer:
        answer = deciding.override(self._kept.known, turn.answer, compartment_id, self._kept.at)
        return await self._fire(reader, answer, turn.pin) if answer.allowed else answer

    async def _fire(self, reader: ReaderConfig, answer: Answer, pin: Pin | None) -> Answer:
        return await self._opener.open(uuid.uuid4(), answer, pin, reader.reader_id)


def _place(reader: ReaderConfig) -> Place:
    return Place(reader.bank_id, reader.reader_id, reader.compartment_id)
