"""How the bridge is: heartbeat, clock, boards and doors."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

from django.utils import timezone

from kiosk.bridge import protocol
from kiosk.consumers.bridge.part import Line, Part, in_thread, milliseconds
from kiosk.services import reader_setups
from lockers.choices import BoardState, DoorState
from lockers.presence import SILENT_AFTER
from lockers.services import connections, journal

# What went over the wires changes with every heartbeat and is stored this often.
FIGURES_EVERY_S = 60.0


class Health(Part):
    """Takes heartbeats and readings, answers clock probes, and notices silence."""

    def __init__(self, line: Line) -> None:
        super().__init__(line)
        self._boards: dict[int, tuple[str, str]] = {}
        self._clock_is_wrong = False
        self._told: dict[str, Any] | None = None
        self._figures_at = -FIGURES_EVERY_S
        self._heard_at = time.monotonic()
        # Called with each heartbeat that was taken.
        self.on_heard: Callable[[protocol.Health], Awaitable[None]] | None = None
        self.works = [self._watch]
        self.takes = {
            protocol.Ping: self._ping,
            protocol.Doors: self._doors,
            protocol.Health: self._health,
        }

    async def greeted(self, hello: protocol.Hello) -> None:
        """Look at the clock that it came with."""
        await self._look_at_clock(hello.wall_clock_ms - milliseconds(timezone.now()))

    def forget(self) -> None:
        """Forget what was said of the boards: they are others now."""
        self._boards.clear()

    async def _ping(self, ping: protocol.Ping) -> None:
        now_ms = milliseconds(timezone.now())
        await self.line.send(protocol.Pong(sent_ms=ping.sent_ms, server_time_ms=now_ms))

    async def _doors(self, doors: protocol.Doors) -> None:
        await in_thread(
            journal.read_doors,
            bridge=self.line.bridge,
            journal=self.line.journal,
            seq=doors.seq,
            readings={r.compartment_id: DoorState(r.state) for r in doors.readings},
            at=timezone.now(),
        )

    async def _health(self, health: protocol.Health) -> None:
        at = timezone.now()
        told = _told(health)
        is_news = told != self._told
        is_due = is_news or time.monotonic() - self._figures_at >= FIGURES_EVERY_S
        current = await in_thread(
            connections.hear,
            bridge=self.line.bridge,
            connection=self.line.connection,
            config_hash=health.config_hash,
            clock_offset_ms=health.clock_offset_ms,
            queue_depth=health.queue_depth,
            unacknowledged=health.unacknowledged,
            health=told if is_news else None,
            figures=_figures(health) if is_due else None,
            at=at,
        )
        if not current:
            await self.line.refuse(
                "device_revoked",
                "This bridge was revoked, or another one connected with its key."
                " Enrol it again with a new code.",
            )
            return
        self._told = told
        self._heard_at = time.monotonic()
        if is_due:
            self._figures_at = self._heard_at
        if self.on_heard is not None:
            await self.on_heard(health)
        await self._look_at_clock(health.clock_offset_ms)
        for board in health.boards:
            said = (board.state, board.detail)
            if self._boards.get(board.controller_id) != said:
                self._boards[board.controller_id] = said
                await in_thread(
                    journal.set_board_state,
                    bridge=self.line.bridge,
                    controller_id=board.controller_id,
                    state=BoardState(board.state),
                    detail=board.detail,
                    at=at,
                )

        for reader in health.readers:
            if (reader.state, reader.code) == ("ok", "installed"):
                await in_thread(
                    reader_setups.ended,
                    bridge=self.line.bridge,
                    reader_id=reader.reader_id,
                    config_hash=health.config_hash,
                    at=at,
                )

    async def _look_at_clock(self, offset_ms: int) -> None:
        """Record a wrong clock once; nothing depends on it, for instants are told in our time."""
        was_wrong, self._clock_is_wrong = self._clock_is_wrong, connections.is_wrong(offset_ms)
        if self._clock_is_wrong and not was_wrong:
            await in_thread(
                connections.record_wrong_clock,
                bridge=self.line.bridge,
                clock_offset_ms=offset_ms,
                at=timezone.now(),
            )

    async def _watch(self) -> None:
        """Give up a bridge that is silent: a frozen one closes nothing, and nobody else tells."""
        silent_s = SILENT_AFTER.total_seconds()
        while True:
            await asyncio.sleep(max(1.0, self._heard_at + silent_s - time.monotonic()))
            if time.monotonic() < self._heard_at + silent_s:
                continue
            # Journal lines are a sign of life too, and may stand before the next heartbeat.
            if await in_thread(
                connections.give_up,
                bridge=self.line.bridge,
                connection=self.line.connection,
                at=timezone.now(),
            ):
                raise ConnectionError("the bridge fell silent")


def _told(health: protocol.Health) -> dict[str, Any]:
    """Return what is news when it changes."""
    return {
        "buses": {
            bus.address: {"state": bus.state, "code": bus.code, "detail": bus.detail}
            for bus in health.buses
        },
        "boards": {str(board.controller_id): board.code for board in health.boards if board.code},
        "readers": {
            str(one.reader_id): {"state": one.state, "code": one.code, "detail": one.detail}
            for one in health.readers
        },
        "journal": health.journal,
        "access_list": health.access_list,
    }


def _figures(health: protocol.Health) -> dict[str, Any]:
    return {
        "buses": {
            bus.address: {
                "transactions": bus.transactions,
                "timeouts": bus.timeouts,
                "noise_bytes": bus.noise_bytes,
                "echoes": bus.echoes,
                "reopened": bus.reopened,
                "p95_ms": bus.p95_ms,
            }
            for bus in health.buses
        },
        "boards": {
            str(board.controller_id): {
                "misses": board.misses,
                "answered_at_ms": board.answered_at_ms,
            }
            for board in health.boards
        },
    }
