"""UHPPOTE controllers in a process of their own, written from the tables of the protocol alone.

It shares no code with the driver or its library. It answers on one UDP port and on the TCP port
of the same number, says which in one line of JSON, and is then told over its standard input, one
line of JSON for each order and each answer. It ends when its standard input does.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import socket
import struct
import sys
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

Write = Callable[[bytes], None]


@dataclass
class Controller:
    """Four doors, what it keeps in its memory, and its clock (BCD, as it tells it)."""

    serial: int
    open_doors: list[int] = field(default_factory=list)
    pulses: list[int] = field(default_factory=list)
    delays: dict[int, int] = field(default_factory=lambda: dict.fromkeys(range(1, 5), 3))
    modes: dict[int, int] = field(default_factory=lambda: dict.fromkeys(range(1, 5), 3))
    listener: tuple[str, int] | None = None
    tells_doors: bool = False
    events: int = 0
    date: str = "26 11 17"
    time: str = "09 30 00"


@dataclass(frozen=True)
class Faults:
    """What is wrong with the network or the controllers, until told otherwise."""

    late_ms: int = 0
    late_serials: tuple[int, ...] = ()
    mute: bool = False
    mute_functions: tuple[int, ...] = ()
    echo: bool = False
    serial: int | None = None
    """The serial number in answers."""
    function: int | None = None
    head: int = 0x17
    result: int | None = None
    """What an answer that tells yes or no says instead."""
    contact: int | None = None
    """What is told instead of door 1's contact."""
    door: int | None = None
    seconds: int | None = None
    length: int = 64
    before: str = ""
    """Hex that is sent on its own before an answer."""
    piece_ms: int | None = None
    """Over TCP, the answer is written byte by byte, with such pauses."""
    instead: str = ""
    """The answer, whole, in hex."""


