"""Winnsen boards by the emulator, on a pseudo-terminal or behind a TCP port."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from lockers.drivers.base import Board, BoardSpec
from lockers.drivers.winnsen import Codec, WinnsenBoard, parse_profile
from lockers.drivers.wire import Bus, parse_line
from tests.drivers.peers import CHANNELS, LATE_MS, PRESENT, REPLY_TIMEOUT_MS

STATIONS = (*PRESENT, 3)
# Longer than a busy machine keeps the emulator from answering.
PATIENCE_MS = 300
_EMULATOR = Path(__file__).parents[1] / "emulators" / "winnsen.py"


class WinnsenPeer:
    def __init__(self, folder: Path, *, is_tcp: bool = False) -> None:
        self.address = ""
        self._folder = folder
        self._is_tcp = is_tcp
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        port = self.address.rpartition(":")[2] or "0"
        where = ["--tcp", port] if self._is_tcp else ["--pty", str(self._folder / "port")]
        stations = [word for unit in STATIONS for word in ("--station", str(unit))]
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            str(_EMULATOR),
            *where,
            *stations,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        self.address = (await self._told())["address"]

    async def stop(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        assert process.stdin is not None
        process.stdin.close()
        assert await asyncio.wait_for(process.wait(), 10) == 0

    def spec(self, unit: int) -> BoardSpec:
        waits = {"reply_timeout_ms": REPLY_TIMEOUT_MS, "open_timeout_ms": REPLY_TIMEOUT_MS}
        return BoardSpec(unit, "winnsen", self.address, unit, CHANNELS, waits)

    def connect(self, *units: int) -> list[Board]:
        return list(self.boards(*units, **self.spec(0).profile))

    def boards(self, *units: int, channels: int = CHANNELS, **options: Any) -> list[WinnsenBoard]:
        """Make boards that share one wire, with other options than usual."""
        waits = {"reply_timeout_ms": PATIENCE_MS, "open_timeout_ms": PATIENCE_MS}
        profile = parse_profile({**waits, **options})
        line = parse_line(self.address, baudrate=profile.baudrate, local_echo=profile.local_echo)
        bus = Bus(line, Codec)
        return [
            WinnsenBoard(bus, address=self.address, unit=unit, channels=channels, profile=profile)
            for unit in units
        ]

    async def pulses(self, unit: int) -> list[int]:
        told = await self.tell()
        return [lock - 1 for lock in told["pulses"][str(unit)]]

    async def push(self, unit: int, channel: int, *, is_open: bool) -> None:
        await self.tell(push=[unit, channel + 1, is_open])

    async def answer_late(self, unit: int, *, is_late: bool) -> None:
        await self.tell(faults={"late_ms": LATE_MS, "late_stations": [unit]} if is_late else {})

    async def tell(self, **order: Any) -> dict[str, Any]:
        """Give the emulator an order; it answers with all it knows."""
        assert self._process is not None and self._process.stdin is not None
        self._process.stdin.write(json.dumps(order).encode() + b"\n")
        return await self._told()

    async def _told(self) -> dict[str, Any]:
        assert self._process is not None and self._process.stdout is not None
        line = await asyncio.wait_for(self._process.stdout.readline(), 15)
        told: dict[str, Any] = json.loads(line)
        return told
