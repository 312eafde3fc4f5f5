"""An agent whose server is the test, to ask it about its wires."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Callable
from pathlib import Path

from kiosk.bridge import protocol
from kiosk.bridge.access_list import KeptList
from kiosk.bridge.agent import Agent
from kiosk.bridge.clock import ServerClock
from kiosk.bridge.journal import Journal
from kiosk.bridge.protocol import inquiries as words
from tests.bridge.server_end import enrolled


class Asked:
    def __init__(self, state: Path) -> None:
        self.heard: list[protocol.Message] = []
        self.clock = ServerClock()
        now = time.monotonic() * 1000
        self.clock.sample(sent_ms=now, server_ms=int(time.time() * 1000), received_ms=now)
        self.journal = Journal(state / "journal.sqlite", self.clock)
        access = KeptList(state / "access.sqlite", enrolled(state), self.clock)
        self.agent = Agent(self.clock, self.journal, self._send, access)

    def _send(self, message: protocol.Message) -> bool:
        self.heard.append(message)
        return True

    async def ask(self, question: words.Question, *, within_s: float = 10) -> protocol.Answer:
        asked = self.asking(question, within_s=within_s)
        await self.agent.handle(asked)
        return await self.answer_to(asked)

    def asking(self, question: words.Question, *, within_s: float = 10) -> protocol.Inquire:
        deadline = self.clock.now_ms() + int(within_s * 1000)
        return protocol.Inquire(inquiry_id=uuid.uuid4(), deadline_ms=deadline, question=question)

    async def answer_to(self, asked: protocol.Inquire) -> protocol.Answer:
        def found() -> list[protocol.Answer]:
            return [
                one
                for one in self.heard
                if isinstance(one, protocol.Answer) and one.inquiry_id == asked.inquiry_id
            ]

        await until(lambda: bool(found()))
        return found()[-1]


async def until(condition: Callable[[], bool], within_s: float = 10) -> None:
    async with asyncio.timeout(within_s):
        while not condition():
            await asyncio.sleep(0.01)
