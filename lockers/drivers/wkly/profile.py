"""What the configuration may say about a WKLY board, checked before anything moves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal

from lockers.drivers.errors import BadProfile
from lockers.drivers.wire.line import BAUDRATES
from lockers.drivers.wkly.frames import MAX_ADDRESS, MAX_CHANNELS


@dataclass(frozen=True, slots=True)
class Profile:
    """How one board is wired and how long it may take."""

    door_sensor: bool = True
    closed_level: Literal[0, 1] = 1
    """What the board tells of a closed door. Its paper says 1; a project in use read the reverse,
    so commissioning settles it."""
    releases: bool = False
    """Whether the safe state switches every lock off with command 89: only where commissioning has
    seen what it does, and only needed where another program keeps locks open."""
    open_timeout_ms: int = 1000
    """An open is answered after 350 to 450 ms, as far as is known."""
    reply_timeout_ms: int = 500
    """A read of all doors is answered after about 200 ms, as far as is known."""
    baudrate: int = 9600
    local_echo: bool = False
    """The adapter repeats what it sends: one exact copy of it is dropped."""


_CHOICES: dict[str, tuple[int, ...]] = {"closed_level": (0, 1), "baudrate": BAUDRATES}
_RANGES = {"open_timeout_ms": (20, 5000), "reply_timeout_ms": (20, 5000)}


def parse_profile(values: Mapping[str, Any]) -> Profile:
    """Check every option; raises BadProfile with the name of the first bad one."""
    known = {field.name for field in fields(Profile)}
    for name, value in values.items():
        if name not in known:
            raise BadProfile(f"profile option {name!r} is not known", field=name)
        is_whole = isinstance(value, int) and not isinstance(value, bool)
        if name in _CHOICES:
            choices = _CHOICES[name]
            wanted = "one of " + ", ".join(str(one) for one in choices)
            _require(is_whole and value in choices, name, value, wanted)
        elif name in _RANGES:
            low, high = _RANGES[name]
            _require(is_whole and low <= value <= high, name, value, f"{low} to {high}")
        else:
            _require(isinstance(value, bool), name, value, "true or false")
    return Profile(**values)


def check_unit(unit: int, channels: int) -> None:
    """Refuse an address or a number of channels that these boards do not have."""
    _require(0 <= unit <= MAX_ADDRESS, "unit", unit, f"0 to {MAX_ADDRESS}")
    _require(1 <= channels <= MAX_CHANNELS, "channels", channels, f"1 to {MAX_CHANNELS}")


def _require(is_good: bool, name: str, value: object, wanted: str) -> None:
    if not is_good:
        raise BadProfile(f"{name} is {value!r}; it must be {wanted}", field=name)
