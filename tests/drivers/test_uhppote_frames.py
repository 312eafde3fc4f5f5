"""The messages of UHPPOTE controllers: which are answers, which are noise, and to what."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from uhppoted import encode

from lockers.drivers.errors import BadProfile
from lockers.drivers.uhppote import frames, make_bus, parse_profile
from lockers.drivers.uhppote.frames import DatagramCodec, Function, StreamCodec
from lockers.drivers.wire import Frame, Noise

VECTORS = tomllib.loads((Path(__file__).parent / "vectors" / "uhppote.toml").read_text())
SERIAL = 405419896


def message(text: str) -> bytes:
    """Read a message as the vectors print it."""
    return bytes.fromhex(text).ljust(64, b"\0")


STATUS = message(VECTORS["status"][0]["hex"])
STATUS_SERIAL = VECTORS["status"][0]["serial"]
DONE = message("17 40 00 00 78 37 2A 18 01")
KEPT = message("17 82 00 00 78 37 2A 18 03 03 05")


def named(vector: dict[str, Any]) -> str:
    return str(vector["source"])


@pytest.mark.parametrize("vector", VECTORS["status"], ids=named)
def test_a_status_tells_the_doors(vector: dict[str, Any]) -> None:
    told = frames.contacts(message(vector["hex"]), vector["serial"])
    assert told is not None and told.serial == vector["serial"]
    assert [door for door in range(1, 5) if told.levels[door - 1]] == vector["open"]


@pytest.mark.parametrize("vector", VECTORS["event"], ids=named)
def test_an_event_tells_the_doors(vector: dict[str, Any]) -> None:
    told = frames.event(message(vector["hex"]))
    assert told is not None and told.serial == vector["serial"]
    assert [door for door in range(1, 5) if told.levels[door - 1]] == vector["open"]


@pytest.mark.parametrize("vector", VECTORS["other"], ids=named)
def test_another_function_is_neither(vector: dict[str, Any]) -> None:
    data = message(vector["hex"])
    assert frames.contacts(data, vector["serial"]) is None and frames.event(data) is None


def test_the_head_of_events_is_not_one_of_answers() -> None:
    assert frames.contacts(b"\x19" + STATUS[1:], STATUS_SERIAL) is None


def answers(data: bytes, serial: int) -> dict[Function, object]:
    """Take a message for everything that it could be."""
    orders = (Function.OPEN, Function.SET_LISTENER, Function.RECORD_DOORS)
    found: dict[Function, object] = {one: frames.outcome(data, one, serial) for one in orders}
    for one in (Function.GET_DOOR, Function.SET_DOOR):
        found[one] = frames.door_control(data, one, serial, door=3)
    found[Function.STATUS] = frames.contacts(data, serial)
    return {function: told for function, told in found.items() if told is not None}


@given(st.binary(max_size=130))
def test_random_bytes_are_no_answer(data: bytes) -> None:
    assert answers(data, SERIAL) == {}


@given(st.binary(min_size=56, max_size=56), st.integers(0, 255))
def test_an_answer_is_of_its_own_function_only(rest: bytes, function: int) -> None:
    head = bytes([0x17, function, 0, 0]) + SERIAL.to_bytes(4, "little")
    assert set(answers(head + rest, SERIAL)) <= {function}


@given(st.sampled_from([DONE, KEPT, STATUS]), st.integers(0, 63))
def test_a_flipped_bit_in_head_function_or_serial_is_no_answer(data: bytes, bit: int) -> None:
    spoilt = bytearray(data)
    spoilt[bit // 8] ^= 1 << bit % 8
    serial = int.from_bytes(data[4:8], "little")
    assert set(answers(data, serial)) == {data[1]}
    assert data[1] not in answers(bytes(spoilt), serial)


@pytest.mark.parametrize("length", [0, 8, 63, 65, 128])
def test_another_length_is_no_answer(length: int) -> None:
    for data, serial in ((DONE, SERIAL), (KEPT, SERIAL), (STATUS, STATUS_SERIAL)):
        assert answers((data + data)[:length], serial) == {}
    assert frames.event((STATUS + STATUS)[:length]) is None


def test_a_status_that_is_the_question_come_back_tells_no_doors() -> None:
    assert frames.contacts(bytes(encode.get_status_request(SERIAL)), SERIAL) is None


def test_the_question_for_a_delay_come_back_is_no_answer() -> None:
    asked = bytes(encode.get_door_control_request(SERIAL, 3))
    assert frames.door_control(asked, Function.GET_DOOR, SERIAL, 3) is None


def test_the_delay_of_another_door_is_no_answer() -> None:
    assert frames.door_control(KEPT, Function.GET_DOOR, SERIAL, 3) is not None
    assert frames.door_control(KEPT, Function.GET_DOOR, SERIAL, 2) is None


def test_an_outcome_is_yes_or_no_and_nothing_else() -> None:
    told = {value: DONE[:8] + bytes([value]) + DONE[9:] for value in range(256)}
    found = {value: frames.outcome(data, Function.OPEN, SERIAL) for value, data in told.items()}
    assert found == {0: False, 1: True} | dict.fromkeys(range(2, 256))


def test_a_contact_is_0_or_1() -> None:
    spoilt = STATUS[:29] + b"\2" + STATUS[30:]
    assert frames.contacts(spoilt, STATUS_SERIAL) is None and frames.event(spoilt) is None


# ---- where a message begins and ends ---------------------------------------------------------


@given(st.binary(max_size=40).filter(lambda data: 0x17 not in data), st.data())
def test_any_split_of_a_stream_gives_the_same_messages(noise: bytes, data: st.DataObject) -> None:
    stream = noise + DONE + STATUS + noise + KEPT + noise
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=6)))
    codec = StreamCodec()
    found: list[Frame | Noise] = []
    for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        found += codec.feed(stream[start:end])
    found += codec.silence()
    assert b"".join(one.data for one in found) == stream and not codec.is_in_the_middle
    assert [one.data for one in found if isinstance(one, Frame)] == [DONE, STATUS, KEPT]


@given(st.lists(st.binary(max_size=100), max_size=4))
def test_every_byte_of_a_stream_comes_out_once(pieces: list[bytes]) -> None:
    codec = StreamCodec()
    found = [one for piece in pieces for one in codec.feed(piece)] + codec.silence()
    assert b"".join(one.data for one in found) == b"".join(pieces)
    assert all(frames.is_message(one.data) for one in found if isinstance(one, Frame))


@pytest.mark.parametrize("noise", ["00 00 00 00 00", "17 20 01 00", "17", "17 17 17"])
def test_what_only_looks_like_a_beginning_hides_no_message(noise: str) -> None:
    codec = StreamCodec()
    found = codec.feed(bytes.fromhex(noise) + DONE) + codec.silence()
    assert found == [Noise(bytes.fromhex(noise)), Frame(DONE)]


def test_half_a_message_is_given_up_when_the_line_falls_silent() -> None:
    codec = StreamCodec()
    assert codec.feed(DONE[:40]) == [] and codec.is_in_the_middle
    assert codec.silence() == [Noise(DONE[:40])]
    assert codec.feed(DONE) == [Frame(DONE)]


@pytest.mark.parametrize("length", [1, 63, 65, 128])
def test_a_datagram_is_one_whole_message_or_noise(length: int) -> None:
    codec = DatagramCodec()
    data = (DONE + DONE)[:length]
    assert codec.feed(data) == [Noise(data)]
    assert codec.feed(DONE) == [Frame(DONE)]


# ---- the configuration -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({}, "serial"),
        ({"serial": "405419896"}, "serial"),
        ({"serial": 99_999_999}, "serial"),
        ({"serial": 1_000_000_000}, "serial"),
        ({"serial": True}, "serial"),
        ({"serial": SERIAL, "closed_level": 2}, "closed_level"),
        ({"serial": SERIAL, "pulse": "long"}, "pulse"),
        ({"serial": SERIAL, "stored_pulse_s": 0}, "stored_pulse_s"),
        ({"serial": SERIAL, "stored_pulse_s": 11}, "stored_pulse_s"),
        ({"serial": SERIAL, "reply_timeout_ms": 10}, "reply_timeout_ms"),
        ({"serial": SERIAL, "door_sensor": 1}, "door_sensor"),
        ({"serial": SERIAL, "listen": "60001"}, "listen"),
        ({"serial": SERIAL, "listen": "0.0.0.0:60001"}, "listen"),
        ({"serial": SERIAL, "listen": "bridge:60001"}, "listen"),
        ({"serial": SERIAL, "listen": "10.0.0.1:0"}, "listen"),
        ({"serial": SERIAL, "listen": 60001}, "listen"),
        ({"serial": SERIAL, "listen": "10.0.0.1:60001", "door_sensor": False}, "listen"),
        ({"serial": SERIAL, "baudrate": 9600}, "baudrate"),
    ],
)
def test_a_bad_option_is_refused_with_its_name(options: dict[str, Any], field: str) -> None:
    with pytest.raises(BadProfile) as refusal:
        parse_profile(options)
    assert refusal.value.field == field


@pytest.mark.parametrize(
    "address",
    ["", "/dev/ttyUSB0", "10.0.0.1:60000", "udp://10.0.0.1", "udp://:60000", "udp://10.0.0.1:99999"]
    + ["rfc2217://10.0.0.1:60000", "udp://10.0.0.1:60000/x", "udp://me@10.0.0.1:60000"],
)
def test_an_address_that_is_no_host_and_port_is_refused(address: str) -> None:
    with pytest.raises(BadProfile) as refusal:
        make_bus(address)
    assert refusal.value.field == "address"
