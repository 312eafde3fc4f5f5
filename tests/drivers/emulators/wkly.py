"""WKLY boards on one wire, in a process of their own.

Written from the makers' tables with the standard library alone; it shares no code with
the driver. The wire is a pseudo-terminal (``--pty PATH`` puts a link there) or a TCP port
(``--tcp PORT``, 0 for any). Orders come as JSON lines on standard input, each answered by one on
standard output; the end of the input ends the process. Channels count from 1, as on the wire.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import tty
from contextlib import suppress
from pathlib import Path
from typing import Any

LETTERS = b"WKLY"


def framed(address: int, command: int, *data: int) -> bytes:
    body = LETTERS + bytes([4 + 1 + 1 + 1 + len(data) + 1, address, command, *data])
    check = 0
    for byte in body:
        check ^= byte
    return body + bytes([check])


class Board:
    """One board: its doors, its locks, and what is wrong with it."""

    def __init__(self, address: int, channels: int) -> None:
        self.address = address
        self.channels = channels
        self.open_doors: set[int] = set()
        self.held: set[int] = set()
        self.moving: list[int] = []
        self.most_at_once = 0
        self.pulses: list[int] = []
        self.flashes: list[int] = []
        self.heard: list[str] = []
        # How it is made.
        self.closed_level = 1
        self.open_ms = self.pulse_ms = self.read_ms = self.read_all_ms = 0
        self.tells = "before"  # before, behind or inside a reply; off
        # What is wrong with it.
        self.jammed: list[int] = []
        self.without_sensor: list[int] = []
        self.refuses: list[int] = []  # commands
        self.silent_to: list[int] = []  # commands
        self.is_absent = False
        self.late_ms = 0
        self.has_wrong_check = False
        self.answers_as = address
        self.adds_to_channel = 0
        self.noise_before = ""
        self.is_split = False

    def level(self, channel: int) -> int:
        if channel in self.without_sensor:
            return 0xFF
        return 1 - self.closed_level if channel in self.open_doors else self.closed_level


class Wire:
    """Carries requests to the boards and replies back, through an adapter that may echo."""

    def __init__(self, boards: list[Board], write: Any) -> None:
        self.boards = {board.address: board for board in boards}
        self.write = write
        self.echoes = False
        self._kept = b""
        self._tasks: set[asyncio.Task[None]] = set()

    def receive(self, data: bytes) -> None:
        if self.echoes:
            self.write(data)
        self._kept += data
        while (start := self._kept.find(LETTERS)) >= 0:
            frame = self._kept[start:]
            if len(frame) < 5 or len(frame) < frame[4]:
                self._kept = frame
                return
            frame, self._kept = frame[: frame[4]], frame[frame[4] :]
            board = self.boards.get(frame[5])
            is_good = framed(frame[5], frame[6], *frame[7:-1]) == frame
            if is_good and board is not None and not board.is_absent:
                task = asyncio.create_task(self._serve(board, frame))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

    async def _serve(self, board: Board, frame: bytes) -> None:
        command, data = frame[6], list(frame[7:-1])
        board.heard.append(frame.hex(" ").upper())
        told: list[bytes] = []
        status = 0xFF if command in board.refuses else 0x00
        channel = data[0] if data else 0
        reply: list[int]
        if command == 0x82:
            told = self._pulse(board, channel)
            await asyncio.sleep(board.open_ms / 1000)
            reply = [status, channel, board.level(channel)]
        elif command == 0x83:
            await asyncio.sleep(board.read_ms / 1000)
            reply = [status, channel, board.level(channel)]
        elif command == 0x84:
            await asyncio.sleep(board.read_all_ms / 1000)
            levels = [board.level(one) for one in range(1, board.channels + 1)]
            reply = [status, board.channels, *levels]
        elif command in (0x80, 0x86, 0x87):
            channels = list(range(1, board.channels + 1)) if command == 0x86 else data[1:]
            for one in channels:
                told += self._pulse(board, one)
                if command != 0x80:
                    await asyncio.sleep(board.open_ms / 1000)
            reply = [status]
        elif command in (0x81, 0x88, 0x89):
            if command == 0x81:
                board.flashes.append(channel)
            elif command == 0x88:
                board.held.add(channel)
            else:
                board.held.discard(channel)
            reply = [status, channel]
        else:
            return
        await asyncio.sleep(board.late_ms / 1000)
        if command in board.silent_to:
            await self._send(board, b"".join(told))
            return
        if board.adds_to_channel and command in (0x82, 0x83):
            reply[1] += board.adds_to_channel
        answer = bytearray(framed(board.answers_as, command, *reply))
        if board.has_wrong_check:
            answer[-1] ^= 0x01
        before = bytes.fromhex(board.noise_before)
        change = b"".join(told)
        if board.tells == "before":
            await self._send(board, before + change + answer)
        elif board.tells == "inside":
            await self._send(board, before + answer[:7] + change + answer[7:])
        else:
            await self._send(board, before + answer + change)

    def _pulse(self, board: Board, channel: int) -> list[bytes]:
        board.pulses.append(channel)
        board.moving.append(channel)
        board.most_at_once = max(board.most_at_once, len(board.moving))
        asyncio.get_running_loop().call_later(
            board.pulse_ms / 1000, lambda: board.moving.remove(channel)
        )
        return [] if channel in board.jammed else self.move(board, channel, is_open=True)

    def move(self, board: Board, channel: int, *, is_open: bool) -> list[bytes]:
        """Move a door; return what the board tells about that."""
        if is_open == (channel in board.open_doors):
            return []
        (board.open_doors.add if is_open else board.open_doors.discard)(channel)
        if board.tells == "off":
            return []
        return [framed(board.address, 0x85, channel, board.level(channel))]

    async def _send(self, board: Board, data: bytes) -> None:
        if not board.is_split:
            self.write(data)
            return
        for place in range(len(data)):
            self.write(data[place : place + 1])
            await asyncio.sleep(0)


def obey(wire: Wire, order: dict[str, Any]) -> dict[str, Any]:
    """Do what the hands at the cabinet do, and return how the board is afterwards."""
    what = order.pop("do")
    if what == "echo":
        wire.echoes = order["on"]
        return {}
    if what == "say":
        wire.write(bytes.fromhex(order["hex"]))
        return {}
    board = wire.boards[order.pop("board")]
    if what == "set":
        for name, value in order.items():
            if not hasattr(board, name):
                raise KeyError(name)
            setattr(board, name, value)
    elif what == "push":
        for told in wire.move(board, order["channel"], is_open=order["open"]):
            wire.write(told)
    elif what != "look":
        raise KeyError(what)
    return {
        "pulses": board.pulses,
        "open": sorted(board.open_doors),
        "held": sorted(board.held),
        "flashes": board.flashes,
        "most_at_once": board.most_at_once,
        "heard": board.heard,
    }


async def serve_pty(wire: Wire, link: Path) -> None:
    master, slave = os.openpty()
    tty.setraw(slave)
    wire.write = lambda data: os.write(master, data)
    asyncio.get_running_loop().add_reader(master, lambda: wire.receive(os.read(master, 1024)))
    link.unlink(missing_ok=True)
    link.symlink_to(os.ttyname(slave))


async def serve_tcp(wire: Wire, port: int) -> int:
    callers: set[asyncio.StreamWriter] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        callers.add(writer)
        with suppress(ConnectionError):
            while data := await reader.read(1024):
                wire.receive(data)
        callers.discard(writer)
        writer.close()

    def write(data: bytes) -> None:
        for writer in callers:
            writer.write(data)

    wire.write = write
    server = await asyncio.start_server(serve, "127.0.0.1", port)
    await server.start_serving()
    found: int = server.sockets[0].getsockname()[1]
    return found


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--pty", type=Path)
    where.add_argument("--tcp", type=int)
    parser.add_argument("--boards", default="1,2", help="addresses, 0 to 31")
    parser.add_argument("--channels", type=int, default=12, help="7, 12, 24 or 50")
    options = parser.parse_args()
    boards = [Board(int(one), options.channels) for one in options.boards.split(",")]
    wire = Wire(boards, None)
    port = 0
    if options.pty is not None:
        await serve_pty(wire, options.pty)
    else:
        port = await serve_tcp(wire, options.tcp)
    orders = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(orders), sys.stdin
    )
    print(json.dumps({"port": port}), flush=True)
    while line := await orders.readline():
        print(json.dumps(obey(wire, json.loads(line))), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
