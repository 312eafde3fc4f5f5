"""Messages of UHPPOTE controllers: 64 bytes, no check byte.

``17 FN 00 00 <serial, 4 bytes, low first> ...``: an answer repeats function and serial, and
nothing else ties it to its question. Encoding and decoding are ``uhppoted``'s; what may be taken
for an answer at all is decided here.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

from uhppoted import decode

from lockers.drivers.wire import Frame, Noise

LENGTH = 64
MAX_DOORS = 4
_HEAD = 0x17
# The head of events by firmware 6.62.
_EVENT_HEADS = (_HEAD, 0x19)
_CONTACTS = slice(28, 28 + MAX_DOORS)
_MODES = (1, 2, 3, 4)


class Function(enum.IntEnum):
    """What a message is about."""

    STATUS = 0x20
    OPEN = 0x40
    SET_DOOR = 0x80
    GET_DOOR = 0x82
    RECORD_DOORS = 0x8E
    SET_LISTENER = 0x90


@dataclass(frozen=True, slots=True)
class Contacts:
    """The four door contacts of a controller, 1 or 0 each."""

    serial: int
    levels: bytes


@dataclass(frozen=True, slots=True)
class DoorControl:
    """How one door is kept (its mode), and for how many seconds an open releases it."""

    door: int
    mode: int
    seconds: int


def outcome(data: bytes, function: Function, serial: int) -> bool | None:
    """Tell whether an order was carried out: ``17 FN 00 00 <serial> 01``, 00 if not."""
    if not _answers(data, function, serial) or data[8] > 1:
        return None
    return data[8] == 1


def contacts(data: bytes, serial: int) -> Contacts | None:
    """Read the door contacts in the answer to ``17 20``.

    It carries the controller's clock; a message without a date is the question, come back.
    """
    if not _answers(data, Function.STATUS, serial):
        return None
    told = decode.get_status_response(data)
    if told.system_date is None or told.system_time is None:
        return None
    return _contacts(data, serial)


def event(data: bytes) -> Contacts | None:
    """Read the door contacts in what a controller pushes: built as a status, head 17 or 19."""
    if len(data) != LENGTH or data[0] not in _EVENT_HEADS or data[1] != Function.STATUS:
        return None
    if data[2:4] != b"\0\0":
        return None
    told = decode.event(data)
    if told.system_date is None or told.system_time is None:
        return None
    return _contacts(data, told.controller)


def door_control(data: bytes, function: Function, serial: int, door: int) -> DoorControl | None:
    """Read ``17 80`` or ``17 82 00 00 <serial> DOOR MODE SECONDS`` about one door."""
    if not _answers(data, function, serial) or data[8] != door or data[9] not in _MODES:
        return None
    return DoorControl(door, mode=data[9], seconds=data[10])


def is_message(data: bytes) -> bool:
    """Tell whether it could be a message of any controller."""
    return len(data) == LENGTH and data[0] == _HEAD and data[2:4] == b"\0\0"


def _answers(data: bytes, function: Function, serial: int) -> bool:
    is_ours = int.from_bytes(data[4:8], "little") == serial
    return is_message(data) and data[1] == function and is_ours


def _contacts(data: bytes, serial: int) -> Contacts | None:
    levels = data[_CONTACTS]
    return Contacts(serial, levels) if max(levels) <= 1 else None


class DatagramCodec:
    """UDP: a datagram is a message, or it is noise."""

    is_in_the_middle = False

    def feed(self, data: bytes) -> list[Frame | Noise]:
        """Decide one datagram."""
        return [Frame(data) if is_message(data) else Noise(data)]

    def silence(self) -> list[Frame | Noise]:
        """Nothing is ever kept."""
        return []


class StreamCodec:
    """TCP: messages stand one behind the other, found by their head."""

    def __init__(self) -> None:
        self._kept = b""

    @property
    def is_in_the_middle(self) -> bool:
        """Whether the rest of a message is still to come."""
        return bool(self._kept)

    def feed(self, data: bytes) -> list[Frame | Noise]:
        """Take what arrived and return what it completed."""
        self._kept += data
        found: list[Frame | Noise] = []
        while self._kept:
            start = _start(self._kept)
            if start:
                found.append(Noise(self._kept[:start]))
                self._kept = self._kept[start:]
            elif len(self._kept) < LENGTH:
                break
            else:
                found.append(Frame(self._kept[:LENGTH]))
                self._kept = self._kept[LENGTH:]
        return found

    def silence(self) -> list[Frame | Noise]:
        """Give up on half a message."""
        kept, self._kept = self._kept, b""
        return [Noise(kept)] if kept else []


def _start(data: bytes) -> int:
    """Return where the next message begins, or could begin."""
    for start in range(len(data)):
        head = data[start : start + 4]
        if head[0] == _HEAD and not any(head[2:]):
            return start
    return len(data)
