"""An emulator of KERONG CU16 boards, written from the tables and sharing no code with the driver.

It plays several boards on one wire: a TCP port, or a pseudo-terminal that it links to a path. It
says where it is in one line of JSON on its standard output, and is then controlled over a second
TCP port with one JSON object a line (see ``Wire.do``). Run it by its path.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import sys
import tty
from collections.abc import Callable
from pathlib import Path
from typing import Any

LOCKS = 16
# What a master may ask, and how many bytes each question has.
QUESTIONS = {0x30: [5], 0x31: [5], 0x32: [5], 0x33: [5], 0x37: [5, 7], 0x38: [5], 0x39: [6]}


def framed(address: int, command: int, *data: int) -> bytes:
    """Put head, tail and sum around a message."""
    message = bytearray([2, address, command, *data, 3])
    message.append(sum(message) % 256)
    return bytes(message)


class CabinetBoard:
    """One board: doors that open when pulsed, items that lie behind them, and a pulse length."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.open = [False] * LOCKS
        self.items = [False] * LOCKS
        self.pulses: list[int] = []
        self.pulse_lengths_ms: list[int] = []
        self.unlock_time_ms = 500
        self.is_busy = False

    def pulse(self, lock: int) -> None:
        self.pulses.append(lock)
        self.pulse_lengths_ms.append(self.unlock_time_ms)
        self.open[lock] = True