class Network:
    """All controllers and what went over the network."""

    def __init__(self, serials: list[int]) -> None:
        self.controllers = {serial: Controller(serial) for serial in serials}
        self.faults = Faults()
        self.heard: list[str] = []
        self.pushes = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.tasks: set[asyncio.Task[None]] = set()

    def hear(self, request: bytes, write: Write) -> None:
        """Take one request; answers to several do not wait for each other."""
        self.heard.append(request.hex())
        if self.faults.echo:
            write(request)
        if len(request) != 64 or request[0] != 0x17:
            return
        controller = self.controllers.get(struct.unpack_from("<I", request, 4)[0])
        if controller is None or self.faults.mute:
            return
        answer = self.answer(controller, request)
        if answer and request[1] not in self.faults.mute_functions:
            task = asyncio.create_task(self.say(controller.serial, answer, write))
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)

    def answer(self, controller: Controller, request: bytes) -> bytes:
        function, first = request[1], request[8]
        told = bytearray(64)
        struct.pack_into("<BBHI", told, 0, 0x17, function, 0, controller.serial)
        if function == 0x20:
            told = self.status(controller)
        elif function == 0x40:
            is_possible = first in range(1, 5) and self.faults.result != 0
            if is_possible:
                controller.pulses.append(first)
                self.move(controller, first, is_open=True)
            told[8] = int(is_possible)
        elif function == 0x80:
            controller.modes[first], controller.delays[first] = request[9], request[10]
        elif function == 0x90:
            port = struct.unpack_from("<H", request, 12)[0]
            controller.listener = (".".join(map(str, request[8:12])), port)
            told[8] = 1
        elif function == 0x8E:
            controller.tells_doors = first == 1
            told[8] = 1
        elif function != 0x82:
            return b""
        if function in (0x80, 0x82):
            told[8:11] = bytes([first, controller.modes[first], controller.delays[first]])
        return self.spoilt(function, told)

    def spoilt(self, function: int, told: bytearray) -> bytes:
        faults = self.faults
        if faults.instead:
            return bytes.fromhex(faults.instead)
        told[0] = faults.head
        told[1] = function if faults.function is None else faults.function
        if faults.serial is not None:
            struct.pack_into("<I", told, 4, faults.serial)
        if faults.result is not None and function in (0x40, 0x90, 0x8E):
            told[8] = faults.result
        if faults.contact is not None and function == 0x20:
            told[28] = faults.contact
        if faults.door is not None:
            told[8] = faults.door
        if faults.seconds is not None:
            told[10] = faults.seconds
        return bytes(told[: faults.length])

    def status(self, controller: Controller) -> bytearray:
        told = bytearray(64)
        struct.pack_into("<BBHII", told, 0, 0x17, 0x20, 0, controller.serial, controller.events)
        if controller.events:
            told[12] = 2
            told[20:27] = bytes.fromhex("20" + controller.date + controller.time)
        for door in controller.open_doors:
            told[27 + door] = 1
        told[37:40] = bytes.fromhex(controller.time)
        told[51:54] = bytes.fromhex(controller.date)
        return told

    def move(self, controller: Controller, door: int, *, is_open: bool) -> None:
        """Move a door, and push the change to who wants to know."""
        others = [one for one in controller.open_doors if one != door]
        controller.open_doors = [*others, door] if is_open else others
        if controller.listener is not None and controller.tells_doors:
            controller.events += 1
            event = self.status(controller)
            event[14] = door
            event[0] = self.faults.head
            self.pushes.sendto(event, controller.listener)

    async def say(self, serial: int, answer: bytes, write: Write) -> None:
        faults = self.faults
        if faults.late_ms and serial in faults.late_serials:
            await asyncio.sleep(faults.late_ms / 1000)
        if faults.before:
            write(bytes.fromhex(faults.before))
        if faults.piece_ms is None:
            write(answer)
            return
        for byte in answer:
            write(bytes([byte]))
            await asyncio.sleep(faults.piece_ms / 1000)

    def obey(self, order: dict[str, Any]) -> Any:
        """Do what the test says: push a door, keep other values, set faults anew, or tell all."""
        if "push" in order:
            serial, door, is_open = order["push"]
            self.move(self.controllers[serial], door, is_open=is_open)
        if "keep" in order:
            for serial, values in order["keep"].items():
                for name, value in values.items():
                    if isinstance(value, dict):
                        kept: dict[int, int] = getattr(self.controllers[int(serial)], name)
                        kept.update({int(door): one for door, one in value.items()})
                    else:
                        setattr(self.controllers[int(serial)], name, value)
        if "send" in order:
            data, host, port = order["send"]
            self.pushes.sendto(bytes.fromhex(data), (host, port))
        if "faults" in order:
            self.faults = replace(Faults(), **order["faults"])
        return {
            "heard": self.heard,
            "controllers": {
                serial: {
                    "pulses": one.pulses,
                    "delays": list(one.delays.values()),
                    "modes": list(one.modes.values()),
                    "listener": one.listener,
                    "tells_doors": one.tells_doors,
                }
                for serial, one in self.controllers.items()
            },
        }


class Udp(asyncio.DatagramProtocol):
    def __init__(self, network: Network) -> None:
        self.network = network
        self.transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self.network.hear(data, lambda answer: self.transport.sendto(answer, addr))


async def serve(network: Network, host: str, port: int) -> int:
    """Answer on UDP and on TCP, and tell on which port."""

    async def connected(stream: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                network.hear(await stream.readexactly(64), writer.write)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(connected, host, port)
    port = server.sockets[0].getsockname()[1]
    loop = asyncio.get_running_loop()
    await loop.create_datagram_endpoint(lambda: Udp(network), local_addr=(host, port))
    return port


async def run(arguments: argparse.Namespace) -> None:
    network = Network(arguments.serial)
    port = await serve(network, arguments.host, arguments.port)
    print(json.dumps({"port": port}), flush=True)
    orders = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(orders), sys.stdin
    )
    while line := await orders.readline():
        print(json.dumps(network.obey(json.loads(line))), flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="UHPPOTE controllers on one network")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 picks one")
    parser.add_argument("--serial", type=int, action="append", help="a controller")
    asyncio.run(run(parser.parse_args()))
