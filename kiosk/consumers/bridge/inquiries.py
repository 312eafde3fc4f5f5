"""Questions out: what staff ask about the wires of this bridge, and what it answers."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import uuid
from typing import Any

import msgspec
from django.utils import timezone

from kiosk.bridge import protocol
from kiosk.bridge.protocol.inquiries import Question
from kiosk.consumers.bridge.part import Line, Part, in_thread, milliseconds
from lockers.notify import INQUIRY
from lockers.services import inquiries

log = logging.getLogger(__name__)

LOOK_EVERY_S = 5


class Inquiries(Part):
    """Sends each question once in a connection: a bridge that came back is asked again."""

    def __init__(self, line: Line) -> None:
        super().__init__(line)
        self._look = asyncio.Event()
        self._look.set()
        self._sent: set[uuid.UUID] = set()
        self.takes = {protocol.Answer: self._answer}
        self.works = [self._send]
        self.hears = {INQUIRY: self._on_inquiry}

    def _on_inquiry(self, payload: Any) -> None:
        if payload is None or self.line.bridge.pk in payload["bridges"]:
            self._look.set()

    async def _send(self) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                # Not asyncio.wait_for: before Python 3.12 it can swallow a cancellation.
                async with asyncio.timeout(LOOK_EVERY_S):
                    await self._look.wait()
            self._look.clear()
            for inquiry in await in_thread(
                inquiries.to_send, bridge_id=self.line.bridge.pk, at=timezone.now()
            ):
                if inquiry.pk in self._sent:
                    continue
                self._sent.add(inquiry.pk)
                question: Any = msgspec.convert(inquiry.question, type=Question)
                await self.line.send(
                    protocol.Inquire(
                        inquiry_id=inquiry.pk,
                        deadline_ms=milliseconds(inquiry.deadline),
                        question=question,
                    )
                )

    async def _answer(self, answer: protocol.Answer) -> None:
        self._sent.discard(answer.inquiry_id)
        is_new = await in_thread(
            inquiries.answer,
            bridge=self.line.bridge,
            inquiry_id=answer.inquiry_id,
            finding=msgspec.to_builtins(answer.finding),
            error=answer.error,
            detail=answer.detail,
            may_have_fired=answer.may_have_fired,
            at=timezone.now(),
        )
        if not is_new:
            log.info("bridge %s answered %s again", self.line.bridge.pk, answer.inquiry_id)
