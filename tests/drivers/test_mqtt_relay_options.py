"""What can be said of relays behind an MQTT broker, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lockers.drivers.base import BoardSpec
from lockers.drivers.errors import BadProfile
from lockers.drivers.mqtt import Will
from lockers.drivers.mqtt_relay import parse_profile
from lockers.drivers.registry import open_boards
from tests.drivers.test_mqtt_relay import GOOD


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"command_topic": "a/set"}, "command_topic"),
        ({"command_topic": "a/+/{n}"}, "command_topic"),
        ({"command_topic": ["a"] * 7}, "command_topic"),
        ({"command_topic": 5}, "command_topic"),
        ({"command_topic": "$SYS/{n}"}, "command_topic"),
        ({"state_topic": "a/state"}, "state_topic"),
        ({"door_topic": "a/door"}, "door_topic"),
        ({"door_topic": "a/{n}", "door_open": "OFF"}, "door_open"),
        ({"battery_topic": ["a"] * 7}, "battery_topic"),
        ({"battery_topic": "a/{n}", "battery_key": 5}, "battery_key"),
        ({"payload_on": "OFF"}, "payload_on"),
        ({"payload_on": ""}, "payload_on"),
        ({"pulse": "magic"}, "pulse"),
        ({"availability_topic": ""}, "availability_topic"),
        ({"heartbeat_interval_s": 0}, "heartbeat_interval_s"),
        ({"first_number": True}, "first_number"),
        ({"mood": "good"}, "mood"),
    ],
)
def test_a_bad_option_is_refused_with_its_name(options: dict[str, Any], field: str) -> None:
    with pytest.raises(BadProfile) as refusal:
        parse_profile({**GOOD, **options}, channels=8)
    assert refusal.value.field == field


def test_a_command_topic_has_to_be_named() -> None:
    with pytest.raises(BadProfile) as refusal:
        parse_profile({"availability_topic": "a"}, channels=1)
    assert refusal.value.field == "command_topic"


def test_one_topic_can_carry_all_relays_when_the_payload_says_which() -> None:
    options = {**GOOD, "command_topic": "z/set", "payload_on": '{"state_l{n}": "ON"}'}
    profile = parse_profile({**options, "first_number": 0}, channels=2)
    assert [one.on for one in profile.channels] == [b'{"state_l0": "ON"}', b'{"state_l1": "ON"}']


@pytest.mark.parametrize(
    ("key", "payload", "millivolts"),
    [
        ("", b"5900", 5900),
        ("", b"5900.4", 5900),
        ("voltage", b'{"voltage": 5900}', 5900),
        ("a.mv", b'{"a": {"mv": "5900"}}', 5900),
        ("voltage", b'{"voltage": true}', None),
        ("voltage", b'{"voltage": 99}', None),
        ("voltage", b'{"voltage": 1e99}', None),
        ("voltage", b'{"battery": 90}', None),
        ("", b"NaN", None),
        ("", b"\xff", None),
        ("", b"", None),
    ],
)
def test_a_voltage_is_read_in_millivolts_or_not_at_all(
    key: str, payload: bytes, millivolts: int | None
) -> None:
    options = {**GOOD, "battery_topic": "lock/{n}", "battery_key": key}
    battery = parse_profile(options, channels=8).channels[1].battery
    assert battery is not None and battery.topic == "lock/2"
    assert battery.read(payload) == millivolts


def test_only_who_ends_pulses_itself_leaves_a_last_will() -> None:
    options = {**GOOD, "all_off_topic": "a/off", "all_off_payload": "0"}
    assert parse_profile(options, channels=2).will == Will("a/off", b"0")
    assert parse_profile({**options, "pulse": "board"}, channels=2).will is None


def test_gateways_of_both_kinds_share_a_broker(tmp_path: Path) -> None:
    relays = BoardSpec(1, "mqtt_relay", "mqtt://b:1883", 1, 8, GOOD)
    uuid = "00000000-0000-4000-8000-000000000001"
    gateway = BoardSpec(2, "mqtt_openlocker", "mqtt://b:1883", 2, 8, {"locker_uuid": uuid})
    assert list(open_boards([relays, gateway])) == [1, 2]
    twin = BoardSpec(3, "mqtt_openlocker", "mqtt://b:1883", 3, 8, {"locker_uuid": uuid})
    with pytest.raises(BadProfile) as refusal:
        open_boards([gateway, twin])
    assert refusal.value.field == "locker_uuid"