class Wire:
    """The boards on one wire, and everything that can be wrong with them and with it."""

    def __init__(self, numbers: list[int]) -> None:
        self.numbers = numbers
        self.send: Callable[[bytes], None] | None = None
        self.kept = b""
        self.reset()

    def reset(self) -> None:
        """Forget all doors, faults and questions."""
        self.boards = {number: CabinetBoard(number) for number in self.numbers}
        self.heard: list[bytes] = []
        self.faults: dict[str, Any] = {
            "closed_bit": 1,  # what a closed hook reads
            "unlock_reply": False,  # answer an unlock with the state, as one project saw
            "echo": False,  # the adapter repeats what it is told
            "noise": "",  # hex, before each reply
            "intruder": "",  # hex, in the middle of each reply
            "byte_by_byte": False,  # each reply in single bytes, a little apart
            "wrong_sum": False,
            "other_address": None,  # reply as if this board did
            "late": {},  # seconds by board
            "silent": [],  # boards without power
            "gets_busy": False,  # deaf after an unlock, until 0x38
            "told_time_ms": None,  # told instead of the unlock time
        }

    # ---- what a master says --------------------------------------------------------------------

    def hear(self, data: bytes) -> None:
        """Take what stands on the wire."""
        if self.faults["echo"]:
            self.put(data)
        self.kept += data
        while len(self.kept) >= 5:
            found = self.question()
            if found is None:
                break
            self.kept = self.kept[len(found) or 1 :]
            if found:
                self.heard.append(found)
                self.answer(found)

    def question(self) -> bytes | None:
        """Find the question at the beginning: none (empty), or not yet known (None)."""
        if self.kept[0] != 2 or self.kept[2] not in QUESTIONS:
            return b""
        sizes = QUESTIONS[self.kept[2]]
        for size in sizes:
            one = self.kept[:size]
            if len(one) == size and one[-2] == 3 and sum(one[:-1]) % 256 == one[-1]:
                return one
        return None if len(self.kept) < max(sizes) else b""

    def answer(self, asked: bytes) -> None:
        board = self.boards.get(asked[1] // 16)
        if board is None or board.number in self.faults["silent"]:
            return
        if board.is_busy and asked[2] != 0x38:
            return
        if asked[2] == 0x30:
            self.reply(board, self.state(board))
        elif asked[2] == 0x31:
            board.pulse(asked[1] % 16)
            board.is_busy = self.faults["gets_busy"]
            if self.faults["unlock_reply"]:
                self.reply(board, self.state(board))
        elif asked[2] == 0x37:
            if len(asked) == 7:
                board.unlock_time_ms = (asked[3] * 256 + asked[4]) * 10
            self.reply(board, self.unlock_time(board))
        elif asked[2] == 0x38:
            board.is_busy = False

    # ---- what boards say -----------------------------------------------------------------------

    def state(self, board: CabinetBoard) -> bytes:
        closed_bit = self.faults["closed_bit"]
        data = [0, 0, 0, 0]
        for lock in range(LOCKS):
            hook = closed_bit if not board.open[lock] else 1 - closed_bit
            data[lock // 8] += hook * 2 ** (lock % 8)
            data[2 + lock // 8] += int(board.items[lock]) * 2 ** (lock % 8)
        return framed(self.address(board), 0x35, *data)

    def unlock_time(self, board: CabinetBoard) -> bytes:
        told = self.faults["told_time_ms"]
        steps = (board.unlock_time_ms if told is None else told) // 10
        return framed(self.address(board), 0x38, steps // 256, steps % 256)

    def address(self, board: CabinetBoard) -> int:
        other = self.faults["other_address"]
        return 16 * (board.number if other is None else int(other))

    def reply(self, board: CabinetBoard, frame: bytes) -> None:
        if self.faults["wrong_sum"]:
            frame = frame[:-1] + bytes([(frame[-1] + 1) % 256])
        middle = bytes.fromhex(self.faults["intruder"])
        half = len(frame) // 2 if middle else 0
        data = bytes.fromhex(self.faults["noise"]) + frame[:half] + middle + frame[half:]
        late = float(self.faults["late"].get(str(board.number), 0))
        pieces = [data]
        if self.faults["byte_by_byte"]:
            pieces = [bytes([one]) for one in data]
        # Whoever asked is answered, even if somebody else is connected by then.
        if self.send is not None:
            loop = asyncio.get_running_loop()
            for count, piece in enumerate(pieces):
                loop.call_later(late + count * 0.002, self.send, piece)

    def put(self, data: bytes) -> None:
        if self.send is not None:
            self.send(data)

    # ---- the hands at the doors ----------------------------------------------------------------

    def do(self, order: dict[str, Any]) -> dict[str, Any]:
        """Carry out one order of the control port; boards and locks count from 0."""
        do = order.pop("do")
        if do == "reset":
            self.reset()
        elif do == "faults":
            unknown = set(order) - set(self.faults)
            if unknown:
                return {"error": f"no such fault: {sorted(unknown)}"}
            self.faults.update(order)
        elif do == "push":
            self.boards[order["board"]].open[order["lock"]] = order["is_open"]
        elif do == "put":
            self.boards[order["board"]].items[order["lock"]] = order["is_there"]
        elif do == "say":
            self.put(bytes.fromhex(order["hex"]))
        elif do == "pulses":
            board = self.boards[order["board"]]
            return {"locks": board.pulses, "lengths_ms": board.pulse_lengths_ms}
        elif do == "heard":
            return {"frames": [one.hex(" ").upper() for one in self.heard]}
        else:
            return {"error": f"no such order: {do}"}
        return {}


async def serve_control(wire: Wire) -> int:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            writer.write(json.dumps(wire.do(json.loads(line))).encode() + b"\n")
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    return int(server.sockets[0].getsockname()[1])


async def serve_tcp(wire: Wire, port: int) -> int:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        wire.kept = b""
        wire.send = writer.write
        with contextlib.suppress(OSError):
            while data := await reader.read(1024):
                wire.send = writer.write
                wire.hear(data)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", port)
    return int(server.sockets[0].getsockname()[1])


def serve_pty(wire: Wire, path: Path) -> None:
    ours, theirs = os.openpty()
    tty.setraw(theirs)
    path.unlink(missing_ok=True)
    path.symlink_to(os.ttyname(theirs))
    wire.send = lambda data: _drop(os.write(ours, data))
    asyncio.get_running_loop().add_reader(ours, lambda: wire.hear(os.read(ours, 1024)))


def _drop(_count: int) -> None:
    """Make nothing of how many bytes went out: a pseudo-terminal takes so few of them whole."""


async def main(options: argparse.Namespace) -> None:
    wire = Wire(options.boards)
    where = {"control": await serve_control(wire)}
    if options.pty is not None:
        serve_pty(wire, options.pty)
    else:
        where["port"] = await serve_tcp(wire, options.port)
    print(json.dumps(where), flush=True)
    # Whoever started it holds the other end of its standard input.
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="TCP port; 0 takes a free one")
    parser.add_argument("--pty", type=Path, help="link a pseudo-terminal to this path instead")
    parser.add_argument("--boards", type=int, nargs="+", default=[1, 2], help="their numbers")
    asyncio.run(main(parser.parse_args()))
