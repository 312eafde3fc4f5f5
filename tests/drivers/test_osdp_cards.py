"""What an OSDP card and its reader's keys say: every bit counts, and nothing that is old."""

from __future__ import annotations

import tomllib
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from access.badges import wiegand
from access.badges.profiles import BadReading, Base, Content, Kind, Profile, read
from lockers.drivers.base import Keyed, ReadError
from lockers.drivers.osdp import Bus, OsdpReader, cards, parse_profile
from lockers.drivers.osdp import reader as reader_module
from lockers.drivers.osdp.cards import MAX_DIGITS, WINDOW_S, Keypad, card_text
from lockers.drivers.wire import parse_line

KEY = "0123456789abcdef0123456789abcdef"
RAW, WIEGAND, ASCII = 0, 1, 2

VECTORS = tomllib.loads((Path(__file__).parent / "vectors" / "osdp.toml").read_text())["card"]


def on_the_left(name: str) -> Profile:
    """Return the server's way to read what an OSDP reader hands on."""
    return Profile(kind=Kind.WIEGAND, wiegand_format=name, content=Content.LEFT, base=Base.HEX)


@pytest.mark.parametrize("card", VECTORS)
@pytest.mark.parametrize("card_format", [RAW, WIEGAND])
def test_a_card_becomes_the_badge_that_the_server_knows(
    card: dict[str, Any], card_format: int
) -> None:
    bits = wiegand.FORMATS[card["format"]].bits
    data = bytes.fromhex(card["hex"])
    assert int.from_bytes(data, "big") >> (8 * len(data) - bits) == card["frame"]
    text = card_text(card_format, bits, data, bits=bits)
    assert text == data.hex().upper()
    assert read(on_the_left(card["format"]), text) == card["badge"]


def test_what_a_reader_leaves_behind_the_last_bit_is_no_part_of_the_card() -> None:
    assert card_text(WIEGAND, 26, bytes.fromhex("BD88EBBF")) == "BD88EB80"


def test_a_longer_card_is_not_taken_for_a_shorter_one() -> None:
    # 32 bits whose last six are zeros read like 26: only their number tells them apart.
    data = bytes.fromhex("BD88EB80")
    lookalike = card_text(RAW, 32, data)
    assert lookalike == card_text(RAW, 26, data)
    assert card_text(RAW, 32, data, bits=26) == ReadError("length", 32)
    longer = card_text(RAW, 34, bytes.fromhex("82696EEA80"))
    assert isinstance(longer, str)
    with pytest.raises(BadReading):
        read(on_the_left("H10301"), longer)


@pytest.mark.parametrize(
    ("card_format", "length", "data"),
    [(WIEGAND, 0, b""), (WIEGAND, 26, b"\xbd\x88\xeb"), (WIEGAND, 26, b"\xbd\x88\xeb\x80\x00")],
)
def test_a_card_that_is_not_as_long_as_it_says_is_refused(
    card_format: int, length: int, data: bytes
) -> None:
    assert card_text(card_format, length, data) == ReadError("length", length)


def test_a_card_in_characters_is_refused() -> None:
    assert card_text(ASCII, 32, b"1234") == ReadError("characters", 32)


@given(st.binary(min_size=1, max_size=64), st.data())
def test_no_bit_of_a_card_is_lost(data: bytes, draw: st.DataObject) -> None:
    length = draw.draw(st.integers(8 * len(data) - 7, 8 * len(data)))
    text = card_text(RAW, length, data)
    assert isinstance(text, str)
    padding = 8 * len(data) - length
    assert int(text, 16) >> padding == int.from_bytes(data, "big") >> padding


@pytest.mark.parametrize("pressed", [b"1234#", b"1234\r", b"9*1234#", b"9\x7f1234\r", b"#A12 34#"])
def test_digits_end_with_enter_and_begin_anew_with_clear(pressed: bytes) -> None:
    whole = Keypad().press(pressed, 0.0)
    one_by_one = Keypad()
    assert whole == [Keyed("1234")]
    assert [read for key in pressed for read in one_by_one.press(bytes([key]), 0.0)] == whole


def test_half_a_pin_is_forgotten_after_a_while() -> None:
    keypad = Keypad()
    assert keypad.press(b"12", 100.0) == []
    assert keypad.press(b"34", 100.0 + WINDOW_S) == []
    assert keypad.press(b"56#", 101.0 + 2 * WINDOW_S) == [Keyed("56")]


def test_too_many_digits_are_no_pin() -> None:
    keypad = Keypad()
    assert keypad.press(b"1" * 1000 + b"#", 0.0) == [ReadError("length", MAX_DIGITS)]
    assert keypad.press(b"1" * MAX_DIGITS + b"#", 0.0) == [Keyed("1" * MAX_DIGITS)]


def test_a_pin_is_not_shown_by_accident() -> None:
    assert "1234" not in repr(Keyed("1234"))


class Clock(SimpleNamespace):
    now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(reader_module, "time", clock)
    return clock


def _reader(**options: int) -> OsdpReader:
    profile = parse_profile(unit=1, key=KEY, options=options)
    return OsdpReader(Bus(parse_line("/dev/serial/by-id/usb-1")), profile)


def _swipe(reader: OsdpReader) -> None:
    reader.happened(
        {"event": 1, "format": WIEGAND, "length": 26, "data": bytes.fromhex("BD88EB80")}
    )


async def _reads(reader: OsdpReader, count: int) -> list[str | Keyed | ReadError]:
    scans = reader._reads
    return [scans.get_nowait() for _ in range(count)]


async def test_a_reader_that_knows_its_cards_takes_no_others() -> None:
    for bits, expected in {26: "BD88EB80", 34: ReadError("length", 26)}.items():
        reader = _reader(bits=bits)
        reader.seen()
        reader._kept_until = 0.0
        _swipe(reader)
        assert await _reads(reader, 1) == [expected]


async def test_what_was_read_in_a_long_absence_is_late(clock: Clock) -> None:
    reader = _reader()
    reader.seen()
    clock.now += reader_module.KEPT_S
    _swipe(reader)
    clock.now += reader_module.LATE_S + 1
    # The kept cards come one after the other; the next one after a silence is fresh.
    for _ in range(3):
        clock.now += reader_module.KEPT_S * 0.9
        _swipe(reader)
    clock.now += reader_module.KEPT_S
    _swipe(reader)
    late = ReadError("late", 26)
    assert await _reads(reader, 5) == ["BD88EB80", late, late, late, "BD88EB80"]


async def test_a_short_absence_makes_nothing_late(clock: Clock) -> None:
    reader = _reader()
    reader.seen()
    clock.now += reader_module.LATE_S
    _swipe(reader)
    assert await _reads(reader, 1) == ["BD88EB80"]


async def test_keys_of_a_long_absence_begin_no_pin(clock: Clock) -> None:
    reader = _reader()
    reader.happened({"event": 2, "data": b"12"})
    clock.now += reader_module.KEPT_S
    reader.happened({"event": 2, "data": b"34#"})
    assert await _reads(reader, 1) == [Keyed("34")]
    assert cards.WINDOW_S > reader_module.KEPT_S
