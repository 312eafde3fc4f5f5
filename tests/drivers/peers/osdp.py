"""OSDP readers by libosdp, in a process of their own, on a pseudo-terminal or behind a TCP port.

The process takes one order a line, as JSON, and answers each with all it knows.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import sys
import threading
import tty
from pathlib import Path
from typing import Any

import osdp

KEY = bytes(range(1, 17)).hex()
OTHER_KEY = bytes(range(2, 18)).hex()
CARD, KEYS = osdp.Event.CardRead, osdp.Event.KeyPress


def card(bits: int, data: str, card_format: int = osdp.CardFormat.Wiegand) -> dict[str, Any]:
    return {
        "event": CARD,
        "reader_no": 0,
        "format": card_format,
        "direction": 0,
        "length": bits,
        "data": data,
    }


def keys(text: bytes) -> dict[str, Any]:
    return {"event": KEYS, "reader_no": 0, "data": text.hex()}


class OsdpPeer:
    """The process, as a test orders it about."""

    def __init__(self, folder: Path, *, is_tcp: bool = False) -> None:
        self.address = ""
        self._folder = folder
        self._is_tcp = is_tcp
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        where = "tcp" if self._is_tcp else str(self._folder / "port")
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.drivers.peers.osdp",
            where,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        self.address = (await self._told())["address"]

    async def stop(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            assert process.stdin is not None
            process.stdin.close()
            await asyncio.wait_for(process.wait(), 10)

    async def on(
        self, unit: int, *, key: str = KEY, secure: str = "enforce", can_show: bool = True
    ) -> None:
        """Switch a reader on."""
        await self.tell(on=unit, key=key, secure=secure, can_show=can_show)

    async def off(self, unit: int) -> None:
        """Cut the power of a reader."""
        await self.tell(off=unit)

    async def read(self, unit: int, *events: dict[str, Any]) -> None:
        await self.tell(read=unit, events=events)

    async def commands(self, unit: int) -> list[dict[str, Any]]:
        told: list[dict[str, Any]] = (await self.tell())["commands"].get(str(unit), [])
        return told

    async def tell(self, **order: Any) -> dict[str, Any]:
        assert self._process is not None and self._process.stdin is not None
        self._process.stdin.write(json.dumps(order).encode() + b"\n")
        return await self._told()

    async def _told(self) -> dict[str, Any]:
        assert self._process is not None and self._process.stdout is not None
        line = await asyncio.wait_for(self._process.stdout.readline(), 15)
        told: dict[str, Any] = json.loads(line)
        return told


class _Wire:
    """What arrives goes to every reader, as on a bus."""

    def __init__(self, where: str) -> None:
        self.address = where
        self.seats: list[_Seat] = []
        self._ends: list[int] = []
        if where == "tcp":
            self._server = socket.create_server(("127.0.0.1", 0))
            self.address = f"tcp://127.0.0.1:{self._server.getsockname()[1]}"
            threading.Thread(target=self._accept, daemon=True).start()
        else:
            self.plug()

    def plug(self) -> None:
        master, slave = os.openpty()
        tty.setraw(slave)
        self._ends = [master, slave]
        os.symlink(os.ttyname(slave), self.address)
        threading.Thread(target=self._pump, args=(master,), daemon=True).start()

    def unplug(self) -> None:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.address)
        # The master last: its end hangs the line up.
        for end in reversed(self._ends):
            os.close(end)
        self._ends = []

    def send(self, data: bytes) -> None:
        if self._ends:
            with contextlib.suppress(OSError):
                os.write(self._ends[0], data)

    def _accept(self) -> None:
        while True:
            connection, _ = self._server.accept()
            self._ends = [connection.fileno()]
            self._pump(self._ends[0])
            self._ends = []
            connection.close()

    def _pump(self, end: int) -> None:
        with contextlib.suppress(OSError):
            while data := os.read(end, 1024):
                for seat in self.seats:
                    seat.arrived += data


class _Seat(osdp.Channel):
    def __init__(self, wire: _Wire) -> None:
        super().__init__()
        self.arrived = b""
        self._wire = wire

    def read(self, max_bytes: int) -> bytes:
        taken, self.arrived = self.arrived[:max_bytes], self.arrived[max_bytes:]
        return taken

    def write(self, buf: bytes) -> int:
        self._wire.send(buf)
        return len(buf)

    def flush(self) -> None:
        self.arrived = b""


class _Readers:
    def __init__(self, wire: _Wire) -> None:
        self.commands: dict[int, list[dict[str, Any]]] = {}
        self._wire = wire
        self._on: dict[int, tuple[osdp.PeripheralDevice, _Seat]] = {}

    def on(self, unit: int, key: str, secure: str, can_show: bool) -> None:
        flags = {
            "enforce": [osdp.LibFlag.EnforceSecure],
            "install": [osdp.LibFlag.InstallMode],
            "plain": [],
        }[secure]
        can = [
            (osdp.Capability.CardDataFormat, 1, 1),
            (osdp.Capability.CommunicationSecurity, 0 if secure == "plain" else 1, 1),
            (osdp.Capability.Readers, 1, 1),
        ]
        if can_show:
            can += [(osdp.Capability.LEDControl, 1, 1), (osdp.Capability.AudibleControl, 1, 1)]
        seat = _Seat(self._wire)
        self._wire.seats.append(seat)

        def obey(command: dict[str, Any]) -> tuple[int, None]:
            self.commands.setdefault(unit, []).append(command)
            return 0, None

        info = osdp.PDInfo(unit, seat, scbk=bytes.fromhex(key) or None, flags=flags)
        device = osdp.PeripheralDevice(
            info,
            osdp.PDCapabilities(can),
            log_level=osdp.LogLevel.Critical,
            command_handler=obey,
        )
        device.start()
        self._on[unit] = device, seat

    def off(self, unit: int) -> None:
        device, seat = self._on.pop(unit)
        device.teardown()
        self._wire.seats.remove(seat)

    def read(self, unit: int, events: list[dict[str, Any]]) -> None:
        for event in events:
            event["data"] = bytes.fromhex(event["data"])
            self._on[unit][0].submit_event(event)

    def secure(self) -> list[int]:
        return [unit for unit, (device, _) in self._on.items() if device.is_sc_active()]

    def online(self) -> list[int]:
        return [unit for unit, (device, _) in self._on.items() if device.is_online()]


def _main(where: str) -> None:
    wire = _Wire(where)
    readers = _Readers(wire)
    while True:
        told = {
            "address": wire.address,
            "commands": readers.commands,
            "secure": readers.secure(),
            "online": readers.online(),
        }
        print(json.dumps(told, default=bytes.hex), flush=True)
        line = sys.stdin.readline()
        if not line:
            os._exit(0)  # the readers' threads would stay
        order = json.loads(line)
        if "on" in order:
            readers.on(order["on"], order["key"], order["secure"], order["can_show"])
        elif "off" in order:
            readers.off(order["off"])
        elif "read" in order:
            readers.read(order["read"], order["events"])
        elif "noise" in order:
            wire.send(bytes.fromhex(order["noise"]))
        elif order.get("is_plugged") is True:
            wire.plug()
        elif order.get("is_plugged") is False:
            wire.unplug()


if __name__ == "__main__":
    _main(sys.argv[1])
