"""Messages of the Open-Locker contract: what is written fits it, what is not of it does nothing."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockers.drivers.base import DoorState
from lockers.drivers.mqtt import Broker, Connection
from lockers.drivers.mqtt_openlocker import OpenLockerBoard, Registrar, messages, parse_profile
from lockers.drivers.mqtt_openlocker.profile import Compartment
from tests.drivers.openlocker_schemas import check

UUID = "00000000-0000-4000-8000-000000000001"
STAMP = {"message_id": "m", "timestamp": "2026-01-01T00:00:00Z"}
DOORS = {**STAMP, "compartments": [{"compartment_number": 1, "door_state": "open"}]}

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(["open"]),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)
almost = st.fixed_dictionaries(
    {},
    optional={
        "message_id": anything | st.just("m"),
        "timestamp": anything | st.just("2026-01-01T00:00:00Z"),
        "compartments": anything
        | st.lists(
            st.fixed_dictionaries(
                {
                    "compartment_number": st.integers(-1, 9) | anything,
                    "door_state": st.sampled_from(["open", "closed", "unknown", "ajar"]) | anything,
                }
            )
        ),
        "transaction_id": anything | st.just("t"),
        "action": anything | st.just("open_compartment"),
        "result": anything | st.sampled_from(["success", "error"]),
        "error_code": anything,
        "message": anything,
        "status": anything | st.just("offline"),
        "uptime_seconds": anything,
    },
)
junk = st.binary() | anything.map(lambda value: json.dumps(value).encode())
payloads = junk | almost.map(lambda value: json.dumps(value).encode())


def board() -> OpenLockerBoard:
    connection = Connection(Broker("localhost", 1883))
    return OpenLockerBoard(
        connection,
        Registrar(connection),
        address="mqtt://localhost:1883",
        unit=1,
        channels=8,
        profile=parse_profile({"locker_uuid": UUID}, channels=8),
    )


def is_snapshot(payload: bytes) -> bool:
    try:
        check("snapshot", json.loads(payload.decode()))
    except (ValueError, jsonschema.ValidationError):
        return False
    return True


@given(payload=payloads, topic=st.integers(0, 3), is_retained=st.booleans())
def test_only_a_snapshot_of_the_contract_changes_a_door(
    payload: bytes, topic: int, is_retained: bool
) -> None:
    made = board()
    told: list[Any] = []
    where = next(name for name in made.topics if name.endswith("/compartments"))
    made.hear(where, json.dumps(DOORS).encode(), is_retained=True)
    made.on_change = lambda *change: told.append(change)
    made.hear(made.topics[topic], payload, is_retained=is_retained)
    if told:
        assert made.topics[topic] == where and is_snapshot(payload)


@given(payload=payloads)
def test_what_a_response_says_can_be_written_down(payload: bytes) -> None:
    response = messages.parse_response(payload)
    if response is not None:
        assert len(response.message.encode()) <= 800
        response.error_code.encode()


def test_a_snapshot_is_read_by_number() -> None:
    assert messages.parse_doors(json.dumps(DOORS).encode()) == {1: DoorState.OPEN}


@pytest.mark.parametrize(
    "listed",
    [
        "open",
        [1],
        [{"compartment_number": 1, "door_state": "ajar"}],
        [{"compartment_number": 0, "door_state": "open"}],
        [{"compartment_number": True, "door_state": "open"}],
        [{"compartment_number": "1", "door_state": "open"}],
        [{"compartment_number": 1}],
        [{"compartment_number": 1, "door_state": state} for state in ("open", "closed")],
    ],
)
def test_a_snapshot_counts_as_a_whole_or_not_at_all(listed: Any) -> None:
    assert messages.parse_doors(json.dumps({**STAMP, "compartments": listed}).encode()) is None


def test_the_hash_of_a_configuration_is_that_of_its_compact_json() -> None:
    data = messages.configuration([Compartment(1, 1, 0), Compartment(2, 1, 1)], heartbeat_s=15)
    text = (
        '[{"compartment_number":1,"slaveId":1,"address":0},'
        '{"compartment_number":2,"slaveId":1,"address":1}]'
    )
    assert data["config_hash"] == hashlib.sha256(text.encode()).hexdigest()
    written = messages.command(
        "apply_config", data, transaction_id="t", expires_at=datetime.now(UTC)
    )
    check("apply_config", json.loads(written))


def test_replies_to_a_registration_fit_the_contract() -> None:
    check("admission", json.loads(messages.admission(UUID, "secret")))
    check("refusal", json.loads(messages.refusal("No.")))


def test_what_came_before_is_remembered_within_bounds() -> None:
    seen = messages.Seen()
    assert seen.is_new("a") and not seen.is_new("a")
    for number in range(1000):
        assert seen.is_new(str(number))
    assert seen.is_new("a")
