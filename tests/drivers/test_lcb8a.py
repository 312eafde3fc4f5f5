"""8A/80 lock boards: the traps of the family, against an emulator that shares no code with it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import serial

from lockers.drivers.base import Board, BoardSpec, DoorState
from lockers.drivers.errors import BadReply, BoardSilent
from lockers.drivers.lcb8a import Lcb8aBoard, Profile
from tests.drivers.patience import soon
from tests.drivers.peers.lcb8a import Emulator, open_boards

# What a test that waits for silence puts up with; the others have all the time they need.
QUICK = {"reply_timeout_ms": 100, "open_timeout_ms": 150}
Told = list[tuple[int, DoorState]]


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(2):
        while not condition():
            await asyncio.sleep(0.002)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    made = Emulator(pty=tmp_path_factory.mktemp("wire") / "port")
    made.start()
    yield made
    made.stop()


class Bench:
    """The emulator with new boards, and the driver's boards on its wire."""

    def __init__(self, emulator: Emulator) -> None:
        self.ask = emulator.ask
        self._address = emulator.address

    @asynccontextmanager
    async def board(self, *, channels: int = 8, **profile: Any) -> AsyncIterator[Lcb8aBoard]:
        spec = BoardSpec(1, "lcb8a", self._address, 1, channels, profile)
        _, (board,) = open_boards([spec])
        try:
            yield board
        finally:
            await board.close()

    def built(self, **board: Any) -> None:
        self.ask("boards", boards=[{"address": 1, **board}, {"address": 2}])

    def does(self, **faults: Any) -> None:
        self.ask("set", board=1, **faults)

    def is_free(self) -> bool:
        """Tell whether the test before let go of the port: its thread takes a moment."""
        try:
            serial.Serial(self._address, exclusive=True).close()
        except serial.SerialException:
            return False
        return True


@pytest.fixture
async def bench(running: Emulator) -> Bench:
    made = Bench(running)
    await until(made.is_free)
    made.built()
    return made


async def opened(board: Board) -> list[int]:
    doors = (await board.read(deadline=soon())).doors
    assert DoorState.UNKNOWN not in doors
    return [channel for channel, door in enumerate(doors) if door is DoorState.OPEN]


# ---- what differs between boards -------------------------------------------------------------


@pytest.mark.parametrize(("channels", "state_bytes"), [(8, 3), (24, 3), (32, 4), (50, 7)])
@pytest.mark.parametrize("shorted_when", ["locked", "open"])
@pytest.mark.parametrize("byte_order", ["high_first", "low_first"])
async def test_doors_are_read_in_either_polarity_and_byte_order(
    bench: Bench, channels: int, state_bytes: int, shorted_when: str, byte_order: str
) -> None:
    wiring: dict[str, Any] = {"shorted_when": shorted_when, "byte_order": byte_order}
    bench.built(channels=channels, state_bytes=state_bytes, **wiring)
    async with bench.board(channels=channels, **wiring) as board:
        assert await opened(board) == []
        await board.open(2, pulse_ms=300, deadline=soon())
        bench.ask("push", board=1, lock=channels, open=True)
        snapshot = await board.read(deadline=soon())
        assert await opened(board) == [2, channels - 1]
        assert len(snapshot.raw) == 4 + state_bytes


async def test_the_usual_board_is_shorted_when_locked_and_tells_the_high_byte_first(
    bench: Bench,
) -> None:
    assert Profile() == Profile(shorted_when="locked", byte_order="high_first")
    bench.ask("push", board=1, lock=1, open=True)
    async with bench.board() as board:
        snapshot = await board.read(deadline=soon())
    assert snapshot.raw.hex(" ") == "80 01 00 00 fe 33 4c"
    assert snapshot.doors[0] is DoorState.OPEN and DoorState.OPEN not in snapshot.doors[1:]


async def test_a_board_of_8_answers_7_bytes_and_a_bank_of_8_may_use_a_board_of_50(
    bench: Bench,
) -> None:
    async with bench.board() as board:
        assert len((await board.read(deadline=soon())).raw) == 7
        bench.built(channels=50, state_bytes=7)
        bench.ask("push", board=1, lock=50, open=True)
        bench.ask("push", board=1, lock=4, open=True)
        assert await opened(board) == [3]


async def test_more_doors_than_the_board_tells_is_a_bad_reply(bench: Bench) -> None:
    async with bench.board(channels=25) as board:
        with pytest.raises(BadReply, match="24 contacts") as error:
            await board.read(deadline=soon())
        assert not error.value.may_have_fired


async def test_a_board_without_contacts_only_shows_that_it_answers(bench: Bench) -> None:
    async with bench.board(door_sensor=False) as board:
        assert set((await board.read(deadline=soon())).doors) == {DoorState.UNKNOWN}


async def test_the_firmware_of_2025_has_orders_of_its_own(bench: Bench) -> None:
    bench.built(variant="2025")
    async with bench.board(variant="2025") as board:
        await board.open(0, pulse_ms=300, deadline=soon())
        await board.open_all(deadline=soon())
        assert bench.ask("pulses", board=1) == [1, *range(1, 9)]
    assert bench.ask("heard") == ["8A 01 01 33 B9", "9D 01 01 33 AE"]


