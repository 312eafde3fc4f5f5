"""What the configuration may say about an 8A/80 lock board, checked before anything moves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal

from lockers.drivers.errors import BadProfile
from lockers.drivers.lcb8a.frames import MAX_ADDRESS, MAX_LOCK, ByteOrder, Variant
from lockers.drivers.wire.line import BAUDRATES


@dataclass(frozen=True, slots=True)
class Profile:
    """How one board is built and wired, and how long it may take."""

    variant: Variant = "classic"
    """The firmware: that of 2025 opens with another function byte."""
    shorted_when: Literal["locked", "open"] = "locked"
    """When the lock's contact is shorted; found out by commissioning."""
    byte_order: ByteOrder = "high_first"
    """Whether the state byte of locks 1 to 8 comes last or first; found out by commissioning."""
    door_sensor: bool = True
    unsolicited: bool = False
    """The board tells door changes unasked."""
    pulse: Literal["fixed", "seconds"] = "fixed"
    """Whether the board can be asked for whole seconds besides its own fixed pulse."""
    fixed_pulse_ms: int = 300
    """How long the board's own pulse lasts."""
    reply_timeout_ms: int = 1000
    open_timeout_ms: int = 2000
    """Some boards answer an open a second later."""
    open_all_timeout_ms: int = 10_000
    """Locks are opened one after the other before the answer."""
    baudrate: int = 9600
    local_echo: bool = False
    """The adapter repeats what it sends; an open's echo looks like the board's reply."""


# What commissioning tells apart, the usual one first.
VARIANTS: tuple[Mapping[str, Any], ...] = tuple(
    {"shorted_when": when, "byte_order": order}
    for order in ("high_first", "low_first")
    for when in ("locked", "open")
)
_CHOICES: dict[str, tuple[Any, ...]] = {
    "variant": ("classic", "2025"),
    "shorted_when": ("locked", "open"),
    "byte_order": ("high_first", "low_first"),
    "pulse": ("fixed", "seconds"),
    "baudrate": BAUDRATES,
}
_RANGES = {
    "fixed_pulse_ms": (50, 10_000),
    "reply_timeout_ms": (20, 5000),
    "open_timeout_ms": (20, 5000),
    "open_all_timeout_ms": (20, 30_000),
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
        else:
            _require(isinstance(value, bool), name, value, "true or false")
    profile = Profile(**values)
    if profile.variant == "2025" and profile.pulse == "seconds":
        raise BadProfile("variant 2025 cannot be asked for seconds", field="pulse")
    if profile.unsolicited and not profile.door_sensor:
        raise BadProfile("a board without door contacts tells no changes", field="unsolicited")
    return profile


def check_board(unit: int, channels: int) -> None:
    """Refuse an address or a number of locks that this family does not have."""
    _require(1 <= unit <= MAX_ADDRESS, "unit", unit, f"1 to {MAX_ADDRESS}")
    _require(1 <= channels <= MAX_LOCK, "channels", channels, f"1 to {MAX_LOCK}")


def _require(is_good: bool, name: str, value: object, wanted: str) -> None:
    if not is_good:
        raise BadProfile(f"{name} is {value!r}; it must be {wanted}", field=name)
