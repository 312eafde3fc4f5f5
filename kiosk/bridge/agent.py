"""Ties it together: the configuration's boards, doors and readers, and what the server asks."""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from access.access_list.entries import Granted
from access.access_list.index import AccessList
from kiosk.bridge import doors, health, protocol
from kiosk.bridge.access_list import KeptList, Syncing
from kiosk.bridge.alone import Alone
from kiosk.bridge.authority import Authority
from kiosk.bridge.clock import ServerClock
from kiosk.bridge.commands import Commands
from kiosk.bridge.doors import BoardPoller, Door
from kiosk.bridge.giver import Giver
from kiosk.bridge.holdings import Holdings
from kiosk.bridge.inquiries import Inquiries
from kiosk.bridge.journal import Journal
from kiosk.bridge.opening import Opener
from kiosk.bridge.pins import Pins
from kiosk.bridge.readers import Readers
from lockers.drivers import registry
from lockers.drivers.base import Board, BoardSpec
from lockers.drivers.errors import DriverError

log = logging.getLogger(__name__)

SAFE_WITHIN_S = 1.0
# A door that was not opened by then has nobody before it any more.
ALONE_WITHIN_MS = 5_000


class Agent:
    """What this box drives. Lives on while the server is away."""

    def __init__(
        self,
        clock: ServerClock,
        journal: Journal,
        send: Callable[[protocol.Message], bool],
        access: KeptList,
    ) -> None:
        self.clock, self.journal, self.send = clock, journal, send
        self.commands = Commands(clock, journal)
        self.access, self.syncing = access, Syncing(access, send)
        self.holdings = Holdings(journal)
        self.authority = Authority(journal, self.holdings, send)
        access.completes = self._complete
        self.holdings.on_change = self._held_changed
        self.pins = Pins(access, journal)
        self.opener = Opener(access, self.holdings, journal, self._open_alone)
        self.giver = Giver(self.authority, self.holdings, access, self._shut)
        alone = Alone(access, journal, self.pins, self.opener, self.giver)
        self.readers = Readers(clock, journal, self._ask, alone)
        self.inquiries = Inquiries(clock, journal, send)
        self.config = protocol.Config(config_hash="")
        self.doors: dict[int, Door] = {}
        self.pollers: dict[int, BoardPoller] = {}
        self._wires = health.Wires()
        self._tasks: list[asyncio.Task[None]] = []
        self._takes: dict[type[protocol.Message], Callable[[Any], Awaitable[None]]] = {
            protocol.Open: self._open,
            protocol.Cancel: self._cancel,
            protocol.ScanAnswer: self.readers.answered,
            protocol.Inquire: self.inquiries.take,
            **self.syncing.takes,
            **self.authority.takes,
        }

    async def start(self) -> None:
        """Say that this box is up, and what an earlier run left unfinished."""
        unfinished = await self.journal.open()
        await self.journal.append("bridge_started", detail=self.journal.put_aside)
        await self.commands.interrupted(unfinished)
        await self.authority.open()
        await self.access.open()
        if self.access.state == "refused":
            await self.journal.append("frame_refused", detail="the access list on the disk")
        if (config := self.access.config) is not None:
            # Nobody may be there to tell us.
            await self.configure(config)

    async def stop(self) -> None:
        """Let nothing fire any more and leave every relay off."""
        await self.commands.stop()
        await self._leave_boards()
        await self.readers.stop()
        await self.authority.close()
        await self.access.close()
        await self.journal.close()

    async def configure(self, config: protocol.Config) -> None:
        """Drive what the configuration says; doors keep their running commands."""
        self.holdings.banks = _given_alone(config)
        self.authority.works_alone = bool(self.holdings.banks)
        # Readers hang on wires of their own: neither is left for what changed at the other.
        has_other_readers = config.readers != self.config.readers
        if has_other_readers:
            await self.readers.stop()
        if _wiring(config) != _wiring(self.config):
            await self._leave_boards()
            self._drive(config)
        self.config = config
        self.readers.judge_by(config)
        if has_other_readers:
            self.readers.listen_to(config.readers)

    def _drive(self, config: protocol.Config) -> None:
        """Read and open the doors of a configuration."""
        kept = self.doors
        self.doors = {}
        for compartment in config.compartments:
            door = kept.get(compartment.compartment_id)
            if door is None or door.config != compartment:
                door = Door(compartment)
            self.doors[compartment.compartment_id] = door
        self.pollers = {}
        wires = registry.Wires()
        boards, problems = _open_boards(config.controllers, wires)
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
        for neighbours in health.by_wire(self.pollers.values()):
            for poller in neighbours:
                poller.neighbours = neighbours
        self.inquiries.configure(self.pollers, wires)
        self._tasks = [asyncio.create_task(self._poll(poller)) for poller in self.pollers.values()]

    async def _poll(self, poller: BoardPoller) -> None:
        if poller.board is not None:
            await _make_safe(poller.board)
            poller.is_safe.set()
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
        await self.inquiries.stop()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []
        boards = [poller.board for poller in self.pollers.values() if poller.board is not None]
        await asyncio.gather(*(_make_safe(board) for board in boards))
        await asyncio.gather(*(board.close() for board in boards), return_exceptions=True)

    async def handle(self, message: protocol.FromServer) -> None:
        """Do what the server asks; configuration is taken by the connection."""
        if take := self._takes.get(type(message)):
            await take(message)

    def _ask(self, scan: protocol.Message) -> bool:
        """Ask the server; not while doors may have been given here that it does not know of."""
        return not self.authority.is_alone and self.send(scan)

    async def _open(self, message: protocol.Open) -> None:
        is_of_before = self.authority.is_alone and not message.staff
        if is_of_before or not self.readers.still_asks(message.scan_id):
            await self.commands.too_late(message)
            return
        door = self.doors.get(message.compartment_id)
        poller = self.pollers.get(door.config.controller_id) if door else None
        self.commands.take(message, door, poller)

    def _complete(self, known: AccessList) -> None:
        """Let the list know who has which door here."""

        def is_open(granted: Granted) -> bool:
            door = known.door(granted.compartment_id)
            may_open = self.authority.may_open
            return door is None or self.holdings.has(granted, door.bank_id, may_open)

        known.is_open = is_open
        self._held_changed([])

    def _held_changed(self, gone: list[int]) -> None:
        """Let the list know at once what it will say of who has which door."""
        known = self.access.known
        for number in gone:
            known.remove(Granted.key_of(number))
        for granted in self.holdings.granted():
            if known.get(Granted, granted.key) is None and granted.key not in known.denied:
                known.put(granted)

    def _open_alone(
        self, command_id: uuid.UUID, compartment_id: int, told: protocol.OpenedAlone
    ) -> bool:
        """Give ourselves a command; False when nothing drives the door."""
        door = self.doors.get(compartment_id)
        poller = self.pollers.get(door.config.controller_id) if door else None
        if poller is None or poller.board is None:
            return False
        command = protocol.Open(
            command_id=command_id,
            compartment_id=compartment_id,
            deadline_ms=self.clock.now_ms() + ALONE_WITHIN_MS,
            staff=told.user_id is not None,
        )
        self.commands.take(command, door, poller, protocol.encode_detail(told))
        return True

    def _shut(self) -> set[int]:
        """Return the doors that their sensors say are closed."""
        return {number for number, door in self.doors.items() if door.state == "closed"}

    async def _cancel(self, message: protocol.Cancel) -> None:
        self.commands.cancel(message.command_id)

    def tell_doors(self) -> None:
        """Tell the server how every board and door stands."""
        self.send(self.health())
        self.send(protocol.Doors(readings=doors.readings(self.doors), seq=self.journal.numbered))

    def stalled(self, *, before: float) -> list[str]:
        """Return the workers that were last at work before an instant of time.monotonic()."""
        return [
            f"board {number}"
            for number, poller in self.pollers.items()
            if poller.board is not None and poller.progress_at < before
        ]

    def health(self) -> protocol.Health:
        """Return the heartbeat."""
        return protocol.Health(
            boards=[health.board(poller, self.clock) for poller in self.pollers.values()],
            buses=self._wires.readings(self.pollers.values()),
            readers=self.readers.readings(),
            config_hash=self.config.config_hash,
            clock_offset_ms=self.clock.wall_offset_ms,
            queue_depth=self.commands.depth,
            unacknowledged=max(0, self.journal.last_seq - self.journal.acknowledged),
            journal=self.journal.state,
            access_list=self.access.state,
            list_version=self.access.version,
            gives=sorted(self.holdings.banks | _given_alone(self.access.config)),
        )


def _given_alone(config: protocol.Config | None) -> frozenset[int]:
    banks = config.banks if config is not None else []
    return frozenset(bank.bank_id for bank in banks if bank.works_alone)


def _wiring(config: protocol.Config) -> tuple[object, ...]:
    return config.controllers, config.compartments


def _open_boards(
    configs: Sequence[protocol.ControllerConfig], wires: registry.Wires
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
    return registry.open_boards(good, wires), problems


async def _make_safe(board: Board) -> None:
    try:
        await board.safe_state(deadline=asyncio.get_running_loop().time() + SAFE_WITHIN_S)
    except DriverError as error:
        log.warning("a board's relays could not be switched off: %s", error)
