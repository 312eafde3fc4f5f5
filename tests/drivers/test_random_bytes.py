"""A million random bytes through every codec: nothing of it is an answer, and chance is as told."""

from __future__ import annotations

import contextlib
import math
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from pymodbus import FramerType
from pymodbus.client import AsyncModbusTcpClient

from lockers.drivers.base import BoardSpec
from lockers.drivers.errors import BadReply, BoardSilent
from lockers.drivers.kerong_cu16 import KerongCodec
from lockers.drivers.lcb8a import Codec as Lcb8aCodec
from lockers.drivers.modbus_relay.frames import CoilWrite
from lockers.drivers.registry import open_boards
from lockers.drivers.uhppote.frames import DatagramCodec, StreamCodec
from lockers.drivers.winnsen import Codec as WinnsenCodec
from lockers.drivers.wire import Codec, Frame, Noise
from lockers.drivers.wkly import WklyCodec

COUNT = 1_000_000
# The bytes are always the same ones, and so are the counts; of other bytes, one count in two
# thousand would be farther from what is expected.
SIGMAS = 3.5
SERIAL = 405419896


class ModbusCodec:
    """The library's frames of Modbus RTU, as the driver uses them: it waits for board 1."""

    def __init__(self) -> None:
        client = AsyncModbusTcpClient("127.0.0.1", framer=FramerType.RTU)
        client.register(CoilWrite)
        self._framer = client.ctx.framer
        self._kept = b""

    @property
    def is_in_the_middle(self) -> bool:
        return bool(self._kept)

    def feed(self, data: bytes) -> list[Frame | Noise]:
        self._kept += data
        used, answer = self._framer.handleFrame(self._kept, 1, 0)
        self._kept = self._kept[used:]
        return [Frame(self._framer.buildFrame(answer))] if answer is not None else []

    def silence(self) -> list[Frame | Noise]:
        self._kept = b""
        return []


@dataclass(frozen=True)
class Family:
    """One codec, how its boards are asked, and an answer with a gap that decides about it."""

    codec: Callable[[], Codec]
    spec: BoardSpec
    before: str
    gap: int
    after: str = ""
    rate: float = 1 / 256
    """How many of the ways to fill the gap keep the layout and, where there is one, the check."""
    tries: int = 100_000


def at(driver: str, address: str = "tcp://10.0.0.9:5000", **profile: Any) -> BoardSpec:
    return BoardSpec(1, driver, address, 1, 4, profile)


FAMILIES = {
    "lcb8a": Family(Lcb8aCodec, at("lcb8a"), "80 01 00 00 00 33", 1),
    "lcb8a, any doors": Family(Lcb8aCodec, at("lcb8a"), "80 01", 3, "33 B2"),
    "kerong_cu16": Family(KerongCodec, at("kerong_cu16"), "02 10 35 0F 00 00 00 03", 1),
    # A first letter never stands inside a frame.
    "wkly": Family(WklyCodec, at("wkly"), "57 4B 4C 59 0B 01 82 00 01", 2, rate=255 / 65536),
    # No check byte: what it may be is one value at the end, and two for what became of an open.
    "winnsen, its end": Family(WinnsenCodec, at("winnsen"), "90 07 85 01 01 01", 1),
    "winnsen, its outcome": Family(
        WinnsenCodec, at("winnsen"), "90 07 85 01 01", 1, "03", rate=2 / 256
    ),
    # No check byte either, and two heads of four bytes with two zeros in them.
    "uhppote over udp": Family(
        DatagramCodec,
        at("uhppote", "udp://10.0.0.9:60000", serial=SERIAL),
        "", 1, f"40 00 00 {SERIAL.to_bytes(4, 'little').hex()} 01" + 55 * "00",
    ),
    "uhppote over tcp": Family(
        StreamCodec,
        at("uhppote", "tcp://10.0.0.9:60000", serial=SERIAL),
        "", 1, f"40 00 00 {SERIAL.to_bytes(4, 'little').hex()} 01" + 55 * "00",
    ),
    "modbus_relay": Family(
        ModbusCodec, at("modbus_relay", "rtu+tcp://10.0.0.9:5000"), "01 02 01 0F", 2,
        rate=1 / 65536, tries=COUNT - 2,
    ),
}  # fmt: skip
ONE_OF_EACH = {one.codec: one for one in FAMILIES.values()}


async def judges(family: Family) -> list[Callable[[Frame], object]]:
    """Return what decides, in the driver itself, whether a frame answers its open or its read."""
    if family.codec is ModbusCodec:
        # The library decides, for the board that was asked.
        return [lambda frame: frame]
    board: Any = open_boards([family.spec])[1]
    found: list[Callable[[Frame], object]] = []

    async def transact(_request: bytes, answers: Callable[[Frame], object], **_how: Any) -> None:
        found.append(answers)
        raise BoardSilent("no answer")

    async def send(_request: bytes, **_how: Any) -> None:
        """What nothing answers goes nowhere: there is no wire."""

    board.bus.transact, board.bus.send = transact, send
    deadline = time.monotonic() + 10
    for asked in (
        board.read(deadline=deadline),
        board.open(0, pulse_ms=board.capabilities.usual_pulse_ms, deadline=deadline),
    ):
        with contextlib.suppress(BoardSilent):
            await asked
    assert len(found) >= 2
    return found


def answers(judges: list[Callable[[Frame], object]], frame: Frame) -> bool:
    for judge in judges:
        try:
            if judge(frame) is not None:
                return True
        except BadReply:
            # It was taken for an answer, and for a bad one.
            return True
    return False


def pieces(seed: int) -> Iterator[bytes]:
    """Cut a million random bytes into what may come at once."""
    chance = random.Random(seed)
    data, begun = chance.randbytes(COUNT), 0
    while begun < COUNT:
        end = begun + chance.randrange(1, 64)
        yield data[begun:end]
        begun = end


@pytest.mark.parametrize(
    "family", [pytest.param(one, id=one.codec.__module__) for one in ONE_OF_EACH.values()]
)
async def test_of_a_million_random_bytes_none_answers_an_open_or_a_read(family: Family) -> None:
    decide, codec = await judges(family), family.codec()
    found: list[Frame] = []
    for piece in pieces(seed=1):
        found += [one for one in (*codec.feed(piece), *codec.silence()) if isinstance(one, Frame)]
    assert [frame for frame in found if answers(decide, frame)] == []


@pytest.mark.parametrize("name", FAMILIES)
async def test_what_passes_the_check_is_as_much_as_chance_lets_pass(name: str) -> None:
    family = FAMILIES[name]
    decide, codec = await judges(family), family.codec()
    before, after = bytes.fromhex(family.before), bytes.fromhex(family.after)
    data = random.Random(2).randbytes(COUNT)
    passed = 0
    for begun in range(family.tries):
        said = before + data[begun : begun + family.gap] + after
        passed += any(
            isinstance(one, Frame) and answers(decide, one)
            for one in (*codec.feed(said), *codec.silence())
        )
    expected = family.tries * family.rate
    assert abs(passed - expected) < SIGMAS * math.sqrt(expected), (passed, expected)
