"""Opening one door: intent on disk, one pulse in time, then what the sensor says."""

from __future__ import annotations

import asyncio
import logging
import time
import uuid

from kiosk.bridge.clock import ServerClock
from kiosk.bridge.doors import BoardPoller, Door
from kiosk.bridge.journal import Journal, JournalFull
from kiosk.bridge.protocol import EventKind, Open
from lockers.drivers.errors import DeadlinePassed, DriverError

log = logging.getLogger(__name__)

# How long after the pulse a door may take to spring open.
OPENS_WITHIN_S = 4.0


class Commands:
    """Every command this run knows of. The journal knows those of earlier runs."""

    def __init__(self, clock: ServerClock, journal: Journal) -> None:
        self._clock, self._journal = clock, journal
        self._tasks: dict[uuid.UUID, asyncio.Task[None]] = {}
        self._waiting: set[uuid.UUID] = set()

    @property
    def depth(self) -> int:
        """How many have not had their pulse yet."""
        return len(self._waiting)

    def take(self, command: Open, door: Door | None, poller: BoardPoller | None) -> None:
        """Begin a command unless it was begun before: a repeat has the first one's events."""
        if command.command_id in self._tasks:
            return
        task = asyncio.create_task(self._run(command, door, poller))
        self._tasks[command.command_id] = task
        task.add_done_callback(lambda _: self._tasks.pop(command.command_id, None))

    def cancel(self, command_id: uuid.UUID) -> None:
        """Stop a command whose pulse was not given yet; later it is too late."""
        if command_id in self._waiting:
            self._tasks[command_id].cancel()

    async def interrupted(self, ids: list[uuid.UUID]) -> None:
        """Say of commands that an earlier run left: nobody knows, and they never fire again."""
        for command_id in ids:
            await self._journal.append(
                "command_unknown", command_id=command_id, detail="bridge_restarted"
            )

    async def stop(self) -> None:
        """Let nothing more fire."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self, command: Open, door: Door | None, poller: BoardPoller | None) -> None:
        try:
            if door is None or poller is None or poller.board is None:
                await self._say(command, "command_failed", "unknown_door")
            elif not await self._journal.begin(command.command_id, command.compartment_id):
                log.info("command %s came again", command.command_id)
            else:
                await self._open(command, door, poller)
        except JournalFull as error:
            log.error("door %s stays shut: the journal cannot be written: %s",
                      command.compartment_id, error)  # fmt: skip

    async def _open(self, command: Open, door: Door, poller: BoardPoller) -> None:
        deadline = self._clock.loop_time(command.deadline_ms)
        self._waiting.add(command.command_id)
        try:
            if command.not_before_ms:
                start = self._clock.loop_time(command.not_before_ms)
                await asyncio.sleep(max(0.0, start - time.monotonic()))
            if time.monotonic() >= deadline:
                await self._say(command, "command_expired", "late")
                return
        except asyncio.CancelledError:
            await self._say(command, "command_cancelled")
            raise
        finally:
            self._waiting.discard(command.command_id)
        door.opened_by = command.command_id
        try:
            with poller.watched():
                if not await self._pulse(command, door, poller, deadline):
                    return
            await door.wait_for("closed", None)
            await self._say(command, "command_closed")
        finally:
            if door.opened_by == command.command_id:
                door.opened_by = None

    async def _pulse(self, command: Open, door: Door, poller: BoardPoller, deadline: float) -> bool:
        """Give the pulse and follow the door; True when the sensor saw it open."""
        assert poller.board is not None  # _run has looked
        if door.state == "open":
            await self._say(command, "command_opened", "already_open")
            return True
        fault = ""
        try:
            await self._fire(door, poller, deadline)
        except DeadlinePassed:
            await self._say(command, "command_expired", "late")
            return False
        except DriverError as error:
            log.warning("door %s: %s", command.compartment_id, error)
            if not error.may_have_fired:
                await self._say(command, "command_failed", error.code)
                return False
            fault = error.code
        else:
            await self._say(command, "command_actuated")
        if not door.config.has_sensor:
            if fault:
                await self._say(command, "command_unknown", fault)
            return False
        if await door.wait_for("open", OPENS_WITHIN_S):
            await self._say(command, "command_opened")
            return True
        if door.state == "closed" and not fault:
            await self._say(command, "command_failed", "did_not_open")
        else:
            await self._say(command, "command_unknown", fault or "door_unreadable")
        return False

    async def _fire(self, door: Door, poller: BoardPoller, deadline: float) -> None:
        """Give the pulse; once more only if the first certainly did not fire and time is left."""
        assert poller.board is not None
        pulse = {"pulse_ms": door.config.pulse_ms, "deadline": deadline}
        try:
            await poller.board.open(door.config.channel, **pulse)  # type: ignore[arg-type]
        except DeadlinePassed:
            raise
        except DriverError as error:
            if error.may_have_fired or door.state != "closed":
                raise
            await poller.board.open(door.config.channel, **pulse)  # type: ignore[arg-type]

    async def _say(self, command: Open, kind: EventKind, detail: str = "") -> None:
        await self._journal.append(
            kind,
            compartment_id=command.compartment_id,
            command_id=command.command_id,
            detail=detail,
        )
