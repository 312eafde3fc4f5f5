"""Mistakes planted in the driver of Open-Locker gateways; each makes a test of it fail."""

from __future__ import annotations

_MESSAGES = "lockers/drivers/mqtt_openlocker/messages.py"
_BOARD = "lockers/drivers/mqtt_openlocker/board.py"
_CONNECTION = "lockers/drivers/mqtt/connection.py"
_LIFE = "lockers/drivers/mqtt/life.py"
_OPENS = "test_mqtt_openlocker.py::test_an_open_keeps_the_contract_and_is_never_retained"
_TELLS = "test_mqtt_openlocker.py::test_door_changes_are_told_unasked"
_READS = (
    "test_contract.py::test_a_read_shows_the_door_that_the_contact_says_is_open[mqtt_openlocker]"
)

# File, what stands there once, what is put in its place, what that would do, and the test that
# sees it.
MUTATIONS: list[tuple[str, str, str, str, str]] = [
    (_MESSAGES, "{self.uuid}/command", "{self.uuid}/commands", "orders for nobody", _OPENS),
    (_MESSAGES, "{self.uuid}/response", "{self.uuid}/command", "it answers itself", _OPENS),
    (_MESSAGES, "{self.uuid}/state/compartments", "{self.uuid}/compartments", "no doors", _READS),
    (_MESSAGES, "{self.uuid}/state/heartbeat", "{self.uuid}/heartbeat", "no life", _READS),
    (
        _MESSAGES,
        "{self.uuid}/state/connection",
        "{self.uuid}/connection",
        "its last will is not heard",
        "test_mqtt_openlocker.py::test_a_gateway_that_dies_is_unreachable_at_once_every_time",
    ),
    (
        _BOARD,
        '{"compartment_number": channel + 1}',
        '{"compartment_number": channel}',
        "the lock beside it opens",
        _OPENS,
    ),
    (
        _BOARD,
        '{"compartment_number": channel + 1}',
        '{"compartment_number": channel + 2}',
        "the lock beside it opens",
        _OPENS,
    ),
    (
        _BOARD,
        "range(1, self.capabilities.channels + 1)",
        "range(self.capabilities.channels)",
        "every door its neighbour",
        _READS,
    ),
    (
        _BOARD,
        "self.on_change(channel, now)",
        "self.on_change(channel, was)",
        "open is told as closed",
        _TELLS,
    ),
    (
        _BOARD,
        "if not response.is_success:\n            raise",
        "if response.is_success:\n            raise",
        "a refusal is an open",
        _OPENS,
    ),
    (
        _MESSAGES,
        'is_success = values["result"] == "success"',
        'is_success = values["result"] != "success"',
        "a refusal is an open",
        "test_mqtt_openlocker.py::test_an_error_says_whether_the_lock_may_have_moved",
    ),
    (
        _BOARD,
        "self._pending.get(response.transaction_id)",
        "next(iter(self._pending.values()), None)",
        "another's answer",
        "test_mqtt_openlocker.py::test_an_answer_to_another_command_acknowledges_nothing",
    ),
    (
        _MESSAGES,
        '"slaveId": one.modbus_unit, "address": one.relay',
        '"slaveId": one.modbus_unit, "address": one.relay + 1',
        "every compartment has the relay of the next",
        "test_mqtt_messages.py::test_the_hash_of_a_configuration_is_that_of_its_compact_json",
    ),
    (
        _MESSAGES,
        'values.get("status") == "offline"',
        'values.get("status") != "offline"',
        "a last will is a sign of life",
        "test_mqtt_openlocker.py::test_a_gateway_that_dies_is_unreachable_at_once_every_time",
    ),
    (_CONNECTION, "qos=qos, retain=False", "qos=qos, retain=True", "it opens again", _OPENS),
    (
        _LIFE,
        "GONE = 3.0",
        "GONE = 300.0",
        "an open waits in a stalled connection",
        "test_mqtt_openlocker.py::test_a_gateway_not_heard_for_three_heartbeats_gets_no_open",
    ),
]
