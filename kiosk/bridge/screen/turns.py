"""Who stands before the screen while the server is away, and what they do there. One at a time.

Nothing of anybody outlives their turn, and what they showed is judged again at every step.
"""

from __future__ import annotations

import asyncio
import secrets
import time
import uuid
from collections.abc import Callable
from typing import Any

from access.access_list import deciding
from access.access_list.deciding import Answer, Place
from access.access_list.entries import Bank
from access.decisions import Code
from kiosk.bridge.agent import Agent
from kiosk.bridge.connection import Connection, State
from kiosk.bridge.holdings import Kept
from kiosk.bridge.protocol import EventKind
from kiosk.bridge.screen import reading
from kiosk.bridge.screen.showing import Showing
from kiosk.bridge.screen.turn import Refused, Turn

LASTS_S = 60.0
# What the last word on a command means for whoever stands there; only a sensor says open.
STORIES: dict[EventKind, str] = {
    "command_opened": "open",
    "command_closed": "closed",
    "command_failed": "failed",
    "command_expired": "failed",
    "command_cancelled": "failed",
    "command_unknown": "unknown",
}


class Turns:
    """Identifies people by the list, and opens, gives and takes back what it lets them."""

    def __init__(
        self, agent: Agent, connection: Connection, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._agent, self._connection, self._now = agent, connection, now
        self._showing = Showing(agent)
        self._turn: Turn | None = None
        # One thing at a time.
        self._busy = asyncio.Lock()

    # ---- what anybody may see -----------------------------------------------------------------

    @property
    def is_back(self) -> bool:
        """Whether the server is there and gives out the doors again."""
        return self._connection.state is State.READY and not self._agent.authority.is_alone

    def state(self) -> dict[str, Any]:
        """Return how this place stands; nothing of anybody."""
        known, authority = self._agent.access.known, self._agent.authority
        is_known = self._agent.access.state == "ok"
        return {
            "away": self._connection.state is not State.READY,
            "back": self.is_back,
            "ready": is_known,
            "gives_in_s": authority.gives_in_s,
            "banks": [
                {
                    "id": bank.id,
                    "name": bank.name,
                    "gives": bank.id in self._agent.holdings.banks,
                    "readers": reading.framings(known, bank.id),
                }
                for bank in self._banks()
                if is_known
            ],
        }

    def _banks(self) -> list[Bank]:
        known = self._agent.access.known
        ids = (bank.bank_id for bank in self._agent.config.banks)
        found = (known.get(Bank, Bank(id=bank_id).key) for bank_id in ids)
        return [bank for bank in found if bank is not None]

    def told(self, turn: Turn) -> dict[str, Any]:
        """Return what is theirs, and how the door stands that they opened."""
        return {
            "turn": turn.id,
            "needs_pin": turn.needs_pin,
            "lasts_s": max(0.0, turn.until - self._now()),
            "doors": [] if turn.needs_pin else [self._door(turn, one) for one in self._doors(turn)],
            "opened": self._story(turn),
        }

    def _door(self, turn: Turn, compartment_id: int) -> dict[str, Any]:
        door = self._agent.access.known.door(compartment_id)
        return {
            "id": compartment_id,
            "number": door.number if door is not None else "",
            "ends": self._use(turn, compartment_id) is not None,
        }

    def _story(self, turn: Turn) -> dict[str, Any] | None:
        if turn.opened is None:
            return None
        compartment_id, command_id = turn.opened
        said = self._agent.commands.said.get(command_id)
        door = self._agent.doors.get(compartment_id)
        has_sensor = door is not None and door.config.has_sensor
        story = STORIES.get(said, "going") if said is not None else "going"
        if said == "command_actuated" and not has_sensor:
            story = "released"
        return {
            "id": compartment_id,
            "number": door.config.number if door is not None else "",
            "story": story,
            "command": str(command_id),
        }

    # ---- who stands there ---------------------------------------------------------------------

    async def by_badge(self, bank_id: int, raw: str) -> Turn:
        """Begin a turn with what the screen's reader typed."""
        async with self._busy:
            self._must_know(bank_id)
            self._turn = None
            return await self._begin(await self._showing.by_badge(bank_id, raw))

    async def by_number(self, bank_id: int, number: str, typed: str) -> Turn:
        """Begin a turn with a personal number and its PIN."""
        async with self._busy:
            self._must_know(bank_id)
            self._turn = None
            return await self._begin(await self._showing.by_number(bank_id, number, typed))

    async def with_pin(self, turn_id: str, typed: str) -> Turn:
        """Take the PIN that is asked for besides what was shown."""
        async with self._busy:
            turn = self.get(turn_id)
            if turn.needs_pin:
                turn.pin = await self._showing.check(turn.answer, typed, turn.reader_id)
                self._turn = None
                turn.answer = turn.shown(True)
                await self._begin(turn)
            return turn

    async def _begin(self, turn: Turn) -> Turn:
        if not turn.answer.allowed and not turn.needs_pin:
            raise await self._showing.refuse(turn.answer, turn.reader_id)
        turn.until = self._now() + LASTS_S
        self._turn = turn
        return turn

    def get(self, turn_id: str) -> Turn:
        """Return the turn that somebody has; raises Refused when it is over."""
        turn = self._turn
        if turn is None or not secrets.compare_digest(turn.id.encode(), turn_id.encode()):
            raise Refused("turn_over")
        if self._now() >= turn.until:
            self._turn = None
            raise Refused("turn_over")
        return turn

    def more(self, turn_id: str) -> Turn:
        """Let a turn last from now on."""
        turn = self.get(turn_id)
        turn.until = self._now() + LASTS_S
        return turn

    def end(self, turn_id: str) -> None:
        """End a turn; ending it twice is no mistake."""
        if self._turn is not None and self._turn.id == turn_id:
            self._turn = None

    # ---- what they do -------------------------------------------------------------------------

    async def open(self, turn_id: str, compartment_id: int) -> Turn:
        """Open a door that is theirs."""
        async with self._busy:
            turn = await self._again(turn_id)
            if compartment_id not in self._doors(turn):
                raise await self._showing.refuse(
                    turn.answer.but("no_grant", "door: none of theirs"), turn
                )
            kept = self._agent.access
            place = Place(turn.place.bank_id, turn.place.reader_id, compartment_id)
            return await self._open(turn, deciding.door(kept.known, turn.answer, place, kept.at))

    async def claim(self, turn_id: str) -> Turn:
        """Give a door to somebody who has none here, and open it."""
        async with self._busy:
            turn = await self._again(turn_id)
            bank_id = turn.place.bank_id
            if self._doors(turn):
                raise Refused("has_one")
            self._must_give(bank_id)
            if self._agent.access.is_over(bank_id):
                over = turn.answer.but("away_too_long", "server: away for too long")
                raise await self._showing.refuse(over, turn)
            return await self._open(turn, await self._agent.giver.give(turn.answer, bank_id))

    async def finish(self, turn_id: str, compartment_id: int) -> Turn:
        """Take back a door that is theirs alone."""
        async with self._busy:
            turn = await self._again(turn_id)
            use = self._use(turn, compartment_id)
            if use is None:
                raise Refused("not_to_finish")
            self._must_give(turn.place.bank_id)
            door = self._agent.doors.get(compartment_id)
            if door is not None and door.state == "open":
                raise Refused("close_first", number=door.config.number)
            answer = await self._agent.giver.finish(turn.answer, use)
            if not answer.allowed:
                raise await self._showing.refuse(answer, turn)
            turn.opened = None
            return turn

    async def _open(self, turn: Turn, answer: Answer) -> Turn:
        if answer.allowed and self._agent.access.is_over(turn.place.bank_id):
            answer = answer.but("away_too_long", "server: away for too long")
        command_id = uuid.uuid4()
        if answer.allowed:
            answer = await self._agent.opener.open(command_id, answer, turn.pin, turn.reader_id)
        if not answer.allowed:
            raise await self._showing.refuse(answer, turn)
        assert answer.compartment_id is not None
        turn.opened = (answer.compartment_id, command_id)
        return turn

    async def _again(self, turn_id: str) -> Turn:
        """Return a turn whose proof still counts."""
        turn = self.get(turn_id)
        if turn.needs_pin:
            raise Refused(Code.PIN_REQUIRED.value)
        answer = turn.shown(turn.pin is not None)
        if not answer.allowed:
            self._turn = None
            raise await self._showing.refuse(answer, turn)
        turn.answer = answer
        turn.until = self._now() + LASTS_S
        return turn

    def _must_give(self, bank_id: int) -> None:
        """Refuse with when it will be so, unless the doors are given out here."""
        if self._agent.authority.may_give and bank_id in self._agent.holdings.banks:
            return
        seconds = self._agent.authority.gives_in_s
        if self._connection.state is State.READY:
            raise Refused("server_back")
        if seconds is None or bank_id not in self._agent.holdings.banks:
            raise Refused("never_alone")
        raise Refused("not_alone_yet", wait_seconds=int(seconds + 0.999))

    def _must_know(self, bank_id: int) -> None:
        if self._agent.access.state != "ok":
            raise Refused("no_list")
        if bank_id not in {bank.id for bank in self._banks()}:
            raise Refused("malformed")

    def _doors(self, turn: Turn) -> list[int]:
        kept = self._agent.access
        return deciding.doors(kept.known, turn.answer, turn.place, kept.at)

    def _use(self, turn: Turn, compartment_id: int) -> Kept | None:
        """Return the use of a door that somebody may end here: their own, and not overdue.

        What happens to a door that is held after its end is for the server to say.
        """
        if turn.answer.person_id is None or turn.answer.only_id not in (None, compartment_id):
            return None
        at = self._agent.access.at
        for kept in self._agent.holdings.of_person(turn.answer.person_id, at):
            is_over = kept.ends_at is not None and kept.ends_at <= at
            if kept.hold.compartment_id == compartment_id and not is_over:
                return kept
        return None
