"""The screen of a bridge while the server is away, as people and the page's script use it."""

from __future__ import annotations

import asyncio
import random
import time
import uuid
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from tests.chaos.estate import Person
from tests.chaos.evidence import GaveUp, Told

# Whoever stands there goes away then.
PATIENCE = aiohttp.ClientTimeout(total=3.0)


@dataclass
class BridgeScreen:
    """One screen, before which one person stands at a time; what they are told names a door."""

    url: str
    bank: int
    chance: random.Random
    told: list[Told]
    gave_up: list[GaveUp]
    counts: Counter[str]
    _before_it: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def visit(self, me: Person, session: aiohttp.ClientSession) -> bool:
        """Say whether it did anything for somebody; it does nothing while the server is there."""
        if self._before_it.locked():
            return False
        async with self._before_it:
            try:
                if not await self._is_away(session):
                    return False
                return await self._turn(me, session)
            except (aiohttp.ClientError, TimeoutError, OSError):
                self.counts["alone: never answered"] += 1
                return False

    async def _is_away(self, session: aiohttp.ClientSession) -> bool:
        async with session.get(f"{self.url}/alone/state", timeout=PATIENCE) as answer:
            state = await answer.json()
        return bool(state["away"] and state["ready"])

    async def _turn(self, me: Person, session: aiohttp.ClientSession) -> bool:
        asked_at = time.time()
        turn = await self._post(session, "badge", bank=self.bank, badge=f"~{me.badge}\r")
        if turn is None:
            return False
        for door in turn["doors"]:
            self.told.append(Told(me.id, "yours", asked_at, time.time(), door=door["id"]))
        try:
            return await self._acts(me, session, turn)
        finally:
            await self._post(session, "end", turn=turn["turn"])

    async def _acts(self, me: Person, session: aiohttp.ClientSession, turn: dict[str, Any]) -> bool:
        doors, asked_at = turn["doors"], time.time()
        if not doors:
            told = await self._post(session, "claim", turn=turn["turn"])
            return self._hear(me, "claims", told, asked_at)
        door = self.chance.choice(doors)
        # The first who can give back there do so.
        has_been_seen = self.counts["alone: finishes"] > 0
        if not door["ends"] or (has_been_seen and self.chance.random() < 0.3):
            told = await self._post(session, "open", turn=turn["turn"], door=door["id"])
            return self._hear(me, "opens", told, asked_at)
        self.gave_up.append(GaveUp(me.id, None, asked_at, door["id"]))
        told = await self._post(session, "finish", turn=turn["turn"], door=door["id"])
        if told is None:
            return False
        self.counts["alone: finishes"] += 1
        self.told.append(Told(me.id, "gone", asked_at, time.time(), door=door["id"]))
        return True

    def _hear(self, me: Person, verb: str, told: dict[str, Any] | None, asked_at: float) -> bool:
        if told is None:
            return False
        self.counts[f"alone: {verb}"] += 1
        opened = told["opened"]
        command = uuid.UUID(opened["command"])
        self.told.append(
            Told(me.id, "yours", asked_at, time.time(), door=opened["id"], command=command)
        )
        return True

    async def _post(
        self, session: aiohttp.ClientSession, verb: str, **body: Any
    ) -> dict[str, Any] | None:
        async with session.post(
            f"{self.url}/alone/{verb}",
            json=body,
            headers={"Origin": self.url, "X-Lockwright-Kiosk": "1"},
            timeout=PATIENCE,
        ) as answer:
            told: dict[str, Any] = await answer.json()
        if answer.status == 200:
            return told
        self.counts[f"alone, refused: {told['code']}"] += 1
        return None
