"""WKLY boards: what their frames say, and how a board behind a wire is spoken to."""

from __future__ import annotations

import asyncio
import time
import tomllib
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockers.drivers.base import DoorState
from lockers.drivers.errors import BadProfile, BadReply, BoardRefused, BoardSilent, DeadlinePassed
from lockers.drivers.wire import Frame, Noise
from lockers.drivers.wkly import Profile, WklyCodec, check_unit, frames, parse_profile
from lockers.drivers.wkly.frames import Answer, Change, Command
from tests.drivers.patience import soon
from tests.drivers.peers.wkly import Bench, running

VECTORS = tomllib.loads((Path(__file__).parent / "vectors" / "wkly.toml").read_text())
OPEN, CLOSED, UNKNOWN = DoorState.OPEN, DoorState.CLOSED, DoorState.UNKNOWN
IMPATIENT = {"open_timeout_ms": 100}
SAID = [bytes.fromhex(one["hex"]) for one in VECTORS["reply"] + VECTORS["change"]]


def all_found(*pieces: bytes) -> list[Frame | Noise]:
    codec = WklyCodec()
    found = [one for piece in pieces for one in codec.feed(piece)]
    found += codec.silence()
    assert not codec.is_in_the_middle
    assert b"".join(one.data for one in found) == b"".join(pieces), "every byte comes out once"
    return found


def frames_in(*pieces: bytes) -> list[bytes]:
    return [one.data for one in all_found(*pieces) if isinstance(one, Frame)]


def understood(data: bytes) -> list[Answer | Change]:
    parsed = [frames.parse(Frame(one)) for one in frames_in(data)]
    return [one for one in parsed if one is not None]


# ---- frames that others wrote down ---------------------------------------------------------------


@pytest.mark.parametrize("vector", VECTORS["request"], ids=lambda one: one["hex"])
def test_a_request_is_what_others_send_and_is_no_answer(vector: dict[str, Any]) -> None:
    data = bytes.fromhex(vector["hex"])
    address, command = vector["address"], Command(vector["command"])
    assert frames.encode(address, command, bytes(vector["data"])) == data
    if "call" in vector:
        channels = [one - 1 for one in vector.get("channels", [])]
        given_to = [channels] if vector["call"] == "open_in_turn" else channels
        assert getattr(frames, vector["call"])(address, *given_to) == data
    assert frames_in(data) == [data], "an echo has to be known as one frame"
    assert understood(data) == []


@pytest.mark.parametrize("vector", VECTORS["reply"], ids=lambda one: one["hex"])
def test_a_reply_is_understood(vector: dict[str, Any]) -> None:
    channel = vector["channel"] - 1 if "channel" in vector else None
    assert understood(bytes.fromhex(vector["hex"])) == [
        Answer(
            vector["address"],
            Command(vector["command"]),
            vector["done"],
            channel,
            tuple(vector.get("levels", ())),
        )
    ]


@pytest.mark.parametrize("vector", VECTORS["change"], ids=lambda one: one["hex"])
def test_a_change_is_understood(vector: dict[str, Any]) -> None:
    assert understood(bytes.fromhex(vector["hex"])) == [
        Change(vector["address"], vector["channel"] - 1, vector["level"])
    ]


@pytest.mark.parametrize("vector", VECTORS["refused"], ids=lambda one: one["hex"])
def test_what_is_not_whole_or_not_known_says_nothing(vector: dict[str, Any]) -> None:
    assert understood(bytes.fromhex(vector["hex"])) == []


def test_an_address_that_no_board_has_and_a_count_that_is_not_true_say_nothing() -> None:
    assert frames_in(frames.encode(31, Command.READ_ALL)) != []
    assert frames_in(frames.encode(32, Command.READ_ALL)) == []
    assert understood(frames.encode(0, Command.READ_ALL, bytes((0, 2, 1, 1)))) != []
    assert understood(frames.encode(0, Command.READ_ALL, bytes((0, 3, 1, 1)))) == []


def test_keeping_open_and_releasing_are_made_like_the_other_orders() -> None:
    assert frames.keep_open(0, 1) == bytes.fromhex("57 4B 4C 59 09 00 88 02 8A")
    assert frames.release(0, 2) == bytes.fromhex("57 4B 4C 59 09 00 89 03 8A")


