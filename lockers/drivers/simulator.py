"""A board without steel: for a first look, a demonstration and the tests of what sits above.

It keeps the whole contract of ``base.Board`` and adds the hands, the faults and the time that
real doors bring along: a jam, a slow or silent board, a lost reply, a door forced open, a door
pushed shut (by hand or after a while), a contact that is missing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lockers.drivers.base import Capabilities, DoorState, Snapshot
from lockers.drivers.errors import BadProfile, BoardSilent
from lockers.drivers.turns import Priority, Turns

MAX_PULSE_MS = 10_000
REPLY_TIMEOUT_S = 0.5


@dataclass(frozen=True, slots=True)
class Pulse:
    """One pulse that reached a simulated lock; ``at`` is monotonic time."""

    channel: int
    pulse_ms: int
    at: float


class SimulatedBoard:
    """One simulated board; its public attributes and plain methods are the hands at the doors."""

    def __init__(
        self,
        *,
        address: str,
        unit: int,
        channels: int,
        turns: Turns | None = None,
        closes_after_ms: int = 0,
        reply_ms: int = 2,
        door_sensor: bool = True,
    ) -> None:
        self.address = address
        self.unit = unit
        self.capabilities = Capabilities(
            channels=channels,
            door_sensor=door_sensor,
            hardware_pulse=True,
            unsolicited=False,
            acknowledgement="status",
        )
        self.is_silent = False
        self.reply_s = reply_ms / 1000
        """How long an answer takes; above the reply timeout the board seems silent."""
        self.lost_replies = 0
        """How many of the next answers get lost although the board does as it is told."""
        self.jammed: set[int] = set()
        self.without_sensor: set[int] = set()
        self.pulses: list[Pulse] = []
        self._turns = turns or Turns()
        self._closes_after_s = closes_after_ms / 1000
        self._open: set[int] = set()
        self._closing: dict[int, asyncio.TimerHandle] = {}

    async def open(self, channel: int, *, pulse_ms: int, deadline: float) -> None:
        """Pulse one simulated lock."""
        self._check(channel)
        if not 0 < pulse_ms <= MAX_PULSE_MS:
            raise ValueError(f"a pulse of {pulse_ms} ms; 1 to {MAX_PULSE_MS} are possible")
        async with self._turns.take(Priority.OPEN, deadline=deadline):
            if not self.is_silent:
                self.pulses.append(Pulse(channel, pulse_ms, asyncio.get_running_loop().time()))
                if channel not in self.jammed:
                    self.force_open(channel)
            await self._answer(deadline, moves_lock=True)

    async def read(self, *, deadline: float) -> Snapshot:
        """Read the simulated contacts."""
        async with self._turns.take(Priority.READ, deadline=deadline):
            await self._answer(deadline)
            doors = tuple(self.door(channel) for channel in range(self.capabilities.channels))
            bits = sum(1 << place for place, door in enumerate(doors) if door is DoorState.CLOSED)
            return Snapshot(doors, bits.to_bytes(-(-len(doors) // 8), "little"))

    async def safe_state(self, *, deadline: float) -> None:
        """Confirm that no relay is on: simulated pulses end by themselves."""
        async with self._turns.take(Priority.SAFETY, deadline=deadline):
            await self._answer(deadline)

    async def close(self) -> None:
        """Stop the doors that were about to close by themselves."""
        for timer in self._closing.values():
            timer.cancel()
        self._closing.clear()

    def door(self, channel: int) -> DoorState:
        """Tell what the contact of one door reads."""
        self._check(channel)
        if not self.capabilities.door_sensor or channel in self.without_sensor:
            return DoorState.UNKNOWN
        return DoorState.OPEN if channel in self._open else DoorState.CLOSED

    def force_open(self, channel: int) -> None:
        """Open a door, whether or not anybody asked for it."""
        self._check(channel)
        self._open.add(channel)
        self._stop_timer(channel)
        if self._closes_after_s:
            self._closing[channel] = asyncio.get_running_loop().call_later(
                self._closes_after_s, self.push_shut, channel
            )

    def push_shut(self, channel: int) -> None:
        """Close a door, as a person does."""
        self._check(channel)
        self._stop_timer(channel)
        self._open.discard(channel)

    def _check(self, channel: int) -> None:
        if not 0 <= channel < self.capabilities.channels:
            raise ValueError(f"channel {channel} of a board with {self.capabilities.channels}")

    def _stop_timer(self, channel: int) -> None:
        timer = self._closing.pop(channel, None)
        if timer is not None:
            timer.cancel()

    async def _answer(self, deadline: float, *, moves_lock: bool = False) -> None:
        is_lost = self.is_silent
        if not is_lost and self.lost_replies:
            self.lost_replies -= 1
            is_lost = True
        left = min(REPLY_TIMEOUT_S, deadline - asyncio.get_running_loop().time())
        if is_lost or self.reply_s > left:
            await asyncio.sleep(max(left, 0))
            raise BoardSilent(f"unit {self.unit} did not answer", may_have_fired=moves_lock)
        await asyncio.sleep(self.reply_s)


def check_profile(values: Mapping[str, Any]) -> dict[str, Any]:
    """Check the options of a simulated board; raises BadProfile with the field's name."""
    limits = {"closes_after_ms": 3_600_000, "reply_ms": 60_000}
    for name, value in values.items():
        if name == "door_sensor":
            is_good = isinstance(value, bool)
        elif name in limits:
            is_whole = isinstance(value, int) and not isinstance(value, bool)
            is_good = is_whole and 0 <= value <= limits[name]
        else:
            raise BadProfile(f"profile option {name!r} is not known", field=name)
        if not is_good:
            raise BadProfile(f"{name} cannot be {value!r}", field=name)
    return dict(values)
