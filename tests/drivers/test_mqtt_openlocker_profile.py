"""Configuration of a gateway of the Open-Locker contract is refused by name."""

from __future__ import annotations

from typing import Any

import pytest

from lockers.drivers.errors import BadProfile
from lockers.drivers.mqtt_openlocker import parse_profile
from tests.drivers.peers.mqtt_openlocker import locker

MAPPING = [{"modbus_unit": 1, "relay": n} for n in range(8)]


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"locker_uuid": "one"}, "locker_uuid"),
        ({"locker_uuid": "+"}, "locker_uuid"),
        ({"mood": 1}, "mood"),
        ({"heartbeat_interval_s": 0}, "heartbeat_interval_s"),
        ({"heartbeat_interval_s": True}, "heartbeat_interval_s"),
        ({"door_sensor": 1}, "door_sensor"),
        ({"compartments": MAPPING[:7]}, "compartments"),
        ({"compartments": [*MAPPING[:7], MAPPING[0]]}, "compartments"),
        ({"compartments": [{"modbus_unit": 0, "relay": 0}] * 8}, "compartments"),
        ({"compartments": "all"}, "compartments"),
        ({"provisioning_token_hash": "x"}, "provisioning_token_hash"),
        ({"provisioning_token_hash": "0" * 64}, "gateway_password_file"),
        ({"gateway_password_file": "/a"}, "provisioning_token_hash"),
    ],
)
def test_a_bad_option_is_refused_with_its_name(options: dict[str, Any], field: str) -> None:
    with pytest.raises(BadProfile) as refusal:
        parse_profile({"locker_uuid": locker(1), **options}, channels=8)
    assert refusal.value.field == field


def test_a_gateway_has_to_be_named() -> None:
    with pytest.raises(BadProfile) as refusal:
        parse_profile({}, channels=8)
    assert refusal.value.field == "locker_uuid"
