"""Reading the doors: what every sensor says now, which board is silent, and what has changed."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable

from kiosk.bridge.journal import Journal
from kiosk.bridge.protocol import (
    BoardReading,
    BoardState,
    CompartmentConfig,
    ControllerConfig,
    DoorReading,
    DoorState,
)
from lockers.drivers.base import Board
from lockers.drivers.errors import DriverError

log = logging.getLogger(__name__)

IDLE_S, WATCHED_S = 0.3, 0.15
READ_WITHIN_S = 1.0
# Misses until a board is called silent, and how slowly a silent one is asked again.
OFFLINE_AFTER = 3
SILENT_AGAIN_S = (1.0, 30.0)


class Door:
    """One door: how it stands, and who waits for it to move."""

    def __init__(self, config: CompartmentConfig) -> None:
        self.config = config
        self.state: DoorState = "unknown"
        self.changed = asyncio.Condition()
        # Set while a command is responsible for what the door does.
        self.opened_by: object | None = None

    async def wait_for(self, state: DoorState, within_s: float | None) -> bool:
        """Wait until the sensor says so; False when it did not in time."""
        async with self.changed:
            try:
                # Not asyncio.wait_for: before Python 3.12 it can swallow a cancellation.
                async with asyncio.timeout(within_s):
                    await self.changed.wait_for(lambda: self.state == state)
            except TimeoutError:
                return False
        return True

    async def set(self, state: DoorState) -> None:
        """Take a reading and wake who waits."""
        async with self.changed:
            self.state = state
            self.changed.notify_all()


class BoardPoller:
    """Reads one board for ever; a command asks it to look more often for a while."""

    def __init__(
        self,
        config: ControllerConfig,
        board: Board | None,
        doors: dict[int, Door],
        journal: Journal,
        on_readings: Callable[[], None],
        problem: str = "",
    ) -> None:
        self.config, self.board, self.doors = config, board, doors
        self._journal, self._on_readings = journal, on_readings
        self.state: BoardState = "offline"
        self.detail = problem or "not read yet"
        self.misses = 0
        self.watchers = 0
        self._wake = asyncio.Event()

    @contextlib.contextmanager
    def watched(self):  # type: ignore[no-untyped-def]  # a generator for contextlib
        """Read this board more often inside the block."""
        self.watchers += 1
        self._wake.set()
        try:
            yield
        finally:
            self.watchers -= 1

    def reading(self) -> BoardReading:
        """Return what the server is told of this board."""
        return BoardReading(
            controller_id=self.config.controller_id, state=self.state, detail=self.detail
        )

    async def run(self) -> None:
        """Read until cancelled."""
        if self.board is None:
            return
        silent_s = SILENT_AGAIN_S[0]
        while True:
            try:
                snapshot = await self.board.read(
                    deadline=asyncio.get_running_loop().time() + READ_WITHIN_S
                )
            except DriverError as error:
                await self._missed(error)
            else:
                silent_s = SILENT_AGAIN_S[0]
                await self._answered([door.value for door in snapshot.doors])
            pause = WATCHED_S if self.watchers else IDLE_S
            if self.state == "offline":
                pause, silent_s = silent_s, min(silent_s * 2, SILENT_AGAIN_S[1])
            self._wake.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._wake.wait()

    async def _missed(self, error: DriverError) -> None:
        self.misses += 1
        self.detail = str(error)
        if self.misses < OFFLINE_AFTER:
            if self.state == "ok":
                self.state = "suspect"
            return
        if self.state != "offline" or self.misses == OFFLINE_AFTER:
            log.warning("board %s is silent: %s", self.config.controller_id, error)
            self.state = "offline"
            await self._journal.append(
                "board_state", controller_id=self.config.controller_id, detail="offline"
            )
            for door in self.doors.values():
                if door.state != "unknown":
                    await door.set("unknown")
                    await self._journal.append(
                        "door_unknown", compartment_id=door.config.compartment_id
                    )
            self._on_readings()

    async def _answered(self, states: list[DoorState]) -> None:
        returned = self.state == "offline"
        if returned:
            log.info("board %s answers", self.config.controller_id)
            await self._journal.append(
                "board_state", controller_id=self.config.controller_id, detail="ok"
            )
        self.state, self.detail, self.misses = "ok", "", 0
        learnt = returned
        for channel, door in self.doors.items():
            now: DoorState = states[channel] if channel < len(states) else "unknown"
            if not door.config.has_sensor or now == door.state:
                continue
            before = door.state
            if before == "unknown":
                learnt = True
            await self._tell(door, before, now)
            await door.set(now)
        if learnt:
            self._on_readings()

    async def _tell(self, door: Door, before: DoorState, now: DoorState) -> None:
        """Write what a change means; changes that a command causes are written by that command."""
        about = door.config.compartment_id
        if now == "unknown":
            await self._journal.append("door_unknown", compartment_id=about)
        elif before == "unknown" or door.opened_by is not None:
            return
        elif now == "open":
            await self._journal.append("door_forced", compartment_id=about)
        else:
            await self._journal.append("door_closed", compartment_id=about)


def readings(doors: dict[int, Door]) -> list[DoorReading]:
    """Return how every door stands."""
    return [DoorReading(compartment_id=number, state=door.state) for number, door in doors.items()]
