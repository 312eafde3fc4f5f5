"""What may be said about a KERONG board: a bank that guesses opens the wrong door."""

from __future__ import annotations

from typing import Any

import pytest

from lockers.drivers.errors import BadProfile
from lockers.drivers.kerong_cu16 import Profile, check_unit, parse_profile


def test_a_profile_that_says_nothing_is_the_common_board() -> None:
    assert parse_profile({}) == Profile()
    assert (Profile().baudrate, Profile().unlock_reply, Profile().after_unlock) == (
        19200,
        "none",
        "nothing",
    )


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"polarity": 1}, "polarity"),
        ({"closed_level": 2}, "closed_level"),
        ({"closed_level": True}, "closed_level"),
        ({"door_sensor": 1}, "door_sensor"),
        ({"item_sensor": "yes"}, "item_sensor"),
        ({"local_echo": None}, "local_echo"),
        ({"unlock_reply": "some"}, "unlock_reply"),
        ({"after_unlock": True}, "after_unlock"),
        ({"pulse": "software_pulse"}, "pulse"),
        ({"kept_pulse_ms": 0}, "kept_pulse_ms"),
        ({"kept_pulse_ms": 7680}, "kept_pulse_ms"),
        ({"kept_pulse_ms": 500, "pulse": "set"}, "kept_pulse_ms"),
        ({"settle_ms": -1}, "settle_ms"),
        ({"reply_timeout_ms": "500"}, "reply_timeout_ms"),
        ({"baudrate": 38400}, "baudrate"),
    ],
)
def test_a_bad_option_is_refused_with_its_name(values: dict[str, Any], field: str) -> None:
    with pytest.raises(BadProfile) as refusal:
        parse_profile(values)
    assert refusal.value.field == field


@pytest.mark.parametrize(
    ("unit", "channels", "field"),
    [(-1, 16, "unit"), (16, 16, "unit"), (0, 0, "channels"), (0, 17, "channels")],
)
def test_an_address_that_does_not_fit_a_byte_is_refused(
    unit: int, channels: int, field: str
) -> None:
    with pytest.raises(BadProfile) as refusal:
        check_unit(unit, channels)
    assert refusal.value.field == field