async def test_the_orders_of_2025_do_not_open_a_classic_board(bench: Bench) -> None:
    async with bench.board(variant="2025", **QUICK) as board:
        with pytest.raises(BoardSilent):
            await board.open(0, pulse_ms=300, deadline=soon())
    assert bench.ask("pulses", board=1) == []


# ---- pulses ----------------------------------------------------------------------------------


async def test_a_fixed_pulse_is_the_boards_own_and_nothing_longer_is_possible(
    bench: Bench,
) -> None:
    async with bench.board() as board:
        for pulse_ms in (1, 300):
            await board.open(0, pulse_ms=pulse_ms, deadline=soon())
        for pulse_ms in (0, 301):
            with pytest.raises(ValueError, match="1 to 300 are possible"):
                await board.open(0, pulse_ms=pulse_ms, deadline=soon())
    assert bench.ask("heard") == ["8A 01 01 11 9B"] * 2


async def test_whole_seconds_are_asked_for_where_the_firmware_can(bench: Bench) -> None:
    async with bench.board(pulse="seconds") as board:
        for pulse_ms in (300, 301, 1000, 1001, 9000):
            await board.open(0, pulse_ms=pulse_ms, deadline=soon())
        with pytest.raises(ValueError, match="1 to 9000 are possible"):
            await board.open(0, pulse_ms=9001, deadline=soon())
    assert bench.ask("seconds", board=1) == [1, 1, 2, 9]
    assert bench.ask("heard")[0] == "8A 01 01 11 9B"


async def test_opening_all_may_take_longer_than_any_other_answer(bench: Bench) -> None:
    assert Profile().open_all_timeout_ms == 10_000
    bench.does(per_lock_ms=40)
    async with bench.board(open_timeout_ms=150) as board:
        begun = time.monotonic()
        await board.open_all(deadline=soon())
        assert time.monotonic() - begun > 0.3
        assert await opened(board) == list(range(8))


# ---- an acknowledgement is not a door --------------------------------------------------------


@pytest.mark.parametrize("shorted_when", ["locked", "open"])
async def test_a_jammed_lock_is_acknowledged_and_stays_closed(
    bench: Bench, shorted_when: str
) -> None:
    bench.built(shorted_when=shorted_when, jammed=[3])
    async with bench.board(shorted_when=shorted_when) as board:
        await board.open(2, pulse_ms=300, deadline=soon())
        assert await opened(board) == []


async def test_the_echo_of_an_open_is_not_its_acknowledgement(bench: Bench) -> None:
    bench.built(shorted_when="open")
    bench.ask("wire", echo=True)
    async with bench.board(local_echo=True, shorted_when="open", open_timeout_ms=400) as board:
        await board.open(0, pulse_ms=300, deadline=soon())
        assert await opened(board) == [0]
        bench.does(is_silent=True)
        with pytest.raises(BoardSilent) as error:
            await board.open(1, pulse_ms=300, deadline=soon())
        assert error.value.may_have_fired


async def test_an_adapter_that_repeats_is_noticed_by_the_first_read(bench: Bench) -> None:
    bench.ask("wire", echo=True)
    async with bench.board() as board:
        with pytest.raises(BadReply, match="local_echo"):
            await board.read(deadline=soon())


# ---- the wire --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "faults",
    [
        {"noise_before": "FA FD 99 99"},
        {"noise_after": "00"},
        {"noise_before": "FF", "noise_after": "FF 00"},
        {"split": True},
        {"noise_before": "82 02 01 11 90"},
    ],
    ids=["garbage", "glitch", "glitches", "byte by byte", "another board first"],
)
async def test_an_answer_is_found_whatever_stands_around_it(
    bench: Bench, faults: dict[str, Any]
) -> None:
    async with bench.board() as board:
        bench.does(**faults)
        await board.open(4, pulse_ms=300, deadline=soon())
        assert await opened(board) == [4]


@pytest.mark.parametrize(
    "faults",
    [
        {"is_silent": True},
        {"wrong_check": 0x04},
        {"wrong_check": 0x41},
        {"foreign": True},
        {"interrupt": "55"},
    ],
    ids=["silent", "one wrong bit", "two wrong bits", "another address", "broken"],
)
async def test_nothing_but_a_right_answer_counts(bench: Bench, faults: dict[str, Any]) -> None:
    async with bench.board(**QUICK) as board:
        bench.does(**faults)
        with pytest.raises(BoardSilent) as opening:
            await board.open(0, pulse_ms=300, deadline=soon())
        assert opening.value.may_have_fired
        with pytest.raises(BoardSilent) as reading:
            await board.read(deadline=soon())
        assert not reading.value.may_have_fired


