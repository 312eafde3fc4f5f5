"""Commands out: the row is the truth, and whatever is queued is sent whenever there is word."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

from django.utils import timezone

from audit.models import ActorKind
from kiosk.bridge import protocol
from kiosk.consumers.bridge.authority import Authority
from kiosk.consumers.bridge.part import Line, Part, in_thread, milliseconds
from lockers.notify import COMMAND
from lockers.services import commands

LOOK_EVERY_S = 5


class Commands(Part):
    """Sends what is queued for this bridge, and takes back what was cancelled.

    A door opens for nobody before its bridge has written down that it is theirs: to open it is to
    tell them, and what the bridge does not have may be withdrawn.
    """

    def __init__(self, line: Line, authority: Authority) -> None:
        super().__init__(line)
        self._authority = authority
        self._look = asyncio.Event()
        self._look.set()
        authority.on_written = self._look.set
        self.works = [self._send]
        self.hears = {COMMAND: self._on_command}

    def _on_command(self, payload: Any) -> None:
        if payload is None or (payload["queued"] and self.line.bridge.pk in payload["bridges"]):
            self._look.set()

    async def _send(self) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                # Not asyncio.wait_for: before Python 3.12 it can swallow a cancellation.
                async with asyncio.timeout(LOOK_EVERY_S):
                    await self._look.wait()
            self._look.clear()
            queued = await in_thread(
                commands.take_queued,
                bridge_id=self.line.bridge.pk,
                at=timezone.now(),
                only=await self._authority.to_open(),
            )
            for command in queued:
                await self.line.send(
                    protocol.Open(
                        command_id=command.pk,
                        compartment_id=command.compartment_id,
                        deadline_ms=milliseconds(command.deadline),
                        not_before_ms=milliseconds(command.not_before) if command.not_before else 0,
                        staff=command.actor_kind == ActorKind.STAFF,
                        scan_id=command.scan_id,
                        apart_ms=command.opening.stagger_ms if command.opening else 0,
                    )
                )
            if not queued:
                for command_id in await in_thread(
                    commands.taken_back, bridge_id=self.line.bridge.pk, at=timezone.now()
                ):
                    await self.line.send(protocol.Cancel(command_id=command_id))
