"""One WKLY board on a bus that carries bytes."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable

from lockers.drivers.base import Capabilities, DoorState, Snapshot
from lockers.drivers.errors import BadReply, BoardRefused, DeadlinePassed
from lockers.drivers.turns import Priority, Turns
from lockers.drivers.wire import Bus, Frame
from lockers.drivers.wkly import frames
from lockers.drivers.wkly.frames import Answer, Change, Command
from lockers.drivers.wkly.profile import Profile

# The board times its pulse itself and no command sets it: these are the wishes that it stands for.
SHORTEST_PULSE_MS = 100
LONGEST_PULSE_MS = 1000
OWN_PULSE_MS = 400
# So long a lock may still be moving after its open ended, should the board answer before that.
STILL_MOVING_S = 0.5


class WklyBoard:
    """A board with a lock and a door contact per channel, and with a voice of its own."""

    def __init__(
        self, bus: Bus, *, address: str, unit: int, channels: int, profile: Profile
    ) -> None:
        self.bus = bus
        self._profile = profile
        self._opening = Turns()
        self._opens_ended: deque[float] = deque(maxlen=frames.AT_ONCE)
        self._is_closed = False
        self.address = address
        self.unit = unit
        self.on_change: Callable[[int, DoorState], None] | None = None
        self.capabilities = Capabilities(
            channels=channels,
            door_sensor=profile.door_sensor,
            hardware_pulse=True,
            unsolicited=profile.door_sensor,
            acknowledgement="status",
            shortest_pulse_ms=SHORTEST_PULSE_MS,
            longest_pulse_ms=LONGEST_PULSE_MS,
            usual_pulse_ms=OWN_PULSE_MS,
        )
        bus.join(self._hear)

    async def open(self, channel: int, *, pulse_ms: int, deadline: float) -> None:
        """Pulse one lock and return once the board said "done", whatever it says of the door.

        A third open waits until the first of the last two has certainly ended: the power supply
        moves two locks at once.
        """
        self._check(channel)
        if not SHORTEST_PULSE_MS <= pulse_ms <= LONGEST_PULSE_MS:
            raise ValueError(
                f"a pulse of {pulse_ms} ms; the board makes one of about {OWN_PULSE_MS} ms,"
                f" which stands for {SHORTEST_PULSE_MS} to {LONGEST_PULSE_MS}"
            )
        async with self._opening.take(Priority.OPEN, deadline=deadline):
            await self._wait_for_power(deadline)
            try:
                answer, _ = await self._ask(
                    frames.open_one(self.unit, channel),
                    Command.OPEN,
                    channel,
                    priority=Priority.OPEN,
                    deadline=deadline,
                )
            finally:
                self._opens_ended.append(time.monotonic())
        if not answer.is_done:
            # It may have pulsed and seen no door move: "failed" is not "did nothing".
            raise BoardRefused(
                f"unit {self.unit} failed to open channel {channel}", may_have_fired=True
            )

    async def flash(self, channel: int, *, deadline: float) -> None:
        """Flash the light beside one door, and return once the board said "done"."""
        self._check(channel)
        answer, _ = await self._ask(
            frames.flash(self.unit, channel),
            Command.FLASH,
            channel,
            priority=Priority.READ,
            deadline=deadline,
        )
        if not answer.is_done:
            raise BoardRefused(f"unit {self.unit} did not flash the light of channel {channel}")

    async def read(self, *, deadline: float) -> Snapshot:
        """Read every door contact; a board without contacts only shows that it answers."""
        answer, raw = await self._read_all(Priority.READ, deadline)
        levels = answer.levels[: self.capabilities.channels]
        return Snapshot(tuple(self._door(level) for level in levels), raw)

    async def safe_state(self, *, deadline: float) -> None:
        """Switch every lock off where the profile says so; else see that the board answers.

        This driver keeps no lock open and the board ends its pulses by itself, so nothing of
        ours can be on.
        """
        if not self._profile.releases:
            await self._read_all(Priority.SAFETY, deadline)
            return
        for channel in range(self.capabilities.channels):
            answer, _ = await self._ask(
                frames.release(self.unit, channel),
                Command.RELEASE,
                channel,
                priority=Priority.SAFETY,
                deadline=deadline,
            )
            if not answer.is_done:
                raise BoardRefused(f"unit {self.unit} did not release channel {channel}")

    async def close(self) -> None:
        """Leave the bus and tell no more changes."""
        if not self._is_closed:
            self._is_closed = True
            await self.bus.leave()

    def _check(self, channel: int) -> None:
        if not 0 <= channel < self.capabilities.channels:
            raise ValueError(f"channel {channel} of a board with {self.capabilities.channels}")

    async def _wait_for_power(self, deadline: float) -> None:
        if len(self._opens_ended) < frames.AT_ONCE:
            return
        until = self._opens_ended[0] + STILL_MOVING_S
        if until >= deadline:
            raise DeadlinePassed("two locks of the board may be moving until the deadline")
        if (left := until - time.monotonic()) > 0:
            await asyncio.sleep(left)

    async def _read_all(self, priority: Priority, deadline: float) -> tuple[Answer, bytes]:
        answer, raw = await self._ask(
            frames.read_all(self.unit), Command.READ_ALL, None, priority=priority, deadline=deadline
        )
        if not answer.is_done:
            raise BoardRefused(f"unit {self.unit} failed to read its doors")
        if len(answer.levels) < self.capabilities.channels:
            raise BadReply(
                f"unit {self.unit} has {len(answer.levels)} channels,"
                f" not {self.capabilities.channels}"
            )
        return answer, raw

    async def _ask(
        self,
        request: bytes,
        command: Command,
        channel: int | None,
        *,
        priority: Priority,
        deadline: float,
    ) -> tuple[Answer, bytes]:
        def answers(frame: Frame) -> tuple[Answer, bytes] | None:
            said = frames.parse(frame)
            if not isinstance(said, Answer):
                return None
            is_ours = (said.address, said.command, said.channel) == (self.unit, command, channel)
            return (said, frame.data) if is_ours else None

        moves_lock = command is Command.OPEN
        timeout_ms = self._profile.open_timeout_ms if moves_lock else self._profile.reply_timeout_ms
        return await self.bus.transact(
            request,
            answers,
            priority=priority,
            deadline=deadline,
            reply_s=timeout_ms / 1000,
            moves_lock=moves_lock,
        )

    def _hear(self, frame: Frame) -> None:
        if self.on_change is None or self._is_closed or not self._profile.door_sensor:
            return
        said = frames.parse(frame)
        if not isinstance(said, Change) or said.address != self.unit:
            return
        if 0 <= said.channel < self.capabilities.channels:
            self.on_change(said.channel, self._door(said.level))

    def _door(self, level: int) -> DoorState:
        if not self._profile.door_sensor or level not in (0, 1):
            return DoorState.UNKNOWN
        return DoorState.CLOSED if level == self._profile.closed_level else DoorState.OPEN
