"""A bridge's side of who gives out the doors, without its server: time stands still."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kiosk.bridge import protocol
from kiosk.bridge.authority import Authority
from kiosk.bridge.holdings import Holdings
from kiosk.bridge.journal import Journal
from kiosk.bridge.protocol import Held, Written
from tests.bridge.conftest import config
from tests.bridge.test_enrolment import until
from tests.bridge.test_holdings import hold, holdings

LEASE_S, DRIFT_S = 60, 5
TERM = 4


@dataclass
class Clock:
    """A clock that goes when it is told to, and counts how often it was asked."""

    at: float
    looks: int = 0

    def __call__(self) -> float:
        self.looks += 1
        return self.at


@dataclass
class Box:
    """A bridge's side of it, and what it sent."""

    side: Authority
    kept: Holdings
    journal: Journal
    clock: Clock
    sent: list[protocol.Message]

    async def say(self, message: protocol.Message) -> list[protocol.Message]:
        """Be the server; return what is answered."""
        self.sent.clear()
        await self.side.takes[type(message)](message)
        return list(self.sent)

    async def greet(self, term: int = TERM, lease_s: int = LEASE_S) -> list[protocol.Message]:
        self.sent.clear()
        await self.side.greeted(
            protocol.Welcome(
                protocol=protocol.PROTOCOL_VERSION,
                server_keys=[],
                server_time_ms=0,
                acknowledged_seq=0,
                config=config(),
                term=term,
                lease_s=lease_s,
            )
        )
        return list(self.sent)

    async def learn(self, number: int = 1) -> None:
        """Be greeted, and hear of all claims."""
        await self.greet()
        assert await self.say(held(number, is_all=True)) == [Written(term=TERM, number=number)]

    async def wait(self, seconds: float) -> None:
        """Let time pass, and let it be looked at."""
        self.clock.at += seconds
        looks = self.clock.looks
        await until(lambda: self.clock.looks > looks + 2 or self.side.is_alone)

    async def is_cut_off(self) -> None:
        await self.learn()
        await self.wait(LEASE_S + DRIFT_S)
        assert self.side.may_give

    async def lines(self) -> list[str]:
        return [line.kind for line in await self.journal.after(0, 100)]


def held(number: int, term: int = TERM, **values: Any) -> Held:
    return Held(**{"term": term, "number": number, "holds": [hold(4)], **values})


@asynccontextmanager
async def bridge(
    folder: Path, *, at: float = 1000.0, works_alone: bool = True
) -> AsyncIterator[Box]:
    async with holdings(folder) as (kept, journal):
        sent: list[protocol.Message] = []
        clock = Clock(at)
        side = Authority(journal, kept, lambda message: sent.append(message) or True, clock)
        side.works_alone = works_alone
        await side.open()
        yield Box(side, kept, journal, clock, sent)
        await side.close()
