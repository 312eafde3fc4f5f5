"""A bridge without its server, and its own screen as a browser's script would ask it."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import msgspec

from access import hashing
from access.access_list import entries
from access.access_list.index import AccessList
from kiosk.bridge.connection import State
from kiosk.bridge.protocol import BankConfig, Event, Held
from kiosk.bridge.screen import Screen
from tests.bridge.conftest import Box, config, running
from tests.bridge.server_end import ServerEnd

KEY = b"k" * 32
AMIRA, BEN = 1, 2
AMIRA_BADGE, BEN_BADGE = "0004215873", "0004215874"
AMIRA_NUMBER, AMIRA_PIN = "1001", "274951"
READER, POLICY = 7, 3
VERIFIER = hashing.pin_verifier(AMIRA_PIN)


def digest(canonical: str) -> str:
    return hashing.badge_digest(KEY, canonical)


def typed(badge: str) -> str:
    return f"~{badge}\r"


def listed(pin_rule: str = "never") -> list[entries.Entry]:
    """Amira and Ben may each have one of the doors 1 to 4 of bank 1."""
    now = dt.datetime.now(dt.UTC)
    hours = dt.timedelta(hours=10)
    people = [(AMIRA, AMIRA_BADGE, AMIRA_NUMBER), (BEN, BEN_BADGE, "1002")]
    return [
        entries.Organisation(id=1, badge_key=KEY),
        entries.Bank(id=1, name="A", pin_rule=pin_rule),
        entries.Reader(id=READER, types=entries.Typing(1, "~", "\r", 10)),
        *(
            entries.Door(id=n, bank_id=1, number=str(n), service_status="in_service")
            for n in range(1, 6)
        ),
        *(
            entries.Person(
                id=person, status="active", number=digest(hashing.personal_number(number))
            )
            for person, _badge, number in people
        ),
        *(
            entries.Badge(
                id=10 + person, person_id=person, digest=digest(hashing.canonical_text(badge))
            )
            for person, badge, _number in people
        ),
        entries.Pin(id=21, person_id=AMIRA, verifier=VERIFIER),
        entries.Offer(
            number=1, bank_id=1, policy_id=POLICY, people=(AMIRA, BEN), doors=(1, 2, 3, 4),
            limits=((POLICY, 1),), days=(entries.Day(now - hours, now + hours, now + hours),),
        ),
    ]  # fmt: skip


@dataclass
class Browser:
    """The script of a page at the screen."""

    url: str
    session: aiohttp.ClientSession
    headers: dict[str, str] = field(default_factory=dict)

    async def post(self, path: str, **body: Any) -> tuple[int, dict[str, Any]]:
        headers = {"Origin": self.url, "X-Lockwright-Kiosk": "1", **self.headers}
        async with self.session.post(
            f"{self.url}/alone/{path}", json=body, headers=headers
        ) as answer:
            return answer.status, await answer.json()

    async def state(self, turn: str = "") -> dict[str, Any]:
        headers = {"X-Lockwright-Turn": turn} if turn else {}
        async with self.session.get(f"{self.url}/alone/state", headers=headers) as answer:
            found: dict[str, Any] = await answer.json()
            return found

    async def show(self, badge: str) -> dict[str, Any]:
        """Hold a good badge to the reader."""
        status, told = await self.post("badge", bank=1, badge=typed(badge))
        assert status == 200, told
        return told

    async def story(self, turn: str, story: str) -> dict[str, Any]:
        """Wait for what is told of the door that was opened last."""
        async with asyncio.timeout(8):
            while True:
                opened = (await self.state(turn))["turn"]["opened"]
                if opened["story"] == story:
                    found: dict[str, Any] = opened
                    return found
                await asyncio.sleep(0.01)


@dataclass
class Place:
    """A bank with a screen."""

    box: Box
    screen: Screen
    browser: Browser

    async def begin_alone(self) -> None:
        """Let the lease be over."""
        authority = self.box.agent.authority
        await authority._become(authority._side.begin_alone(), "alone_began")

    def know(self, *more: entries.Entry, pin_rule: str = "never") -> None:
        """Let the box have a list."""
        access = self.box.agent.access
        access.known = AccessList([*listed(pin_rule), *more])
        access.state = "ok"
        access.heard()
        access.complete()

    async def lines(self, kind: str) -> list[Event]:
        return [line for line in await self.box.journal.after(0, 1000) if line.kind == kind]


@contextlib.asynccontextmanager
async def standing(server: ServerEnd, state: Path) -> AsyncIterator[Place]:
    """Run a bridge with a screen that has lost its server; its lease lasts yet."""
    server.config = msgspec.structs.replace(
        config(), banks=[BankConfig(bank_id=1, works_alone=True)]
    )
    async with (
        running(server, state) as box,
        Screen(server.url, "127.0.0.1:0", box.connection, box.agent) as screen,
        aiohttp.ClientSession() as session,
    ):
        await server.until(lambda: set(server.doors().values()) == {"closed"})
        await box.agent.holdings.told(Held(term=0, number=1, holds=[], is_all=True))
        place = Place(box, screen, Browser(f"http://127.0.0.1:{screen.port}", session))
        place.know()
        await server.stop()
        await until(lambda: box.connection.state is not State.READY)
        yield place


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(8):
        while not condition():
            await asyncio.sleep(0.01)
