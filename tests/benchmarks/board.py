"""A Modbus TCP board, written from the standard, that notes when a write's first byte came."""

from __future__ import annotations

import asyncio
import struct
import time

HEADER = struct.Struct(">HHHB")


class Board:
    """Answers reads with closed contacts and echoes writes; ``pulses`` holds their arrivals."""

    def __init__(self) -> None:
        self.pulses: list[float] = []
        self.open: set[int] = set()

    async def serve(self) -> asyncio.Server:
        """Listen on a free loopback port."""
        return await asyncio.start_server(self._talk, "127.0.0.1", 0)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readexactly(HEADER.size)
                arrived = time.perf_counter()
                transaction, protocol, length, unit = HEADER.unpack(head)
                request = await reader.readexactly(length - 1)
                answer = self._answer(request, arrived)
                writer.write(HEADER.pack(transaction, protocol, len(answer) + 1, unit) + answer)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    def _answer(self, request: bytes, arrived: float) -> bytes:
        function, address, value = request[0], *struct.unpack(">HH", request[1:5])
        if function in (1, 2):
            bits = bytearray((value + 7) // 8)
            for channel in range(value):
                # A closed door closes its contact.
                if address + channel not in self.open:
                    bits[channel // 8] |= 1 << channel % 8
            return bytes([function, len(bits)]) + bytes(bits)
        if function == 5 and address >= 0x200 and address < 0x400:
            self.pulses.append(arrived)
            self.open.add(address - 0x200)
        return request
