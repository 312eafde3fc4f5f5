"""The contract between a bridge and a board: declared capabilities, a deadline on every call.

A deadline is an instant of ``time.monotonic()`` (the clock of the asyncio loop). After it a
driver writes nothing: a late pulse is a door springing open with nobody there.
"""

from __future__ import annotations

import enum
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, runtime_checkable

# What the text of a signed pass begins with (access/passes.py); badges never do.
SIGNED = "LW1:"
# Of a board that makes any pulse.
USUAL_PULSE_MS = 500


class DoorState(enum.StrEnum):
    """What a door contact says; UNKNOWN whenever it says nothing."""

    OPEN = "open"
    CLOSED = "closed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a board can do, known from its configuration alone."""

    channels: int
    door_sensor: bool
    hardware_pulse: bool
    """The board itself ends the pulse; without it, a crash can leave a lock energised."""
    unsolicited: bool
    acknowledgement: Literal["none", "echo", "status"]
    shortest_pulse_ms: int = 1
    longest_pulse_ms: int = 10_000
    """What lies outside ``open`` refuses with ValueError."""
    usual_pulse_ms: int = USUAL_PULSE_MS
    """What suits the board where nobody chose: its own pulse, if it has one."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One reading of all doors of a board, by channel from 0, with the bytes it came from."""

    doors: tuple[DoorState, ...]
    raw: bytes


@dataclass(frozen=True, slots=True)
class BoardSpec:
    """One board as the configuration names it."""

    controller_id: int
    driver: str
    address: str
    unit: int = 1
    channels: int = 8
    profile: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ReaderSpec:
    """One wired badge reader as the configuration names it."""

    reader_id: int
    driver: str
    address: str
    # Of a reader that writes characters.
    prefix: str = ""
    suffix: str = "\r\n"
    length: int = 0
    # Of a reader on a bus: which one it is, and the secret that it shares with us, in hexadecimal.
    unit: int = 0
    key: str = field(default="", repr=False)
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ReadError:
    """A read that was not accepted; ``received`` counts its characters or bits and shows none."""

    reason: Literal["prefix", "length", "characters", "unfinished", "late"]
    received: int


@dataclass(frozen=True, slots=True)
class Keyed:
    """Digits that somebody typed on the keys of a reader, most likely a PIN."""

    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ReaderHealth:
    """How a wired reader is: ``code`` is the stable word for why, ``detail`` is for staff."""

    state: Literal["connecting", "ok", "offline", "misconfigured"]
    code: str = ""
    detail: str = ""


@runtime_checkable
class Reader(Protocol):
    """One wired badge reader. It holds its wire while ``scans`` is open, and only then."""

    @property
    def address(self) -> str: ...

    @property
    def is_connected(self) -> bool: ...

    @property
    def health(self) -> ReaderHealth: ...

    def scans(self) -> AsyncGenerator[str | Keyed | ReadError, None]:
        """Yield every read for ever, connecting again by itself; never raises for the wire."""
        ...

    async def show(self, accepted: bool) -> None:
        """Tell the person at the reader, where it has a light or a buzzer; never raises."""
        ...


@runtime_checkable
class Board(Protocol):
    """One lock controller board.

    Boards with the same address share one connection and take turns on it, an open before a
    read. A call that fails leaves the bus usable: the next call connects again by itself.
    Every method may raise BoardUnreachable, BoardSilent, BoardRefused, BadReply and
    DeadlinePassed from ``lockers.drivers.errors``.
    """

    @property
    def address(self) -> str: ...

    @property
    def unit(self) -> int: ...

    @property
    def capabilities(self) -> Capabilities: ...

    async def open(self, channel: int, *, pulse_ms: int, deadline: float) -> None:
        """Pulse one lock and return once the board acknowledged; that is not yet an open door.

        Nothing is written after the deadline. An error's ``may_have_fired`` says whether the
        lock could have moved; after a cancellation assume that it could. Raises ValueError
        for a channel the board does not have or a pulse it cannot make.
        """
        ...

    async def read(self, *, deadline: float) -> Snapshot:
        """Read every door contact of the board."""
        ...

    async def safe_state(self, *, deadline: float) -> None:
        """Switch every relay of the board off."""
        ...

    async def close(self) -> None:
        """Leave the bus; the last board on it closes the connection."""
        ...


@runtime_checkable
class Lights(Protocol):
    """What a board can do besides, that has a light beside each door."""

    async def flash(self, channel: int, *, deadline: float) -> None:
        """Flash the light beside one door, as long as the board likes; no lock moves.

        Raises what the methods of ``Board`` raise, and ValueError like ``Board.open``.
        """
        ...
