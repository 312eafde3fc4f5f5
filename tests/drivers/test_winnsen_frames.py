"""Frames without a check byte: what is accepted, and exactly what one flipped bit can still do."""

from __future__ import annotations

import tomllib
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lockers.drivers.errors import BadProfile
from lockers.drivers.winnsen import Codec, Profile, check_unit, frames, parse_profile
from lockers.drivers.winnsen.frames import OpenAnswer, PollAnswer, parse_answer
from lockers.drivers.wire import Frame, Noise

VECTORS = tomllib.loads((Path(__file__).parent / "vectors" / "winnsen.toml").read_text())
OPENED = bytes.fromhex("90 07 85 01 05 01 03")
DOORS = bytes.fromhex("90 07 82 03 00 01 03")

stations = st.sampled_from(sorted(frames.STATIONS))
locks = st.integers(1, 16)
masks = st.integers(0, 0xFFFF)
open_answers = st.builds(
    lambda station, lock, status: bytes([0x90, 7, 0x85, station, lock, status, 3]),
    stations,
    locks,
    st.sampled_from([0, 1]),
)
poll_answers = st.builds(
    lambda station, low, high: bytes([0x90, 7, 0x82, station, low, high, 3]),
    stations,
    st.integers(0, 255),
    st.integers(0, 255),
)
any_frame = st.one_of(
    open_answers,
    poll_answers,
    st.builds(frames.open_lock, stations, locks),
    st.builds(frames.poll_doors, stations, masks),
)
# Mostly bytes that frames are made of, so that the beginnings of frames are common.
noise = st.lists(
    st.one_of(st.sampled_from([0x90, 6, 7, 5, 2, 0x85, 0x82, 3, 1]), st.integers(0, 255)),
    max_size=20,
).map(bytes)


def decoded(*pieces: bytes) -> list[Frame | Noise]:
    codec = Codec()
    found = [one for piece in pieces for one in codec.feed(piece)] + codec.silence()
    assert b"".join(one.data for one in found) == b"".join(pieces), "every byte once, in order"
    assert not codec.is_in_the_middle
    return found


def frames_of(*pieces: bytes) -> list[bytes]:
    return [one.data for one in decoded(*pieces) if isinstance(one, Frame)]


def flips(data: bytes) -> dict[int, bytes]:
    """Return the data with each of its bits flipped, by number of the bit."""
    bits = int.from_bytes(data, "little")
    return {bit: (bits ^ 1 << bit).to_bytes(len(data), "little") for bit in range(len(data) * 8)}


# ---- frames that others wrote down -----------------------------------------------------------


@pytest.mark.parametrize("vector", VECTORS["request"], ids=lambda one: one["hex"])
def test_requests_are_the_makers_own_bytes(vector: dict[str, Any]) -> None:
    if "open" in vector:
        made = frames.open_lock(vector["open"]["station"], vector["open"]["lock"])
    else:
        made = frames.poll_doors(vector["poll"]["station"], vector["poll"]["mask"])
    assert made.hex(" ").upper() == vector["hex"]
    assert decoded(made) == [Frame(made)] and parse_answer(made) is None


@pytest.mark.parametrize("vector", VECTORS["answer"], ids=lambda one: one["hex"])
def test_answers_say_what_the_maker_says(vector: dict[str, Any]) -> None:
    data = bytes.fromhex(vector["hex"])
    assert decoded(data) == [Frame(data)]
    if "lock" in vector:
        assert parse_answer(data) == OpenAnswer(**vector["lock"])
    else:
        levels = sum(1 << lock - 1 for lock in vector["doors"]["open"])
        assert parse_answer(data) == PollAnswer(vector["doors"]["station"], levels, data)


