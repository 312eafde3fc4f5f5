"""What the configuration may say about a UHPPOTE controller, checked before anything moves."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal

from lockers.drivers.errors import BadProfile
from lockers.drivers.uhppote.frames import MAX_DOORS

# The board could hold a lock for four minutes; ten seconds of current is a fault, not a pulse.
MAX_PULSE_S = 10


@dataclass(frozen=True, slots=True)
class Profile:
    """Which controller it is, how it is wired, and how long it may take."""

    serial: int
    """Nine digits, on its label: the network knows it by nothing else."""
    door_sensor: bool = True
    closed_level: Literal[0, 1] = 0
    """What a contact reads while its door is closed; found out by commissioning."""
    pulse: Literal["stored", "set"] = "stored"
    """Whether the door delay that the controller keeps is left alone, or set before an open."""
    stored_pulse_s: int = 3
    """The door delay that the controller keeps, where it is left alone."""
    reply_timeout_ms: int = 1000
    listen: str = ""
    """This machine's IPv4 address and port, to which the controller shall push door changes."""


_CHOICES: dict[str, tuple[Any, ...]] = {"closed_level": (0, 1), "pulse": ("stored", "set")}
_RANGES = {
    "serial": (100_000_000, 999_999_999),
    "stored_pulse_s": (1, MAX_PULSE_S),
    "reply_timeout_ms": (20, 5000),
}


def parse_profile(values: Mapping[str, Any]) -> Profile:
    """Check every option; raises BadProfile with the name of the first bad one."""
    known = {field.name for field in fields(Profile)}
    for name, value in values.items():
        if name not in known:
            raise BadProfile(f"profile option {name!r} is not known", field=name)
        if name in _CHOICES:
            choices = _CHOICES[name]
            is_one = type(value) is type(choices[0]) and value in choices
            _require(is_one, name, value, "one of " + ", ".join(str(one) for one in choices))
        elif name in _RANGES:
            low, high = _RANGES[name]
            is_whole = isinstance(value, int) and not isinstance(value, bool)
            _require(is_whole and low <= value <= high, name, value, f"{low} to {high}")
        elif name == "listen":
            _require(value == "" or _is_endpoint(value), name, value, "an IPv4 address:port")
        else:
            _require(isinstance(value, bool), name, value, "true or false")
    if "serial" not in values:
        raise BadProfile("serial is missing: the nine digits on the label", field="serial")
    profile = Profile(**values)
    if profile.listen and not profile.door_sensor:
        raise BadProfile("a controller without door contacts tells no changes", field="listen")
    return profile


def check_channels(channels: int) -> None:
    """Refuse a number of doors that no controller has."""
    _require(1 <= channels <= MAX_DOORS, "channels", channels, f"1 to {MAX_DOORS}")


def endpoint(text: str) -> tuple[ipaddress.IPv4Address, int]:
    """Read ``address:port``; raises ValueError."""
    host, _, port = text.rpartition(":")
    return ipaddress.IPv4Address(host), int(port)


def _is_endpoint(value: object) -> bool:
    try:
        address, port = endpoint(str(value))
    except ValueError:
        return False
    return isinstance(value, str) and not address.is_unspecified and 0 < port < 0x10000


def _require(is_good: bool, name: str, value: object, wanted: str) -> None:
    if not is_good:
        raise BadProfile(f"{name} is {value!r}; it must be {wanted}", field=name)
