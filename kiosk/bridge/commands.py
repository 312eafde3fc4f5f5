"""Opening one door: intent on disk, one pulse in time, then what the sensor says."""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from collections import defaultdict

from kiosk.bridge.clock import ServerClock
from kiosk.bridge.doors import READ_WITHIN_S, BoardPoller, Door
from kiosk.bridge.journal import Journal, JournalFull
from kiosk.bridge.pace import Pace
from kiosk.bridge.protocol import DID_NOT_OPEN, EventKind, Open
from lockers.drivers.base import Board, DoorState, Lights
from lockers.drivers.errors import DeadlinePassed, DriverError

log = logging.getLogger(__name__)

# How long after the pulse a door may take to spring open.
OPENS_WITHIN_S = 4.0
# Nobody looks for the light of a door that has been open for longer.
LIT_WITHIN_S = 1.0
KEPT_WORDS = 100


class Commands:
    """Every command this run knows of. The journal knows those of earlier runs."""

    def __init__(self, clock: ServerClock, journal: Journal) -> None:
        self._clock, self._journal = clock, journal
        self._tasks: dict[uuid.UUID, asyncio.Task[None]] = {}
        # Those that can still be cancelled.
        self._waiting: set[uuid.UUID] = set()
        self._paces: defaultdict[int, Pace] = defaultdict(Pace)
        self._lights: set[asyncio.Task[None]] = set()
        # The last word on each of the newest commands.
        self.said: dict[uuid.UUID, EventKind] = {}

    @property
    def depth(self) -> int:
        """How many have not had their pulse yet."""
        return len(self._waiting)

    def take(
        self, command: Open, door: Door | None, poller: BoardPoller | None, told: str = ""
    ) -> None:
        """Begin a command unless it was begun before: a repeat has the first one's events.

        One that this box gives itself says for whom and why (``told``).
        """
        if command.command_id in self._tasks:
            return
        self._waiting.add(command.command_id)
        task = asyncio.create_task(self._run(command, door, poller, told))
        self._tasks[command.command_id] = task
        task.add_done_callback(lambda _: self._tasks.pop(command.command_id, None))

    async def too_late(self, command: Open) -> None:
        """Say of a command that what it answers was decided here by now: it opens nothing."""
        if command.command_id not in self._tasks:
            await self._say(command, "command_expired", "decided_here")

    def cancel(self, command_id: uuid.UUID) -> None:
        """Stop a command whose pulse was not given yet; later it is too late."""
        if command_id in self._waiting:
            # Not at once: a task that has not begun yet could not say that it was cancelled.
            asyncio.get_running_loop().call_soon(self._cancel, command_id)

    def _cancel(self, command_id: uuid.UUID) -> None:
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
        tasks = [*self._tasks.values(), *self._lights]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(
        self, command: Open, door: Door | None, poller: BoardPoller | None, told: str
    ) -> None:
        try:
            if door is None or poller is None or poller.board is None:
                await self._say(command, "command_failed", "unknown_door")
            elif not await self._journal.begin(
                command.command_id, command.compartment_id, staff=command.staff, told=told
            ):
                log.info("command %s came again", command.command_id)
            else:
                await self._open(command, door, poller)
        except JournalFull as error:
            log.error("door %s stays shut: %s", command.compartment_id, error)
            await self._say(command, "command_failed", "journal_full")
        except asyncio.CancelledError:
            if command.command_id in self._waiting:
                await self._say(command, "command_cancelled")
            raise
        finally:
            self._waiting.discard(command.command_id)

    async def _open(self, command: Open, door: Door, poller: BoardPoller) -> None:
        deadline = self._clock.loop_time(command.deadline_ms)
        if command.not_before_ms:
            start = self._clock.loop_time(command.not_before_ms)
            await asyncio.sleep(max(0.0, start - time.monotonic()))
        try:
            async with asyncio.timeout_at(deadline):
                await poller.is_safe.wait()
        except TimeoutError:
            await self._say(command, "command_expired", "late")
            return
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
        async with self._paces[door.config.bank_id].turn(command.apart_ms):
            # From here on it is too late to cancel.
            self._waiting.discard(command.command_id)
            door.opened_by = command.command_id
            if time.monotonic() >= deadline:
                await self._say(command, "command_expired", "late")
                return False
            if door.state == "open":
                await self._say(command, "command_opened", "already_open")
                return True
            try:
                fault = await self._fire(command, door, poller.board, deadline)
            except _NotFired as why:
                await self._say(command, why.kind, why.detail)
                return False
        is_acknowledged = not fault and poller.board.capabilities.acknowledgement != "none"
        if not fault:
            self._show_light(door, poller.board)
        if is_acknowledged:
            await self._say(command, "command_actuated")
        if not door.config.has_sensor:
            if not is_acknowledged:
                await self._say(command, "command_unknown", fault or "unacknowledged")
            return False
        if await door.wait_for("open", OPENS_WITHIN_S):
            await self._say(command, "command_opened")
            return True
        if door.state == "closed" and not fault:
            await self._say(command, "command_failed", DID_NOT_OPEN)
        else:
            await self._say(command, "command_unknown", fault or "door_unreadable")
        return False

    def _show_light(self, door: Door, board: Board) -> None:
        """Show which door it is, where it has a light; what follows does not wait for that."""
        if door.config.has_light and isinstance(board, Lights):
            light = asyncio.create_task(_flash(door, board))
            self._lights.add(light)
            light.add_done_callback(self._lights.discard)

    async def _fire(self, command: Open, door: Door, board: Board, deadline: float) -> str:
        """Give the pulse; return what may have gone wrong with it. Raises _NotFired."""
        try:
            await self._fire_once_or_twice(door, board, deadline)
        except DeadlinePassed:
            raise _NotFired("command_expired", "late") from None
        except ValueError as error:
            # The board does not have the channel, or cannot make such a pulse: nothing was sent.
            log.error("door %s: %s", command.compartment_id, error)
            raise _NotFired("command_failed", "bad_pulse") from error
        except DriverError as error:
            log.warning("door %s: %s", command.compartment_id, error)
            if not error.may_have_fired:
                raise _NotFired("command_failed", error.code) from error
            return error.code
        return ""

    async def _fire_once_or_twice(self, door: Door, board: Board, deadline: float) -> None:
        """Give the pulse, again only if it certainly was not given and the door is seen closed."""
        channel, pulse_ms = door.config.channel, door.config.pulse_ms
        try:
            await board.open(channel, pulse_ms=pulse_ms, deadline=deadline)
        except DeadlinePassed:
            raise
        except DriverError as error:
            if error.may_have_fired or not await _is_seen_closed(door, board, deadline):
                raise
            await board.open(channel, pulse_ms=pulse_ms, deadline=deadline)

    async def _say(self, command: Open, kind: EventKind, detail: str = "") -> None:
        self.said.pop(command.command_id, None)
        self.said[command.command_id] = kind
        while len(self.said) > KEPT_WORDS:
            del self.said[next(iter(self.said))]
        await self._journal.append(
            kind,
            compartment_id=command.compartment_id,
            command_id=command.command_id,
            detail=detail,
        )


class _NotFired(Exception):
    """The lock did not move, for sure."""

    def __init__(self, kind: EventKind, detail: str) -> None:
        super().__init__(detail)
        self.kind, self.detail = kind, detail


async def _flash(door: Door, board: Lights) -> None:
    try:
        await board.flash(door.config.channel, deadline=time.monotonic() + LIT_WITHIN_S)
    except (DriverError, ValueError) as error:
        log.warning("the light of door %s: %s", door.config.compartment_id, error)


async def _is_seen_closed(door: Door, board: Board, deadline: float) -> bool:
    """Look at the door now: what was read before the failure says nothing about it."""
    if not door.config.has_sensor:
        return False
    try:
        snapshot = await board.read(deadline=min(deadline, time.monotonic() + READ_WITHIN_S))
    except DriverError:
        return False
    channel = door.config.channel
    return channel < len(snapshot.doors) and snapshot.doors[channel] is DoorState.CLOSED