async def test_an_open_without_any_reply_may_have_fired_and_the_read_tells(bench: Bench) -> None:
    bench.does(no_open_reply=True)
    async with bench.board(open_timeout_ms=150) as board:
        with pytest.raises(BoardSilent) as error:
            await board.open(6, pulse_ms=300, deadline=soon())
        assert error.value.may_have_fired
        assert await opened(board) == [6]


async def test_an_open_may_be_answered_much_later_than_a_read(bench: Bench) -> None:
    assert Profile().open_timeout_ms >= 1500
    bench.does(late_ms=200)
    async with bench.board(reply_timeout_ms=100) as board:
        await board.open(0, pulse_ms=300, deadline=soon())
        with pytest.raises(BoardSilent):
            await board.read(deadline=soon())


async def test_the_acknowledgement_of_another_lock_is_none(bench: Bench) -> None:
    bench.does(no_open_reply=True)
    async with bench.board(open_timeout_ms=300) as board:
        asked = asyncio.create_task(board.open(0, pulse_ms=300, deadline=soon()))
        await until(lambda: bench.ask("heard"))
        bench.ask("say", hex="8A 01 02 00 89")
        with pytest.raises(BoardSilent):
            await asked


# ---- told unasked ----------------------------------------------------------------------------


@pytest.mark.parametrize("head", [0x81, 0x82])
@pytest.mark.parametrize("shorted_when", ["locked", "open"])
async def test_a_door_change_is_told_without_a_question(
    bench: Bench, head: int, shorted_when: str
) -> None:
    told: Told = []
    bench.built(tells=head, tells_after_ms=0, shorted_when=shorted_when)
    async with bench.board(unsolicited=True, shorted_when=shorted_when) as board:
        assert board.capabilities.unsolicited
        board.on_change = lambda channel, door: told.append((channel, door))
        await board.read(deadline=soon())
        bench.ask("push", board=1, lock=8, open=True)
        await until(lambda: told)
        bench.ask("push", board=1, lock=8, open=False)
        await until(lambda: len(told) == 2)
    assert told == [(7, DoorState.OPEN), (7, DoorState.CLOSED)]


async def test_changes_of_other_boards_and_of_locks_that_are_not_there_are_not_told(
    bench: Bench,
) -> None:
    told: Told = []
    async with bench.board(unsolicited=True) as board:
        board.on_change = lambda channel, door: told.append((channel, door))
        await board.read(deadline=soon())
        # Board 2; lock 9 of 8; an address query's reply; and only then ours.
        bench.ask("say", hex="82 02 01 00 81  82 01 09 00 8A  81 01 01 99 18  82 01 01 00 82")
        await until(lambda: told)
    assert told == [(0, DoorState.OPEN)]


async def test_a_board_that_is_not_known_to_tell_is_not_listened_to(bench: Bench) -> None:
    told: Told = []
    bench.does(noise_before="82 01 01 00 82")
    async with bench.board() as board:
        assert not board.capabilities.unsolicited
        board.on_change = lambda channel, door: told.append((channel, door))
        await board.read(deadline=soon())
    assert told == []


async def test_a_change_in_the_middle_of_a_reply_is_told_and_breaks_the_reply(
    bench: Bench,
) -> None:
    told: Told = []
    async with bench.board(unsolicited=True, reply_timeout_ms=400) as board:
        board.on_change = lambda channel, door: told.append((channel, door))
        bench.does(interrupt="82 01 03 00 80")
        with pytest.raises(BoardSilent):
            await board.read(deadline=soon())
    assert told == [(2, DoorState.OPEN)]


async def test_a_change_right_behind_the_acknowledgement_is_told(bench: Bench) -> None:
    told: Told = []
    bench.does(tells=0x82, tells_with_reply=True)
    async with bench.board(unsolicited=True) as board:
        board.on_change = lambda channel, door: told.append((channel, door))
        await board.open(2, pulse_ms=300, deadline=soon())
        await opened(board)
    assert told == [(2, DoorState.OPEN)]


async def test_a_listener_that_fails_does_not_fail_an_open(bench: Bench) -> None:
    def fail(channel: int, door: DoorState) -> None:
        raise RuntimeError(f"{channel} {door}")

    bench.does(noise_before="82 01 03 00 80")
    async with bench.board(unsolicited=True) as board:
        board.on_change = fail
        await board.open(2, pulse_ms=300, deadline=soon())


async def test_a_board_that_left_tells_nothing_and_leaves_its_neighbour_connected(
    bench: Bench, running: Emulator
) -> None:
    told: Told = []
    profile = {"unsolicited": True}
    specs = [BoardSpec(unit, "lcb8a", running.address, unit, 8, profile) for unit in (1, 2)]
    bus, (first, second) = open_boards(specs)
    for board in (first, second):
        board.on_change = lambda channel, door: told.append((channel, door))
    await first.read(deadline=soon())
    for _time in range(2):
        await first.close()
    bench.ask("say", hex="82 01 01 00 82  82 02 07 00 87")
    await until(lambda: told)
    await second.read(deadline=soon())
    await second.close()
    assert told == [(6, DoorState.OPEN)]
    assert [one.what for one in bus.log].count("open") == 1