@pytest.mark.parametrize(
    ("station", "lock"), [(0, 1), (256, 1), (-1, 1), (0x90, 1), (1, 0), (1, 17), (1, 256), (1, -1)]
)
def test_no_request_names_what_does_not_exist(station: int, lock: int) -> None:
    with pytest.raises(ValueError, match="exist|range"):
        frames.open_lock(station, lock)
    for mask in (-1, 0x10000):
        with pytest.raises(ValueError, match="range"):
            frames.poll_doors(1, mask)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        ("90 07 92 01 05 01 03", "another company's status function"),
        ("90 07 85 01 01 05 03", "that company's order: status before lock"),
        ("90 06 85 01 05 01 03", "a wrong length"),
        ("90 08 85 01 05 01 03", "a wrong length"),
        ("90 07 85 01 05 01 02", "a wrong end"),
        ("90 07 85 01 05 02 03", "a status that the document does not have"),
        ("90 07 85 01 00 01 03", "no such lock"),
        ("90 07 85 01 11 01 03", "no such lock"),
        ("90 07 85 00 05 01 03", "no such station"),
        ("90 07 05 01 05 01 03", "the function of a request"),
        ("91 07 82 01 00 00 03", "another header"),
        ("90 07 82 90 00 00 03", "the header for a station"),
    ],
)
def test_what_is_not_exactly_a_frame_is_noise(data: str, why: str) -> None:
    assert frames_of(bytes.fromhex(data)) == [], why
    assert parse_answer(bytes.fromhex(data)) is None, why


# ---- a stream of bytes -----------------------------------------------------------------------


@given(st.lists(st.one_of(any_frame, noise), max_size=6).map(b"".join), st.data())
def test_any_split_of_the_stream_gives_the_same_frames(stream: bytes, data: st.DataObject) -> None:
    whole = frames_of(stream)
    assert frames_of(*(bytes([byte]) for byte in stream)) == whole
    cut = data.draw(st.integers(0, len(stream)))
    assert frames_of(stream[:cut], stream[cut:]) == whole


@given(noise, any_frame, noise)
@example(bytes.fromhex("90 07 82"), DOORS, b"")  # would pass for an answer of station 144
@example(bytes.fromhex("90 07 02"), DOORS, b"")
@example(bytes.fromhex("90 06"), OPENED, b"\x90")
@example(b"\x90", OPENED, OPENED[:-1])
def test_noise_before_and_after_hides_no_frame(before: bytes, frame: bytes, after: bytes) -> None:
    assert frames_of(before + frame)[-1:] == [frame]
    assert frames_of(frame + after)[:1] == [frame]
    assert frame in frames_of(before + frame + after)


@given(any_frame, any_frame, st.integers(1, 6))
def test_a_frame_in_the_middle_of_another_is_found_and_the_other_is_not(
    outer: bytes, inner: bytes, cut: int
) -> None:
    found = frames_of(outer[:cut] + inner + outer[cut:])
    if cut < len(outer):
        assert inner in found and (outer not in found or outer == inner)


@given(st.binary(max_size=60))
def test_random_bytes_come_out_once_and_are_frames_only_when_they_keep_the_layout(
    stream: bytes,
) -> None:
    for data in frames_of(stream):
        assert data[0] == 0x90 and data[1] == len(data) and data[-1] == 3
        assert data[2] & 0x7F in (2, 5) and data[3] not in (0, 0x90)
    parse_answer(stream)


@given(any_frame, st.integers(1, 6))
def test_a_frame_that_broke_off_is_noise_once_the_line_is_silent(frame: bytes, cut: int) -> None:
    codec = Codec()
    if cut < len(frame):
        assert codec.feed(frame[:cut]) == [] and codec.is_in_the_middle
        assert codec.silence() == [Noise(frame[:cut])]
        assert codec.feed(frame[cut:] + frame)[-1] == Frame(frame)


# ---- one flipped bit, with no byte to catch it -----------------------------------------------


@given(stations, locks, st.sampled_from([0, 1]))
def test_of_an_open_answer_one_bit_in_56_can_lie_the_status(
    station: int, lock: int, status: int
) -> None:
    right = bytes([0x90, 7, 0x85, station, lock, status, 3])
    lies = {
        bit
        for bit, data in flips(right).items()
        if isinstance(answer := parse_answer(data), OpenAnswer)
        and (answer.station, answer.lock) == (station, lock)
    }
    assert lies == {5 * 8}, "the last bit of the status, and no other"


