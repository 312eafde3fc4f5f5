"""Mistakes planted in the driver of relays behind a broker; each makes a test of it fail."""

from __future__ import annotations

_BOARD = "lockers/drivers/mqtt_relay/board.py"
_PROFILE = "lockers/drivers/mqtt_relay/profile.py"
_OPENS = "test_contract.py::test_an_open_is_acknowledged_and_pulses_that_lock_once[mqtt_relay]"
_READS = "test_contract.py::test_a_read_shows_the_door_that_the_contact_says_is_open[mqtt_relay]"
_BY_HAND = "test_mqtt_relay.py::test_a_pulse_by_hand_begins_and_ends"
_WHOLE = "test_mqtt_relay.py::test_a_payload_is_read_whole_or_by_its_key"

# File, what stands there once, what is put in its place, what that would do, and the test that
# sees it.
MUTATIONS: list[tuple[str, str, str, str, str]] = [
    (
        _PROFILE,
        'value.replace("{n}", str(first + channel)) for channel in range(count)]',
        'value.replace("{n}", str(first + channel + 1)) for channel in range(count)]',
        "the lock beside it opens",
        _OPENS,
    ),
    (
        _PROFILE,
        'values.get("first_number", 1)',
        'values.get("first_number", 0)',
        "the lock beside it opens",
        _OPENS,
    ),
    (
        _PROFILE,
        'name: value.replace("{n}", str(first + channel))',
        'name: value.replace("{n}", str(first + channel + 1))',
        "the payload names the lock beside it",
        "test_mqtt_relay_options.py::test_one_topic_can_carry_all_relays_when_the_payload_says_which",
    ),
    (
        _PROFILE,
        'Channel(topics["command_topic"][channel], on, off,',
        'Channel(topics["command_topic"][channel], off, on,',
        "off for on",
        _OPENS,
    ),
    (_PROFILE, '"payload_on": "ON"', '"payload_on": "1"', "another word", _OPENS),
    (
        _PROFILE,
        "{self.yes: True, self.no: False}",
        "{self.yes: False, self.no: True}",
        "polarity",
        _WHOLE,
    ),
    (_PROFILE, '"door_open": "ON"', '"door_open": "OPEN"', "an open door is none", _READS),
    (
        _PROFILE,
        'for step in key.split("."):',
        "for step in [key]:",
        "what stands deeper is not read",
        _WHOLE,
    ),
    (
        _BOARD,
        "return DoorState.OPEN if self._doors[channel] else DoorState.CLOSED",
        "return DoorState.CLOSED if self._doors[channel] else DoorState.OPEN",
        "polarity",
        _READS,
    ),
    (
        _BOARD,
        "await self._connection.send(one.topic, one.on, deadline=until)",
        "await self._connection.send(one.topic, one.off, deadline=until)",
        "off for on",
        _OPENS,
    ),
    (
        _BOARD,
        "one.topic, one.off, deadline=begun + SWITCH_OFF_S)",
        "one.topic, one.on, deadline=begun + SWITCH_OFF_S)",
        "a coil that burns",
        _BY_HAND,
    ),
    (
        _BOARD,
        "(heard_at >= since and was_on is is_on) or None",
        "heard_at >= since or None",
        "any state acknowledges",
        "test_mqtt_relay.py::test_a_relay_that_says_off_acknowledges_no_open",
    ),
    (
        _BOARD,
        "one.state.topic == topic and not is_retained",
        "one.state.topic == topic",
        "a state of yesterday acknowledges",
        "test_mqtt_relay.py::test_a_state_that_was_left_behind_acknowledges_nothing",
    ),
    (
        _BOARD,
        "self._profile.heartbeat_topic and not is_retained",
        "self._profile.heartbeat_topic",
        "a heartbeat of yesterday is a sign of life",
        "test_mqtt_relay.py::test_a_heartbeat_that_was_left_behind_is_none",
    ),
    (
        _PROFILE,
        "return Will(self.all_off_topic, self.all_off_payload)",
        "return None",
        "a bridge that dies leaves a coil on",
        "test_mqtt_relay_options.py::test_only_who_ends_pulses_itself_leaves_a_last_will",
    ),
]
