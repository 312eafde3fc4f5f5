"""One Winnsen lock board on a wire."""

from __future__ import annotations

import time
from collections.abc import Callable

from lockers.drivers.base import USUAL_PULSE_MS, Capabilities, DoorState, Snapshot
from lockers.drivers.errors import BadReply, BoardRefused, BoardSilent, DeadlinePassed
from lockers.drivers.turns import Priority
from lockers.drivers.winnsen import frames
from lockers.drivers.winnsen.profile import Profile
from lockers.drivers.wire import Bus, Frame

MAX_PULSE_MS = 10_000
# A door that changes in the middle needs three polls, a bad bit in the middle one needs four.
POLLS_AT_MOST = 4


class WinnsenBoard:
    """A board of up to sixteen locks that ends its pulses itself and says nothing unasked."""

    def __init__(
        self, bus: Bus, *, address: str, unit: int, channels: int, profile: Profile
    ) -> None:
        self.bus = bus
        self._profile = profile
        self._is_closed = False
        self.address = address
        self.unit = unit
        self.on_change: Callable[[int, DoorState], None] | None = None
        """Never called, as this family has no such frame."""
        own = profile.board_pulse_ms
        self.capabilities = Capabilities(
            channels=channels,
            door_sensor=profile.door_sensor,
            hardware_pulse=True,
            unsolicited=False,
            acknowledgement="status",
            shortest_pulse_ms=own or 1,
            longest_pulse_ms=own or MAX_PULSE_MS,
            usual_pulse_ms=own or USUAL_PULSE_MS,
        )
        bus.join()

    async def open(self, channel: int, *, pulse_ms: int, deadline: float) -> None:
        """Pulse one lock and return once the board says that it opened, which proves nothing.

        The pulse is as long as the board makes it: no frame of this family names a length.
        BoardRefused means "failed": the board may well have pulsed a lock that is stuck, or one
        bit of "opened" may have flipped, so the lock may have fired. BadReply means that some
        other lock or station answered, which perhaps opened in place of ours.
        """
        self._check(channel, pulse_ms)
        lock = channel + 1
        others: list[frames.OpenAnswer] = []

        def answers(frame: Frame) -> frames.OpenAnswer | None:
            answer = frames.parse_answer(frame.data)
            if not isinstance(answer, frames.OpenAnswer):
                return None
            if (answer.station, answer.lock) == (self.unit, lock):
                return answer
            others.append(answer)
            return None

        try:
            answer = await self.bus.transact(
                frames.open_lock(self.unit, lock),
                answers,
                priority=Priority.OPEN,
                deadline=deadline,
                reply_s=self._profile.open_timeout_ms / 1000,
                moves_lock=True,
            )
        except BoardSilent as error:
            if not others:
                raise
            heard = ", ".join(f"lock {one.lock} of station {one.station}" for one in others)
            raise BadReply(
                f"asked lock {lock} of station {self.unit}, heard of {heard}", may_have_fired=True
            ) from error
        if not answer.is_opened:
            raise BoardRefused(
                f"station {self.unit} says that lock {lock} failed", may_have_fired=True
            )

    async def read(self, *, deadline: float) -> Snapshot:
        """Poll every door; with ``confirm_reads`` until two polls in a row agree.

        A door about which the last two polls still disagree is UNKNOWN. A board without contacts
        only shows that it answers.
        """
        channels = self.capabilities.channels
        last = await self._poll(deadline)
        raw, doubted = last.raw, 0
        if not self.capabilities.door_sensor:
            return Snapshot((DoorState.UNKNOWN,) * channels, raw)
        if self._profile.confirm_reads:
            for _poll in range(POLLS_AT_MOST - 1):
                before, last = last, await self._poll(deadline)
                raw, doubted = before.raw + last.raw, before.levels ^ last.levels
                if not doubted & self._mask:
                    break
        doors = (self._door(last.levels, doubted, channel) for channel in range(channels))
        return Snapshot(tuple(doors), raw)

    async def safe_state(self, *, deadline: float) -> None:
        """Do nothing: the board ends every pulse by itself and has no command for it."""
        if time.monotonic() >= deadline:
            raise DeadlinePassed("the deadline had passed before anything was asked")

    async def close(self) -> None:
        """Leave the bus; the last board on it closes the port."""
        if not self._is_closed:
            self._is_closed = True
            await self.bus.leave()

    @property
    def _mask(self) -> int:
        return (1 << self.capabilities.channels) - 1

    async def _poll(self, deadline: float) -> frames.PollAnswer:
        def answers(frame: Frame) -> frames.PollAnswer | None:
            answer = frames.parse_answer(frame.data)
            if isinstance(answer, frames.PollAnswer) and answer.station == self.unit:
                return answer
            return None

        return await self.bus.transact(
            frames.poll_doors(self.unit, self._mask),
            answers,
            priority=Priority.READ,
            deadline=deadline,
            reply_s=self._profile.reply_timeout_ms / 1000,
        )

    def _door(self, levels: int, doubted: int, channel: int) -> DoorState:
        if doubted >> channel & 1:
            return DoorState.UNKNOWN
        is_closed = levels >> channel & 1 == self._profile.closed_level
        return DoorState.CLOSED if is_closed else DoorState.OPEN

    def _check(self, channel: int, pulse_ms: int) -> None:
        if not 0 <= channel < self.capabilities.channels:
            raise ValueError(f"channel {channel} of a board with {self.capabilities.channels}")
        own = self._profile.board_pulse_ms
        if own and pulse_ms != own:
            raise ValueError(f"a pulse of {pulse_ms} ms; this board makes {own}")
        if not 0 < pulse_ms <= MAX_PULSE_MS:
            raise ValueError(f"a pulse of {pulse_ms} ms; 1 to {MAX_PULSE_MS} are possible")
