"""An emulator of 8A/80 lock boards on one wire, written from the makers' tables.

It shares no code with the driver. Start it as a program; it prints one line of JSON with its
ports, then serves the wire and, in lines of JSON over TCP, the hands at the doors:

    {"do": "push", "board": 1, "lock": 3, "open": true}     a door is opened or closed by hand
    {"do": "pulses", "board": 1}                            the locks pulsed so far
    {"do": "heard"}                                         every request, in hexadecimal
    {"do": "set", "board": 1, "late_ms": 250}               settings and faults of a board
    {"do": "wire", "echo": true}                            settings of the wire
    {"do": "say", "hex": "FA FD"}                           bytes from nowhere
    {"do": "boards", "boards": [{"address": 1}]}            other boards, as they leave the factory
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import tty
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

# So long a pause ends a request.
SILENCE_S = 0.004


@dataclass
class Board:
    """One board, its doors and its faults; locks count from 1."""

    address: int
    channels: int = 8
    state_bytes: int = 3
    shorted_when: str = "locked"
    byte_order: str = "high_first"
    variant: str = "classic"
    tells: int = 0  # the head (0x81 or 0x82) with which it tells changes; 0: it tells none
    tells_after_ms: int = 60
    tells_with_reply: bool = False
    per_lock_ms: int = 1
    # Faults.
    is_silent: bool = False
    misses: int = 0  # so many requests it does not hear
    no_open_reply: bool = False
    late_ms: int = 0
    wrong_check: int = 0  # the bits that are wrong
    foreign: bool = False
    split: bool = False
    noise_before: str = ""
    noise_after: str = ""
    interrupt: str = ""
    jammed: list[int] = field(default_factory=list)
    # What happened.
    opened: set[int] = field(default_factory=set)
    pulses: list[int] = field(default_factory=list)
    seconds: list[int] = field(default_factory=list)

    def contact(self, lock: int) -> int:
        is_shorted = (lock in self.opened) == (self.shorted_when == "open")
        return 0x11 if is_shorted else 0x00

    def states(self) -> bytes:
        row = [0] * self.state_bytes
        for lock in range(1, self.channels + 1):
            if self.contact(lock):
                row[(lock - 1) // 8] += 1 << ((lock - 1) % 8)
        if self.byte_order == "high_first":
            row.reverse()
        return bytes(row)

    def frame(self, *data: int) -> bytes:
        check = 0
        for byte in data:
            check ^= byte
        return bytes([*data, check])


class Wire:
    """The two wires of RS-485: all that is said on them, one speaker at a time."""

    def __init__(self, boards: list[Board]) -> None:
        self.outlets: list[Callable[[bytes], None]] = []
        self._kept = b""
        self._silence: asyncio.TimerHandle | None = None
        self._speaking = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()
        self.put_up(boards)

    def put_up(self, boards: list[Board]) -> None:
        for task in self._tasks:
            task.cancel()
        self.boards = {board.address: board for board in boards}
        self.echo = False
        self.heard: list[bytes] = []

    def write(self, data: bytes) -> None:
        for outlet in list(self.outlets):
            outlet(data)

    def hear(self, data: bytes) -> None:
        if self.echo:
            self.write(data)
        self._kept += data
        if self._silence is not None:
            self._silence.cancel()
        self._silence = asyncio.get_running_loop().call_later(SILENCE_S, self._end_of_request)

    def _end_of_request(self) -> None:
        request, self._kept = self._kept, b""
        self.heard.append(request)
        check = 0
        for byte in request:
            check ^= byte
        if len(request) >= 5 and check == 0 and request[1] in self.boards:
            self.start(self._serve(self.boards[request[1]], request))

    def start(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, board: Board, request: bytes) -> None:
        if board.is_silent:
            return
        if board.misses:
            board.misses -= 1
            return
        order, lock, function = request[0], request[2], request[3]
        to_open = 0x11 if board.variant == "classic" else 0x33
        if order == 0x8A and function == to_open and lock:
            if len(request) == 6:
                board.seconds.append(request[4])
            was_open = lock in board.opened
            self._pulse(board, lock)
            if board.no_open_reply:
                return
            reply = board.frame(0x8A, board.address, lock, board.contact(lock))
            change = b""
            if board.tells and lock in board.opened and not was_open:
                change = board.frame(board.tells, board.address, lock, board.contact(lock))
            if board.tells_with_reply:
                await self._reply(board, reply, change)
                return
            await self._reply(board, reply)
            if change:
                await self._tell(board, change)
        elif (order, lock, function) == (0x8A, 0, 0x11) or (order, function) == (0x9D, 0x33):
            for one in range(1, board.channels + 1):
                self._pulse(board, one)
                await asyncio.sleep(board.per_lock_ms / 1000)
            head, number = (0x8A, 0) if order == 0x8A else (0x9E, 1)
            await self._reply(board, board.frame(head, board.address, number, function))
        elif order == 0x80 and function == 0x33 and lock:
            await self._reply(board, board.frame(0x80, board.address, lock, board.contact(lock)))
        elif order == 0x80 and function == 0x33:
            await self._reply(board, board.frame(0x80, board.address, *board.states(), 0x33))

    def _pulse(self, board: Board, lock: int) -> None:
        if 1 <= lock <= board.channels:
            board.pulses.append(lock)
            if lock not in board.jammed:
                board.opened.add(lock)

    async def _reply(self, board: Board, frame: bytes, behind: bytes = b"") -> None:
        await asyncio.sleep(board.late_ms / 1000)
        if board.foreign:
            frame = board.frame(frame[0], board.address + 1, *frame[2:-1])
        frame = frame[:-1] + bytes([frame[-1] ^ board.wrong_check])
        if board.interrupt:
            frame = frame[:2] + bytes.fromhex(board.interrupt) + frame[2:]
        before, after = bytes.fromhex(board.noise_before), bytes.fromhex(board.noise_after)
        await self.say(before + frame + behind + after, split=board.split)

    async def _tell(self, board: Board, change: bytes) -> None:
        await asyncio.sleep(board.tells_after_ms / 1000)
        await self.say(change)

    async def say(self, data: bytes, *, split: bool = False) -> None:
        async with self._speaking:
            # Byte by byte, but without a pause: one would end the frame.
            for piece in [data[one : one + 1] for one in range(len(data))] if split else [data]:
                self.write(piece)

    def push(self, board: Board, lock: int, *, is_open: bool) -> None:
        before = board.contact(lock)
        (board.opened.add if is_open else board.opened.discard)(lock)
        if board.tells and board.contact(lock) != before:
            change = board.frame(board.tells, board.address, lock, board.contact(lock))
            self.start(self.say(change))


def obey(wire: Wire, asked: dict[str, Any]) -> Any:
    """Do what the control port asks and return what it wants to know."""
    what = asked.pop("do")
    if what == "say":
        wire.start(wire.say(bytes.fromhex(asked["hex"])))
    elif what == "heard":
        return [one.hex(" ").upper() for one in wire.heard]
    elif what == "boards":
        wire.put_up([Board(**one) for one in asked["boards"]])
    elif what == "wire":
        wire.echo = bool(asked["echo"])
    else:
        board = wire.boards[asked.pop("board")]
        if what == "push":
            wire.push(board, asked["lock"], is_open=asked["open"])
        elif what == "set":
            for name, value in asked.items():
                if not hasattr(board, name):
                    raise KeyError(name)
                setattr(board, name, value)
        elif what == "pulses":
            return board.pulses
        elif what == "seconds":
            return board.seconds
        else:
            raise KeyError(what)
    return None


def write_all(master: int, data: bytes) -> None:
    while data:
        data = data[os.write(master, data) :]


async def serve(boards: list[Board], port: int | None, pty: str | None) -> None:
    wire = Wire(boards)

    async def attach(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        wire.outlets.append(writer.write)
        while data := await reader.read(1024):
            wire.hear(data)
        wire.outlets.remove(writer.write)
        writer.close()

    async def control(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            writer.write(json.dumps(obey(wire, json.loads(line))).encode() + b"\n")
        writer.close()

    where: dict[str, Any] = {}
    if pty is not None:
        master, slave = os.openpty()
        tty.setraw(slave)
        if os.path.lexists(pty):
            os.unlink(pty)
        os.symlink(os.ttyname(slave), pty)
        asyncio.get_running_loop().add_reader(master, lambda: wire.hear(os.read(master, 1024)))
        wire.outlets.append(partial(write_all, master))
        where["pty"] = pty
    else:
        server = await asyncio.start_server(attach, "127.0.0.1", port or 0)
        where["port"] = server.sockets[0].getsockname()[1]
    hands = await asyncio.start_server(control, "127.0.0.1", 0)
    where["control"] = hands.sockets[0].getsockname()[1]
    print(json.dumps(where), flush=True)
    await hands.serve_forever()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--boards", required=True, help="a list of boards in JSON")
    wire = parser.add_mutually_exclusive_group(required=True)
    wire.add_argument("--tcp", type=int, metavar="PORT", help="serve the wire there; 0: any")
    wire.add_argument("--pty", metavar="PATH", help="link a pseudo-terminal there")
    given = parser.parse_args()
    boards = [Board(**one) for one in json.loads(given.boards)]
    asyncio.run(serve(boards, given.tcp, given.pty))


if __name__ == "__main__":
    main()
