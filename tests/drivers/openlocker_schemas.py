"""What the Open-Locker contract asks of each message, put down again as JSON schemas."""

from __future__ import annotations

from typing import Any

import jsonschema

TEXT = {"type": "string", "minLength": 1}
HASH = {"type": "string", "pattern": "^[A-Fa-f0-9]{64}$"}


def whole(least: int) -> dict[str, Any]:
    return {"type": "integer", "minimum": least}


def shape(
    required: dict[str, Any], optional: dict[str, Any] | None = None, *, is_closed: bool = False
) -> dict[str, Any]:
    return {
        "type": "object",
        "required": list(required),
        "properties": {**(optional or {}), **required},
        "additionalProperties": not is_closed,
    }


def every(**required: Any) -> dict[str, Any]:
    stamped = {"type": "string", "format": "date-time"}
    return shape({"message_id": TEXT, "timestamp": stamped, **required})


def command(action: str, data: dict[str, Any]) -> dict[str, Any]:
    return every(transaction_id=TEXT, action={"const": action}, data=data)


MAPPED = {"compartment_number": whole(1), "slaveId": whole(1), "address": whole(0)}
DOOR = {"compartment_number": whole(1), "door_state": {"enum": ["open", "closed", "unknown"]}}
LOGIN = {"mqtt_user": TEXT, "mqtt_password": TEXT}

SCHEMAS = {
    "open_compartment": command("open_compartment", shape({"compartment_number": whole(1)})),
    "apply_config": command(
        "apply_config",
        shape(
            {
                "config_hash": HASH,
                "heartbeat_interval_seconds": whole(1),
                "compartments": {"type": "array", "items": shape(MAPPED, is_closed=True)},
            }
        ),
    ),
    "snapshot": every(compartments={"type": "array", "items": shape(DOOR, is_closed=True)}),
    "admission": every(status={"const": "success"}, data=shape(LOGIN, is_closed=True)),
    "refusal": every(status={"const": "error"}, message=TEXT),
}


def check(name: str, value: Any) -> None:
    """Raise jsonschema.ValidationError unless the value is such a message."""
    jsonschema.validate(
        value, SCHEMAS[name], format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
    )
