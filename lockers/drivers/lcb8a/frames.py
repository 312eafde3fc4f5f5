"""Frames of the 8A/80 lock boards: hexadecimal 8A opens, 80 reads.

Every frame ends with BCC, the XOR of all bytes before it. One wrong bit always shows; two in the
same column do not. Addresses go from 1 to 32, locks from 1 to 50, lock 0 is all of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from operator import xor
from typing import Literal

from lockers.drivers.wire import Frame, Noise

Variant = Literal["classic", "2025"]
ByteOrder = Literal["high_first", "low_first"]

MAX_ADDRESS = 32
MAX_LOCK = 50
MAX_SECONDS = 9
# Boards for 8 to 24, for 32 and for 50 locks: the count of doors does not tell the length.
STATE_BYTES = (3, 4, 7)
LENGTHS = (11, 8, 7, 6, 5)
# A line that babbles on is decided in pieces of this many bytes.
LONGEST_BURST = 256

_OPEN, _READ, _OPEN_ALL_2025, _ALL_OPENED_2025 = 0x8A, 0x80, 0x9D, 0x9E
_CHANGED = (0x81, 0x82)
_TO_OPEN: dict[Variant, int] = {"classic": 0x11, "2025": 0x33}
_TO_READ = 0x33
_APART, _SHORTED = 0x00, 0x11
# What may stand in the acknowledgement of an open: the contact, or the order once more.
ACKNOWLEDGING: dict[Variant, tuple[int, ...]] = {
    "classic": (_APART, _SHORTED),
    "2025": (_APART, _SHORTED, 0x33),
}


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """``8A AA LL VV BCC``: lock LL was pulsed (A).

    VV is 00 or 11 after the wiring of the contact, in the very moment of the pulse: it proves
    nothing, and 11 makes the frame equal to the request. What variant 2025 answers is not
    written anywhere (C): its own 33 is taken too.
    """

    address: int
    lock: int
    value: int


@dataclass(frozen=True, slots=True)
class AllAcknowledged:
    """``9E AA LL VV BCC``: variant 2025 opened all its locks (C)."""

    address: int


@dataclass(frozen=True, slots=True)
class OneContact:
    """``80 AA LL VV BCC``: the contact of lock LL, 11 shorted, 00 not (A)."""

    address: int
    lock: int
    is_shorted: bool


@dataclass(frozen=True, slots=True)
class AllContacts:
    """``80 AA S... 33 BCC`` with 3, 4 or 7 state bytes, a set bit for a shorted contact (A).

    In which order the bytes come differs between boards (B): high first, lock 1 is the lowest
    bit of the last one; low first, of the first.
    """

    address: int
    states: bytes

    def is_shorted(self, lock: int, byte_order: ByteOrder) -> bool:
        """Tell one contact; raises IndexError for a lock the board did not tell."""
        states = self.states[::-1] if byte_order == "high_first" else self.states
        return bool(states[(lock - 1) // 8] >> (lock - 1) % 8 & 1)


@dataclass(frozen=True, slots=True)
class ContactChanged:
    """``82 AA LL VV BCC``, other firmware ``81 ...``: a contact changed, told unasked (B)."""

    address: int
    lock: int
    is_shorted: bool


@dataclass(frozen=True, slots=True)
class Repeated:
    """A request that cannot be a reply: an adapter repeats what it sends."""

    address: int


Message = Acknowledgement | AllAcknowledged | OneContact | AllContacts | ContactChanged | Repeated


def open_lock(address: int, lock: int, *, variant: Variant, seconds: int | None = None) -> bytes:
    """Encode ``8A AA LL 11 BCC`` (A), ``8A AA LL 11 SS BCC`` (B) or ``8A AA LL 33 BCC`` (C)."""
    timed = () if seconds is None else (seconds,)
    return _closed(_OPEN, address, lock, _TO_OPEN[variant], *timed)


def open_all(address: int, *, variant: Variant) -> bytes:
    """Encode ``8A AA 00 11 BCC`` (A); for variant 2025 ``9D AA 01 33 BCC`` (C)."""
    if variant == "2025":
        return _closed(_OPEN_ALL_2025, address, 0x01, _TO_OPEN[variant])
    return _closed(_OPEN, address, 0, _TO_OPEN[variant])


def read_one(address: int, lock: int) -> bytes:
    """Encode ``80 AA LL 33 BCC`` (A)."""
    return _closed(_READ, address, lock, _TO_READ)


def read_all(address: int) -> bytes:
    """Encode ``80 AA 00 33 BCC`` (A)."""
    return read_one(address, 0)


def parse(data: bytes) -> Message | None:
    """Tell what one whole frame says; None for everything that is not exactly one."""
    if len(data) not in LENGTHS or not 1 <= data[1] <= MAX_ADDRESS or reduce(xor, data):
        return None
    if len(data) - 4 in STATE_BYTES:
        is_told = data[0] == _READ and data[-2] == _TO_READ
        return AllContacts(data[1], data[2:-2]) if is_told else None
    head, address, lock, value = data[:4]
    if lock > MAX_LOCK:
        return None
    if len(data) == 6:
        is_timed = (head, value) == (_OPEN, _TO_OPEN["classic"]) and lock
        return Repeated(address) if is_timed and 1 <= data[4] <= MAX_SECONDS else None
    return _parse_short(head, address, lock, value)


def _parse_short(head: int, address: int, lock: int, value: int) -> Message | None:
    is_contact = value in (_APART, _SHORTED) and lock > 0
    if head == _OPEN and value in ACKNOWLEDGING["2025"]:
        return Acknowledgement(address, lock, value)
    if head == _ALL_OPENED_2025 and value in ACKNOWLEDGING["2025"]:
        return AllAcknowledged(address)
    if head == _READ and is_contact:
        return OneContact(address, lock, value == _SHORTED)
    if head in _CHANGED and is_contact:
        return ContactChanged(address, lock, value == _SHORTED)
    if (head, value) in ((_READ, _TO_READ), (_OPEN_ALL_2025, _TO_OPEN["2025"])):
        return Repeated(address)
    return None


class Codec:
    """Finds frames in what came between two silences: no length is written in them."""

    def __init__(self) -> None:
        self._kept = b""

    @property
    def is_in_the_middle(self) -> bool:
        """Whether anything waits for the silence that decides it."""
        return bool(self._kept)

    def feed(self, data: bytes) -> list[Frame | Noise]:
        """Keep what arrived; only a line that never falls silent is decided here."""
        self._kept += data
        found: list[Frame | Noise] = []
        while len(self._kept) >= LONGEST_BURST:
            found += _decide(self._kept[:LONGEST_BURST])
            self._kept = self._kept[LONGEST_BURST:]
        return found

    def silence(self) -> list[Frame | Noise]:
        """Decide all that is kept."""
        kept, self._kept = self._kept, b""
        return _decide(kept)


def _decide(burst: bytes) -> list[Frame | Noise]:
    """Cut a burst into frames so that the fewest bytes are left over, longer frames first.

    Longest first alone is not enough: an echo and the first bytes of the reply behind it can
    look like one long frame.
    """
    if _has_one_wrong_bit(burst):
        return [Noise(burst)]
    # For each place, backwards: bytes left over from there on, and the length of the frame there.
    left_over, frame_at = [0] * (len(burst) + 1), [0] * len(burst)
    for start in reversed(range(len(burst))):
        left_over[start] = left_over[start + 1] + 1
        for length in LENGTHS:
            end = start + length
            if end > len(burst) or parse(burst[start:end]) is None:
                continue
            if left_over[end] < left_over[start]:
                left_over[start], frame_at[start] = left_over[end], length
    found: list[Frame | Noise] = []
    noise_from = place = 0
    while place < len(burst):
        length = frame_at[place]
        if length:
            if noise_from < place:
                found.append(Noise(burst[noise_from:place]))
            found.append(Frame(burst[place : place + length]))
            noise_from = place + length
        place += length or 1
    if noise_from < len(burst):
        found.append(Noise(burst[noise_from:]))
    return found


def _has_one_wrong_bit(burst: bytes) -> bool:
    """Tell whether the whole burst is a single frame but for one bit.

    The doors of a long frame can spell a short one; broken, it must not count for that.
    """
    wrong = reduce(xor, burst, 0)
    if len(burst) not in LENGTHS or wrong.bit_count() != 1:
        return False
    for place, byte in enumerate(burst):
        if parse(burst[:place] + bytes([byte ^ wrong]) + burst[place + 1 :]) is not None:
            return True
    return False


def _closed(*data: int) -> bytes:
    return bytes([*data, reduce(xor, data)])
