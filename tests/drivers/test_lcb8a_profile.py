"""What a configuration may say about an 8A/80 lock board."""

from __future__ import annotations

from typing import Any

import pytest

from lockers.drivers.errors import BadProfile
from lockers.drivers.lcb8a import check_board, parse_profile


def test_every_option_is_taken_and_none_is_needed() -> None:
    options = {
        "variant": "classic",
        "shorted_when": "open",
        "byte_order": "low_first",
        "door_sensor": True,
        "unsolicited": True,
        "pulse": "seconds",
        "fixed_pulse_ms": 500,
        "reply_timeout_ms": 750,
        "open_timeout_ms": 1500,
        "open_all_timeout_ms": 20_000,
        "baudrate": 19200,
        "local_echo": True,
    }
    profile = parse_profile(options)
    assert {name: getattr(profile, name) for name in options} == options
    assert parse_profile({}).variant == "classic"


@pytest.mark.parametrize(
    ("profile", "field"),
    [
        ({"polarity": "locked"}, "polarity"),
        ({"variant": "2024"}, "variant"),
        ({"variant": 2025}, "variant"),
        ({"shorted_when": "closed"}, "shorted_when"),
        ({"byte_order": "big"}, "byte_order"),
        ({"pulse": "long"}, "pulse"),
        ({"pulse": "seconds", "variant": "2025"}, "pulse"),
        ({"fixed_pulse_ms": 0}, "fixed_pulse_ms"),
        ({"reply_timeout_ms": True}, "reply_timeout_ms"),
        ({"open_timeout_ms": 5001}, "open_timeout_ms"),
        ({"open_all_timeout_ms": "10000"}, "open_all_timeout_ms"),
        ({"door_sensor": 1}, "door_sensor"),
        ({"unsolicited": "yes"}, "unsolicited"),
        ({"unsolicited": True, "door_sensor": False}, "unsolicited"),
        ({"baudrate": 9601}, "baudrate"),
        ({"baudrate": 9600.0}, "baudrate"),
        ({"local_echo": None}, "local_echo"),
    ],
)
def test_a_bad_option_is_named(profile: dict[str, Any], field: str) -> None:
    with pytest.raises(BadProfile) as error:
        parse_profile(profile)
    assert error.value.field == field


@pytest.mark.parametrize(
    ("unit", "channels", "field"),
    [(0, 8, "unit"), (33, 8, "unit"), (1, 0, "channels"), (1, 51, "channels")],
)
def test_a_board_that_the_family_does_not_have_is_refused(
    unit: int, channels: int, field: str
) -> None:
    check_board(32, 50)
    with pytest.raises(BadProfile) as error:
        check_board(unit, channels)
    assert error.value.field == field