@given(stations, masks)
def test_of_a_poll_answer_16_bits_in_56_can_lie_one_door_each(station: int, levels: int) -> None:
    right = bytes([0x90, 7, 0x82, station, levels & 0xFF, levels >> 8, 3])
    lies = {
        bit: answer.levels ^ levels
        for bit, data in flips(right).items()
        if isinstance(answer := parse_answer(data), PollAnswer) and answer.station == station
    }
    assert lies == {4 * 8 + door: 1 << door for door in range(16)}


@given(stations, masks)
def test_an_echo_of_a_poll_passes_with_one_bit_for_an_answer(station: int, mask: int) -> None:
    passes = [a for data in flips(frames.poll_doors(station, mask)).values()
              if (a := parse_answer(data))]  # fmt: skip
    assert [(one.station, one.levels) for one in passes if isinstance(one, PollAnswer)] == [
        (station, mask)
    ] and len(passes) == 1, "every door that was asked for seems open: why reads are confirmed"


def test_an_open_is_one_bit_away_from_other_locks_and_stations_and_the_answer_names_them() -> None:
    others = [data for data in flips(frames.open_lock(1, 5)).values() if frames_of(data)]
    assert sorted(data[4] for data in others if data[3] == 1) == [1, 4, 7, 13]
    assert sorted(data[3] for data in others if data[4] == 5) == [3, 5, 9, 17, 33, 65, 129]
    assert len(others) == 11 and all(data[:3] == b"\x90\x06\x05" for data in others)


def test_a_poll_is_never_one_bit_away_from_an_open() -> None:
    for station, mask in product(range(1, 17), (0, 0x0303, 0x0FFF, 0xFFFF)):
        for data in flips(frames.poll_doors(station, mask)).values():
            assert not any(one[2] in (0x05, 0x85) for one in frames_of(data))


def test_stations_with_an_odd_count_of_ones_are_never_one_bit_apart() -> None:
    odd = [one for one in sorted(frames.STATIONS) if one.bit_count() % 2]
    assert odd[:6] == [1, 2, 4, 7, 8, 11]
    assert all((one ^ other).bit_count() != 1 for one, other in product(odd, odd))


# ---- what a configuration may say ------------------------------------------------------------


def test_a_board_is_as_the_maker_says_unless_told_otherwise() -> None:
    assert parse_profile({}) == Profile(
        door_sensor=True,
        closed_level=0,
        confirm_reads=True,
        board_pulse_ms=0,
        reply_timeout_ms=500,
        open_timeout_ms=2000,
        baudrate=9600,
        local_echo=False,
    )
    told = {"closed_level": 1, "confirm_reads": False, "baudrate": 19200, "local_echo": True}
    profile = parse_profile(told)
    assert {name: getattr(profile, name) for name in told} == told


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("byte_order", "low_first"),
        ("closed_level", 2),
        ("closed_level", True),
        ("closed_level", "0"),
        ("confirm_reads", 1),
        ("door_sensor", "yes"),
        ("local_echo", None),
        ("baudrate", 9601),
        ("baudrate", "9600"),
        ("reply_timeout_ms", 19),
        ("reply_timeout_ms", True),
        ("open_timeout_ms", 10_001),
        ("board_pulse_ms", -1),
        ("board_pulse_ms", 300.0),
    ],
)
def test_an_option_that_is_wrong_or_unknown_is_named(name: str, value: object) -> None:
    with pytest.raises(BadProfile) as refusal:
        parse_profile({name: value})
    assert refusal.value.field == name


@pytest.mark.parametrize(
    ("unit", "channels", "field"),
    [(0, 8, "unit"), (256, 8, "unit"), (144, 8, "unit"), (1, 0, "channels"), (1, 17, "channels")],
)
def test_a_station_or_a_lock_that_cannot_be_is_named(unit: int, channels: int, field: str) -> None:
    check_unit(1, 16)
    check_unit(255, 1)
    with pytest.raises(BadProfile) as refusal:
        check_unit(unit, channels)
    assert refusal.value.field == field