def test_two_locks_may_move_at_once_and_three_may_not() -> None:
    assert frames.open_at_once(0, [0, 1]) == bytes.fromhex("57 4B 4C 59 0B 00 80 02 01 02 83")
    with pytest.raises(ValueError, match="at most 2"):
        frames.open_at_once(0, [0, 1, 2])
    with pytest.raises(ValueError, match="no channel"):
        frames.open_in_turn(0, [])


# ---- frames in a stream --------------------------------------------------------------------------


@given(st.lists(st.sampled_from(SAID), max_size=4), st.data())
def test_any_split_of_the_stream_gives_the_same_frames(sent: list[bytes], data: Any) -> None:
    stream = b"".join(sent)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=9)))
    edges = [0, *cuts, len(stream)]
    pieces = [stream[a:b] for a, b in zip(edges, edges[1:], strict=False)]
    assert frames_in(*pieces) == sent


# Noise that ends with the letters of a frame may take what follows for its length.
NOISE = st.binary(max_size=40).filter(lambda one: b"W" not in one)


@given(st.sampled_from(SAID), NOISE, NOISE)
def test_noise_around_a_frame_does_not_hide_it(frame: bytes, before: bytes, after: bytes) -> None:
    assert frames_in(before + frame + after) == [frame]


@given(st.sampled_from(SAID), st.integers(1, 33), st.sampled_from(SAID))
def test_a_frame_that_broke_off_hides_no_frame_behind_it(
    broken: bytes, kept: int, whole: bytes
) -> None:
    assert frames_in(broken[: min(kept, len(broken) - 1)] + whole)[-1] == whole


@given(st.sampled_from(SAID), st.data(), st.sampled_from([b"", *SAID]))
def test_one_flipped_bit_is_never_accepted(frame: bytes, data: Any, behind: bytes) -> None:
    flipped = bytearray(frame)
    bit = data.draw(st.integers(0, len(frame) * 8 - 1))
    flipped[bit // 8] ^= 1 << bit % 8
    # A wrong length may cut a frame whose check byte happens to fit, but no reply has that length.
    expected = understood(behind) if behind else []
    assert understood(bytes(flipped) + behind) == expected


@given(st.binary(max_size=200) | st.lists(st.sampled_from([b"WKLY", b"\x09", b"W"])).map(b"".join))
def test_random_bytes_come_out_once_and_nothing_false_is_a_frame(data: bytes) -> None:
    for found in all_found(data):
        if isinstance(found, Frame):
            address, command, inside = found.data[5], Command(found.data[6]), found.data[7:-1]
            assert 0 <= address <= 31
            assert frames.encode(address, command, inside) == found.data


# ---- options -------------------------------------------------------------------------------------


def test_a_board_without_options_is_as_its_paper_says() -> None:
    assert parse_profile({}) == Profile(closed_level=1, baudrate=9600, local_echo=False)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"polarity": 1}, "polarity"),
        ({"closed_level": 2}, "closed_level"),
        ({"closed_level": True}, "closed_level"),
        ({"baudrate": 9601}, "baudrate"),
        ({"reply_timeout_ms": 10}, "reply_timeout_ms"),
        ({"open_timeout_ms": "1000"}, "open_timeout_ms"),
        ({"local_echo": 1}, "local_echo"),
        ({"door_sensor": None}, "door_sensor"),
        ({"releases": 0}, "releases"),
    ],
)
def test_a_bad_option_is_refused_with_its_name(values: dict[str, Any], field: str) -> None:
    with pytest.raises(BadProfile) as refusal:
        parse_profile(values)
    assert refusal.value.field == field


def test_addresses_go_from_0_to_31() -> None:
    check_unit(0, 24)
    check_unit(31, 50)
    for unit, channels, field in ((-1, 8, "unit"), (32, 8, "unit"), (1, 51, "channels")):
        with pytest.raises(BadProfile) as refusal:
            check_unit(unit, channels)
        assert refusal.value.field == field


# ---- a board behind a wire -----------------------------------------------------------------------


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.005)


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    async with running(tmp_path) as made:
        yield made


async def test_the_last_lock_of_a_board_at_address_0_is_pulsed(bench: Bench) -> None:
    await bench.board().open(11, pulse_ms=400, deadline=soon())
    assert await bench.pulses() == [12] and await bench.pulses(5) == []


