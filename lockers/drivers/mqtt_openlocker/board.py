"""One gateway of the Open-Locker contract behind a broker."""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from lockers.drivers.base import Capabilities, DoorState, Snapshot
from lockers.drivers.errors import BoardRefused, BoardSilent, BoardUnreachable, DriverError
from lockers.drivers.mqtt import Connection, Life, News
from lockers.drivers.mqtt.life import FRESH, GONE
from lockers.drivers.mqtt_openlocker import messages
from lockers.drivers.mqtt_openlocker.messages import Response, Seen, Topics
from lockers.drivers.mqtt_openlocker.profile import Profile
from lockers.drivers.mqtt_openlocker.provisioning import Registrar

logger = logging.getLogger(__name__)

# The gateway times its pulses; this only stops what no lock is made for.
MAX_PULSE_MS = 10_000
CONFIGURE_WITHIN_S = 10.0


class OpenLockerBoard:
    """A gateway that is told to open compartments and tells how every door stands.

    ``on_change`` is told every door (channel from 0) that the gateway says has changed.
    """

    on_change: Callable[[int, DoorState], None] | None = None

    def __init__(
        self,
        connection: Connection,
        registrar: Registrar,
        *,
        address: str,
        unit: int,
        channels: int,
        profile: Profile,
    ) -> None:
        self._connection = connection
        self._registrar = registrar
        self._profile = profile
        self._topics = Topics(profile.locker_uuid)
        self._life = Life(f"locker {profile.locker_uuid}", interval_s=profile.heartbeat_interval_s)
        self._news = News()
        self._seen = Seen()
        self._pending: dict[str, asyncio.Future[Response | BoardUnreachable]] = {}
        self._snapshot: Snapshot | None = None
        self._configuring: asyncio.Task[None] | None = None
        self._is_configured = not profile.compartments
        self._is_closed = False
        self.address = address
        self.unit = unit
        self.topics = (
            self._topics.response,
            self._topics.heartbeat,
            self._topics.compartments,
            self._topics.connection,
        )
        self.capabilities = Capabilities(
            channels=channels,
            door_sensor=profile.door_sensor,
            hardware_pulse=True,
            unsolicited=profile.door_sensor,
            acknowledgement="status",
        )
        connection.join(self)
        if profile.provisioning_token_hash:
            registrar.join(profile)

    async def open(self, channel: int, *, pulse_ms: int, deadline: float) -> None:
        """Have one compartment opened and return once the gateway said that it did.

        Nothing is published to a gateway whose heartbeats stay away: it could fire when the
        network comes back.
        """
        if not 0 <= channel < self.capabilities.channels:
            raise ValueError(f"channel {channel} of a board with {self.capabilities.channels}")
        if not 0 < pulse_ms <= MAX_PULSE_MS:
            raise ValueError(f"a pulse of {pulse_ms} ms; 1 to {MAX_PULSE_MS} are possible")
        await self._connection.ready(deadline=deadline)
        await self._alive(GONE, deadline)
        response = await self._ask(
            "open_compartment", {"compartment_number": channel + 1}, deadline
        )
        if not response.is_success:
            raise BoardRefused(
                f"{response.error_code}: {response.message}",
                may_have_fired=response.error_code not in messages.DID_NOTHING,
            )

    async def read(self, *, deadline: float) -> Snapshot:
        """Return the newest snapshot of a gateway that shows that it lives."""
        await self._connection.ready(deadline=deadline)
        await self._alive(FRESH, deadline)
        snapshot = await self._news.wait(lambda: self._snapshot, deadline=deadline)
        if snapshot is None:
            raise BoardSilent(f"locker {self._profile.locker_uuid} has not told its doors")
        return snapshot

    async def safe_state(self, *, deadline: float) -> None:
        """Confirm that the broker answers: the gateway ends its pulses by itself."""
        await self._connection.ready(deadline=deadline)

    async def close(self) -> None:
        """Leave the connection."""
        if self._is_closed:
            return
        self._is_closed = True
        if self._configuring is not None:
            self._configuring.cancel()
        if self._profile.provisioning_token_hash:
            await self._registrar.leave(self._profile)
        await self._connection.leave(self)

    async def _alive(self, intervals: float, deadline: float) -> None:
        """Wait for a sign of life; raises BoardUnreachable or BoardSilent where there is none."""

        def look() -> bool | None:
            trouble = self._life.trouble(intervals)
            if isinstance(trouble, BoardUnreachable):
                raise trouble
            return trouble is None or None

        if not await self._news.wait(look, deadline=deadline):
            raise self._life.trouble(intervals) or BoardSilent("no sign of life in time")

    async def _ask(self, action: str, data: Mapping[str, Any], deadline: float) -> Response:
        """Send one command and return the response to it."""
        until = min(deadline, time.monotonic() + self._profile.reply_timeout_ms / 1000)
        transaction_id = str(uuid.uuid4())
        expires_at = datetime.now(UTC) + timedelta(seconds=until - time.monotonic())
        waiting: asyncio.Future[Response | BoardUnreachable]
        waiting = self._pending[transaction_id] = asyncio.get_running_loop().create_future()
        try:
            await self._connection.send(
                self._topics.command,
                messages.command(
                    action, data, transaction_id=transaction_id, expires_at=expires_at
                ),
                deadline=until,
            )
            async with asyncio.timeout_at(until):
                response = await waiting
        except TimeoutError as error:
            raise BoardSilent(
                f"locker {self._profile.locker_uuid} did not answer", may_have_fired=True
            ) from error
        finally:
            del self._pending[transaction_id]
        if isinstance(response, BoardUnreachable):
            raise response
        return response

    # ---- what is heard -------------------------------------------------------------------------

    def hear(self, topic: str, payload: bytes, *, is_retained: bool) -> None:
        """Take one message; what the contract does not allow changes nothing."""
        if topic == self._topics.compartments:
            self._hear_doors(payload, is_retained=is_retained)
        elif is_retained:
            # Only snapshots are: this one was left behind and says nothing about now.
            return
        elif topic == self._topics.connection:
            # Not told apart by message_id: a client repeats the will it once registered.
            if messages.is_farewell(payload):
                self._life.went_offline()
                self._is_configured = not self._profile.compartments
        elif topic == self._topics.heartbeat:
            if messages.is_heartbeat(payload):
                self._show_life()
        elif topic == self._topics.response:
            self._hear_response(payload)
        self._news.tell()

    def lose(self, error: BoardUnreachable) -> None:
        """Forget the doors: they may change unheard."""
        self._snapshot = None
        self._life.lost_sight()
        self._is_configured = not self._profile.compartments
        for waiting in self._pending.values():
            if not waiting.done():
                waiting.set_result(BoardUnreachable(str(error), may_have_fired=True))
        self._news.tell()

    def _hear_response(self, payload: bytes) -> None:
        response = messages.parse_response(payload)
        if response is None or not self._seen.is_new(response.message_id):
            return
        self._show_life()
        waiting = self._pending.get(response.transaction_id)
        if waiting is not None and not waiting.done():
            waiting.set_result(response)

    def _hear_doors(self, payload: bytes, *, is_retained: bool) -> None:
        told = messages.parse_doors(payload)
        if told is None:
            return
        if not is_retained:
            self._show_life()
        numbers = range(1, self.capabilities.channels + 1)
        doors = (DoorState.UNKNOWN,) * len(numbers)
        if self._profile.door_sensor:
            doors = tuple(told.get(number, DoorState.UNKNOWN) for number in numbers)
        before, self._snapshot = self._snapshot, Snapshot(doors, payload)
        self._news.tell()
        if before is None or self.on_change is None or self._is_closed:
            return
        for channel, (was, now) in enumerate(zip(before.doors, doors, strict=True)):
            if was is not now:
                try:
                    self.on_change(channel, now)
                except Exception:
                    # What a listener does must not keep the other doors from being told.
                    logger.exception("a change of door %d was not taken", channel)

    def _show_life(self) -> None:
        self._life.heard()
        if not self._is_configured and self._configuring is None and not self._is_closed:
            self._configuring = asyncio.create_task(self._configure())

    async def _configure(self) -> None:
        """Tell the gateway what it drives, once per connection of either side."""
        data = messages.configuration(
            self._profile.compartments, heartbeat_s=self._profile.heartbeat_interval_s
        )
        try:
            deadline = asyncio.get_running_loop().time() + CONFIGURE_WITHIN_S
            response = await self._ask("apply_config", data, deadline)
        except DriverError as error:
            # The next heartbeat brings the next attempt.
            logger.warning("locker %s is not configured: %s", self._profile.locker_uuid, error)
            return
        finally:
            self._configuring = None
        self._is_configured = True
        if not response.is_success:
            logger.error(
                "locker %s refused its configuration: %s %s",
                self._profile.locker_uuid,
                response.error_code,
                response.message,
            )
        elif response.applied_config_hash.lower() != data["config_hash"]:
            logger.error("locker %s applied another configuration", self._profile.locker_uuid)
