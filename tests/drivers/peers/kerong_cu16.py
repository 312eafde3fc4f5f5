"""KERONG boards as an emulator in its own process plays them, over TCP or a pseudo-terminal."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

from lockers.drivers.base import Board, BoardSpec
from lockers.drivers.kerong_cu16 import KerongCodec, KerongCu16Board, check_unit, parse_profile
from lockers.drivers.wire import Bus, parse_line
from tests.drivers.peers import CHANNELS, LATE_MS, PRESENT, REPLY_TIMEOUT_MS

PROGRAM = Path(__file__).resolve().parents[1] / "emulators" / "kerong_cu16.py"
# The contract asks for pulses of this length.
KEPT_PULSE_MS = 300


class Emulator:
    """One running emulator and the line to its control port."""

    def __init__(self, *options: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(PROGRAM), *options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert self._process.stdout is not None
        where = json.loads(self._process.stdout.readline())
        self.port = int(where.get("port", 0))
        self._control = socket.create_connection(("127.0.0.1", where["control"]), timeout=5)
        self._lines = self._control.makefile("rb")

    def tell(self, do: str, **order: Any) -> dict[str, Any]:
        self._control.sendall(json.dumps({"do": do, **order}).encode() + b"\n")
        told: dict[str, Any] = json.loads(self._lines.readline())
        assert "error" not in told, told
        return told

    def heard(self) -> list[str]:
        """Return all frames that were asked since the last reset, in hex."""
        return list(self.tell("heard")["frames"])

    def stop(self) -> None:
        self._lines.close()
        self._control.close()
        self._process.kill()
        # Waits for it, and closes its pipes.
        self._process.communicate()


def connect(*specs: BoardSpec) -> list[KerongCu16Board]:
    """Make the boards of one wire."""
    profiles = [parse_profile(spec.profile) for spec in specs]
    line = parse_line(
        specs[0].address, baudrate=profiles[0].baudrate, local_echo=profiles[0].local_echo
    )
    bus = Bus(line, KerongCodec)
    made = []
    for spec, profile in zip(specs, profiles, strict=True):
        check_unit(spec.unit, spec.channels)
        made.append(
            KerongCu16Board(
                bus,
                address=spec.address,
                unit=spec.unit,
                channels=spec.channels,
                profile=profile,
            )
        )
    return made


class KerongCu16Peer:
    """The boards of the contract test: over TCP, or serial with a folder for the port's link."""

    def __init__(self, folder: Path | None = None) -> None:
        self._path = None if folder is None else folder / "port"
        self._port = 0
        self._emulator: Emulator | None = None
        self.address = ""

    async def start(self) -> None:
        boards = ["--boards", *map(str, PRESENT)]
        if self._path is not None:
            self._emulator = Emulator(*boards, "--pty", str(self._path))
            self.address = str(self._path)
        else:
            self._emulator = Emulator(*boards, "--port", str(self._port))
            self._port = self._emulator.port
            self.address = f"tcp://127.0.0.1:{self._port}"

    async def stop(self) -> None:
        if self._emulator is not None:
            self._emulator.stop()
            self._emulator = None

    def spec(self, unit: int) -> BoardSpec:
        profile = {"reply_timeout_ms": REPLY_TIMEOUT_MS, "kept_pulse_ms": KEPT_PULSE_MS}
        return BoardSpec(unit, "kerong_cu16", self.address, unit, CHANNELS, profile)

    def connect(self, *units: int) -> list[Board]:
        return list(connect(*(self.spec(unit) for unit in units)))

    async def pulses(self, unit: int) -> list[int]:
        return list(self._tell("pulses", board=unit)["locks"])

    async def push(self, unit: int, channel: int, *, is_open: bool) -> None:
        self._tell("push", board=unit, lock=channel, is_open=is_open)

    async def answer_late(self, unit: int, *, is_late: bool) -> None:
        self._tell("faults", late={str(unit): LATE_MS / 1000} if is_late else {})

    def _tell(self, do: str, **order: Any) -> dict[str, Any]:
        assert self._emulator is not None
        return self._emulator.tell(do, **order)
