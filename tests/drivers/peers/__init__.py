"""Peers that play the boards in the contract test; none shares code with the drivers."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from lockers.drivers.base import Board, BoardSpec
from lockers.drivers.registry import open_boards

# A busy machine answers within it; what is late comes while stragglers are still expected.
REPLY_TIMEOUT_MS = 800
LATE_MS = REPLY_TIMEOUT_MS + 100
CHANNELS = 8
PRESENT = (1, 2)
ABSENT = 9


class Peer(Protocol):
    """Two boards on one wire (units 1 and 2) and none at unit 9."""

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    def spec(self, unit: int) -> BoardSpec: ...

    def connect(self, *units: int) -> list[Board]: ...

    async def pulses(self, unit: int) -> list[int]:
        """Return the channels pulsed so far, in order."""
        ...

    async def push(self, unit: int, channel: int, *, is_open: bool) -> None: ...

    async def answer_late(self, unit: int, *, is_late: bool) -> None:
        """Answer later than the driver waits, or on time again."""
        ...


@runtime_checkable
class Lit(Protocol):
    """What a peer can tell besides, whose boards have lights."""

    async def flashes(self, unit: int) -> list[int]:
        """Return the channels whose lights flashed so far, in order."""
        ...


class WirePeer:
    """What the peers behind a real wire have in common."""

    address: str

    def spec(self, unit: int) -> BoardSpec:
        profile = {"reply_timeout_ms": REPLY_TIMEOUT_MS}
        return BoardSpec(unit, "modbus_relay", self.address, unit, CHANNELS, profile)

    def connect(self, *units: int) -> list[Board]:
        boards = open_boards([self.spec(unit) for unit in units])
        return [boards[unit] for unit in units]
