"""One 8A/80 lock board on a wire."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial

from lockers.drivers.base import Capabilities, DoorState, Snapshot
from lockers.drivers.errors import BadReply
from lockers.drivers.lcb8a import frames
from lockers.drivers.lcb8a.frames import MAX_SECONDS
from lockers.drivers.lcb8a.profile import Profile
from lockers.drivers.turns import Priority
from lockers.drivers.wire import Bus, Frame

logger = logging.getLogger(__name__)


class Lcb8aBoard:
    """A board that ends its pulses by itself and reads a contact per lock.

    ``on_change`` is told every door (channel from 0) that the board says has changed.
    """

    on_change: Callable[[int, DoorState], None] | None = None

    def __init__(
        self, bus: Bus, *, address: str, unit: int, channels: int, profile: Profile
    ) -> None:
        self.bus = bus
        self._profile = profile
        self._read_all = frames.read_all(unit)
        self._is_closed = False
        self.address = address
        self.unit = unit
        self.capabilities = Capabilities(
            channels=channels,
            door_sensor=profile.door_sensor,
            hardware_pulse=True,
            unsolicited=profile.unsolicited,
            # It carries a status byte, but one of its values makes it a copy of the request.
            acknowledgement="echo",
            longest_pulse_ms=self._longest_ms,
            usual_pulse_ms=profile.fixed_pulse_ms,
        )
        bus.join(self._hear if profile.unsolicited else None)

    async def open(self, channel: int, *, pulse_ms: int, deadline: float) -> None:
        """Pulse one lock and return once the board acknowledged, whatever status it tells.

        A pulse is the board's own one, or the next longer whole second where it can do that.
        """
        if not 0 <= channel < self.capabilities.channels:
            raise ValueError(f"channel {channel} of a board with {self.capabilities.channels}")
        lock = channel + 1
        seconds = self._seconds(pulse_ms)
        await self.bus.transact(
            frames.open_lock(self.unit, lock, variant=self._profile.variant, seconds=seconds),
            partial(self._acknowledges, lock),
            priority=Priority.OPEN,
            deadline=deadline,
            reply_s=self._profile.open_timeout_ms / 1000,
            moves_lock=True,
        )

    async def open_all(self, *, deadline: float) -> None:
        """Open every lock, one after the other; the board acknowledges after the last."""
        await self.bus.transact(
            frames.open_all(self.unit, variant=self._profile.variant),
            self._acknowledges_all,
            priority=Priority.OPEN,
            deadline=deadline,
            reply_s=self._profile.open_all_timeout_ms / 1000,
            moves_lock=True,
        )

    async def read(self, *, deadline: float) -> Snapshot:
        """Read every door contact; a board without contacts only shows that it answers."""
        return await self._ask(Priority.READ, deadline)

    async def safe_state(self, *, deadline: float) -> None:
        """Confirm that the board answers; it has no order that ends a pulse, it does so itself."""
        await self._ask(Priority.SAFETY, deadline)

    async def close(self) -> None:
        """Leave the bus."""
        if not self._is_closed:
            self._is_closed = True
            await self.bus.leave()

    def _seconds(self, pulse_ms: int) -> int | None:
        """Return the whole seconds to ask for, None for the board's own pulse."""
        if not 0 < pulse_ms <= self._longest_ms:
            raise ValueError(f"a pulse of {pulse_ms} ms; 1 to {self._longest_ms} are possible")
        return None if pulse_ms <= self._profile.fixed_pulse_ms else -(-pulse_ms // 1000)

    @property
    def _longest_ms(self) -> int:
        own = self._profile.fixed_pulse_ms
        return max(own, MAX_SECONDS * 1000) if self._profile.pulse == "seconds" else own

    async def _ask(self, priority: Priority, deadline: float) -> Snapshot:
        return await self.bus.transact(
            self._read_all,
            self._snapshot,
            priority=priority,
            deadline=deadline,
            reply_s=self._profile.reply_timeout_ms / 1000,
        )

    def _acknowledges(self, lock: int, frame: Frame) -> bool | None:
        message = frames.parse(frame.data)
        if not isinstance(message, frames.Acknowledgement):
            return None
        is_ours = (message.address, message.lock) == (self.unit, lock)
        return (is_ours and message.value in frames.ACKNOWLEDGING[self._profile.variant]) or None

    def _acknowledges_all(self, frame: Frame) -> bool | None:
        if self._profile.variant == "classic":
            return self._acknowledges(0, frame)
        message = frames.parse(frame.data)
        return message == frames.AllAcknowledged(self.unit) or None

    def _snapshot(self, frame: Frame) -> Snapshot | None:
        if frame.data == self._read_all:
            # Unnoticed, the echo of an open would acknowledge it for a board that is not there.
            raise BadReply("the adapter repeats what it sends; set local_echo")
        message = frames.parse(frame.data)
        if not isinstance(message, frames.AllContacts) or message.address != self.unit:
            return None
        channels, told = self.capabilities.channels, 8 * len(message.states)
        if told < channels:
            raise BadReply(f"the board told {told} contacts; it is configured for {channels}")
        if not self._profile.door_sensor:
            return Snapshot((DoorState.UNKNOWN,) * channels, frame.data)
        return Snapshot(read_as(frame.data, channels, self._profile), frame.data)

    def _hear(self, frame: Frame) -> None:
        message = frames.parse(frame.data)
        if not isinstance(message, frames.ContactChanged) or message.address != self.unit:
            return
        if message.lock > self.capabilities.channels or self.on_change is None or self._is_closed:
            return
        try:
            self.on_change(message.lock - 1, _door(message.is_shorted, self._profile))
        except Exception:
            # This may run inside somebody's open: what a listener does must not fail it.
            logger.exception("a change of lock %d was not taken", message.lock)


def read_as(data: bytes, channels: int, profile: Profile) -> tuple[DoorState, ...]:
    """Say how the doors stand that a frame of all contacts tells, as a profile understands it."""
    told = frames.parse(data)
    assert isinstance(told, frames.AllContacts)
    return tuple(
        _door(told.is_shorted(lock, profile.byte_order), profile) for lock in range(1, channels + 1)
    )


def _door(is_shorted: bool, profile: Profile) -> DoorState:
    is_locked = is_shorted is (profile.shorted_when == "locked")
    return DoorState.CLOSED if is_locked else DoorState.OPEN
