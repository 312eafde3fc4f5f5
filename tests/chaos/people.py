"""Fifty people who claim, open and finish, and remember every answer that reached them."""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
import uuid
from collections import Counter
from typing import Any

import aiohttp
from asgiref.sync import sync_to_async

from tests.chaos import reception
from tests.chaos.boards import Reader
from tests.chaos.bridge_screen import BridgeScreen
from tests.chaos.estate import TOKEN, Person
from tests.chaos.evidence import GaveUp, Told

# As static/js/kiosk_api.js has them.
PAUSES_S = [0.3, 0.9, 2.0]
PATIENCE_S = 8.0
# Between two visits of one person, on a machine that keeps up.
THINKS_S = (3.0, 11.0)


class Crowd:
    """Everybody, and what they were told."""

    def __init__(self, servers: list[str], chance: random.Random) -> None:
        self.servers, self.chance = servers, chance
        self.told: list[Told] = []
        self.gave_up: list[GaveUp] = []
        self.counts: Counter[str] = Counter()
        self.is_over = False
        # Everybody slows down when answers take long.
        self._answers_s = 0.1

    async def run(
        self, people: list[Person], north: Reader, south: list[Reader], screen: tuple[str, int]
    ) -> None:
        """Let everybody come and go until it is over; the first half at the bank without screen.

        ``screen`` is where the bridge's own screen is, and of which bank.
        """
        alone = BridgeScreen(*screen, self.chance, self.told, self.gave_up, self.counts)
        half = len(people) // 2
        async with aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=PATIENCE_S),
            headers={"Authorization": f"Terminal {TOKEN}"},
        ) as session:
            await asyncio.gather(
                *(self._comes_north(person, north) for person in people[:half]),
                *(self._comes_south(person, south, session, alone) for person in people[half:]),
            )

    async def _pause(self) -> None:
        slower = max(1.0, self._answers_s / 0.4)
        until = time.monotonic() + self.chance.uniform(*THINKS_S) * min(slower, 4.0)
        while time.monotonic() < until and not self.is_over:
            await asyncio.sleep(0.2)

    async def _comes_north(self, me: Person, reader: Reader) -> None:
        while True:
            await self._pause()
            if self.is_over:
                return
            if self.chance.random() < 0.3:
                await self._leaves_at_reception(me)
            else:
                self._tap(me, reader)

    async def _comes_south(
        self,
        me: Person,
        readers: list[Reader],
        session: aiohttp.ClientSession,
        alone: BridgeScreen,
    ) -> None:
        while True:
            await self._pause()
            if self.is_over:
                return
            at_screen = self.chance.random() >= 0.1 and (
                await alone.visit(me, session) or await self._uses_screen(me, session)
            )
            if not at_screen:
                self._tap(me, self.chance.choice(readers))

    def _tap(self, me: Person, reader: Reader) -> None:
        self.counts["taps" if reader.show(me.badge) else "dark readers"] += 1

    async def _leaves_at_reception(self, me: Person) -> None:
        """Have reception give the door back, when that can be reached."""
        with contextlib.suppress(*reception.AWAY):
            held = await sync_to_async(reception.held, thread_sensitive=False)(me.id)
            if held is None:
                return
            asked_at = time.time()
            self.gave_up.append(GaveUp(me.id, held.claim, asked_at))
            await sync_to_async(reception.give_back, thread_sensitive=False)(held, me.id)
            self.counts["finishes"] += 1
            self.told.append(Told(me.id, "gone", asked_at, time.time(), held.claim, held.door))

    async def _uses_screen(self, me: Person, session: aiohttp.ClientSession) -> bool:
        """Say whether the screen did anything for somebody."""
        asked_at = time.time()
        status, scan = await self._post(session, "scan", {"badge": f"~{me.badge}\r"})
        if status != 200:
            return False
        self._hear(me, scan["holds"], asked_at)
        mine = [hold for hold in scan["holds"] if hold["here"]]
        if not mine:
            self.told.append(Told(me.id, "none", asked_at, time.time()))
            return await self._claims(me, session, scan["scan"])
        hold = mine[0]
        if self.chance.random() < 0.5:
            return await self._opens(me, session, scan["scan"], hold)
        asked_at = time.time()
        self.gave_up.append(GaveUp(me.id, hold["claim"], asked_at))
        body = {"scan": scan["scan"], "claim": hold["claim"]}
        status, _told = await self._post(session, "finish", body)
        if status == 200:
            self.counts["finishes"] += 1
            at = time.time()
            self.told.append(
                Told(me.id, "gone", asked_at, at, hold["claim"], hold["compartment"], scan["scan"])
            )
        return status == 200

    async def _opens(
        self, me: Person, session: aiohttp.ClientSession, scan: str, hold: dict[str, Any]
    ) -> bool:
        asked_at = time.time()
        status, told = await self._post(session, "open", {"scan": scan, "claim": hold["claim"]})
        if status == 200:
            self.counts["opens"] += 1
            if "claim" in told:
                self._hear(me, [told], asked_at)
        return status == 200

    async def _claims(self, me: Person, session: aiohttp.ClientSession, scan: str) -> bool:
        asked_at = time.time()
        body = {"scan": scan, "choice": {"any": True}}
        status, told = await self._post(session, "claim", body)
        if status == 200:
            self.counts["claims"] += 1
            self._hear(me, [told], asked_at)
        elif status:
            self.counts[f"refused: {told.get('code', status)}"] += 1
            # With the same key it may be asked again, and nobody does: so it stands.
            at = time.time()
            self.told.append(Told(me.id, "refused", asked_at, at, scan=scan))
        return status == 200

    def _hear(self, me: Person, holds: list[dict[str, Any]], asked_at: float) -> None:
        at = time.time()
        for hold in holds:
            self.told.append(Told(me.id, "yours", asked_at, at, hold["claim"], hold["compartment"]))

    async def _post(
        self, session: aiohttp.ClientSession, verb: str, body: dict[str, Any]
    ) -> tuple[int, dict[str, Any]]:
        """Ask as the page does, with one key; an attempt may reach the other server."""
        key, begun = str(uuid.uuid4()), time.monotonic()
        try:
            for pause_s in [*PAUSES_S, None]:
                with contextlib.suppress(aiohttp.ClientError, TimeoutError, OSError, ValueError):
                    async with session.post(
                        f"{self.chance.choice(self.servers)}/kiosk/{verb}",
                        json=body,
                        headers={"Idempotency-Key": key},
                    ) as answer:
                        if answer.status < 500 or answer.status == 503:
                            return answer.status, await answer.json()
                if pause_s is None or self.is_over:
                    break
                self.counts["asked again"] += 1
                await asyncio.sleep(pause_s)
        finally:
            took_s = time.monotonic() - begun
            self._answers_s += (min(took_s, 2.0) - self._answers_s) * 0.1
        self.counts["never answered"] += 1
        return 0, {}
