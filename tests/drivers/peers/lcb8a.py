"""8A/80 lock boards by the emulator, in a process of its own, over TCP or a pseudo-terminal."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lockers.drivers.base import Board, BoardSpec
from lockers.drivers.lcb8a import Codec, Lcb8aBoard, check_board, parse_profile
from lockers.drivers.wire import Bus, parse_line
from tests.drivers import emulators
from tests.drivers.peers import CHANNELS, LATE_MS, PRESENT, REPLY_TIMEOUT_MS

PROGRAM = Path(emulators.__path__[0]) / "lcb8a.py"


class Emulator:
    """One running emulator and its control port, whose answers take no time to speak of."""

    def __init__(self, *boards: dict[str, Any], pty: Path | None = None) -> None:
        self.address = str(pty) if pty else ""
        self._boards = boards
        self._pty = pty
        self._port = 0
        self._process: subprocess.Popen[bytes] | None = None
        self._hands: socket.socket | None = None

    def start(self) -> None:
        where = ["--pty", str(self._pty)] if self._pty else ["--tcp", str(self._port)]
        command = [sys.executable, "-I", str(PROGRAM), "--boards", json.dumps(self._boards)]
        self._process = subprocess.Popen([*command, *where], stdout=subprocess.PIPE)
        assert self._process.stdout is not None
        told = json.loads(self._process.stdout.readline())
        if not self._pty:
            self._port = told["port"]
            self.address = f"tcp://127.0.0.1:{self._port}"
        self._hands = socket.create_connection(("127.0.0.1", told["control"]), 10)

    def stop(self) -> None:
        if self._hands is not None:
            self._hands.close()
            self._hands = None
        if self._process is not None:
            self._process.kill()
            self._process.wait(10)
            assert self._process.stdout is not None
            self._process.stdout.close()
            self._process = None

    def ask(self, do: str, **more: Any) -> Any:
        assert self._hands is not None
        self._hands.sendall(json.dumps({"do": do, **more}).encode() + b"\n")
        with self._hands.makefile() as lines:
            return json.loads(lines.readline())


def open_boards(specs: Sequence[BoardSpec]) -> tuple[Bus, list[Lcb8aBoard]]:
    """Make the boards of one wire, as the registry does."""
    profiles = [parse_profile(spec.profile) for spec in specs]
    first = profiles[0]
    line = parse_line(specs[0].address, baudrate=first.baudrate, local_echo=first.local_echo)
    bus = Bus(line, Codec)
    boards = []
    for spec, profile in zip(specs, profiles, strict=True):
        check_board(spec.unit, spec.channels)
        boards.append(
            Lcb8aBoard(
                bus, address=spec.address, unit=spec.unit, channels=spec.channels, profile=profile
            )
        )
    return bus, boards


class Lcb8aPeer:
    def __init__(self, pty: Path | None = None) -> None:
        self._emulator = Emulator(
            *({"address": unit, "channels": CHANNELS} for unit in PRESENT), pty=pty
        )

    async def start(self) -> None:
        self._emulator.start()

    async def stop(self) -> None:
        self._emulator.stop()

    def spec(self, unit: int) -> BoardSpec:
        profile = {"reply_timeout_ms": REPLY_TIMEOUT_MS, "open_timeout_ms": REPLY_TIMEOUT_MS}
        return BoardSpec(unit, "lcb8a", self._emulator.address, unit, CHANNELS, profile)

    def connect(self, *units: int) -> list[Board]:
        return list(open_boards([self.spec(unit) for unit in units])[1])

    async def pulses(self, unit: int) -> list[int]:
        return [lock - 1 for lock in self._emulator.ask("pulses", board=unit)]

    async def push(self, unit: int, channel: int, *, is_open: bool) -> None:
        self._emulator.ask("push", board=unit, lock=channel + 1, open=is_open)

    async def answer_late(self, unit: int, *, is_late: bool) -> None:
        self._emulator.ask("set", board=unit, late_ms=LATE_MS if is_late else 0)
