"""Ties it together: the configuration's boards, doors and readers, and what the server asks."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence

from kiosk.bridge import doors, protocol
from kiosk.bridge.clock import ServerClock
from kiosk.bridge.commands import Commands
from kiosk.bridge.doors import BoardPoller, Door
from kiosk.bridge.journal import Journal
from kiosk.bridge.readers import Readers
from lockers.drivers import registry
from lockers.drivers.base import Board, BoardSpec
from lockers.drivers.errors import DriverError

log = logging.getLogger(__name__)

SAFE_WITHIN_S = 1.0


class Agent:
    """What this box drives. Lives on while the server is away."""

    def __init__(
        self, clock: ServerClock, journal: Journal, send: Callable[[protocol.Message], bool]
    ) -> None:
        self.clock, self.journal, self.send = clock, journal, send
        self.commands = Commands(clock, journal)
        self.readers = Readers(clock, journal, send)
        self.config = protocol.Config(config_hash="")
        self.doors: dict[int, Door] = {}
        self.pollers: dict[int, BoardPoller] = {}
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Say that this box is up, and what an earlier run left unfinished."""
        unfinished = await self.journal.open()
        await self.journal.append("bridge_started")
        await self.commands.interrupted(unfinished)

    async def stop(self) -> None:
        """Let nothing fire any more and leave every relay off."""
        await self.commands.stop()
        await self._leave_boards()
        await self.readers.stop()
        await self.journal.close()

    async def configure(self, config: protocol.Config) -> None:
        """Drive what the configuration says; doors keep their running commands."""
        if config.config_hash == self.config.config_hash and self.pollers:
            return
        if self.pollers and _wiring(config) == _wiring(self.config):
            # Only what is asked of people changed: no board is left for that.
            self.config = config
            self.readers.judge_by(config)
            return
        await self._leave_boards()
        self.config = config
        kept = self.doors
        self.doors = {}
        for compartment in config.compartments:
            door = kept.get(compartment.compartment_id)
            if door is None or door.config != compartment:
                door = Door(compartment)
            self.doors[compartment.compartment_id] = door
        self.pollers = {}
        boards, problems = _open_boards(config.controllers)
        for controller in config.controllers:
            mine = {
                door.config.channel: door
                for door in self.doors.values()
                if door.config.controller_id == controller.controller_id
            }
            self.pollers[controller.controller_id] = BoardPoller(
                controller,
                boards.get(controller.controller_id),
                mine,
                self.journal,
                self.tell_doors,
                problems.get(controller.controller_id, ""),
            )
        self._tasks = [asyncio.create_task(self._poll(poller)) for poller in self.pollers.values()]
        await self.readers.configure(config)

    async def _poll(self, poller: BoardPoller) -> None:
        if poller.board is not None:
            await _make_safe(poller.board)
        while True:
            try:
                await poller.run()
                return
            except asyncio.CancelledError:
                raise
            except Exception:
                # One board's trouble must not stop the others, nor this one for ever.
                log.exception("reading board %s broke", poller.config.controller_id)
                await asyncio.sleep(1)

    async def _leave_boards(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []
        boards = [poller.board for poller in self.pollers.values() if poller.board is not None]
        await asyncio.gather(*(_make_safe(board) for board in boards))
        await asyncio.gather(*(board.close() for board in boards), return_exceptions=True)

    async def handle(self, message: protocol.FromServer) -> None:
        """Do what the server asks; configuration is taken by the connection."""
        if isinstance(message, protocol.Open):
            door = self.doors.get(message.compartment_id)
            poller = self.pollers.get(door.config.controller_id) if door else None
            self.commands.take(message, door, poller)
        elif isinstance(message, protocol.Cancel):
            self.commands.cancel(message.command_id)
        elif isinstance(message, protocol.ScanAnswer):
            await self.readers.answered(message)

    def tell_doors(self) -> None:
        """Tell the server how every door stands."""
        self.send(protocol.Doors(readings=doors.readings(self.doors)))

    def health(self) -> protocol.Health:
        """Return the heartbeat."""
        return protocol.Health(
            boards=[poller.reading() for poller in self.pollers.values()],
            config_hash=self.config.config_hash,
            clock_offset_ms=self.clock.wall_offset_ms,
            queue_depth=self.commands.depth,
            unacknowledged=max(0, self.journal.last_seq - self.journal.acknowledged),
        )


def _wiring(config: protocol.Config) -> tuple[object, ...]:
    return config.controllers, config.compartments, config.readers


def _open_boards(
    configs: Sequence[protocol.ControllerConfig],
) -> tuple[dict[int, Board], dict[int, str]]:
    """Return the boards, and what is wrong with each that cannot be used.

    Boards at one address share one wire, so they are made together; a wrong setting of one must
    not stop the others, so each is tried first (no wire is touched by that).
    """
    good: list[BoardSpec] = []
    problems: dict[int, str] = {}
    for config in configs:
        spec = BoardSpec(
            controller_id=config.controller_id,
            driver=config.driver,
            address=config.address,
            unit=config.unit,
            channels=config.channels,
            profile=config.profile,
        )
        try:
            registry.open_boards([*good, spec])
        except DriverError as error:
            log.error("board %s cannot be used: %s", config.controller_id, error)
            problems[config.controller_id] = str(error)
        else:
            good.append(spec)
    return registry.open_boards(good), problems


async def _make_safe(board: Board) -> None:
    try:
        await board.safe_state(deadline=asyncio.get_running_loop().time() + SAFE_WITHIN_S)
    except DriverError as error:
        log.warning("a board's relays could not be switched off: %s", error)