async def test_over_tcp_it_is_the_same(tmp_path: Path) -> None:
    async with running(tmp_path, "tcp") as bench:
        board = bench.board(5)
        await board.open(0, pulse_ms=400, deadline=soon())
        assert (await board.read(deadline=soon())).doors == (OPEN,) + (CLOSED,) * 11


@pytest.mark.parametrize("closed_level", [0, 1])
async def test_commissioning_settles_which_level_is_closed(bench: Bench, closed_level: int) -> None:
    await bench.tell("set", board=0, closed_level=closed_level, without_sensor=[3])
    await bench.tell("push", board=0, channel=2, open=True)
    board = bench.board(channels=4, closed_level=closed_level)
    assert (await board.read(deadline=soon())).doors == (CLOSED, OPEN, UNKNOWN, CLOSED)
    await bench.tell("push", board=0, channel=2, open=False)
    await bench.tell("push", board=0, channel=3, open=True)
    await until(lambda: bench.told == [(1, CLOSED), (2, UNKNOWN)])


async def test_a_board_with_fewer_doors_than_configured_is_named(bench: Bench) -> None:
    with pytest.raises(BadReply, match="12 channels, not 24"):
        await bench.board(channels=24).read(deadline=soon())


async def test_a_board_without_contacts_reads_unknown_and_tells_nothing(bench: Bench) -> None:
    board = bench.board(door_sensor=False)
    assert not board.capabilities.unsolicited
    await bench.tell("push", board=0, channel=2, open=True)
    assert set((await board.read(deadline=soon())).doors) == {UNKNOWN} and bench.told == []


async def test_a_door_that_moves_by_itself_is_told_to_its_board_alone(bench: Bench) -> None:
    first, second = bench.boards(0, 5, channels=8)
    heard: list[tuple[int, DoorState]] = []
    second.on_change = lambda channel, door: heard.append((channel, door))
    await first.read(deadline=soon())
    await bench.tell("push", board=5, channel=7, open=True)
    await bench.tell("push", board=5, channel=9, open=True)  # is not in use
    await bench.tell("push", board=5, channel=7, open=False)
    await until(lambda: heard == [(6, OPEN), (6, CLOSED)])
    assert bench.told == []


async def test_a_change_told_before_the_reply_is_not_taken_for_it(bench: Bench) -> None:
    board = bench.board()
    await board.open(2, pulse_ms=400, deadline=soon())
    assert bench.told == [(2, OPEN)]


async def test_a_change_told_right_behind_the_reply_is_not_lost(bench: Bench) -> None:
    await bench.tell("set", board=0, tells="behind")
    await bench.board().open(2, pulse_ms=400, deadline=soon())
    assert bench.told == [(2, OPEN)]


async def test_a_change_in_the_middle_of_a_reply_is_heard_and_breaks_only_that(
    bench: Bench,
) -> None:
    await bench.tell("set", board=0, tells="inside")
    board = bench.board(**IMPATIENT)
    with pytest.raises(BoardSilent) as silence:
        await board.open(2, pulse_ms=400, deadline=soon())
    assert silence.value.may_have_fired and bench.told == [(2, OPEN)]
    assert (await board.read(deadline=soon())).doors[2] is OPEN


async def test_a_board_that_failed_may_still_have_moved_the_lock(bench: Bench) -> None:
    await bench.tell("set", board=0, refuses=[0x82, 0x84])
    board = bench.board()
    with pytest.raises(BoardRefused) as opening:
        await board.open(2, pulse_ms=400, deadline=soon())
    assert opening.value.may_have_fired
    with pytest.raises(BoardRefused) as reading:
        await board.read(deadline=soon())
    assert not reading.value.may_have_fired


@pytest.mark.parametrize(
    "fault",
    [
        {"has_wrong_check": True},
        {"answers_as": 5},
        {"adds_to_channel": 1},
        {"silent_to": [0x82]},
        {"is_absent": True},
    ],
    ids=lambda fault: next(iter(fault)),
)
async def test_only_the_right_reply_acknowledges(bench: Bench, fault: dict[str, Any]) -> None:
    await bench.tell("set", board=0, **fault)
    with pytest.raises(BoardSilent) as silence:
        await bench.board(**IMPATIENT).open(2, pulse_ms=400, deadline=soon())
    assert silence.value.may_have_fired


