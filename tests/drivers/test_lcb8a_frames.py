"""The bytes of 8A/80 lock boards: published frames, and what never counts as one."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from functools import reduce
from operator import xor
from pathlib import Path
from typing import Any

import pytest
import serial
from hypothesis import example, given
from hypothesis import strategies as st

from lockers.drivers.lcb8a import Codec, frames
from lockers.drivers.lcb8a.frames import LONGEST_BURST
from lockers.drivers.wire import Frame, Noise
from tests.drivers.peers.lcb8a import Emulator

VECTORS = tomllib.loads((Path(__file__).parent / "vectors" / "lcb8a.toml").read_text())
HEADS = (0x8A, 0x80, 0x81, 0x82, 0x9D, 0x9E)
# Bytes with which no frame begins, and that are no address.
GARBAGE = bytes.fromhex("FA FD 99 00 FF 55 7F")


def vectors(kind: str) -> pytest.MarkDecorator:
    named = [pytest.param(one, id=one["hex"].replace(" ", "")) for one in VECTORS[kind]]
    return pytest.mark.parametrize("vector", named)


def closed(*data: int) -> bytes:
    return bytes([*data, reduce(xor, data)])


def decided(*pieces: bytes) -> list[Frame | Noise]:
    codec = Codec()
    found = [one for piece in pieces for one in codec.feed(piece)]
    found += codec.silence()
    assert not codec.is_in_the_middle
    return found


addresses = st.integers(1, 32)
locks = st.integers(1, 50)
values = st.sampled_from([0x00, 0x11])
shorts = st.builds(closed, st.sampled_from([0x8A, 0x80, 0x81, 0x82]), addresses, locks, values)
alls = st.builds(
    lambda address, states: closed(0x80, address, *states, 0x33),
    addresses,
    st.sampled_from([3, 4, 7]).flatmap(lambda count: st.binary(min_size=count, max_size=count)),
)
# The doors of 50 locks can spell a frame of their own.
spelling = st.builds(
    lambda address, inner, place, rest: closed(
        0x80, address, *rest[:place], *inner, *rest[place:], 0x33
    ),
    addresses,
    shorts,
    st.integers(0, 2),
    st.binary(min_size=2, max_size=2),
)
timed = st.builds(closed, st.just(0x8A), addresses, locks, st.just(0x11), st.integers(1, 9))
whole = st.one_of(shorts, alls, spelling, timed)
garbage = st.lists(st.sampled_from(GARBAGE), max_size=6).map(bytes)


# ---- published frames ------------------------------------------------------------------------


@vectors("request")
def test_a_request_is_the_published_one(vector: dict[str, Any]) -> None:
    assert getattr(frames, vector["call"])(**vector["with"]) == bytes.fromhex(vector["hex"])
    assert decided(bytes.fromhex(vector["hex"])) == [Frame(bytes.fromhex(vector["hex"]))]


@vectors("message")
def test_a_published_message_is_understood(vector: dict[str, Any]) -> None:
    data = bytes.fromhex(vector["hex"])
    assert decided(data) == [Frame(data)]
    more = {"states": bytes.fromhex(vector["states"])} if "states" in vector else {}
    message = frames.parse(data)
    assert message == getattr(frames, vector["says"])(**vector["with"], **more)
    if isinstance(message, frames.AllContacts):
        shorted = [lock for lock in range(1, 25) if message.is_shorted(lock, "high_first")]
        assert shorted == vector.get("shorted", [])


@vectors("foreign")
def test_a_published_frame_that_is_no_answer_to_us_is_noise(vector: dict[str, Any]) -> None:
    data = bytes.fromhex(vector["hex"])
    assert reduce(xor, data) == 0 and decided(data) == [Noise(data)]


@vectors("garbage")
def test_a_frame_is_found_behind_published_garbage(vector: dict[str, Any]) -> None:
    noise, reply = bytes.fromhex(vector["hex"]), bytes.fromhex("8A 01 01 00 8A")
    assert decided(noise + reply) == [Noise(noise), Frame(reply)]


def test_an_echo_that_is_no_possible_reply_is_known_as_one() -> None:
    for request in ("80 01 00 33 B2", "80 01 01 33 B3", "8A 01 01 11 05 9E", "9D 01 01 33 AE"):
        assert frames.parse(bytes.fromhex(request)) == frames.Repeated(1)


@pytest.mark.parametrize(("count", "locks"), [(3, 24), (4, 32), (7, 50)])
@pytest.mark.parametrize("order", ["high_first", "low_first"])
def test_every_lock_has_its_own_bit(count: int, locks: int, order: Any) -> None:
    for lock in range(1, locks + 1):
        states = (1 << lock - 1).to_bytes(count, "little" if order == "low_first" else "big")
        told = frames.AllContacts(1, states)
        assert [n for n in range(1, locks + 1) if told.is_shorted(n, order)] == [lock]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    made = Emulator(pty=tmp_path_factory.mktemp("wire") / "port")
    made.start()
    yield made
    made.stop()


@vectors("request")
def test_the_emulator_answers_published_requests_as_published(
    running: Emulator, vector: dict[str, Any]
) -> None:
    given = set()
    for shorted_when in ("locked", "open"):
        board = {"channels": 12, "shorted_when": shorted_when}
        running.ask("boards", boards=[{"address": unit, **board} for unit in (1, 2)])
        if vector["replies"]:
            with serial.Serial(running.address, timeout=2) as wire:
                wire.write(bytes.fromhex(vector["hex"]))
                given.add(wire.read(1) + wire.read(wire.in_waiting))
    assert {bytes.fromhex(one) for one in vector["replies"]} <= given


# ---- frames in a stream ----------------------------------------------------------------------


@given(whole)
@example(closed(0x80, 32, *[255] * 7, 0x33))
def test_every_frame_is_found_whole(frame: bytes) -> None:
    assert decided(frame) == [Frame(frame)]


def test_nothing_is_decided_before_the_silence() -> None:
    codec = Codec()
    assert codec.feed(bytes.fromhex("80 01 00 33 B2")) == [] and codec.is_in_the_middle
    assert codec.silence() == [Frame(bytes.fromhex("80 01 00 33 B2"))]
    assert codec.silence() == []


def test_a_long_frame_that_begins_like_a_short_one_is_the_long_one() -> None:
    short = closed(0x80, 1, 1, 0x11)
    long = closed(*short, 0x33)
    assert len(long) == 7 and decided(long) == [Frame(long)]


def test_an_echo_with_its_reply_behind_is_never_one_long_frame() -> None:
    # 24 doors of which 1, 2, 5, 6, 17 and 24 are shorted: the first 11 bytes are a valid frame too.
    echo, reply = closed(0x80, 1, 0, 0x33), closed(0x80, 1, 0x81, 0x00, 0x33, 0x33)
    assert frames.parse((echo + reply)[:11]) is not None
    assert decided(echo + reply) == [Frame(echo), Frame(reply)]


@given(st.lists(whole, min_size=1, max_size=3), garbage, garbage)
def test_noise_before_and_after_changes_nothing(
    told: list[bytes], before: bytes, after: bytes
) -> None:
    burst = before + b"".join(told) + after
    expected: list[Frame | Noise] = [Noise(before)] if before else []
    # How frames that follow without a pause are cut is their own matter.
    expected += decided(b"".join(told))
    expected += [Noise(after)] if after else []
    assert decided(burst) == expected


@given(
    st.lists(st.one_of(whole, st.binary(max_size=12)), max_size=40).map(b"".join),
    st.lists(st.integers(0, 400), max_size=12),
)
def test_any_split_of_the_stream_gives_the_same_frames(data: bytes, cuts: list[int]) -> None:
    ends = [0, *sorted(cuts), len(data)]
    pieces = [data[start:end] for start, end in zip(ends, ends[1:], strict=False)]
    assert b"".join(pieces) == data
    assert decided(*pieces) == decided(data) == decided(*[bytes([byte]) for byte in data])


@given(st.binary(max_size=700))
@example(bytes(LONGEST_BURST))
def test_of_random_bytes_each_comes_out_once_and_no_frame_is_wrong(data: bytes) -> None:
    found = decided(data)
    assert b"".join(one.data for one in found) == data
    for one in found:
        if isinstance(one, Frame):
            head, address = one.data[:2]
            assert head in HEADS and 1 <= address <= 32 and reduce(xor, one.data) == 0


# ---- frames that broke -----------------------------------------------------------------------


@given(st.one_of(whole, spelling, timed), st.data())
def test_one_flipped_bit_is_never_accepted(frame: bytes, data: st.DataObject) -> None:
    """XOR sees every single bit; two in one column pass, as no parity could help."""
    bit = data.draw(st.integers(0, 8 * len(frame) - 1))
    broken = bytearray(frame)
    broken[bit // 8] ^= 1 << bit % 8
    assert decided(bytes(broken)) == [Noise(bytes(broken))]


def test_no_bit_of_doors_that_spell_a_frame_may_flip() -> None:
    frame = closed(0x80, 1, *closed(0x82, 1, 3, 0x11), 0, 0, 0x33)
    assert len(frame) == 11
    for bit in range(8 * len(frame)):
        broken = bytearray(frame)
        broken[bit // 8] ^= 1 << bit % 8
        assert decided(bytes(broken)) == [Noise(bytes(broken))]


@pytest.mark.parametrize(
    "data",
    [
        closed(0x8A, 0, 1, 0x00),
        closed(0x8A, 33, 1, 0x00),
        closed(0x8A, 1, 51, 0x00),
        closed(0x8A, 1, 1, 0x22),
        closed(0x8B, 1, 1, 0x00),
        closed(0x80, 1, 0, 0x00),
        closed(0x82, 1, 0, 0x11),
        closed(0x80, 1, 0, 0, 0, 0x34),
        closed(0x80, 33, 0, 0, 0, 0x33),
        closed(0x81, 1, 0, 0, 0, 0x33),
        closed(0x8A, 1, 1, 0x11, 10),
        closed(0x8A, 1, 0, 0x11, 5),
        closed(0x8A, 1, 0x11),
        closed(0x80, 1, *[0] * 5, 0x33),
        b"",
    ],
    ids=lambda data: data.hex() or "nothing",
)
def test_a_wrong_address_lock_function_or_length_is_no_frame(data: bytes) -> None:
    assert frames.parse(data) is None
    assert not any(isinstance(one, Frame) for one in decided(data))
