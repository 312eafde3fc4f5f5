"""One UHPPOTE controller on a network."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from typing import TypeVar

from uhppoted import encode

from lockers.drivers.base import Capabilities, DoorState, Snapshot
from lockers.drivers.errors import BadReply, BoardRefused, DriverError
from lockers.drivers.turns import Priority
from lockers.drivers.uhppote import frames
from lockers.drivers.uhppote.frames import Contacts, DoorControl, Function
from lockers.drivers.uhppote.network import Ears
from lockers.drivers.uhppote.profile import MAX_PULSE_S, Profile
from lockers.drivers.wire import Bus, Frame

logger = logging.getLogger(__name__)

T = TypeVar("T")


class UhppoteBoard:
    """A controller that ends its pulses by itself, known on its network by its serial number.

    ``unit`` tells nothing to the network; it only parts controllers at one broadcast address in
    the configuration. ``on_change`` is told every door (channel from 0) that was pushed as other
    than last known.
    """

    on_change: Callable[[int, DoorState], None] | None = None

    def __init__(
        self,
        bus: Bus,
        ears: Ears | None,
        *,
        address: str,
        unit: int,
        channels: int,
        profile: Profile,
    ) -> None:
        self.bus = bus
        self._ears = ears
        self._profile = profile
        self._serial = profile.serial
        self._known: tuple[DoorState, ...] = (DoorState.UNKNOWN,) * channels
        self._delays: dict[int, int] = {}
        self._is_heard = False
        self._is_closed = False
        self.address = address
        self.unit = unit
        self.capabilities = Capabilities(
            channels=channels,
            door_sensor=profile.door_sensor,
            hardware_pulse=True,
            unsolicited=ears is not None,
            acknowledgement="status",
            longest_pulse_ms=self._longest_ms,
        )
        bus.join()

    async def open(self, channel: int, *, pulse_ms: int, deadline: float) -> None:
        """Pulse one lock and return once the controller said that it did.

        A pulse is the door delay that the controller keeps; with the profile ``set``, that is
        the next longer whole second. It is asked for once: UDP may lose the answer only.
        """
        if not 0 <= channel < self.capabilities.channels:
            raise ValueError(f"channel {channel} of a board with {self.capabilities.channels}")
        if not 0 < pulse_ms <= self._longest_ms:
            raise ValueError(f"a pulse of {pulse_ms} ms; 1 to {self._longest_ms} are possible")
        door = channel + 1
        if self._profile.pulse == "set":
            await self._keep_delay(door, -(-pulse_ms // 1000), deadline)
        is_done = await self._ask(
            encode.open_door_request(self._serial, door),
            partial(frames.outcome, function=Function.OPEN, serial=self._serial),
            priority=Priority.OPEN,
            deadline=deadline,
            moves_lock=True,
        )
        if not is_done:
            raise BoardRefused(f"controller {self._serial} did not open door {door}")

    @property
    def _longest_ms(self) -> int:
        is_set = self._profile.pulse == "set"
        return 1000 * (MAX_PULSE_S if is_set else self._profile.stored_pulse_s)

    async def read(self, *, deadline: float) -> Snapshot:
        """Read every door contact; a board without contacts only shows that it answers."""
        try:
            snapshot = await self._read(Priority.READ, deadline)
        except DriverError:
            # It may come back reset, or be another one with the same number.
            self._is_heard = False
            self._delays.clear()
            raise
        if self._ears is not None and not self._is_heard:
            await self._be_told(self._ears, deadline)
        return snapshot

    async def safe_state(self, *, deadline: float) -> None:
        """Confirm that the controller answers; it has no order that ends a pulse, it does so."""
        await self._read(Priority.SAFETY, deadline)

    async def close(self) -> None:
        """Leave the network."""
        if not self._is_closed:
            self._is_closed = True
            if self._ears is not None:
                self._ears.leave(self._hear)
            await self.bus.leave()

    async def _ask(
        self,
        request: bytes,
        answers: Callable[[bytes], T | None],
        *,
        deadline: float,
        priority: Priority = Priority.READ,
        moves_lock: bool = False,
    ) -> T:
        def answered(frame: Frame) -> T | None:
            return answers(frame.data)

        return await self.bus.transact(
            bytes(request),
            answered,
            priority=priority,
            deadline=deadline,
            reply_s=self._profile.reply_timeout_ms / 1000,
            moves_lock=moves_lock,
        )

    async def _read(self, priority: Priority, deadline: float) -> Snapshot:
        def taken(data: bytes) -> Snapshot | None:
            told = frames.contacts(data, self._serial)
            return None if told is None else Snapshot(self._doors(told), data)

        request = encode.get_status_request(self._serial)
        snapshot = await self._ask(request, taken, priority=priority, deadline=deadline)
        self._known = snapshot.doors
        return snapshot

    def _doors(self, told: Contacts) -> tuple[DoorState, ...]:
        channels = self.capabilities.channels
        if not self._profile.door_sensor:
            return (DoorState.UNKNOWN,) * channels
        closed = self._profile.closed_level
        return tuple(
            DoorState.CLOSED if level == closed else DoorState.OPEN
            for level in told.levels[:channels]
        )

    async def _keep_delay(self, door: int, seconds: int, deadline: float) -> None:
        """Have the controller keep another door delay, unless it does already."""
        if self._delays.get(door) == seconds:
            return
        self._delays.pop(door, None)

        async def ask(function: Function, request: bytes) -> DoorControl:
            def taken(data: bytes) -> DoorControl | None:
                return frames.door_control(data, function, self._serial, door)

            return await self._ask(request, taken, priority=Priority.OPEN, deadline=deadline)

        request = encode.get_door_control_request(self._serial, door)
        kept = await ask(Function.GET_DOOR, request)
        if kept.seconds != seconds:
            # The mode stays: whether a door is kept locked at all is not decided here.
            request = encode.set_door_control_request(self._serial, door, kept.mode, seconds)
            kept = await ask(Function.SET_DOOR, request)
        if kept.seconds != seconds:
            raise BadReply(f"door {door} keeps {kept.seconds} s instead of {seconds}")
        self._delays[door] = seconds

    async def _be_told(self, ears: Ears, deadline: float) -> None:
        """Have door changes pushed here; while that fails, they are seen by reading."""
        orders = {
            Function.SET_LISTENER: encode.set_listener_request(self._serial, ears.host, ears.port),
            # Without it only badges are told, not doors.
            Function.RECORD_DOORS: encode.record_special_events_request(self._serial, True),
        }
        try:
            await ears.open(self._serial, self._hear)
            for function, request in orders.items():
                answers = partial(frames.outcome, function=function, serial=self._serial)
                if not await self._ask(request, answers, deadline=deadline):
                    raise BoardRefused(f"function {function:02X} was refused")
        except DriverError as error:
            logger.warning("controller %d pushes no door changes: %s", self._serial, error)
        else:
            self._is_heard = True

    def _hear(self, told: Contacts) -> None:
        before, self._known = self._known, self._doors(told)
        for channel, door in enumerate(self._known):
            if door is before[channel] or self.on_change is None:
                continue
            try:
                self.on_change(channel, door)
            except Exception:
                # Events come from the loop itself: what a listener does must not stop the next.
                logger.exception("a change of door %d was not taken", channel + 1)
