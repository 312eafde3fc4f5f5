"""The frames of Winnsen lock boards (document V202104). Pure.

9600 8N1, sixteen locks a board, the station set by switches on the board. Bytes in hex::

    open one lock     90 06 05 station lock 03
    its answer        90 07 85 station lock status 03    status 01 opened, 00 failed
    poll the doors    90 07 02 station low high 03       a mask: bit n-1 asks for door n
    its answer        90 07 82 station low high 03       bit n-1 is door n, 1 where it is open

There is no check byte. Every byte that the layout fixes is checked, and an answer counts only
for the station and lock that were asked for. What one flipped bit can still do:

* in the answer to an open, the last bit of the status turns "opened" into "failed" or back;
* in the answer to a poll, each bit of low and high turns the state of one door;
* on its way to the board, an open can become one for another lock (lock 5: 1, 4, 7 or 13) or
  station, and that lock opens: the answer then names it, and never passes for ours;
* on its way to the board, the mask of a poll can lose a door, which may then read as closed;
* in the echo of a poll, the first bit of the function makes it an answer that all is open.

A poll is never one bit away from an open. Stations whose numbers have an odd count of
ones (1, 2, 4, 7, 8, 11 ...) are never one bit away from each other.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from lockers.drivers.wire import Frame, Noise

LOCKS = 16
HEADER = 0x90
END = 0x03
OPEN, POLL = 0x05, 0x02
ANSWERED = 0x80
"""The bit that an answer adds to the function that was asked."""
OPENED, FAILED = 0x01, 0x00

# Without station 144, whose number is the header, no frame can begin inside noise and end inside
# a frame that follows: `90 07 82` and an answer of station 3 would otherwise read as one of 144.
STATIONS = frozenset(range(1, 256)) - {HEADER}

_LOCK = range(1, LOCKS + 1)
_BITS = range(256)
# What each byte may be, from the header to the end.
_LAYOUTS: tuple[tuple[Collection[int], ...], ...] = (
    ({HEADER}, {6}, {OPEN}, STATIONS, _LOCK, {END}),
    ({HEADER}, {7}, {OPEN | ANSWERED}, STATIONS, _LOCK, {OPENED, FAILED}, {END}),
    ({HEADER}, {7}, {POLL}, STATIONS, _BITS, _BITS, {END}),
    ({HEADER}, {7}, {POLL | ANSWERED}, STATIONS, _BITS, _BITS, {END}),
)


@dataclass(frozen=True, slots=True)
class OpenAnswer:
    """What a board says about one lock, which is not yet what its door contact says."""

    station: int
    lock: int
    is_opened: bool


@dataclass(frozen=True, slots=True)
class PollAnswer:
    """The levels of all contacts of a board: bit 0 is lock 1."""

    station: int
    levels: int
    raw: bytes


def open_lock(station: int, lock: int) -> bytes:
    """Ask a station to pulse one lock, from 1; raises ValueError for one that cannot be."""
    return _checked(bytes([HEADER, 6, OPEN, station, lock, END]))


def poll_doors(station: int, mask: int) -> bytes:
    """Ask a station for the doors of a mask; raises ValueError for what cannot be asked."""
    return _checked(bytes([HEADER, 7, POLL, station, mask & 0xFF, mask >> 8, END]))


def parse_answer(data: bytes) -> OpenAnswer | PollAnswer | None:
    """Read one whole answer; None for a request and for whatever is not exactly a frame."""
    if not data or _size(data) != len(data):
        return None
    _, _, function, station, first, second, *_ = data
    if function == OPEN | ANSWERED:
        return OpenAnswer(station, first, second == OPENED)
    if function == POLL | ANSWERED:
        return PollAnswer(station, int.from_bytes([first, second], "little"), data)
    return None


class Codec:
    """Finds requests and answers in a stream of bytes; requests, because adapters echo them."""

    def __init__(self) -> None:
        self._kept = b""

    @property
    def is_in_the_middle(self) -> bool:
        """Whether the beginning of a frame is kept."""
        return bool(self._kept)

    def feed(self, data: bytes) -> list[Frame | Noise]:
        """Take what arrived and return what it completed."""
        data = self._kept + data
        found: list[Frame | Noise] = []
        begun = at = 0
        while at < len(data):
            size = _size(data[at:])
            if size is None:
                at += 1
            elif size:
                found += [*_noise(data[begun:at]), Frame(data[at : at + size])]
                begun = at = at + size
            else:
                break
        self._kept = data[at:]
        return [*found, *_noise(data[begun:at])]

    def silence(self) -> list[Frame | Noise]:
        """Decide what is kept: a frame that broke off, too short to hide another one."""
        kept, self._kept = self._kept, b""
        return [*_noise(kept)]


def _noise(data: bytes) -> list[Noise]:
    return [Noise(data)] if data else []


def _size(data: bytes) -> int | None:
    """Return how long the frame is that begins here, 0 while it is not whole, None for none."""
    for layout in _LAYOUTS:
        if all(byte in allowed for byte, allowed in zip(data, layout, strict=False)):
            return len(layout) if len(data) >= len(layout) else 0
    return None


def _checked(request: bytes) -> bytes:
    if _size(request) != len(request):
        raise ValueError(f"{request.hex(' ')} names a station or lock that does not exist")
    return request
