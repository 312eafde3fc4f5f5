"""The frames of KERONG CU16, NCU16L and CU12 boards (hardware notes, section 1.3). Pure.

Every frame is ``02 ADDR CMD [DATA] 03 SUM`` (certainty A). ADDR holds the board in its high half
and the lock, counted from 0, in its low half. SUM is the low byte of the sum of all bytes before
it: it sees every single flipped bit, but not two that cancel each other. No frame names its own
length: the command does.
"""

from __future__ import annotations

from dataclasses import dataclass

from lockers.drivers.wire import Frame, Noise

LOCKS = 16
BOARDS = 16
TIME_STEP_MS = 10
# From 0x0300 steps on, the first five bytes of a time frame can be a whole frame themselves.
MAX_TIME_MS = 0x02FF * TIME_STEP_MS

_STX, _ETX = 0x02, 0x03
_READ_STATE = 0x30
_UNLOCK = 0x31
_READ_ALL_BOARDS = 0x32
_UNLOCK_ALL = 0x33
_STATE = 0x35
_STATE_OF_ALL = 0x36
_SET_TIME = 0x37
_TIME = 0x38
_DELAYED_UNLOCK = 0x39
# How many bytes of data each command comes with. What this driver never sends is here because
# another master, or a board that answers one, may say it on the same wire.
_DATA_BYTES = {
    _READ_STATE: (0,),
    _UNLOCK: (0,),
    _READ_ALL_BOARDS: (0,),
    _UNLOCK_ALL: (0,),
    _STATE: (4,),
    _STATE_OF_ALL: (4,),
    _SET_TIME: (0, 2),
    _TIME: (0, 2),
    _DELAYED_UNLOCK: (1,),
}
_AROUND_DATA = 5


@dataclass(frozen=True, slots=True)
class State:
    """What a board told about its locks: two numbers with a bit per lock, lock 1 the lowest."""

    hooks: int
    items: int


@dataclass(frozen=True, slots=True)
class UnlockTime:
    """How long a board says that it energises a lock."""

    pulse_ms: int


def read_state(board: int) -> bytes:
    """Ask for all hooks and item sensors: ``02 B0 30 03 SUM`` (1.3, A)."""
    return _frame(board, 0, _READ_STATE)


def unlock(board: int, lock: int) -> bytes:
    """Pulse one lock: ``02 BL 31 03 SUM`` (1.3, A). Most boards answer nothing."""
    return _frame(board, lock, _UNLOCK)


def set_unlock_time(board: int, pulse_ms: int) -> bytes:
    """Set how long a pulse lasts: ``02 B0 37 HI LO 03 SUM``, in steps of 10 ms (1.3, A)."""
    return _frame(board, 0, _SET_TIME, (pulse_ms // TIME_STEP_MS).to_bytes(2, "big"))


def end_busy(board: int) -> bytes:
    """Send ``02 B0 38 03 SUM``, after which a board that "stays BUSY" listens again (1.3, C)."""
    return _frame(board, 0, _TIME)


def parse_state(frame: Frame, board: int, lock: int = 0) -> State | None:
    """Read ``02 B0 35 H1 H2 I1 I2 03 SUM`` (1.3, A); None when it is anything else.

    H1 and I1 are locks 1 to 8, H2 and I2 locks 9 to 16. The answer to an unlock may also carry
    the address of that lock.
    """
    data = frame.data
    if data[2] != _STATE or len(data) != _AROUND_DATA + 4:
        return None
    if data[1] not in (_address(board, 0), _address(board, lock)):
        return None
    return State(int.from_bytes(data[3:5], "little"), int.from_bytes(data[5:7], "little"))


def parse_unlock_time(frame: Frame, board: int) -> UnlockTime | None:
    """Read ``02 B0 38 HI LO 03 SUM``; None when it is anything else.

    That a board tells its time with 0x38 is in 1.3 (A); that it is told as it is set is C.
    """
    data = frame.data
    if data[2] != _TIME or len(data) != _AROUND_DATA + 2 or data[1] != _address(board, 0):
        return None
    return UnlockTime(int.from_bytes(data[3:5], "big") * TIME_STEP_MS)


class KerongCodec:
    """Finds frames by their head, the length that their command has, their tail and their sum."""

    def __init__(self) -> None:
        self._kept = b""

    @property
    def is_in_the_middle(self) -> bool:
        """Whether bytes are kept that may yet become a frame."""
        return bool(self._kept)

    def feed(self, data: bytes) -> list[Frame | Noise]:
        """Take what arrived and return what it completed."""
        self._kept += data
        return self._decide(is_over=False)

    def silence(self) -> list[Frame | Noise]:
        """Give up waiting: a frame that is not whole by now is noise."""
        return self._decide(is_over=True)

    def _decide(self, *, is_over: bool) -> list[Frame | Noise]:
        found: list[Frame | Noise] = []
        kept, noise = self._kept, b""
        while kept:
            length = _length(kept)
            if length is None and not is_over:
                break
            if length:
                if noise:
                    found.append(Noise(noise))
                    noise = b""
                found.append(Frame(kept[:length]))
            else:
                # No frame begins here, but one may begin with the very next byte.
                length = 1
                noise += kept[:1]
            kept = kept[length:]
        if noise:
            found.append(Noise(noise))
        self._kept = kept
        return found


def _frame(board: int, lock: int, command: int, data: bytes = b"") -> bytes:
    frame = bytes([_STX, _address(board, lock), command]) + data + bytes([_ETX])
    return frame + bytes([_sum(frame)])


def _address(board: int, lock: int) -> int:
    return board << 4 | lock


def _sum(data: bytes) -> int:
    return sum(data) & 0xFF


def _length(kept: bytes) -> int | None:
    """Return how long the frame is that begins here: 0 for none, None when it is too early."""
    if kept[0] != _STX:
        return 0
    if len(kept) < 3:
        return None
    lengths = [_AROUND_DATA + count for count in _DATA_BYTES.get(kept[2], ())]
    for length in lengths:
        is_whole = len(kept) >= length
        if is_whole and kept[length - 2] == _ETX and kept[length - 1] == _sum(kept[: length - 1]):
            return length
    return None if any(len(kept) < length for length in lengths) else 0
