"""Reading the doors: what every sensor says now, which board is silent, and what has changed."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import time
from collections.abc import Callable, Iterator, Sequence

from kiosk.bridge.journal import Journal
from kiosk.bridge.protocol import (
    BoardState,
    CompartmentConfig,
    ControllerConfig,
    DoorReading,
    DoorState,
)
from lockers.drivers import base
from lockers.drivers.base import Board
from lockers.drivers.errors import DriverError
from lockers.drivers.trouble import trouble

log = logging.getLogger(__name__)

IDLE_S, WATCHED_S = 0.3, 0.15
READ_WITHIN_S = 1.0
# Misses until a board is called silent, and how slowly a silent one is asked again. Its port is
# opened again for that too.
OFFLINE_AFTER = 3
SILENT_AGAIN_S = (0.5, 30.0)
# A lock may tell its voltage with every move; the journal takes it this often, or when it fell.
BATTERY_AGAIN_S, BATTERY_FELL_MV = 12 * 3600.0, 100


class Door:
    """One door: how it stands, and who waits for it to move."""

    def __init__(self, config: CompartmentConfig) -> None:
        self.config = config
        self.state: DoorState = "unknown"
        self.changed = asyncio.Condition()
        # Set while a command is responsible for what the door does.
        self.opened_by: object | None = None
        # The voltage in mV that the journal took last, and when by time.monotonic.
        self.battery: tuple[int, float] | None = None

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
    """Reads one board for ever; a command asks it to look more often for a while.

    What the board says unasked is taken at once, between two readings.
    """

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
        # Why it is not well, in one word; "" also before the first reading.
        self.code = "configuration" if problem else ""
        self.misses = 0
        # Of time.monotonic: when it last answered, and when this was last seen to be at work.
        self.answered_at: float | None = None
        self.progress_at = time.monotonic()
        self.watchers = 0
        self._resting = 0
        # Boards on the same wire: one that returns tells the others to try again now.
        self.neighbours: Sequence[BoardPoller] = ()
        # Set when every relay was switched off, as far as the board let itself be told: whatever an
        # earlier run left on is off before the first command, and no command is cut short by it.
        self.is_safe = asyncio.Event()
        self._wake = asyncio.Event()
        self._silent_s = SILENT_AGAIN_S[0]
        self._turn = asyncio.Lock()
        # What the board said unasked: how a door stands, or the voltage of its battery.
        self._told: asyncio.Queue[tuple[int, DoorState | int]] = asyncio.Queue()
        self._touched: set[int] = set()

    @property
    def was_read(self) -> bool:
        """Whether the board was asked at all, so that its state says something."""
        return self.board is None or self.misses > 0 or self.answered_at is not None

    @contextlib.contextmanager
    def watched(self) -> Iterator[None]:
        """Read this board more often inside the block."""
        self.watchers += 1
        self._wake.set()
        try:
            yield
        finally:
            self.watchers -= 1

    @contextlib.contextmanager
    def resting(self) -> Iterator[None]:
        """Leave this board alone inside the block, but for a command that watches it."""
        self._resting += 1
        try:
            yield
        finally:
            self._resting -= 1
            self._wake.set()

    def look_again(self) -> None:
        """Ask a silent board now, as its wire works again."""
        self._silent_s = SILENT_AGAIN_S[0]
        self._wake.set()

    async def run(self) -> None:
        """Read until cancelled."""
        if self.board is None:
            return
        if hasattr(self.board, "on_change"):
            self.board.on_change = self._hear
        if hasattr(self.board, "on_battery"):
            self.board.on_battery = self._hear_battery
        hearing = asyncio.create_task(self._take_told())
        try:
            while True:
                if self.watchers or not self._resting:
                    await self._read(self.board)
                self.progress_at = time.monotonic()
                if hearing.done():
                    hearing.result()
                self._wake.clear()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(self._pause()):
                        await self._wake.wait()
        finally:
            hearing.cancel()
            await asyncio.gather(hearing, return_exceptions=True)

    def _pause(self) -> float:
        if self.state != "offline":
            return WATCHED_S if self.watchers else IDLE_S
        pause, self._silent_s = self._silent_s, min(self._silent_s * 2, SILENT_AGAIN_S[1])
        # The jitter keeps the boards of a wire from asking for its port in step.
        return pause * random.uniform(0.8, 1.2)

    async def _read(self, board: Board) -> None:
        self._touched.clear()
        try:
            snapshot = await board.read(deadline=time.monotonic() + READ_WITHIN_S)
        except DriverError as error:
            async with self._turn:
                await self._missed(error)
            return
        # What a door said of itself meanwhile may be newer than this reading of it.
        fresh = {
            channel: door
            for channel, door in enumerate(snapshot.doors)
            if channel not in self._touched
        }
        async with self._turn:
            await self._answered(fresh, len(snapshot.doors))

    def _hear(self, channel: int, state: base.DoorState) -> None:
        """Take what the board says unasked; it may call from inside somebody's open."""
        if self.state == "offline":
            # It is alive after all: ask it how all its doors stand.
            self.look_again()
            return
        self._touched.add(channel)
        self._told.put_nowait((channel, state.value))

    def _hear_battery(self, channel: int, millivolts: int) -> None:
        """Take a voltage, also while the board is silent: it is a line of its own."""
        self._told.put_nowait((channel, millivolts))

    async def _take_told(self) -> None:
        while True:
            channel, now = await self._told.get()
            async with self._turn:
                door = self.doors.get(channel)
                if door is None:
                    continue
                if isinstance(now, int):
                    await self._tell_battery(door, now)
                elif await self._stands(door, now):
                    self._on_readings()

    async def _tell_battery(self, door: Door, millivolts: int) -> None:
        now = time.monotonic()
        if door.battery is not None:
            before, told_at = door.battery
            if before - millivolts < BATTERY_FELL_MV and now - told_at < BATTERY_AGAIN_S:
                return
        door.battery = millivolts, now
        await self._journal.append(
            "battery_level", compartment_id=door.config.compartment_id, detail=str(millivolts)
        )

    async def _missed(self, error: DriverError) -> None:
        self.misses += 1
        self.detail, self.code = str(error), trouble(error)
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

    async def _answered(self, states: dict[int, base.DoorState], channels: int) -> None:
        returned = self.state == "offline"
        self.answered_at, self._silent_s = time.monotonic(), SILENT_AGAIN_S[0]
        if returned:
            log.info("board %s answers", self.config.controller_id)
            await self._journal.append(
                "board_state", controller_id=self.config.controller_id, detail="ok"
            )
        self.state, self.detail, self.code, self.misses = "ok", "", "", 0
        learnt = returned
        for channel, door in self.doors.items():
            if channel in states:
                learnt = await self._stands(door, states[channel].value) or learnt
            elif channel >= channels:
                learnt = await self._stands(door, "unknown") or learnt
        if learnt:
            self._on_readings()
        if returned:
            for neighbour in self.neighbours:
                neighbour.look_again()

    async def _stands(self, door: Door, now: DoorState) -> bool:
        """Take how a door stands; True when that was not known before."""
        if not door.config.has_sensor or now == door.state:
            return False
        before = door.state
        # Known before it is written: whoever tells how doors stand after line n knows of line n.
        await door.set(now)
        await self._tell(door, before, now)
        return before == "unknown"

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
