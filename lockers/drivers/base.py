"""The contract between a bridge and a board: declared capabilities, a deadline on every call.

A deadline is an instant of ``time.monotonic()`` (the clock of the asyncio loop). After it a
driver writes nothing: a late pulse is a door springing open with nobody there.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, runtime_checkable

# What the text of a signed pass begins with (access/passes.py); badges never do.
SIGNED = "LW1:"


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
    prefix: str = ""
    suffix: str = "\r\n"
    length: int = 0


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
