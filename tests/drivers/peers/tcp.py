"""Modbus TCP boards on the stock pymodbus server, with function 5 read from the raw bytes."""

from __future__ import annotations

import asyncio
import struct
from functools import partial
from typing import Any, cast

from pymodbus import FramerType
from pymodbus.pdu import ModbusPDU
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

from tests.drivers.peers import CHANNELS, LATE_MS, PRESENT, WirePeer


class TcpPeer(WirePeer):
    def __init__(self, framer: FramerType = FramerType.SOCKET) -> None:
        self._framer = framer
        self._port = 0
        self._server: ModbusTcpServer | None = None
        self._pulses: dict[int, list[int]] = {unit: [] for unit in PRESENT}
        self._closed = {unit: [True] * CHANNELS for unit in PRESENT}
        self._late: set[int] = set()
        self.frames: list[bytes] = []

    async def start(self) -> None:
        peer = self

        class Pulse(ModbusPDU):
            function_code = 5
            rtu_frame_size = 8
            raw = b""

            def encode(self) -> bytes:
                return self.raw

            def decode(self, data: bytes) -> None:
                self.raw = data

            async def datastore_update(self, context: Any, device_id: int) -> ModbusPDU:
                address, _ = struct.unpack(">HH", self.raw)
                if address >> 8 == 2:
                    peer._pulses[device_id].append(address & 0xFF)
                    peer._closed[device_id][address & 0xFF] = False
                await peer._dawdle(device_id)
                return self

        bits = [SimData(0, values=[False] * CHANNELS, datatype=DataType.BITS)]
        none = [SimData(0, datatype=DataType.REGISTERS)]
        self._server = ModbusTcpServer(
            [
                SimDevice(unit, simdata=(bits, bits, none, none), action=partial(self._read, unit))
                for unit in PRESENT
            ],
            framer=self._framer,
            address=("127.0.0.1", self._port),
            custom_pdu=[Pulse],
            trace_pdu=self._only_present,
            trace_packet=self._note,
        )
        await self._server.serve_forever(background=True)
        listener = cast(asyncio.Server, self._server.transport)
        self._port = listener.sockets[0].getsockname()[1]
        scheme = "tcp" if self._framer is FramerType.SOCKET else "rtu+tcp"
        self.address = f"{scheme}://127.0.0.1:{self._port}"

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None

    async def pulses(self, unit: int) -> list[int]:
        return list(self._pulses[unit])

    async def push(self, unit: int, channel: int, *, is_open: bool) -> None:
        self._closed[unit][channel] = not is_open

    async def answer_late(self, unit: int, *, is_late: bool) -> None:
        (self._late.add if is_late else self._late.discard)(unit)

    def _note(self, is_sending: bool, data: bytes) -> bytes:
        if not is_sending:
            self.frames.append(data)
        return data

    @staticmethod
    def _only_present(is_sending: bool, message: ModbusPDU) -> ModbusPDU:
        # The library would answer for an absent board; nothing given back means no answer.
        return message if message.dev_id in PRESENT else cast(ModbusPDU, None)

    async def _dawdle(self, unit: int) -> None:
        if unit in self._late:
            await asyncio.sleep(LATE_MS / 1000)

    async def _read(
        self,
        unit: int,
        function: int,
        _start: int,
        _address: int,
        _count: int,
        registers: list[int],
        _values: Any,
    ) -> None:
        if function == 2:
            registers[0] = sum(1 << n for n, closed in enumerate(self._closed[unit]) if closed)
        await self._dawdle(unit)
