"""Finding out for the server what hangs on a wire: scan, read, try a lock, show the frames."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from kiosk.bridge import protocol
from kiosk.bridge.clock import ServerClock
from kiosk.bridge.doors import BoardPoller, Door
from kiosk.bridge.journal import Journal, JournalFull
from kiosk.bridge.protocol import inquiries as words
from lockers.drivers import registry
from lockers.drivers.base import Board, BoardSpec, DoorState
from lockers.drivers.errors import (
    BadProfile,
    BadReply,
    BoardRefused,
    DeadlinePassed,
    DriverError,
)
from lockers.drivers.variants import doors_as, variants

log = logging.getLogger(__name__)

READ_WITHIN_S = 1.0
# A board that is there answers a scan within this; most of the units asked are not there.
SCAN_WITHIN_S = 0.5
SCAN_ROUNDS = 2
# Whatever is asked first waits for the wire as well: a gateway may be at the other end of a VPN.
WIRE_OPENS_WITHIN_S = 3.0
# How much of the time for a scan a board gets that is looked for alone.
SHARE_OF_TIME = 0.8
# How long after the pulse a door may take to spring open.
SPRINGS_WITHIN_S = 2.0
LOOK_EVERY_S = 0.15
# Somebody walks to the door and pushes it shut: what it does until then was asked for.
CLOSED_WITHIN_S = 120.0
# So long a wire that is in no configuration stays open for the next question: somebody walks to
# the doors meanwhile, and what sits behind a broker would have to be heard anew.
FREED_AFTER_S = 300.0
ANSWERS_KEPT = 50
MISSES_TOLERATED = 3
_LETTERS = {DoorState.CLOSED: "c", DoorState.OPEN: "o", DoorState.UNKNOWN: "?"}


class Inquiries:
    """Answers questions, each once. It speaks over the wires that the configuration has opened."""

    def __init__(
        self, clock: ServerClock, journal: Journal, send: Callable[[protocol.Message], bool]
    ) -> None:
        self._clock, self._journal, self._send = clock, journal, send
        self._pollers: Mapping[int, BoardPoller] = {}
        self._wires = registry.Wires()
        # Of addresses that the configuration does not have.
        self._own = registry.Wires()
        self._boards: dict[str, Board] = {}
        self._tasks: dict[uuid.UUID, asyncio.Task[protocol.Answer]] = {}
        self._answers: dict[uuid.UUID, protocol.Answer] = {}
        self._followed: set[asyncio.Task[None]] = set()
        self._freeing: asyncio.TimerHandle | None = None
        self._leaving: set[asyncio.Task[None]] = set()

    def configure(self, pollers: Mapping[int, BoardPoller], wires: registry.Wires) -> None:
        """Go on over the wires of another configuration; stop before its boards are made."""
        self._pollers, self._wires = pollers, wires

    async def stop(self) -> None:
        """Leave every wire; what was under way is answered as interrupted."""
        tasks: list[asyncio.Task[Any]] = [*self._tasks.values(), *self._followed]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._free()
        await asyncio.gather(*self._leaving, return_exceptions=True)

    async def take(self, message: protocol.Inquire) -> None:
        """Begin to answer, or repeat the answer to a question that comes again."""
        if answer := self._answers.get(message.inquiry_id):
            self._send(answer)
        elif message.inquiry_id not in self._tasks:
            task = asyncio.create_task(self._run(message))
            self._tasks[message.inquiry_id] = task
            task.add_done_callback(partial(self._tell, message.inquiry_id))

    def _tell(self, inquiry_id: uuid.UUID, task: asyncio.Task[protocol.Answer]) -> None:
        del self._tasks[inquiry_id]
        if task.cancelled():
            answer = protocol.Answer(
                inquiry_id=inquiry_id, error="interrupted", may_have_fired=True
            )
        else:
            answer = task.result()
        self._answers[inquiry_id] = answer
        while len(self._answers) > ANSWERS_KEPT:
            self._answers.pop(next(iter(self._answers)))
        # Lost while the server is away: it asks again when it is back.
        self._send(answer)
        self._free_later()

    async def _run(self, message: protocol.Inquire) -> protocol.Answer:
        inquiry_id = message.inquiry_id
        # Before it knows the server's time nothing can be in time.
        deadline = self._clock.loop_time(message.deadline_ms) if self._clock.is_set else 0.0
        try:
            finding = await self._find(inquiry_id, message.question, deadline)
            return protocol.Answer(inquiry_id=inquiry_id, finding=finding)
        except DriverError as error:
            return protocol.Answer(
                inquiry_id=inquiry_id,
                error=error.code,
                detail=str(error)[:300],
                may_have_fired=error.may_have_fired,
            )
        except ValueError as error:
            return protocol.Answer(
                inquiry_id=inquiry_id, error="bad_pulse", detail=str(error)[:300]
            )
        except JournalFull as error:
            log.error("no lock is tried: the journal cannot be written: %s", error)
            return protocol.Answer(inquiry_id=inquiry_id, error="journal_full")

    async def _find(
        self, inquiry_id: uuid.UUID, question: words.Question, deadline: float
    ) -> words.Finding:
        if time.monotonic() >= deadline:
            raise DeadlinePassed("the question came too late")
        match question:
            case words.ScanBus():
                return await self._scan(question, deadline)
            case words.ReadBoard():
                spec = _spec(question.board)
                board = await self._board(spec)
                return await _otherwise(board, spec, question.unlike, deadline)
            case words.TryDoor():
                return await self._try(inquiry_id, question, deadline)
            case words.ReadFrames():
                return self._frames(question.address)

    # ---- scanning ------------------------------------------------------------------------------

    async def _scan(self, question: words.ScanBus, deadline: float) -> words.Found:
        within_s = SCAN_WITHIN_S
        if len(question.units) == 1:
            # Behind a broker it is there once its heartbeat is heard.
            within_s = SHARE_OF_TIME * (deadline - time.monotonic()) / SCAN_ROUNDS
        opens_within_s = WIRE_OPENS_WITHIN_S
        found: dict[int, words.FoundBoard] = {}
        with self._resting(question.board.address):
            # A frame that is lost or late on a busy wire is no board that is not there.
            for _ in range(SCAN_ROUNDS):
                for unit in question.units:
                    if unit in found:
                        continue
                    until = min(deadline, time.monotonic() + opens_within_s + within_s)
                    opens_within_s = 0.0
                    one = await self._scan_unit(_spec(question.board, unit), until, deadline)
                    if one is not None:
                        found[unit] = one
        return words.Found(boards=[found[unit] for unit in sorted(found)])

    async def _scan_unit(
        self, spec: BoardSpec, until: float, deadline: float
    ) -> words.FoundBoard | None:
        board = await self._board(spec)
        try:
            snapshot = await board.read(deadline=until)
        except (BoardRefused, BadReply) as error:
            return words.FoundBoard(unit=spec.unit, problem=str(error)[:300])
        except DriverError as error:
            if error.code not in ("board_silent", "deadline_passed"):
                raise
            if time.monotonic() >= deadline:
                raise
            return None
        return words.FoundBoard(unit=spec.unit, raw=snapshot.raw.hex())

    @contextlib.contextmanager
    def _resting(self, address: str) -> Iterator[None]:
        """Let the boards of a wire be read only for commands: each silent unit takes its time."""
        with contextlib.ExitStack() as stack:
            for poller in self._pollers.values():
                if poller.config.address == address:
                    stack.enter_context(poller.resting())
            yield

    # ---- one lock ------------------------------------------------------------------------------

    async def _try(
        self, inquiry_id: uuid.UUID, question: words.TryDoor, deadline: float
    ) -> words.Tried:
        spec = _spec(question.board)
        board, door = await self._board(spec), self._door(spec, question.channel)
        about = door.config.compartment_id if door else 0
        if not await self._journal.begin(inquiry_id, about):
            # Of an earlier run, which may have given the pulse.
            raise DriverError("the bridge was started again meanwhile", may_have_fired=True)
        kind: protocol.EventKind = "command_failed"
        detail = "interrupted"
        if door is not None:
            door.opened_by = inquiry_id
        try:
            before = await _read(board, spec, deadline, WIRE_OPENS_WITHIN_S)
            kind = "command_unknown"
            await board.open(question.channel, pulse_ms=question.pulse_ms, deadline=deadline)
            await self._journal.append(
                "command_actuated", compartment_id=about or None, command_id=inquiry_id
            )
            until = min(deadline, time.monotonic() + SPRINGS_WITHIN_S)
            seen = [view.doors for view in before.views]
            after = await _otherwise(board, spec, seen, until)
            if seen != [view.doors for view in after.views]:
                kind, detail = "command_opened", ""
            else:
                detail = "door_unreadable"
            return words.Tried(before=before, after=after)
        except DeadlinePassed:
            kind, detail = "command_expired", "late"
            raise
        except DriverError as error:
            kind = "command_unknown" if error.may_have_fired else "command_failed"
            detail = error.code
            raise
        except ValueError:
            kind, detail = "command_failed", "bad_pulse"
            raise
        finally:
            await self._journal.append(
                kind, compartment_id=about or None, command_id=inquiry_id, detail=detail
            )
            if door is not None:
                follow = asyncio.create_task(_follow(door, inquiry_id))
                self._followed.add(follow)
                follow.add_done_callback(self._followed.discard)

    def _door(self, spec: BoardSpec, channel: int) -> Door | None:
        for poller in self._pollers.values():
            if (poller.config.address, poller.config.unit) == (spec.address, spec.unit):
                return poller.doors.get(channel)
        return None

    # ---- boards --------------------------------------------------------------------------------

    async def _board(self, spec: BoardSpec) -> Board:
        """Return the board that the configuration drives, or make one on the same wires."""
        is_wired = False
        for poller in self._pollers.values():
            if poller.board is not None and _spec(poller.config) == spec:
                return poller.board
            is_wired |= poller.board is not None and poller.config.address == spec.address
        key = repr(spec)
        if key not in self._boards:
            if is_wired:
                self._boards[key] = registry.open_boards([spec], self._wires)[0]
            else:
                self._boards[key] = await self._made(spec)
        return self._boards[key]

    async def _made(self, spec: BoardSpec) -> Board:
        """Make a board on a wire that is in no configuration."""
        await asyncio.gather(*self._leaving)
        try:
            return registry.open_boards([spec], self._own)[0]
        except BadProfile:
            # That wire may have been asked at another speed before, or for other boards.
            if len(self._tasks) > 1:
                raise
            await self._free()
            return registry.open_boards([spec], self._own)[0]

    def _free_later(self) -> None:
        if self._freeing is not None:
            self._freeing.cancel()

        def free() -> None:
            if not self._tasks:
                task = asyncio.create_task(self._free())
                self._leaving.add(task)
                task.add_done_callback(self._leaving.discard)

        self._freeing = asyncio.get_running_loop().call_later(FREED_AFTER_S, free)

    async def _free(self) -> None:
        if self._freeing is not None:
            self._freeing.cancel()
        boards, self._boards = self._boards, {}
        self._own = registry.Wires()
        await asyncio.gather(*(board.close() for board in boards.values()), return_exceptions=True)

    def _frames(self, address: str) -> words.Frames:
        return words.Frames(
            frames=[
                words.LoggedFrame(
                    at_ms=max(0, int(one.at * 1000) - self._clock.wall_offset_ms),
                    what=one.what,
                    data=one.data.hex(" "),
                    note=one.note[:300],
                )
                for one in self._wires.log(address) or self._own.log(address)
            ]
        )


async def _otherwise(
    board: Board, spec: BoardSpec, unlike: Sequence[str], until: float
) -> words.Reading:
    """Read until two readings agree that the doors stand otherwise, or time is up."""
    last = await _read(board, spec, until, WIRE_OPENS_WITHIN_S)
    misses = 0
    while unlike and time.monotonic() + LOOK_EVERY_S < until:
        await asyncio.sleep(LOOK_EVERY_S)
        try:
            reading = await _read(board, spec, until)
        except DriverError:
            misses += 1
            if misses == MISSES_TOLERATED:
                raise
            continue
        misses = 0
        if reading.views == last.views and [view.doors for view in reading.views] != unlike:
            return reading
        last = reading
    return last


async def _read(
    board: Board, spec: BoardSpec, until: float, opens_within_s: float = 0.0
) -> words.Reading:
    within_s = opens_within_s + READ_WITHIN_S
    snapshot = await board.read(deadline=min(until, time.monotonic() + within_s))
    return words.Reading(
        raw=snapshot.raw.hex(),
        views=[
            words.View(
                options=dict(options),
                doors="".join(_LETTERS[door] for door in doors_as(spec, snapshot, options)),
            )
            for options in variants(spec.driver)
        ],
    )


async def _follow(door: Door, inquiry_id: uuid.UUID) -> None:
    """Count what a tried door does as asked for until it is shut again."""
    try:
        if await door.wait_for("open", SPRINGS_WITHIN_S):
            await door.wait_for("closed", CLOSED_WITHIN_S)
    finally:
        if door.opened_by == inquiry_id:
            door.opened_by = None


def _spec(board: words.BoardAt | protocol.ControllerConfig, unit: int | None = None) -> BoardSpec:
    return BoardSpec(
        controller_id=0,
        driver=board.driver,
        address=board.address,
        unit=board.unit if unit is None else unit,
        channels=board.channels,
        profile=board.profile,
    )
