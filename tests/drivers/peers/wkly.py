"""WKLY boards of an emulator that shares no code with the driver, on a terminal or over TCP."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Literal

from lockers.drivers.base import Board, BoardSpec, DoorState
from lockers.drivers.wire import Bus, parse_line
from lockers.drivers.wkly import WklyBoard, WklyCodec, check_unit, parse_profile
from tests.drivers.peers import CHANNELS, LATE_MS, PRESENT, REPLY_TIMEOUT_MS

EMULATOR = Path(__file__).parents[1] / "emulators" / "wkly.py"
# Patient with a busy machine; a test that expects silence says less.
PATIENT = {"open_timeout_ms": 2000, "reply_timeout_ms": 2000}
TIMEOUTS = {"open_timeout_ms": REPLY_TIMEOUT_MS, "reply_timeout_ms": REPLY_TIMEOUT_MS}


class Emulator:
    """The emulator's process."""

    def __init__(self, folder: Path, kind: Literal["pty", "tcp"] = "pty") -> None:
        self._kind = kind
        self._link = folder / "wire"
        self._port = 0
        self._process: asyncio.subprocess.Process | None = None

    @property
    def address(self) -> str:
        """Where a bus finds it, once it has started."""
        return str(self._link) if self._kind == "pty" else f"tcp://127.0.0.1:{self._port}"

    async def start(self, boards: str, channels: int) -> None:
        where = str(self._link) if self._kind == "pty" else str(self._port)
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-I",  # it finds nothing of this project
            str(EMULATOR),
            f"--{self._kind}={where}",
            f"--boards={boards}",
            f"--channels={channels}",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        self._port = (await self._answer())["port"]

    async def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            await self._process.wait()
            self._process = None

    async def tell(self, do: str, **order: Any) -> dict[str, Any]:
        assert self._process is not None and self._process.stdin is not None
        self._process.stdin.write(json.dumps({"do": do, **order}).encode() + b"\n")
        return await self._answer()

    async def _answer(self) -> dict[str, Any]:
        assert self._process is not None and self._process.stdout is not None
        async with asyncio.timeout(10):
            line = await self._process.stdout.readline()
        answer: dict[str, Any] = json.loads(line)
        return answer


def connect(specs: list[BoardSpec]) -> list[WklyBoard]:
    """Make boards that share one bus."""
    profiles = [parse_profile(spec.profile) for spec in specs]
    first = profiles[0]
    line = parse_line(specs[0].address, baudrate=first.baudrate, local_echo=first.local_echo)
    bus = Bus(line, WklyCodec)
    made = []
    for spec, profile in zip(specs, profiles, strict=True):
        check_unit(spec.unit, spec.channels)
        made.append(
            WklyBoard(
                bus,
                address=spec.address,
                unit=spec.unit,
                channels=spec.channels,
                profile=profile,
            )
        )
    return made


class WklyPeer:
    """Boards of 12 channels, 8 of them in use."""

    def __init__(self, folder: Path, kind: Literal["pty", "tcp"] = "pty") -> None:
        self._emulator = Emulator(folder, kind)

    async def start(self) -> None:
        await self._emulator.start(",".join(str(unit) for unit in PRESENT), 12)

    async def stop(self) -> None:
        await self._emulator.stop()

    def spec(self, unit: int) -> BoardSpec:
        return BoardSpec(unit, "wkly", self._emulator.address, unit, CHANNELS, TIMEOUTS)

    def connect(self, *units: int) -> list[Board]:
        return list[Board](connect([self.spec(unit) for unit in units]))

    async def pulses(self, unit: int) -> list[int]:
        return [
            channel - 1 for channel in (await self._emulator.tell("look", board=unit))["pulses"]
        ]

    async def flashes(self, unit: int) -> list[int]:
        return [
            channel - 1 for channel in (await self._emulator.tell("look", board=unit))["flashes"]
        ]

    async def push(self, unit: int, channel: int, *, is_open: bool) -> None:
        await self._emulator.tell("push", board=unit, channel=channel + 1, open=is_open)

    async def answer_late(self, unit: int, *, is_late: bool) -> None:
        await self._emulator.tell("set", board=unit, late_ms=LATE_MS if is_late else 0)


class Bench:
    """An emulator with boards at 0 and 5, and the driver's side of the wire."""

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator
        self._made: list[WklyBoard] = []
        self.told: list[tuple[int, DoorState]] = []
        self.tell = emulator.tell

    def boards(self, *units: int, channels: int = 12, **options: Any) -> list[WklyBoard]:
        profile = {**PATIENT, **options}
        address = self._emulator.address
        made = connect([BoardSpec(u, "wkly", address, u, channels, profile) for u in units])
        for board in made:
            board.on_change = lambda channel, door: self.told.append((channel, door))
        self._made += made
        return made

    def board(self, unit: int = 0, *, channels: int = 12, **options: Any) -> WklyBoard:
        return self.boards(unit, channels=channels, **options)[0]

    async def pulses(self, unit: int = 0) -> list[int]:
        found: list[int] = (await self.tell("look", board=unit))["pulses"]
        return found

    async def close(self) -> None:
        for board in self._made:
            await board.close()


@asynccontextmanager
async def running(folder: Path, kind: Literal["pty", "tcp"] = "pty") -> AsyncIterator[Bench]:
    emulator = Emulator(folder, kind)
    await emulator.start("0,5", 12)
    bench = Bench(emulator)
    yield bench
    await bench.close()
    await emulator.stop()
