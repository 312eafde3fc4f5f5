"""Boards and wires as a bridge knows them, with emulated boards that share no code with it."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from kiosk.bridge import doors as reading
from kiosk.bridge import health, protocol
from kiosk.bridge.clock import ServerClock
from kiosk.bridge.doors import BoardPoller, Door
from kiosk.bridge.journal import Journal
from kiosk.bridge.protocol import BusReading, CompartmentConfig, ControllerConfig
from lockers.drivers.base import Board, BoardSpec
from lockers.drivers.wkly import WklyBoard
from tests.drivers.peers.wkly import PATIENT, Emulator, connect

IMPATIENT = {"reply_timeout_ms": 60}


class Wire:
    """Boards on one wire with a door on each of their first two channels."""

    def __init__(self, boards: Sequence[Board], address: str, journal: Journal) -> None:
        self.journal, self.boards = journal, boards
        self.told: list[float] = []
        self.clock = ServerClock()
        self._judge = health.Wires()
        self.pollers = [
            BoardPoller(
                ControllerConfig(controller_id=n, driver="wkly", address=address),
                board,
                {channel: Door(_door(n, channel)) for channel in range(2)},
                journal,
                lambda: self.told.append(time.monotonic()),
            )
            for n, board in enumerate(boards)
        ]
        for poller in self.pollers:
            poller.neighbours = self.pollers

    def states(self, poller: int = 0) -> list[str]:
        return [door.state for door in self.pollers[poller].doors.values()]

    def bus(self) -> BusReading:
        return self._judge.readings(self.pollers)[0]

    async def kinds(self) -> list[str]:
        return [line.kind for line in await self.journal.after(0, 1_000)]


def _door(board: int, channel: int) -> CompartmentConfig:
    number = board * 10 + channel
    return CompartmentConfig(
        compartment_id=number, number=str(number), bank_id=1, controller_id=board, channel=channel
    )


@pytest.fixture
async def emulator(tmp_path: Path) -> AsyncIterator[Emulator]:
    found = Emulator(tmp_path)
    await found.start("0,5", 12)
    yield found
    await found.stop()


@contextlib.asynccontextmanager
async def watching(
    tmp_path: Path, address: str, *units: int, **options: Any
) -> AsyncIterator[Wire]:
    profile = {**PATIENT, **options}
    boards: list[WklyBoard] = connect(
        [BoardSpec(unit, "wkly", address, unit, 12, profile) for unit in units]
    )
    journal = Journal(tmp_path / "journal.sqlite", ServerClock())
    await journal.open()
    wire = Wire(boards, address, journal)
    tasks = [asyncio.create_task(poller.run()) for poller in wire.pollers]
    try:
        yield wire
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for board in boards:
            await board.close()
        await journal.close()


async def until(condition: Callable[[], bool], within_s: float = 8) -> None:
    async with asyncio.timeout(within_s):
        while not condition():
            await asyncio.sleep(0.005)


async def test_a_door_that_is_pushed_open_is_told_without_a_poll(
    emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "IDLE_S", 3_600)
    async with watching(tmp_path, emulator.address, 0) as wire:
        await until(lambda: wire.states() == ["closed", "closed"])
        asked = wire.bus().transactions
        begun = time.monotonic()
        await emulator.tell("push", board=0, channel=2, open=True)
        await until(lambda: wire.states() == ["closed", "open"])
        assert time.monotonic() - begun < 0.3, "later than a poll would have seen it"
        await emulator.tell("push", board=0, channel=2, open=False)
        await until(lambda: wire.states() == ["closed", "closed"])
        assert wire.bus().transactions == asked
        assert (await wire.kinds())[-2:] == ["door_forced", "door_closed"]


async def test_a_reading_that_is_older_than_what_a_door_said_does_not_undo_it(
    emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with watching(tmp_path, emulator.address, 0) as wire:
        poller = wire.pollers[0]
        await until(lambda: wire.states() == ["closed", "closed"])
        read = wire.boards[0].read

        async def read_slowly(*, deadline: float) -> Any:
            snapshot = await read(deadline=deadline)
            await emulator.tell("push", board=0, channel=1, open=True)
            await until(lambda: poller.doors[0].state == "open")
            return snapshot

        monkeypatch.setattr(wire.boards[0], "read", read_slowly)
        await until(lambda: poller.doors[0].state == "open")
        monkeypatch.setattr(wire.boards[0], "read", read)
        seen = poller.answered_at
        await until(lambda: poller.answered_at != seen)
        assert (await wire.kinds()).count("door_forced") == 1
        assert "door_closed" not in await wire.kinds()


async def test_a_wire_whose_boards_all_answer_is_up(emulator: Emulator, tmp_path: Path) -> None:
    async with watching(tmp_path, emulator.address, 0, 5) as wire:
        assert wire.bus().state == "connecting"
        await until(lambda: wire.bus().state == "up")
        told = wire.bus()
        assert told.transactions >= 2
        assert told.p95_ms > 0
        assert told.timeouts == 0


async def test_a_board_that_is_not_there_degrades_its_wire(
    emulator: Emulator, tmp_path: Path
) -> None:
    async with watching(tmp_path, emulator.address, 0, 9, **IMPATIENT) as wire:
        await until(lambda: wire.pollers[1].misses >= 3)
        absent = health.board(wire.pollers[1], wire.clock)
        assert (absent.state, absent.code, absent.answered_at_ms) == ("offline", "board_silent", 0)
        assert health.board(wire.pollers[0], wire.clock).answered_at_ms > 0
        told = wire.bus()
        assert (told.state, told.code) == ("degraded", "boards_missing")
        assert told.timeouts >= 3


async def test_a_wire_on_which_nobody_answers_is_down(emulator: Emulator, tmp_path: Path) -> None:
    async with watching(tmp_path, emulator.address, 9, **IMPATIENT) as wire:
        await until(lambda: wire.bus().state == "down")
        assert wire.bus().code == "all_silent"


async def test_one_missed_answer_makes_a_board_suspect_and_the_next_answer_well(
    emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with watching(tmp_path, emulator.address, 0, **IMPATIENT) as wire:
        poller = wire.pollers[0]
        await until(lambda: poller.state == "ok")
        monkeypatch.setattr(reading, "IDLE_S", 0.1)
        await emulator.tell("set", board=0, late_ms=500)
        await until(lambda: poller.state == "suspect")
        assert "door_unknown" not in await wire.kinds()
        await emulator.tell("set", board=0, late_ms=0)
        await until(lambda: poller.state == "ok")
        assert poller.misses == 0


async def test_a_missing_port_is_named_and_used_as_soon_as_it_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The second board would not be asked again within the test, but that the first returned.
    monkeypatch.setattr(reading, "SILENT_AGAIN_S", (0.05, 0.2))
    port = tmp_path / "wire"
    async with watching(tmp_path, str(port), 0, 5) as wire:
        await until(lambda: wire.bus().state == "down")
        assert wire.bus().code == "port_missing"
        wire.pollers[1]._silent_s = 3_600.0
        await asyncio.sleep(0)
        plugged = Emulator(tmp_path)
        await plugged.start("0,5", 12)
        try:
            await until(lambda: wire.bus().state == "up")
        finally:
            await plugged.stop()


async def test_a_port_that_stays_away_is_tried_ever_more_seldom(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []
    pause = BoardPoller._pause

    def shortly(poller: BoardPoller) -> float:
        waits.append(pause(poller))
        return 0.001

    monkeypatch.setattr(reading, "SILENT_AGAIN_S", (0.5, 30.0))
    monkeypatch.setattr(BoardPoller, "_pause", shortly)
    async with watching(tmp_path, str(tmp_path / "nothing"), 0):
        await until(lambda: len(waits) > 12)
    first, last = waits[0], waits[12]
    assert 0.4 <= first <= 0.6
    assert 24 <= last <= 36
    assert len(set(waits[9:13])) > 1, "in step with every other board"


def test_the_heartbeat_of_a_full_box_fits_into_a_frame() -> None:
    told = protocol.Health(
        boards=[
            protocol.BoardReading(controller_id=n, state="offline", detail="x" * 200, code="y" * 30)
            for n in range(250)
        ],
        buses=[BusReading(address="z" * 200, state="down", detail="x" * 300) for _ in range(50)],
        config_hash="a" * 64,
    )
    assert len(protocol.encode(told)) < protocol.MAX_FRAME_BYTES / 4