async def test_an_acknowledged_open_of_a_jammed_door_is_no_open_door(bench: Bench) -> None:
    await bench.tell("set", board=0, jammed=[3])
    board = bench.board()
    await board.open(2, pulse_ms=400, deadline=soon())
    assert (await board.read(deadline=soon())).doors[2] is CLOSED and bench.told == []


@pytest.mark.parametrize("local_echo", [True, False])
async def test_an_adapter_that_repeats_never_answers_for_the_board(
    bench: Bench, local_echo: bool
) -> None:
    await bench.tell("echo", on=True)
    first, absent = bench.boards(0, 9, local_echo=local_echo, open_timeout_ms=500)
    await first.open(2, pulse_ms=400, deadline=soon())
    assert (await first.read(deadline=soon())).doors[2] is OPEN
    with pytest.raises(BoardSilent):
        await absent.open(2, pulse_ms=400, deadline=soon())
    assert first.bus.counts.echoes == (3 if local_echo else 0)


@pytest.mark.parametrize("noise", ["FA FD 99 99", "57 4B 4C", "57 4B 4C 59 0B 00 82 00 03"])
async def test_replies_byte_by_byte_behind_noise_are_found(bench: Bench, noise: str) -> None:
    await bench.tell("set", board=0, noise_before=noise, is_split=True)
    board = bench.board()
    await board.open(2, pulse_ms=400, deadline=soon())
    assert (await board.read(deadline=soon())).doors[2] is OPEN


async def test_the_known_times_of_a_board_are_waited_for(bench: Bench) -> None:
    await bench.tell("set", board=0, open_ms=450, read_all_ms=220)
    made = Profile()
    board = bench.board(
        open_timeout_ms=made.open_timeout_ms, reply_timeout_ms=made.reply_timeout_ms
    )
    await board.open(2, pulse_ms=400, deadline=soon())
    assert (await board.read(deadline=soon())).doors[2] is OPEN


async def test_a_light_that_the_board_fails_to_flash_is_told(bench: Bench) -> None:
    (board,) = bench.boards(5)
    await bench.tell("set", board=5, refuses=[0x81])
    with pytest.raises(BoardRefused) as refusal:
        await board.flash(2, deadline=soon())
    assert not refusal.value.may_have_fired


async def test_never_more_than_two_locks_move_at_once(bench: Bench) -> None:
    # The worst board: it answers at once, while the lock is still moving.
    await bench.tell("set", board=0, pulse_ms=450)
    board = bench.board()
    await asyncio.gather(*(board.open(one, pulse_ms=400, deadline=soon()) for one in range(4)))
    state = await bench.tell("look", board=0)
    assert state["pulses"] == [1, 2, 3, 4] and state["most_at_once"] == 2


async def test_an_open_that_would_have_to_wait_too_long_is_not_sent(bench: Bench) -> None:
    board = bench.board()
    for channel in (0, 1):
        await board.open(channel, pulse_ms=400, deadline=soon())
    moving_until = board._opens_ended[0] + 0.5
    with pytest.raises(DeadlinePassed) as late:
        await board.open(2, pulse_ms=400, deadline=soon(0.05))
    assert time.monotonic() < moving_until, "nobody waits in vain"
    assert not late.value.may_have_fired and await bench.pulses() == [1, 2]


@pytest.mark.parametrize("pulse_ms", [99, 1001])
async def test_a_pulse_that_the_board_does_not_make_is_refused(bench: Bench, pulse_ms: int) -> None:
    with pytest.raises(ValueError, match="pulse.* 100 to 1000"):
        await bench.board().open(0, pulse_ms=pulse_ms, deadline=soon())


async def test_the_safe_state_releases_only_where_commissioning_allowed_it(bench: Bench) -> None:
    await bench.tell("set", board=0, held=[2, 8])
    await bench.board().safe_state(deadline=soon())
    assert (await bench.tell("look", board=0))["heard"] == ["57 4B 4C 59 08 00 84 85"]


async def test_the_safe_state_releases_every_lock(bench: Bench) -> None:
    board = bench.board(releases=True)
    wire = board.bus
    for channel in (1, 7):
        await wire.send(frames.keep_open(0, channel), priority=1, deadline=soon())  # type: ignore[arg-type]
    await board.safe_state(deadline=soon())
    state = await bench.tell("look", board=0)
    assert state["held"] == [] and len(state["heard"]) == 14
