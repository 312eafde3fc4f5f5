"""Modbus RTU boards by modbus_tk on a pair of pseudo-terminals: silent for absent units."""

from __future__ import annotations

import os
import select
import struct
import threading
import time
import tty
from pathlib import Path
from typing import Any

import serial
from modbus_tk import defines, hooks
from modbus_tk.modbus_rtu import RtuServer

from tests.drivers.peers import CHANNELS, LATE_MS, PRESENT, WirePeer


class Cable:
    """Two pseudo-terminals with a thread that carries bytes between their masters."""

    def __init__(self) -> None:
        pairs = [os.openpty(), os.openpty()]
        self._masters = [master for master, _ in pairs]
        self._slaves = [slave for _, slave in pairs]
        for slave in self._slaves:
            tty.setraw(slave)
        self.ends = [os.ttyname(slave) for slave in self._slaves]
        self.carried: list[tuple[int, bytes]] = []
        self.repeats = False
        """Whether the driver hears what it says, as on two wires."""
        self._wake = os.pipe()
        self._thread = threading.Thread(target=self._carry, daemon=True)
        self._thread.start()

    def say(self, data: bytes) -> None:
        """Send the driver what no board said."""
        os.write(self._masters[0], data)

    def cut(self) -> None:
        os.write(self._wake[1], b"x")
        self._thread.join()
        for fd in (*self._masters, *self._slaves, *self._wake):
            os.close(fd)

    def _carry(self) -> None:
        while True:
            ready, _, _ = select.select([*self._masters, self._wake[0]], [], [])
            if self._wake[0] in ready:
                return
            for fd in ready:
                end = self._masters.index(fd)
                data = os.read(fd, 1024)
                self.carried.append((end, data))
                if self.repeats and end == 0:
                    self.say(data)
                os.write(self._masters[1 - end], data)


class RtuPeer(WirePeer):
    def __init__(self, folder: Path) -> None:
        self._link = folder / "port"
        self.address = str(self._link)
        self.cable: Cable | None = None
        self._server: Any = None
        self._pulses: dict[int, list[int]] = {unit: [] for unit in PRESENT}
        self._units: dict[int, int] = {}
        self._late: set[int] = set()

    async def start(self) -> None:
        self.cable = Cable()
        self._link.unlink(missing_ok=True)
        self._link.symlink_to(self.cable.ends[0])
        self._server = RtuServer(
            serial.Serial(self.cable.ends[1], 9600), error_on_missing_slave=False
        )
        for unit in PRESENT:
            board = self._server.add_slave(unit)
            self._units[id(board)] = unit
            board.add_block("relays", defines.COILS, 0, 0x100)
            board.add_block("contacts", defines.DISCRETE_INPUTS, 0, CHANNELS)
            board.set_values("contacts", 0, [1] * CHANNELS)
        hooks.install_hook("modbus.Slave.handle_request", self._pulse)
        hooks.install_hook("modbus_rtu.RtuServer.before_write", self._dawdle)
        self._server.start()

    async def stop(self) -> None:
        if self.cable is None:
            return
        hooks.uninstall_hook("modbus.Slave.handle_request", self._pulse)
        hooks.uninstall_hook("modbus_rtu.RtuServer.before_write", self._dawdle)
        self._server.stop()
        self._server.close()
        self.cable.cut()
        self.cable = None

    async def pulses(self, unit: int) -> list[int]:
        return list(self._pulses[unit])

    async def push(self, unit: int, channel: int, *, is_open: bool) -> None:
        self._server.get_slave(unit).set_values("contacts", channel, [0 if is_open else 1])

    async def answer_late(self, unit: int, *, is_late: bool) -> None:
        (self._late.add if is_late else self._late.discard)(unit)

    def _pulse(self, call: tuple[Any, bytes]) -> bytes | None:
        board, request = call
        if id(board) not in self._units or request[0] != 5:
            return None
        address, _ = struct.unpack(">HH", request[1:5])
        if address >> 8 != 2:
            return None
        self._pulses[self._units[id(board)]].append(address & 0xFF)
        board.set_values("contacts", address & 0xFF, [0])
        return request

    def _dawdle(self, call: tuple[Any, bytes]) -> None:
        server, response = call
        if server is self._server and response and response[0] in self._late:
            time.sleep(LATE_MS / 1000)
