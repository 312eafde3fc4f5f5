"""What the configuration may say about a Winnsen board, checked before anything moves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal

from lockers.drivers.errors import BadProfile
from lockers.drivers.winnsen.frames import HEADER, LOCKS, STATIONS
from lockers.drivers.wire.line import BAUDRATES


@dataclass(frozen=True, slots=True)
class Profile:
    """How one board is wired and how long it may take."""

    door_sensor: bool = True
    closed_level: Literal[0, 1] = 0
    """What a contact reads while its door is closed; the maker's document says 0."""
    confirm_reads: bool = True
    """Believe a door only when two polls in a row agree about it: no byte checks a frame."""
    board_pulse_ms: int = 0
    """How long the board's own pulse was measured to be; 0 is unknown, then any will do."""
    reply_timeout_ms: int = 500
    open_timeout_ms: int = 2000
    """For an open: the board looks whether the lock gave way before it answers."""
    baudrate: int = 9600
    local_echo: bool = False
    """The adapter repeats what it sends."""


_CHOICES: dict[str, tuple[int, ...]] = {"closed_level": (0, 1), "baudrate": BAUDRATES}
_RANGES = {
    "board_pulse_ms": (0, 10_000),
    "reply_timeout_ms": (20, 5000),
    "open_timeout_ms": (20, 10_000),
}


def parse_profile(values: Mapping[str, Any]) -> Profile:
    """Check every option; raises BadProfile with the name of the first bad one."""
    known = {field.name for field in fields(Profile)}
    for name, value in values.items():
        is_whole = isinstance(value, int) and not isinstance(value, bool)
        if name not in known:
            raise BadProfile(f"profile option {name!r} is not known", field=name)
        if name in _CHOICES:
            told = "one of " + ", ".join(str(one) for one in _CHOICES[name])
            _require(is_whole and value in _CHOICES[name], name, value, told)
        elif name in _RANGES:
            low, high = _RANGES[name]
            _require(is_whole and low <= value <= high, name, value, f"{low} to {high}")
        else:
            _require(isinstance(value, bool), name, value, "true or false")
    return Profile(**values)


def check_unit(unit: int, channels: int) -> None:
    """Refuse a station or a number of locks that these boards do not have; raises BadProfile."""
    _require(unit in STATIONS, "unit", unit, f"1 to 255, and not {HEADER}: frames begin with it")
    _require(1 <= channels <= LOCKS, "channels", channels, f"1 to {LOCKS}")


def _require(is_good: bool, name: str, value: object, wanted: str) -> None:
    if not is_good:
        raise BadProfile(f"{name} is {value!r}; it must be {wanted}", field=name)
