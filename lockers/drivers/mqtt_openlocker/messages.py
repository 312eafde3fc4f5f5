"""The messages of the Open-Locker MQTT contract, 0.1.0-alpha: written and read, no more."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from lockers.drivers.base import DoorState
from lockers.drivers.mqtt_openlocker.profile import Compartment

REGISTER = "locker/register/"
REPLY = "locker/provisioning/reply/"
# Told by a gateway that did nothing; after any other error the lock may have moved.
DID_NOTHING = frozenset({"COMPARTMENT_NOT_FOUND", "INVALID_COMMAND", "INVALID_CONFIG"})
_REMEMBERED = 1000
_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Topics:
    """The topics of one locker."""

    uuid: str

    @property
    def command(self) -> str:
        return f"locker/{self.uuid}/command"

    @property
    def response(self) -> str:
        return f"locker/{self.uuid}/response"

    @property
    def heartbeat(self) -> str:
        return f"locker/{self.uuid}/state/heartbeat"

    @property
    def compartments(self) -> str:
        return f"locker/{self.uuid}/state/compartments"

    @property
    def connection(self) -> str:
        return f"locker/{self.uuid}/state/connection"


@dataclass(frozen=True, slots=True)
class Response:
    """What a gateway answers to a command."""

    message_id: str
    transaction_id: str
    action: str
    is_success: bool
    error_code: str = ""
    message: str = ""
    applied_config_hash: str = ""


class Seen:
    """Which messages came before: at least once may mean twice."""

    def __init__(self) -> None:
        self._ids: OrderedDict[str, None] = OrderedDict()

    def is_new(self, message_id: str) -> bool:
        """Tell whether it is the first with this id, and remember it."""
        if message_id in self._ids:
            return False
        self._ids[message_id] = None
        if len(self._ids) > _REMEMBERED:
            self._ids.popitem(last=False)
        return True


# ---- what we say -----------------------------------------------------------------------------


def command(
    action: str, data: Mapping[str, Any], *, transaction_id: str, expires_at: datetime
) -> bytes:
    """Write a command; ``expires_at`` is an addition that the contract leaves room for."""
    return _message(
        transaction_id=transaction_id, action=action, data=data, expires_at=_text(expires_at)
    )


def configuration(compartments: Sequence[Compartment], *, heartbeat_s: int) -> dict[str, Any]:
    """Return the data of ``apply_config``, with the hash that a gateway computes as well."""
    listed = [
        {"compartment_number": one.number, "slaveId": one.modbus_unit, "address": one.relay}
        for one in compartments
    ]
    text = json.dumps(listed, separators=(",", ":"))
    return {
        "config_hash": hashlib.sha256(text.encode()).hexdigest(),
        "heartbeat_interval_seconds": heartbeat_s,
        "compartments": listed,
    }


def admission(mqtt_user: str, mqtt_password: str) -> bytes:
    """Write the reply that enrols a gateway."""
    return _message(status="success", data={"mqtt_user": mqtt_user, "mqtt_password": mqtt_password})


def refusal(message: str) -> bytes:
    """Write the reply to a token that is worth nothing."""
    return _message(status="error", message=message)


def _message(**values: Any) -> bytes:
    return json.dumps(
        {"message_id": str(uuid.uuid4()), "timestamp": _text(datetime.now(UTC)), **values}
    ).encode()


def _text(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


# ---- what we hear ----------------------------------------------------------------------------


def parse(payload: bytes) -> dict[str, Any] | None:
    """Read what every message has: an object with a message_id and a timestamp."""
    try:
        values = json.loads(payload.decode())
    except (ValueError, RecursionError):
        return None
    if not isinstance(values, dict):
        return None
    is_whole = _is_text(values.get("message_id")) and _is_text(values.get("timestamp"))
    return values if is_whole else None


def parse_response(payload: bytes) -> Response | None:
    """Read a response; None for anything that the contract does not allow."""
    values = parse(payload)
    if values is None or values.get("result") not in ("success", "error"):
        return None
    if not _is_text(values.get("transaction_id")) or not _is_text(values.get("action")):
        return None
    is_success = values["result"] == "success"
    if not is_success and not (
        _is_text(values.get("error_code")) and _is_text(values.get("message"))
    ):
        return None
    return Response(
        values["message_id"],
        values["transaction_id"],
        values["action"],
        is_success,
        _shown(values.get("error_code")),
        _shown(values.get("message")),
        _shown(values.get("applied_config_hash")),
    )


def parse_doors(payload: bytes) -> dict[int, DoorState] | None:
    """Read a snapshot, by compartment number; None unless every word of it is understood."""
    values = parse(payload)
    listed = values.get("compartments") if values is not None else None
    if not isinstance(listed, list):
        return None
    doors: dict[int, DoorState] = {}
    for one in listed:
        if not isinstance(one, dict):
            return None
        number, state = one.get("compartment_number"), one.get("door_state")
        if type(number) is not int or number < 1 or number in doors:
            return None
        if not isinstance(state, str) or state not in set(DoorState):
            return None
        doors[number] = DoorState(state)
    return doors


def is_heartbeat(payload: bytes) -> bool:
    """Tell whether this is a heartbeat."""
    values = parse(payload)
    uptime = values.get("uptime_seconds") if values is not None else None
    return type(uptime) is int and uptime >= 0


def is_farewell(payload: bytes) -> bool:
    """Tell whether this says that the connection is lost."""
    values = parse(payload)
    return values is not None and values.get("status") == "offline"


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value)


def _shown(value: object) -> str:
    """Return a foreign text that can be logged and sent on: bounded, and valid Unicode."""
    text = value[:_SHOWN] if isinstance(value, str) else ""
    return text.encode(errors="replace").decode()
