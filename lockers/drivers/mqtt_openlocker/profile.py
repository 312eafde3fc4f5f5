"""What the configuration may say about a gateway of the Open-Locker contract."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import PurePath
from typing import Any

from lockers.drivers.errors import BadProfile

MAX_MODBUS_UNIT = 247
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_RANGES = {"heartbeat_interval_s": (1, 3600), "reply_timeout_ms": (100, 30_000)}


@dataclass(frozen=True, slots=True)
class Compartment:
    """Which relay a gateway uses for one compartment, whose number is the channel plus 1."""

    number: int
    modbus_unit: int
    relay: int


@dataclass(frozen=True, slots=True)
class Profile:
    """Which gateway it is, what it is told to drive and how often it shows that it lives."""

    locker_uuid: str
    compartments: tuple[Compartment, ...] = ()
    """Sent to the gateway; without any it keeps the configuration that it has."""
    heartbeat_interval_s: int = 15
    door_sensor: bool = True
    reply_timeout_ms: int = 5000
    """A gateway pulses, then reads its doors, then answers."""
    provisioning_token_hash: str = ""
    """SHA-256, in hexadecimal, of the one-time token; the token itself is stored nowhere."""
    gateway_password_file: str = ""
    """A file on the bridge with the password that is handed over, once, for the token."""


def parse_profile(values: Mapping[str, Any], *, channels: int) -> Profile:
    """Check every option; raises BadProfile with the name of the first bad one."""
    known = {field.name for field in fields(Profile)}
    for name, value in values.items():
        if name not in known:
            raise BadProfile(f"profile option {name!r} is not known", field=name)
        if name in _RANGES:
            low, high = _RANGES[name]
            is_whole = isinstance(value, int) and not isinstance(value, bool)
            _require(is_whole and low <= value <= high, name, value, f"{low} to {high}")
        elif name == "door_sensor":
            _require(isinstance(value, bool), name, value, "true or false")
        elif name != "compartments":
            _require(isinstance(value, str), name, value, "a text")
    checked = dict(values)
    uuid = checked.setdefault("locker_uuid", "")
    _require(bool(_UUID.fullmatch(uuid)), "locker_uuid", uuid, "the UUID of the locker")
    checked["compartments"] = _compartments(checked.get("compartments", []), channels)
    profile = Profile(**checked)
    digest, path = profile.provisioning_token_hash, profile.gateway_password_file
    _require(
        not digest or bool(_SHA256.fullmatch(digest)),
        "provisioning_token_hash",
        digest,
        "64 hexadecimal digits in lower case",
    )
    _require(
        not path or PurePath(path).is_absolute(), "gateway_password_file", path, "a whole path"
    )
    if bool(digest) != bool(path):
        missing = "gateway_password_file" if digest else "provisioning_token_hash"
        raise BadProfile("a token and the password it is worth come together", field=missing)
    return profile


def _compartments(values: Any, channels: int) -> tuple[Compartment, ...]:
    """Read ``[{"modbus_unit": 1, "relay": 0}, …]``, one for every channel in order."""
    name = "compartments"
    _require(isinstance(values, (list, tuple)), name, values, "a list")
    if not values:
        return ()
    _require(len(values) == channels, name, len(values), f"a list of {channels}")
    found = []
    for number, value in enumerate(values, start=1):
        is_good = isinstance(value, Mapping) and set(value) == {"modbus_unit", "relay"}
        _require(is_good, name, value, "a list of modbus_unit and relay")
        unit, relay = value["modbus_unit"], value["relay"]
        is_good = type(unit) is int and 1 <= unit <= MAX_MODBUS_UNIT
        is_good = is_good and type(relay) is int and 0 <= relay <= 0xFF
        _require(is_good, name, value, f"units 1 to {MAX_MODBUS_UNIT} and relays 0 to 255")
        found.append(Compartment(number, unit, relay))
    if len({(one.modbus_unit, one.relay) for one in found}) < len(found):
        raise BadProfile("two compartments have one relay", field=name)
    return tuple(found)


def _require(is_good: bool, name: str, value: object, wanted: str) -> None:
    if not is_good:
        raise BadProfile(f"{name} is {value!r}; it must be {wanted}", field=name)
