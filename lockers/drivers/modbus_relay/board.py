"""One relay board on a Modbus bus."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Sequence

from pymodbus.pdu import ModbusPDU

from lockers.drivers.base import Capabilities, DoorState, Snapshot
from lockers.drivers.errors import BadReply, BoardSilent, DriverError
from lockers.drivers.modbus_relay import frames
from lockers.drivers.modbus_relay.bus import Bus
from lockers.drivers.modbus_relay.profile import Profile
from lockers.drivers.turns import Priority

logger = logging.getLogger(__name__)

# A lock coil is made for moments: ten seconds of current is a fault, not a pulse.
MAX_PULSE_MS = 10_000
SWITCH_OFF_S = 2.0
SWITCH_OFF_PAUSE_S = 0.5


class ModbusRelayBoard:
    """A board with a relay per lock and, usually, a discrete input per door contact."""

    def __init__(
        self, bus: Bus, *, address: str, unit: int, channels: int, profile: Profile
    ) -> None:
        self.bus = bus
        self._profile = profile
        self._reply_s = profile.reply_timeout_ms / 1000
        self._is_known_safe = profile.pulse == "waveshare_flash"
        self._switching_off: set[asyncio.Task[None]] = set()
        self._is_closed = False
        self.address = address
        self.unit = unit
        self.capabilities = Capabilities(
            channels=channels,
            door_sensor=profile.door_sensor,
            hardware_pulse=profile.pulse == "waveshare_flash",
            unsolicited=False,
            acknowledgement="echo",
        )
        bus.join()

    async def open(self, channel: int, *, pulse_ms: int, deadline: float) -> None:
        """Pulse one relay and return once the board repeated the order.

        With ``software_pulse`` the relay is switched off again by this process, which is
        tried, even beyond the deadline, until the board confirms it.
        """
        if not 0 <= channel < self.capabilities.channels:
            raise ValueError(f"channel {channel} of a board with {self.capabilities.channels}")
        if not 0 < pulse_ms <= MAX_PULSE_MS:
            raise ValueError(f"a pulse of {pulse_ms} ms; 1 to {MAX_PULSE_MS} are possible")
        if self.capabilities.hardware_pulse:
            await self._write(frames.flash(self.unit, channel, pulse_ms), deadline)
        else:
            await self._make_safe_once(deadline)
            await self._pulse_by_hand(channel, pulse_ms, deadline)

    async def read(self, *, deadline: float) -> Snapshot:
        """Read every door contact; a board without contacts only shows that it answers."""
        await self._make_safe_once(deadline)
        channels = self.capabilities.channels
        if not self.capabilities.door_sensor:
            _, raw = await self._ask_bits(frames.read_relays(self.unit, channels), deadline)
            return Snapshot((DoorState.UNKNOWN,) * channels, raw)
        request = frames.read_inputs(self.unit, self._profile.input_offset, channels)
        levels, raw = await self._ask_bits(request, deadline)
        closed = bool(self._profile.closed_level)
        return Snapshot(
            tuple(DoorState.CLOSED if level is closed else DoorState.OPEN for level in levels), raw
        )

    async def safe_state(self, *, deadline: float) -> None:
        """Switch every relay off."""
        if self.capabilities.hardware_pulse:
            request: ModbusPDU = frames.all_off_at_once(self.unit)
        else:
            request = frames.all_off(self.unit, self.capabilities.channels)
        reply, _ = await self.bus.transact(
            request, priority=Priority.SAFETY, deadline=deadline, reply_s=self._reply_s
        )
        if reply.address != request.address:
            raise BadReply("another address was switched off than was asked for")
        self._is_known_safe = True

    async def close(self) -> None:
        """Leave the bus, with the relays off where the board does not see to that itself."""
        if self._is_closed:
            return
        self._is_closed = True
        if self._switching_off:
            await asyncio.wait(self._switching_off, timeout=SWITCH_OFF_S)
        if not self.capabilities.hardware_pulse:
            with contextlib.suppress(DriverError):
                await self.safe_state(deadline=asyncio.get_running_loop().time() + SWITCH_OFF_S)
        for task in self._switching_off:
            task.cancel()
        await self.bus.leave()

    async def _write(self, request: frames.CoilWrite, deadline: float) -> None:
        reply, _ = await self.bus.transact(
            request,
            priority=Priority.OPEN,
            deadline=deadline,
            reply_s=self._reply_s,
            moves_lock=True,
        )
        self._check_echo(request, reply)

    @staticmethod
    def _check_echo(request: frames.CoilWrite, reply: ModbusPDU) -> None:
        if not isinstance(reply, frames.CoilWrite) or (reply.address, reply.value) != (
            request.address,
            request.value,
        ):
            raise BadReply("the board repeated another order", may_have_fired=True)

    async def _make_safe_once(self, deadline: float) -> None:
        """Switch off what an earlier process may have left energised, before anything else."""
        if not self._is_known_safe:
            await self.safe_state(deadline=deadline)

    async def _pulse_by_hand(self, channel: int, pulse_ms: int, deadline: float) -> None:
        try:
            await self._write(frames.switch(self.unit, channel, on=True), deadline)
            await asyncio.sleep(pulse_ms / 1000)
        except DriverError as error:
            if error.may_have_fired:
                self._start_switching_off(channel)
            raise
        except asyncio.CancelledError:
            self._start_switching_off(channel)
            raise
        # The task outlives this call: whoever loses interest must not leave the coil energised.
        done, _ = await asyncio.wait({self._start_switching_off(channel)}, timeout=SWITCH_OFF_S)
        if not done:
            raise BoardSilent(f"relay {channel} did not confirm OFF", may_have_fired=True)

    def _start_switching_off(self, channel: int) -> asyncio.Task[None]:
        task = asyncio.create_task(self._switch_off(channel))
        self._switching_off.add(task)
        task.add_done_callback(self._switching_off.discard)
        return task

    async def _switch_off(self, channel: int) -> None:
        """Switch one relay off, again and again until the board confirms it."""
        loop = asyncio.get_running_loop()
        request = frames.switch(self.unit, channel, on=False)
        while True:
            try:
                reply, _ = await self.bus.transact(
                    request,
                    priority=Priority.SAFETY,
                    deadline=loop.time() + SWITCH_OFF_S,
                    reply_s=self._reply_s,
                )
                self._check_echo(request, reply)
                return
            except DriverError as error:
                logger.error("relay %d of unit %d may be on: %s", channel, self.unit, error)
                self._is_known_safe = False
            await asyncio.sleep(SWITCH_OFF_PAUSE_S)

    async def _ask_bits(self, request: ModbusPDU, deadline: float) -> tuple[Sequence[bool], bytes]:
        reply, raw = await self.bus.transact(
            request, priority=Priority.READ, deadline=deadline, reply_s=self._reply_s
        )
        if len(reply.bits) != -(-request.count // 8) * 8:
            raise BadReply(f"{len(reply.bits)} bits answered a question for {request.count}")
        return reply.bits[: request.count], raw
