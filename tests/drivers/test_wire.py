"""A wire that carries bytes: what is asked is answered, and nothing late or foreign counts."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from lockers.drivers.errors import BoardSilent, BoardUnreachable, DeadlinePassed
from lockers.drivers.turns import Priority
from lockers.drivers.wire import Bus, Frame, Noise, parse_line
from lockers.drivers.wire import bus as bus_module
from tests.drivers.peers.rtu import Cable

REPLY_S = 0.3


class Sentences:
    """A codec for the tests: a frame ends with a full stop, and has no capital letter."""

    def __init__(self) -> None:
        self._kept = b""

    @property
    def is_in_the_middle(self) -> bool:
        return bool(self._kept)

    def feed(self, data: bytes) -> list[Frame | Noise]:
        *whole, self._kept = (self._kept + data).split(b".")
        return [self._judged(one + b".") for one in whole]

    def silence(self) -> list[Frame | Noise]:
        kept, self._kept = self._kept, b""
        return [Noise(kept)] if kept else []

    @staticmethod
    def _judged(data: bytes) -> Frame | Noise:
        return Frame(data) if data.islower() else Noise(data)


class Board:
    """Answers on its end of a cable as it was told to, from a thread of its own."""

    def __init__(self, path: str) -> None:
        self.fd = os.open(path, os.O_RDWR | os.O_NOCTTY)
        self.heard: list[bytes] = []
        self.answer: Callable[[bytes], list[bytes]] = lambda asked: [b"yes " + asked]
        self.wait_s = 0.0
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def say(self, data: bytes) -> None:
        os.write(self.fd, data)

    def _run(self) -> None:
        kept = b""
        while True:
            try:
                kept += os.read(self.fd, 1024)
            except OSError:
                return
            *whole, kept = kept.split(b".")
            for one in whole:
                self.heard.append(one + b".")
                time.sleep(self.wait_s)
                for said in self.answer(one + b"."):
                    self.say(said)


@pytest.fixture
async def cable() -> AsyncIterator[Cable]:
    made = Cable()
    yield made
    made.cut()


@pytest.fixture
def board(cable: Cable) -> Board:
    return Board(cable.ends[1])


@pytest.fixture
async def bus(cable: Cable, board: Board) -> AsyncIterator[Bus]:
    made = Bus(parse_line(cable.ends[0]), Sentences)
    made.join()
    yield made
    await made.leave()


async def ask(bus: Bus, text: bytes = b"open 1.", *, seconds: float = 2.0) -> bytes:
    """Ask something that moves a lock; the answer repeats the question."""
    return await bus.transact(
        text,
        lambda frame: frame.data if frame.data.endswith(b" " + text) else None,
        priority=Priority.OPEN,
        deadline=time.monotonic() + seconds,
        reply_s=REPLY_S,
        moves_lock=True,
    )


async def until(condition: Callable[[], object], seconds: float = 2.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.005)


def logged(bus: Bus, *what: str) -> list[bytes]:
    return [one.data for one in bus.log if one.what in what]


async def test_a_question_is_answered_and_both_are_in_the_log(bus: Bus) -> None:
    assert await ask(bus) == b"yes open 1."
    assert [one.what for one in bus.log] == ["open", "sent", "frame"]
    assert bus.counts.transactions == 1 and len(bus.counts.latencies_ms) == 1


async def test_the_log_keeps_the_last_two_hundred_exchanges(bus: Bus) -> None:
    for number in range(202):
        await ask(bus, b"open %d." % number)
    said = [(one.what, one.data) for one in bus.log]
    assert said[0] == ("sent", b"open 2.")
    assert said[-1] == ("frame", b"yes open 201.")
    assert [what for what, _ in said] == 200 * ["sent", "frame"]


async def test_an_answer_in_pieces_with_noise_around_it_is_found(bus: Bus, board: Board) -> None:
    board.answer = lambda asked: [b"GARBAGE.", b"yes op", b"en 1.", b"XX"]
    assert await ask(bus) == b"yes open 1."
    await until(lambda: bus.counts.noise_bytes == 10)
    assert logged(bus, "noise") == [b"GARBAGE.", b"XX"]


async def test_one_exact_copy_of_what_was_sent_is_dropped_where_the_adapter_repeats(
    cable: Cable, board: Board
) -> None:
    bus = Bus(parse_line(cable.ends[0], local_echo=True), Sentences)
    bus.join()
    # A board that answers with the very question: the first copy is the adapter's.
    board.answer = lambda asked: [asked, asked]
    answer = await bus.transact(
        b"open 1.",
        lambda frame: frame.data,
        priority=Priority.OPEN,
        deadline=time.monotonic() + 2,
        reply_s=REPLY_S,
    )
    assert answer == b"open 1." and bus.counts.echoes == 1
    board.answer = lambda asked: [asked]
    with pytest.raises(BoardSilent):
        await ask(bus, b"open 2.")
    await bus.leave()


async def test_silence_is_told_and_says_that_the_lock_may_have_moved(
    bus: Bus, board: Board
) -> None:
    board.answer = lambda asked: []
    with pytest.raises(BoardSilent) as error:
        await ask(bus)
    assert error.value.may_have_fired and bus.counts.timeouts == 1


async def test_a_late_answer_never_answers_the_next_question(bus: Bus, board: Board) -> None:
    board.wait_s = REPLY_S + 0.1
    board.answer = lambda asked: [b"yes " + asked] if len(board.heard) == 1 else []
    with pytest.raises(BoardSilent):
        await ask(bus)
    with pytest.raises(BoardSilent):
        await ask(bus)
    assert b"yes open 1." in logged(bus, "frame"), "it came, and nobody took it for an answer"


async def test_an_answer_about_something_else_is_handed_on_and_waited_past(
    bus: Bus, board: Board
) -> None:
    told: list[Frame] = []
    bus.join(told.append)
    board.answer = lambda asked: [b"door 7 opened.", b"yes " + asked]
    assert await ask(bus) == b"yes open 1."
    assert told == [Frame(b"door 7 opened.")]
    await bus.leave()


async def test_what_a_board_says_unasked_is_heard_at_any_time(bus: Bus, board: Board) -> None:
    told: list[Frame] = []
    bus.join(told.append)
    await bus.listen(deadline=time.monotonic() + 2)
    board.say(b"door 3 closed.")
    await until(lambda: told)
    assert told == [Frame(b"door 3 closed.")]
    await bus.leave()


async def test_after_two_failures_the_port_is_opened_anew(bus: Bus, board: Board) -> None:
    board.answer = lambda asked: []
    for _time in range(2):
        with pytest.raises(BoardSilent):
            await ask(bus)
    board.answer = lambda asked: [b"yes " + asked]
    assert await ask(bus) == b"yes open 1."
    assert [one.what for one in bus.log].count("open") == 2 and bus.counts.reopened == 1


async def test_nothing_is_written_after_the_deadline(bus: Bus, board: Board) -> None:
    await ask(bus)
    for seconds in (-0.001, 0.0):
        with pytest.raises(DeadlinePassed) as error:
            await ask(bus, b"open 9.", seconds=seconds)
        assert not error.value.may_have_fired
    assert await ask(bus) and board.heard == [b"open 1.", b"open 1."]


async def test_a_loop_that_stalled_writes_nothing_late(
    bus: Bus, board: Board, monkeypatch: pytest.MonkeyPatch
) -> None:
    await ask(bus)
    port = bus._port
    assert port is not None
    write = port._write

    def dawdle(*given: Any) -> None:
        time.sleep(0.2)
        write(*given)

    monkeypatch.setattr(port, "_write", dawdle)
    with pytest.raises(DeadlinePassed):
        await ask(bus, b"open 9.", seconds=0.15)
    assert board.heard == [b"open 1."]


class Clock:
    """A clock for the bus that stands still but for what the bus asks to wait."""

    def __init__(self, board: Board, patch: pytest.MonkeyPatch) -> None:
        self.now = time.monotonic()
        self.waited: list[tuple[Any, int]] = []
        """For how long, and how many questions the board had heard by then."""
        self._board = board
        patch.setattr(bus_module, "time", self)
        patch.setattr(asyncio, "sleep", self._sleep)

    def monotonic(self) -> float:
        return self.now

    def time(self) -> float:
        return 0.0

    async def _sleep(self, seconds: float) -> None:
        self.waited.append((pytest.approx(seconds), len(self._board.heard)))
        self.now += seconds


# At 9600 bits a second: 3.5 characters of 11 bits, and a millisecond.
GAP_S = 3.5 * 11 / 9600 + 0.001


async def test_the_wire_stays_quiet_between_an_answer_and_the_next_question(
    bus: Bus, board: Board, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock(board, monkeypatch)
    for _time in range(3):
        await ask(bus)
    assert clock.waited == [(GAP_S, 1), (GAP_S, 2)]
    clock.now += GAP_S
    await ask(bus)
    assert len(clock.waited) == 2, "it was quiet long enough"


@pytest.mark.parametrize("settle_s", [0.0, 0.5])
async def test_the_wire_stays_quiet_while_what_is_not_answered_is_carried_out(
    bus: Bus, board: Board, monkeypatch: pytest.MonkeyPatch, settle_s: float
) -> None:
    clock = Clock(board, monkeypatch)
    await bus.send(b"open 1.", priority=Priority.OPEN, deadline=clock.now + 2, settle_s=settle_s)
    await ask(bus, b"read 1.")
    ((waited, _heard),) = clock.waited
    assert waited == 7 * 11 / 9600 + max(GAP_S, settle_s)


async def test_the_wire_stays_quiet_for_an_answer_that_is_late(
    bus: Bus, board: Board, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock(board, monkeypatch)
    board.answer = lambda asked: []
    with pytest.raises(BoardSilent):
        await ask(bus)
    board.answer = lambda asked: [b"yes " + asked]
    await ask(bus)
    assert clock.waited == [(bus_module.STRAGGLER_S, 1)]


async def test_a_question_that_would_break_the_quiet_is_not_asked(
    bus: Bus, board: Board, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock(board, monkeypatch)
    await ask(bus)
    with pytest.raises(DeadlinePassed):
        await ask(bus, b"open 2.", seconds=clock.now + GAP_S / 2 - time.monotonic())
    assert board.heard == [b"open 1."]


async def test_opens_go_before_reads(bus: Bus, board: Board) -> None:
    board.wait_s = 0.05
    first = asyncio.create_task(ask(bus, b"first."))
    await asyncio.sleep(0)

    async def read(text: bytes) -> None:
        await bus.transact(
            text,
            lambda frame: frame,
            priority=Priority.READ,
            deadline=time.monotonic() + 2,
            reply_s=REPLY_S,
        )

    await asyncio.gather(first, read(b"read a."), read(b"read b."), ask(bus, b"open 5."))
    assert board.heard == [b"first.", b"open 5.", b"read a.", b"read b."]


async def test_whoever_loses_interest_leaves_the_wire_usable(bus: Bus, board: Board) -> None:
    board.wait_s = 0.1
    task = asyncio.create_task(ask(bus))
    await until(lambda: board.heard)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    board.wait_s = 0.0
    assert await ask(bus, b"open 2.") == b"yes open 2."


async def test_whoever_gives_up_while_the_port_opens_leaves_it_to_the_next(bus: Bus) -> None:
    first = asyncio.create_task(ask(bus))
    await asyncio.sleep(0)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    assert await ask(bus, b"open 2.") == b"yes open 2."


async def test_what_stands_behind_an_answer_is_heard_too(bus: Bus, board: Board) -> None:
    told: list[Frame] = []
    bus.join(told.append)
    board.answer = lambda asked: [b"yes " + asked + b"door 7 opened."]
    assert await ask(bus) == b"yes open 1."
    assert told == [Frame(b"door 7 opened.")]
    await bus.leave()


async def test_a_port_that_is_closed_under_a_write_is_no_cancellation(bus: Bus) -> None:
    await ask(bus)
    port = bus._port
    assert port is not None
    port.close()
    with pytest.raises(BoardUnreachable) as error:
        await ask(bus)
    assert not error.value.may_have_fired
    assert await ask(bus) == b"yes open 1."


async def test_a_wire_that_was_left_is_free_at_once(cable: Cable, board: Board) -> None:
    for _time in range(3):
        bus = Bus(parse_line(cable.ends[0]), Sentences)
        bus.join()
        assert await ask(bus) == b"yes open 1."
        await bus.leave()


async def test_a_port_that_is_missing_is_named_and_found_when_it_comes_back(
    tmp_path: Path, cable: Cable, board: Board
) -> None:
    link = tmp_path / "port"
    bus = Bus(parse_line(str(link)), Sentences)
    bus.join()
    with pytest.raises(BoardUnreachable, match=str(link)) as error:
        await ask(bus)
    assert not error.value.may_have_fired
    link.symlink_to(cable.ends[0])
    assert await ask(bus) == b"yes open 1."
    await bus.leave()


async def test_a_port_belongs_to_one_owner(cable: Cable, bus: Bus) -> None:
    await ask(bus)
    other = Bus(parse_line(cable.ends[0]), Sentences)
    other.join()
    with pytest.raises(BoardUnreachable):
        await ask(other)
    await other.leave()
