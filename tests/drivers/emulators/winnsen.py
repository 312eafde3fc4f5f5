"""Winnsen lock boards in a process of their own, written from the maker's document alone.

It shares no code with the driver. It speaks on a pseudo-terminal (``--pty LINK``) or on a TCP
port (``--tcp PORT``), says where in one line of JSON, and is then told over its standard input,
one line of JSON for each order and each answer. It ends when its standard input does.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import tty
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any


@dataclass
class Board:
    """Sixteen locks and their doors."""

    open_doors: set[int] = field(default_factory=set)
    pulses: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class Faults:
    """What is wrong with the wire or the boards, until told otherwise."""

    echo: bool = False
    before: str = ""
    after: str = ""
    middle: str = ""
    """Hex that stands before, after and in the middle of an answer."""
    piece_ms: int | None = None
    """The answer is written byte by byte, with such pauses."""
    byte_ms: float = 0.0
    """How long a byte takes on the wire: a pseudo-terminal knows no speed."""
    late_ms: int = 0
    late_stations: tuple[int, ...] = ()
    length: int = 7
    end: int = 0x03
    answer_station: int | None = None
    answer_lock: int | None = None
    status: int | None = None
    mute: bool = False
    mute_open: bool = False
    jammed: tuple[int, ...] = ()
    open_level: int = 1
    ignores_mask: bool = False
    hears_flipped: int | None = None
    """The bit of the next request that flips on its way to the board."""
    flips: tuple[int | None, ...] = ()
    """The bits that flip in the next answers, one each."""
    echo_flips: tuple[int, ...] = ()


class Wire:
    """The boards on one wire and what stands on it."""

    def __init__(self, stations: list[int]) -> None:
        self.boards = {station: Board() for station in stations}
        self.faults = Faults()
        self.heard: list[str] = []
        self.requests: asyncio.Queue[tuple[bytes, Callable[[bytes], None]]] = asyncio.Queue()

    def listener(self, write: Callable[[bytes], None]) -> Callable[[bytes], None]:
        """Make the ears of one connection."""
        kept = bytearray()

        def hear(data: bytes) -> None:
            if self.faults.echo:
                write(self.flipped_echo(data))
            kept.extend(data)
            while (start := kept.find(0x90)) >= 0 and len(kept) - start >= 2:
                size = kept[start + 1]
                if size not in (6, 7):
                    del kept[: start + 1]
                elif len(kept) - start < size:
                    return
                else:
                    self.requests.put_nowait((bytes(kept[start : start + size]), write))
                    del kept[: start + size]

        return hear

    def flipped_echo(self, data: bytes) -> bytes:
        """Flip the next bit that is to flip in what the adapter repeats."""
        if self.faults.echo_flips:
            bit, *left = self.faults.echo_flips
            self.faults = replace(self.faults, echo_flips=tuple(left))
            data = flipped(data, bit)
        return data

    async def serve(self) -> None:
        """Answer one request after the other."""
        while True:
            request, write = await self.requests.get()
            self.heard.append(request.hex())
            if self.faults.hears_flipped is not None:
                request = flipped(request, self.faults.hears_flipped)
                self.faults = replace(self.faults, hears_flipped=None)
            await asyncio.sleep(self.faults.byte_ms * len(request) / 1000)
            answer = self.answer(request)
            if answer:
                await self.say(request[3], answer, write)

    def answer(self, request: bytes) -> bytes:
        """Do what a request says, and tell what the board answers: nothing to what it knows not."""
        faults = self.faults
        station = request[3]
        board = self.boards.get(station)
        if board is None or faults.mute or request[-1] != 0x03:
            return b""
        if request[:3] == b"\x90\x06\x05" and 1 <= request[4] <= 16:
            lock = request[4]
            board.pulses.append(lock)
            if lock not in faults.jammed:
                board.open_doors.add(lock)
            if faults.mute_open:
                return b""
            status = int(lock not in faults.jammed) if faults.status is None else faults.status
            body = [faults.answer_lock or lock, status]
            function = 0x85
        elif request[:3] == b"\x90\x07\x02":
            is_one = {n: (n in board.open_doors) == bool(faults.open_level) for n in range(1, 17)}
            asked = 0xFFFF if faults.ignores_mask else request[4] + 256 * request[5]
            levels = sum(2 ** (n - 1) for n in is_one if is_one[n]) & asked
            body = [levels % 256, levels // 256]
            function = 0x82
        else:
            return b""
        station = faults.answer_station or station
        return bytes([0x90, faults.length, function, station, *body, faults.end])

    async def say(self, station: int, answer: bytes, write: Callable[[bytes], None]) -> None:
        """Write an answer with everything that is wrong with it."""
        faults = self.faults
        if faults.late_ms and station in faults.late_stations:
            await asyncio.sleep(faults.late_ms / 1000)
        if faults.flips:
            bit, *left = faults.flips
            self.faults = replace(self.faults, flips=tuple(left))
            answer = answer if bit is None else flipped(answer, bit)
        middle, before, after = map(bytes.fromhex, (faults.middle, faults.before, faults.after))
        answer = before + answer[:3] + middle + answer[3:] + after
        await asyncio.sleep(faults.byte_ms * len(answer) / 1000)
        if faults.piece_ms is None:
            write(answer)
            return
        for byte in answer:
            write(bytes([byte]))
            await asyncio.sleep(faults.piece_ms / 1000)

    def obey(self, order: dict[str, Any]) -> Any:
        """Do what the test says: push a door, set faults anew, or tell all."""
        if "push" in order:
            station, lock, is_open = order["push"]
            doors = self.boards[station].open_doors
            (doors.add if is_open else doors.discard)(lock)
        if "faults" in order:
            self.faults = replace(Faults(), **order["faults"])
        return {
            "pulses": {station: board.pulses for station, board in self.boards.items()},
            "open": {station: sorted(board.open_doors) for station, board in self.boards.items()},
            "heard": self.heard,
        }


def flipped(data: bytes, bit: int) -> bytes:
    changed = bytearray(data)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def on_pty(wire: Wire, link: Path) -> str:
    """Put the wire on a pseudo-terminal that a link names."""
    master, slave = os.openpty()
    # The other end stays open here too, or the master would hang up between two openings.
    tty.setraw(slave)
    link.unlink(missing_ok=True)
    link.symlink_to(os.ttyname(slave))
    hear = wire.listener(lambda data: void(os.write(master, data)))
    asyncio.get_running_loop().add_reader(master, lambda: hear(os.read(master, 1024)))
    return str(link)


async def on_tcp(wire: Wire, port: int) -> str:
    """Put the wire behind a TCP port, as a terminal server does."""

    async def connected(stream: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        hear = wire.listener(writer.write)
        while data := await stream.read(1024):
            hear(data)
        writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", port, reuse_address=True)
    return f"tcp://127.0.0.1:{server.sockets[0].getsockname()[1]}"


def void(_written: int) -> None:
    """Forget a count."""


async def run(arguments: argparse.Namespace) -> None:
    wire = Wire(arguments.station)
    serving = asyncio.create_task(wire.serve())
    address = (
        on_pty(wire, arguments.pty) if arguments.pty else await on_tcp(wire, arguments.tcp or 0)
    )
    print(json.dumps({"address": address}), flush=True)
    orders = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(orders), sys.stdin
    )
    while line := await orders.readline():
        print(json.dumps(wire.obey(json.loads(line))), flush=True)
    serving.cancel()


def main() -> None:
    parser = argparse.ArgumentParser(description="Winnsen lock boards on one wire")
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--pty", type=Path, help="a link that will name the pseudo-terminal")
    where.add_argument("--tcp", type=int, help="a port; 0 picks one")
    parser.add_argument("--station", type=int, action="append", help="a board on the wire")
    asyncio.run(run(parser.parse_args()))


if __name__ == "__main__":
    main()
