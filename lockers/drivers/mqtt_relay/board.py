"""One board of plain relays behind a broker."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable

from lockers.drivers.base import Capabilities, DoorState, Snapshot
from lockers.drivers.errors import BoardSilent, BoardUnreachable, DriverError
from lockers.drivers.mqtt import Connection, Life, News
from lockers.drivers.mqtt.life import FRESH, GONE
from lockers.drivers.mqtt_relay.profile import Profile

logger = logging.getLogger(__name__)

# A lock coil is made for moments: ten seconds of current is a fault, not a pulse.
MAX_PULSE_MS = 10_000
SWITCH_OFF_S = 2.0
SWITCH_OFF_PAUSE_S = 0.5
# Retained messages come one by one: a door not told within this time has none.
SETTLE_S = 0.5


class MqttRelayBoard:
    """Relays with a command topic each and, where there are any, for state, door and battery.

    ``on_change`` is told every door (channel from 0) that the board says has changed,
    ``on_battery`` every voltage in mV that a lock tells.
    """

    on_change: Callable[[int, DoorState], None] | None = None
    on_battery: Callable[[int, int], None] | None = None

    def __init__(
        self, connection: Connection, *, address: str, unit: int, channels: int, profile: Profile
    ) -> None:
        self._connection = connection
        self._profile = profile
        self._life = Life(
            f"the board of {profile.channels[0].topic}",
            interval_s=profile.heartbeat_interval_s if profile.heartbeat_topic else None,
        )
        self._news = News()
        self._doors: dict[int, bool] = {}
        self._told: dict[int, bytes] = {}
        self._states = [(0.0, False)] * channels
        """When a relay was last heard, live, and whether it was on."""
        self._settled_at = float("inf")
        """When every door that is retained should have been told, after a connection."""
        self._turns = [asyncio.Lock() for _ in range(channels)]
        self._is_known_safe = profile.pulse == "board"
        self._switching_off: set[asyncio.Task[None]] = set()
        self._is_closed = False
        self.address = address
        self.unit = unit
        told = [
            one.topic
            for channel in profile.channels
            for one in (channel.state, channel.door, channel.battery)
            if one is not None
        ]
        topics = set(told) | {profile.heartbeat_topic} - {""}
        if profile.availability is not None:
            topics.add(profile.availability.topic)
        self.topics = tuple(sorted(topics))
        self.capabilities = Capabilities(
            channels=channels,
            door_sensor=profile.has_doors,
            hardware_pulse=profile.pulse == "board",
            unsolicited=profile.has_doors,
            acknowledgement="status" if profile.has_states else "none",
        )
        connection.join(self)

    async def open(self, channel: int, *, pulse_ms: int, deadline: float) -> None:
        """Pulse one relay; return once its state says ON, or once it is sent where none is told.

        With ``software_pulse`` the relay is switched off again by this process, which is
        tried, even beyond the deadline, until it is done.
        """
        if not 0 <= channel < self.capabilities.channels:
            raise ValueError(f"channel {channel} of a board with {self.capabilities.channels}")
        if not 0 < pulse_ms <= MAX_PULSE_MS:
            raise ValueError(f"a pulse of {pulse_ms} ms; 1 to {MAX_PULSE_MS} are possible")
        await self._ready(GONE, deadline)
        async with self._turns[channel]:
            if self.capabilities.hardware_pulse:
                await self._switch_on(channel, deadline)
            else:
                await self._make_safe_once(deadline)
                await self._pulse_by_hand(channel, pulse_ms, deadline)

    async def read(self, *, deadline: float) -> Snapshot:
        """Return how the doors stand by the newest messages of a board that shows that it lives."""
        await self._ready(FRESH, deadline)
        await self._make_safe_once(deadline)
        if self._profile.has_doors:
            await self._news.wait(lambda: self._doors or None, deadline=deadline)
            count = self.capabilities.channels
            await self._news.wait(
                lambda: len(self._doors) == count or None,
                deadline=min(deadline, self._settled_at),
            )
            if not self._doors:
                raise BoardSilent("the board has told no door yet")
        raw = b"\n".join(self._told[channel] for channel in sorted(self._told))
        return Snapshot(
            tuple(self._door(channel) for channel in range(self.capabilities.channels)), raw
        )

    async def safe_state(self, *, deadline: float) -> None:
        """Switch every relay off; returns when each is told to be, or when the broker has it."""
        await self._connection.ready(deadline=deadline)
        begun = time.monotonic()
        if self._profile.all_off_topic:
            orders = [(self._profile.all_off_topic, self._profile.all_off_payload)]
        else:
            orders = [(channel.topic, channel.off) for channel in self._profile.channels]
        for topic, payload in orders:
            await self._connection.tell(topic, payload, deadline=deadline)
        for channel in range(self.capabilities.channels):
            await self._confirm(channel, is_on=False, since=begun, deadline=deadline)
        self._is_known_safe = True

    async def close(self) -> None:
        """Leave the connection, with the relays off where the board does not see to that itself."""
        if self._is_closed:
            return
        self._is_closed = True
        if self._switching_off:
            await asyncio.wait(self._switching_off, timeout=SWITCH_OFF_S)
        if not self.capabilities.hardware_pulse:
            with contextlib.suppress(DriverError):
                await self.safe_state(deadline=time.monotonic() + SWITCH_OFF_S)
        for task in self._switching_off:
            task.cancel()
        await self._connection.leave(self)

    # ---- what is sent --------------------------------------------------------------------------

    async def _ready(self, intervals: float, deadline: float) -> None:
        """Wait for the broker and a sign of life of the board."""
        await self._connection.ready(deadline=deadline)

        def look() -> bool | None:
            trouble = self._life.trouble(intervals)
            if isinstance(trouble, BoardUnreachable):
                raise trouble
            return trouble is None or None

        if not await self._news.wait(look, deadline=deadline):
            raise self._life.trouble(intervals) or BoardSilent("no sign of life in time")

    async def _switch_on(self, channel: int, deadline: float) -> None:
        begun = time.monotonic()
        until = min(deadline, begun + self._profile.reply_timeout_ms / 1000)
        one = self._profile.channels[channel]
        await self._connection.send(one.topic, one.on, deadline=until)
        await self._confirm(channel, is_on=True, since=begun, deadline=until)

    async def _confirm(self, channel: int, *, is_on: bool, since: float, deadline: float) -> None:
        """Wait until the state of a relay is told; nothing is waited for where none is."""
        if not self._profile.has_states:
            return

        def look() -> bool | None:
            heard_at, was_on = self._states[channel]
            return (heard_at >= since and was_on is is_on) or None

        if not await self._news.wait(look, deadline=deadline):
            raise BoardSilent(f"relay {channel} did not say that it switched", may_have_fired=is_on)

    async def _make_safe_once(self, deadline: float) -> None:
        """Switch off what an earlier process may have left energised, before anything else."""
        if not self._is_known_safe:
            await self.safe_state(deadline=deadline)

    async def _pulse_by_hand(self, channel: int, pulse_ms: int, deadline: float) -> None:
        try:
            await self._switch_on(channel, deadline)
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
        """Switch one relay off, again and again until that is confirmed."""
        one = self._profile.channels[channel]
        while True:
            begun = time.monotonic()
            try:
                await self._connection.tell(one.topic, one.off, deadline=begun + SWITCH_OFF_S)
                await self._confirm(
                    channel, is_on=False, since=begun, deadline=begun + SWITCH_OFF_S
                )
                return
            except DriverError as error:
                logger.error("relay %d of %s may be on: %s", channel, one.topic, error)
                self._is_known_safe = False
            await asyncio.sleep(SWITCH_OFF_PAUSE_S)

    # ---- what is heard -------------------------------------------------------------------------

    def hear(self, topic: str, payload: bytes, *, is_retained: bool) -> None:
        """Take one message; what no option describes changes nothing."""
        self._settled_at = min(self._settled_at, time.monotonic() + SETTLE_S)
        availability = self._profile.availability
        if availability is not None and topic == availability.topic:
            self._hear_availability(availability.read(payload), is_retained=is_retained)
        if topic == self._profile.heartbeat_topic and not is_retained:
            self._life.heard()
        for channel, one in enumerate(self._profile.channels):
            if one.state is not None and one.state.topic == topic and not is_retained:
                is_on = one.state.read(payload)
                if is_on is not None:
                    self._states[channel] = (time.monotonic(), is_on)
            if one.door is not None and one.door.topic == topic:
                self._hear_door(channel, one.door.read(payload), payload)
            # Retained, nobody knows how old it is.
            if one.battery is not None and one.battery.topic == topic and not is_retained:
                self._hear_battery(channel, one.battery.read(payload))
        self._news.tell()

    def lose(self, error: BoardUnreachable) -> None:
        """Forget the doors, and the availability: they may change unheard."""
        self._forget_doors()
        self._settled_at = float("inf")
        self._life.lost_sight()
        self._is_known_safe = self.capabilities.hardware_pulse
        self._news.tell()

    def _hear_availability(self, is_online: bool | None, *, is_retained: bool) -> None:
        if is_online is None:
            return
        if is_online:
            # Retained, it is no heartbeat: the board may hang since.
            is_heard = not is_retained or not self._profile.heartbeat_topic
            self._life.came_online(is_heard=is_heard)
            return
        self._life.went_offline()
        # What it does when its power returns is its own affair, and so is what its doors did.
        self._forget_doors()
        self._is_known_safe = self.capabilities.hardware_pulse

    def _hear_door(self, channel: int, is_open: bool | None, payload: bytes) -> None:
        if is_open is None:
            return
        before = self._doors.get(channel)
        self._doors[channel] = is_open
        self._told[channel] = payload
        if before is None or before is is_open or self.on_change is None or self._is_closed:
            return
        try:
            self.on_change(channel, self._door(channel))
        except Exception:
            # What a listener does must not keep others from hearing the same message.
            logger.exception("a change of door %d was not taken", channel)

    def _hear_battery(self, channel: int, millivolts: int | None) -> None:
        if millivolts is None or self.on_battery is None or self._is_closed:
            return
        try:
            self.on_battery(channel, millivolts)
        except Exception:
            logger.exception("the battery of door %d was not taken", channel)

    def _forget_doors(self) -> None:
        self._doors.clear()
        self._told.clear()

    def _door(self, channel: int) -> DoorState:
        if channel not in self._doors:
            return DoorState.UNKNOWN
        return DoorState.OPEN if self._doors[channel] else DoorState.CLOSED
