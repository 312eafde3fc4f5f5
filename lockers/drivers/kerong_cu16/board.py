"""One KERONG board on a wire."""

from __future__ import annotations

from collections.abc import Callable

from lockers.drivers.base import Capabilities, DoorState, Snapshot
from lockers.drivers.errors import BadReply, BoardSilent, DeadlinePassed, DriverError
from lockers.drivers.kerong_cu16 import frames
from lockers.drivers.kerong_cu16.profile import Profile
from lockers.drivers.turns import Priority, Turns
from lockers.drivers.wire import Bus, Frame


class KerongCu16Board:
    """A board with a hook contact and, where fitted, an infrared item sensor per lock.

    It ends every pulse by itself and speaks only when asked.
    """

    def __init__(
        self, bus: Bus, *, address: str, unit: int, channels: int, profile: Profile
    ) -> None:
        self.bus = bus
        self._profile = profile
        self._reply_s = profile.reply_timeout_ms / 1000
        # Between setting an unlock time and using it, no other open may set another one.
        self._opening = Turns()
        self._set_ms: int | None = None
        self._is_closed = False
        self.address = address
        self.unit = unit
        self.items: tuple[bool, ...] | None = None
        """Where the item sensors saw something in the latest answer; None when nobody knows."""
        self.on_change: Callable[[int, DoorState], None] | None = None
        """Never called: a state that nobody asked for is a late answer, not a door that moved."""
        kept = profile.kept_pulse_ms
        shortest, longest = (1, frames.MAX_TIME_MS) if profile.pulse == "set" else (kept, kept)
        self.capabilities = Capabilities(
            channels=channels,
            door_sensor=profile.door_sensor,
            hardware_pulse=True,
            unsolicited=False,
            acknowledgement="status" if profile.unlock_reply == "state" else "none",
            shortest_pulse_ms=shortest,
            longest_pulse_ms=longest,
            usual_pulse_ms=kept,
        )
        bus.join()

    async def open(self, channel: int, *, pulse_ms: int, deadline: float) -> None:
        """Unlock one door, and return once the board showed afterwards that it is there.

        Most boards answer nothing to an unlock, so they are asked for their state. What that
        says about the door is not judged here: it may still be on its way.
        """
        if not 0 <= channel < self.capabilities.channels:
            raise ValueError(f"channel {channel} of a board with {self.capabilities.channels}")
        pulse_ms = self._possible(pulse_ms)
        async with self._opening.take(Priority.OPEN, deadline=deadline):
            if self._profile.pulse == "set":
                await self._set_pulse(pulse_ms, deadline)
            await self._unlock(channel, deadline)
        try:
            await self._see_that_it_is_there(deadline)
        except DeadlinePassed as error:
            raise BoardSilent(
                f"the deadline passed before board {self.unit} could be asked again",
                may_have_fired=True,
            ) from error
        except DriverError as error:
            error.may_have_fired = True
            raise

    async def read(self, *, deadline: float) -> Snapshot:
        """Read every hook contact, and keep what the item sensors say in ``items``."""
        return await self._ask_state(frames.read_state(self.unit), Priority.READ, deadline)

    async def safe_state(self, *, deadline: float) -> None:
        """Confirm that the board is there: it has no relay to switch off, its pulses end."""
        await self._ask_state(frames.read_state(self.unit), Priority.SAFETY, deadline)

    async def close(self) -> None:
        """Leave the wire."""
        if not self._is_closed:
            self._is_closed = True
            await self.bus.leave()

    def _possible(self, pulse_ms: int) -> int:
        """Return the pulse that the board will make of this one; raises ValueError."""
        kept_ms = self._profile.kept_pulse_ms
        if self._profile.pulse == "kept":
            if pulse_ms != kept_ms:
                raise ValueError(f"a pulse of {pulse_ms} ms; only {kept_ms} is possible")
            return kept_ms
        if not 0 < pulse_ms <= frames.MAX_TIME_MS:
            raise ValueError(f"a pulse of {pulse_ms} ms; 1 to {frames.MAX_TIME_MS} are possible")
        # The board counts in hundredths of a second; what lies in between is rounded up.
        return -(-pulse_ms // frames.TIME_STEP_MS) * frames.TIME_STEP_MS

    async def _set_pulse(self, pulse_ms: int, deadline: float) -> None:
        if self._set_ms == pulse_ms:
            return
        self._set_ms = None
        told = await self.bus.transact(
            frames.set_unlock_time(self.unit, pulse_ms),
            lambda frame: frames.parse_unlock_time(frame, self.unit),
            priority=Priority.OPEN,
            deadline=deadline,
            reply_s=self._reply_s,
        )
        if told.pulse_ms != pulse_ms:
            raise BadReply(f"the board was told {pulse_ms} ms and says {told.pulse_ms}")
        self._set_ms = pulse_ms

    async def _unlock(self, channel: int, deadline: float) -> None:
        request = frames.unlock(self.unit, channel)
        if self._profile.unlock_reply == "state":
            await self._ask_state(request, Priority.OPEN, deadline, lock=channel, moves_lock=True)
        else:
            await self._send(request, deadline)

    async def _send(self, request: bytes, deadline: float) -> None:
        """Send what is answered by nothing; nobody disturbs the board until it has settled."""
        settle_s = self._profile.settle_ms / 1000
        await self.bus.send(request, priority=Priority.OPEN, deadline=deadline, settle_s=settle_s)

    async def _see_that_it_is_there(self, deadline: float) -> None:
        """Ask a board that answers no unlock for its state, once it had time to settle."""
        if self._profile.after_unlock == "end_busy":
            await self._send(frames.end_busy(self.unit), deadline)
        if self._profile.unlock_reply == "none":
            await self._ask_state(frames.read_state(self.unit), Priority.OPEN, deadline)

    async def _ask_state(
        self,
        request: bytes,
        priority: Priority,
        deadline: float,
        *,
        lock: int = 0,
        moves_lock: bool = False,
    ) -> Snapshot:
        def answers(frame: Frame) -> tuple[frames.State, bytes] | None:
            state = frames.parse_state(frame, self.unit, lock)
            return (state, frame.data) if state else None

        try:
            state, raw = await self.bus.transact(
                request,
                answers,
                priority=priority,
                deadline=deadline,
                reply_s=self._reply_s,
                moves_lock=moves_lock,
            )
        except DriverError:
            # It may have been without power, and no longer know what it was told.
            self.items = self._set_ms = None
            raise
        channels = range(self.capabilities.channels)
        if self._profile.item_sensor:
            self.items = tuple(bool(state.items >> channel & 1) for channel in channels)
        return Snapshot(tuple(self._door(state, channel) for channel in channels), raw)

    def _door(self, state: frames.State, channel: int) -> DoorState:
        if not self._profile.door_sensor:
            return DoorState.UNKNOWN
        is_closed = state.hooks >> channel & 1 == self._profile.closed_level
        return DoorState.CLOSED if is_closed else DoorState.OPEN
