"""UHPPOTE controllers by the emulator, in a process of its own, over UDP or TCP."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any, Literal, cast

from lockers.drivers.base import Board, BoardSpec
from lockers.drivers.registry import open_boards
from lockers.drivers.uhppote import UhppoteBoard
from tests.drivers.peers import LATE_MS, PRESENT, REPLY_TIMEOUT_MS

DOORS = 4
# Of unit 1 it is the one of the captured messages.
FIRST_SERIAL = 405419896
_EMULATOR = Path(__file__).parents[1] / "emulators" / "uhppote.py"


def serial(unit: int) -> int:
    return FIRST_SERIAL + unit - 1


class UhppotePeer:
    def __init__(
        self, scheme: Literal["udp", "tcp"] = "udp", *, host: str = "127.0.0.1", bound: str = ""
    ) -> None:
        self._scheme = scheme
        self._host = host
        self._bound = bound or host
        self.port = 0
        self._process: asyncio.subprocess.Process | None = None

    async def start(self, *serials: int) -> None:
        serials = serials or tuple(serial(unit) for unit in PRESENT)
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-I",
            str(_EMULATOR),
            *("--host", self._bound, "--port", str(self.port)),
            *(word for one in serials for word in ("--serial", str(one))),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        self.port = (await self._told())["port"]

    async def stop(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        assert process.stdin is not None
        process.stdin.close()
        assert await asyncio.wait_for(process.wait(), 10) == 0

    @property
    def address(self) -> str:
        return f"{self._scheme}://{self._host}:{self.port}"

    def spec(self, unit: int, **options: Any) -> BoardSpec:
        profile = {"serial": serial(unit), "reply_timeout_ms": REPLY_TIMEOUT_MS, **options}
        return BoardSpec(unit, "uhppote", self.address, unit, DOORS, profile)

    def connect(self, *units: int) -> list[Board]:
        boards = open_boards([self.spec(unit) for unit in units])
        return [boards[unit] for unit in units]

    def board(self, unit: int = 1, **options: Any) -> UhppoteBoard:
        return cast(UhppoteBoard, open_boards([self.spec(unit, **options)])[unit])

    async def pulses(self, unit: int) -> list[int]:
        return [door - 1 for door in (await self.kept(unit))["pulses"]]

    async def push(self, unit: int, channel: int, *, is_open: bool) -> None:
        await self.tell(push=[serial(unit), channel + 1, is_open])

    async def answer_late(self, unit: int, *, is_late: bool) -> None:
        await self.tell(
            faults={"late_ms": LATE_MS, "late_serials": [serial(unit)]} if is_late else {}
        )

    async def kept(self, unit: int) -> dict[str, Any]:
        """Tell what a controller knows."""
        found: dict[str, Any] = (await self.tell())["controllers"][str(serial(unit))]
        return found

    async def heard(self) -> list[str]:
        """Tell every request so far, without the zeros at its end."""
        told = (await self.tell())["heard"]
        return [bytes.fromhex(one).rstrip(b"\0").hex(" ") for one in told]

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
