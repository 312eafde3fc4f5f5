"""The frames of WKLY lock boards, with no port and no clock.

    57 4B 4C 59 | LEN | ADDR | CMD | DATA ... | XOR

LEN counts the whole frame, ADDR is 0 to 31, XOR covers everything before it, requests and replies
alike. A status is 00 when it is done, FF when it is not. A level is 00 or 01 for a door, FF for one
that cannot be read; which of the two is "closed" is for the profile to say. Channels count from 1
on the wire and from 0 in this package: only this file knows.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from operator import xor

from lockers.drivers.wire import Frame, Noise

START = bytes.fromhex("57 4B 4C 59")
DONE = 0x00
AT_ONCE = 2
"""How many locks of a board may move at once: more is too much for its power supply."""
MAX_ADDRESS = 31
MAX_CHANNELS = 50
SHORTEST = 8
LONGEST = SHORTEST + 2 + MAX_CHANNELS


class Command(enum.IntEnum):
    """What a frame is about; a reply repeats the command of its request."""

    OPEN_AT_ONCE = 0x80
    FLASH = 0x81
    OPEN = 0x82
    READ_ONE = 0x83
    READ_ALL = 0x84
    CHANGED = 0x85
    OPEN_ALL = 0x86
    OPEN_IN_TURN = 0x87
    KEEP_OPEN = 0x88
    RELEASE = 0x89


COMMANDS = range(Command.OPEN_AT_ONCE, Command.RELEASE + 1)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a board answered, with channel and levels where the command has them."""

    address: int
    command: Command
    is_done: bool
    channel: int | None = None
    levels: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """What a board told unasked: one door stands otherwise now."""

    address: int
    channel: int
    level: int


def encode(address: int, command: Command, data: bytes = b"") -> bytes:
    """Make a whole frame."""
    head = START + bytes((SHORTEST + len(data), address, command)) + data
    return head + bytes((_xor(head),))


def open_one(address: int, channel: int) -> bytes:
    """Ask to pulse one lock: 82, channel (A)."""
    return encode(address, Command.OPEN, bytes((channel + 1,)))


def open_at_once(address: int, channels: Sequence[int]) -> bytes:
    """Ask to pulse locks together: 80, count, channels (A); raises ValueError above two."""
    if len(channels) > AT_ONCE:
        raise ValueError(f"{len(channels)} locks at once; at most {AT_ONCE} are possible")
    return encode(address, Command.OPEN_AT_ONCE, _counted(channels))


def open_in_turn(address: int, channels: Sequence[int]) -> bytes:
    """Ask to pulse locks one after the other: 87, count, channels (A)."""
    return encode(address, Command.OPEN_IN_TURN, _counted(channels))


def open_all(address: int) -> bytes:
    """Ask to pulse all locks one after the other: 86 (A)."""
    return encode(address, Command.OPEN_ALL)


def read_one(address: int, channel: int) -> bytes:
    """Ask how one door stands: 83, channel (A)."""
    return encode(address, Command.READ_ONE, bytes((channel + 1,)))


def read_all(address: int) -> bytes:
    """Ask how all doors stand: 84 (A)."""
    return encode(address, Command.READ_ALL)


def flash(address: int, channel: int) -> bytes:
    """Ask to flash the light beside one door: 81, channel (A)."""
    return encode(address, Command.FLASH, bytes((channel + 1,)))


def keep_open(address: int, channel: int) -> bytes:
    """Ask to leave one lock energised until it is released: 88, channel (A)."""
    return encode(address, Command.KEEP_OPEN, bytes((channel + 1,)))


def release(address: int, channel: int) -> bytes:
    """Ask to switch one lock off: 89, channel (A)."""
    return encode(address, Command.RELEASE, bytes((channel + 1,)))


def parse(frame: Frame) -> Answer | Change | None:
    """Read what a board said; None for anything else, such as a request that was heard again.

    82 83       status, channel, level     85          channel, level
    81 88 89    status, channel            84          status, count, a level for each channel
    80 86 87    status
    """
    address, command, data = frame.data[5], Command(frame.data[6]), frame.data[7:-1]
    match command, *data:
        case Command.CHANGED, channel, level:
            return Change(address, channel - 1, level)
        case ((Command.OPEN | Command.READ_ONE), status, channel, level):
            return Answer(address, command, status == DONE, channel - 1, (level,))
        case ((Command.FLASH | Command.KEEP_OPEN | Command.RELEASE), status, channel):
            return Answer(address, command, status == DONE, channel - 1)
        case ((Command.OPEN_AT_ONCE | Command.OPEN_ALL | Command.OPEN_IN_TURN), status):
            return Answer(address, command, status == DONE)
        case Command.READ_ALL, status, count, *levels if count == len(levels):
            return Answer(address, command, status == DONE, levels=tuple(levels))
    return None


class WklyCodec:
    """Finds WKLY frames; after anything broken it looks on from the very next byte."""

    def __init__(self) -> None:
        self._kept = b""

    @property
    def is_in_the_middle(self) -> bool:
        """Whether what may become a frame is kept."""
        return bool(self._kept)

    def feed(self, data: bytes) -> list[Frame | Noise]:
        """Take what arrived and return what it completed."""
        self._kept += data
        return self._cut(is_over=False)

    def silence(self) -> list[Frame | Noise]:
        """Decide all that is kept: an unfinished frame is noise, but may hide a whole one."""
        return self._cut(is_over=True)

    def _cut(self, *, is_over: bool) -> list[Frame | Noise]:
        found: list[Frame | Noise] = []
        kept = self._kept
        at = noise_from = 0
        while at < len(kept):
            length = _length_of_frame(kept[at : at + LONGEST])
            if length is None and not is_over:
                break
            if not length:
                at += 1
                continue
            if noise_from < at:
                found.append(Noise(kept[noise_from:at]))
            found.append(Frame(kept[at : at + length]))
            at = noise_from = at + length
        if noise_from < at:
            found.append(Noise(kept[noise_from:at]))
        self._kept = kept[at:]
        return found


def _length_of_frame(data: bytes) -> int | None:
    """Return the length of the frame that begins here, 0 if none does, None if more must come.

    The check byte alone is not enough: a frame that broke off and the beginning of a like one
    behind it cancel each other out in it. But a first letter never stands inside a frame.
    """
    if not START.startswith(data[: len(START)]):
        return 0
    head = data[len(START) : SHORTEST - 1]
    wanted = (range(SHORTEST, LONGEST + 1), range(MAX_ADDRESS + 1), COMMANDS)
    if any(byte not in right for byte, right in zip(head, wanted, strict=False)):
        return 0
    if not head or len(data) < head[0]:
        return None
    length = head[0]
    if START[0] in data[len(START) : length - 1]:
        return 0
    return length if _xor(data[: length - 1]) == data[length - 1] else 0


def _counted(channels: Sequence[int]) -> bytes:
    if not channels:
        raise ValueError("no channel is named")
    return bytes((len(channels), *(channel + 1 for channel in channels)))


def _xor(data: bytes) -> int:
    return reduce(xor, data)
