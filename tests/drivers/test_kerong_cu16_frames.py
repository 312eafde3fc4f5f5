"""The bytes of KERONG boards: what is sent, what is understood, and what never is."""

from __future__ import annotations

import tomllib
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from lockers.drivers.kerong_cu16 import KerongCodec, frames
from lockers.drivers.kerong_cu16.frames import State, UnlockTime
from lockers.drivers.wire import Frame, Noise

VECTORS = tomllib.loads((Path(__file__).parent / "vectors" / "kerong_cu16.toml").read_text())
ALL = [*VECTORS["requests"], *VECTORS["replies"]]
NAMES = [one["hex"] for one in ALL]


def summed(*data: int) -> bytes:
    """Put a sum behind some bytes, without the code that is tested."""
    return bytes([*data, sum(data) % 256])


def state_frame(board: int, hooks: int, items: int = 0) -> bytes:
    return summed(
        2, board * 16, 0x35, hooks % 256, hooks // 256, items % 256, items // 256, 3
    )  # fmt: skip


def time_frame(board: int, steps: int) -> bytes:
    return summed(2, board * 16, 0x38, steps // 256, steps % 256, 3)


def found(*pieces: bytes) -> list[Frame | Noise]:
    """Feed pieces to a fresh codec, then silence."""
    codec = KerongCodec()
    out = [one for piece in pieces for one in codec.feed(piece)]
    out += codec.silence()
    assert not codec.is_in_the_middle
    return out


def only_frames(*pieces: bytes) -> list[bytes]:
    return [one.data for one in found(*pieces) if isinstance(one, Frame)]


def understood(data: bytes) -> list[State | UnlockTime]:
    """Return everything that a driver of any board would take out of these bytes."""
    told: list[State | UnlockTime | None] = []
    for one in found(data):
        for board in range(frames.BOARDS if isinstance(one, Frame) else 0):
            told += [
                *(frames.parse_state(Frame(one.data), board, lock) for lock in range(frames.LOCKS)),
                frames.parse_unlock_time(Frame(one.data), board),
            ]
    return [one for one in told if one is not None]


BOARD = st.integers(0, 15)
WORD = st.integers(0, 0xFFFF)
REPLY = st.builds(state_frame, BOARD, WORD, WORD) | st.builds(
    time_frame, BOARD, st.integers(1, frames.MAX_TIME_MS // 10)
)
NO_HEAD = st.binary(max_size=12).map(lambda data: data.replace(b"\x02", b"\x00"))


@pytest.mark.parametrize("vector", ALL, ids=NAMES)
def test_every_published_frame_is_found_and_said_the_same(vector: dict[str, Any]) -> None:
    data = bytes.fromhex(vector["hex"])
    assert found(data) == [Frame(data)]
    kind, board = vector["kind"], vector.get("board", 0)
    if kind == "read_state":
        assert frames.read_state(board) == data
    elif kind == "unlock":
        assert frames.unlock(board, vector["lock"]) == data
    elif kind == "state":
        told = State(vector["hooks"], vector["items"])
        assert frames.parse_state(Frame(data), board) == told
        assert frames.parse_state(Frame(data), board + 1) is None
    else:
        assert not understood(data)


def test_sixteen_boards_of_sixteen_locks_have_an_address_each() -> None:
    every = {frames.unlock(board, lock)[1] for board in range(16) for lock in range(16)}
    assert len(every) == 256
    # 02 + FF + 31 + 03 = 135: the last lock of the last board, and the sum overflows.
    assert frames.unlock(15, 15).hex(" ").upper() == "02 FF 31 03 35"


def test_the_unlock_time_is_set_in_hundredths_of_a_second_high_byte_first() -> None:
    # 500 ms are 0x0032 steps, 5 s are 0x01F4: summed up by hand.
    assert frames.set_unlock_time(1, 500).hex(" ").upper() == "02 10 37 00 32 03 7E"
    assert frames.set_unlock_time(0, 5000).hex(" ").upper() == "02 00 37 01 F4 03 31"
    assert frames.parse_unlock_time(Frame(time_frame(1, 0x01F4)), 1) == UnlockTime(5000)
    assert frames.parse_unlock_time(Frame(time_frame(1, 0x01F4)), 2) is None


def test_what_ends_a_busy_board_is_no_unlock_time() -> None:
    assert frames.end_busy(1).hex(" ").upper() == "02 10 38 03 4D"
    assert not understood(frames.end_busy(1))


def test_each_lock_has_its_bit_and_items_have_theirs() -> None:
    for lock in range(16):
        state = frames.parse_state(Frame(state_frame(3, 1 << lock, 0x8000 >> lock)), 3)
        assert state == State(1 << lock, 0x8000 >> lock)


def test_an_unlock_may_be_answered_from_the_board_or_from_that_lock_and_no_other() -> None:
    answer = Frame(summed(2, 0x15, 0x35, 0xFF, 0xFF, 0, 0, 3))
    assert frames.parse_state(answer, 1, 5) == State(0xFFFF, 0)
    assert frames.parse_state(Frame(state_frame(1, 0xFFFF)), 1, 5) == State(0xFFFF, 0)
    assert frames.parse_state(answer, 1) is None and frames.parse_state(answer, 1, 4) is None


def test_a_frame_of_the_same_kind_but_another_length_is_not_believed() -> None:
    assert frames.parse_state(Frame(summed(2, 0x10, 0x35, 0xFF, 0xFF, 3)), 1) is None
    assert frames.parse_unlock_time(Frame(summed(2, 0x10, 0x38, 0, 3)), 1) is None


@settings(deadline=None)
@given(st.lists(REPLY | NO_HEAD, max_size=6), st.data())
def test_however_a_stream_is_split_its_frames_are_the_same(
    parts: list[bytes], data: st.DataObject
) -> None:
    stream = b"".join(parts)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
    pieces = [stream[start:end] for start, end in pairwise([0, *cuts, len(stream)])]
    assert only_frames(*pieces) == only_frames(stream)
    assert only_frames(*(stream[at : at + 1] for at in range(len(stream)))) == only_frames(stream)


@settings(deadline=None)
@given(NO_HEAD, REPLY, NO_HEAD)
def test_noise_around_a_frame_is_told_apart_from_it(
    before: bytes, frame: bytes, after: bytes
) -> None:
    expected: list[Frame | Noise] = [Noise(before), Frame(frame), Noise(after)]
    assert found(before + frame + after) == [one for one in expected if one.data]


@settings(deadline=None)
@given(REPLY)
def test_a_frame_that_broke_off_does_not_cost_the_next_one(frame: bytes) -> None:
    # Where only the sum is missing and should be 02, the head of the next frame completes it.
    assume(frame[-1] != 2)
    whole = state_frame(4, 0xFFFF)
    for count in range(1, len(frame)):
        assert only_frames(frame[:count], whole)[-1] == whole, f"after {count} bytes"


@settings(deadline=None)
@given(REPLY)
def test_no_single_flipped_bit_is_ever_understood(frame: bytes) -> None:
    assert understood(frame)
    for bit in range(len(frame) * 8):
        broken = bytearray(frame)
        broken[bit // 8] ^= 1 << bit % 8
        assert not understood(bytes(broken)), f"bit {bit}"


def test_two_flipped_bits_that_cancel_are_beyond_a_sum() -> None:
    # A limit of the family: lock 1 loses what lock 9 gains, and the sum stays.
    broken = summed(2, 0x10, 0x35, 0x00, 0x01, 0, 0, 3)
    assert broken[-1] == state_frame(1, 0x0001)[-1]
    assert found(broken) == [Frame(broken)]


@settings(deadline=None)
@given(st.lists(st.binary(max_size=20) | REPLY, max_size=5))
def test_every_byte_comes_out_once_and_only_whole_frames_are_frames(pieces: list[bytes]) -> None:
    out = found(*pieces)
    assert b"".join(one.data for one in out) == b"".join(pieces)
    for one in out:
        assert one.data
        if isinstance(one, Frame):
            assert one.data[0] == 2 and one.data[-2] == 3
            assert one.data[-1] == sum(one.data[:-1]) % 256


def test_only_what_may_become_a_frame_is_kept_waiting() -> None:
    codec = KerongCodec()
    assert codec.feed(b"\x00\x02\x10\x99\x03") == [Noise(b"\x00\x02\x10\x99\x03")]
    assert not codec.is_in_the_middle
    assert codec.feed(b"\x02\x10\x35\xff") == [] and codec.is_in_the_middle
    assert codec.silence() == [Noise(b"\x02\x10\x35\xff")] and not codec.is_in_the_middle


def test_a_wrong_tail_is_no_frame_even_under_a_right_sum() -> None:
    broken = summed(2, 0x10, 0x35, 0xFF, 0xFF, 0, 0, 4)
    assert found(broken) == [Noise(broken)]
