"""What the configuration may say about a KERONG board, checked before anything moves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal

from lockers.drivers.errors import BadProfile
from lockers.drivers.kerong_cu16.frames import BOARDS, LOCKS, MAX_TIME_MS, TIME_STEP_MS


@dataclass(frozen=True, slots=True)
class Profile:
    """How one board is wired, which of the known variants it is, and how long it may take."""

    closed_level: Literal[0, 1] = 1
    """What a hook reads while it is closed: sources disagree, so commissioning decides."""
    door_sensor: bool = True
    item_sensor: bool = False
    """Infrared sensors are fitted, which tell whether a compartment is empty."""
    unlock_reply: Literal["none", "state"] = "none"
    """What the board answers to an unlock: most answer nothing, one project saw its state."""
    pulse: Literal["kept", "set"] = "kept"
    """Whether the board keeps the unlock time it has, or is told the one that is wanted."""
    kept_pulse_ms: int = 500
    """The unlock time of a board that keeps it: the only pulse it can then make."""
    after_unlock: Literal["nothing", "end_busy"] = "nothing"
    """``end_busy`` sends 0x38 after each unlock, for boards that stay busy without it."""
    settle_ms: int = 25
    """How long the board is left alone after an unlock, which it may answer unexpectedly."""
    reply_timeout_ms: int = 500
    baudrate: int = 19200
    local_echo: bool = False
    """The adapter repeats what it sends."""


_CHOICES: dict[str, tuple[Any, ...]] = {
    "closed_level": (0, 1),
    "unlock_reply": ("none", "state"),
    "pulse": ("kept", "set"),
    "after_unlock": ("nothing", "end_busy"),
    # What the board's own command 0x40 can choose from.
    "baudrate": (9600, 19200, 57600, 115200),
}
_RANGES = {
    "kept_pulse_ms": (TIME_STEP_MS, MAX_TIME_MS),
    "settle_ms": (0, 1000),
    "reply_timeout_ms": (20, 5000),
}
_FLAGS = ("door_sensor", "item_sensor", "local_echo")


def parse_profile(values: Mapping[str, Any]) -> Profile:
    """Check every option; raises BadProfile with the name of the first bad one."""
    known = {field.name for field in fields(Profile)}
    for name, value in values.items():
        if name not in known:
            raise BadProfile(f"profile option {name!r} is not known", field=name)
        if name in _FLAGS:
            _require(isinstance(value, bool), name, value, "true or false")
        elif name in _CHOICES:
            choices = _CHOICES[name]
            is_one = type(value) is type(choices[0]) and value in choices
            _require(is_one, name, value, "one of " + ", ".join(str(one) for one in choices))
        else:
            low, high = _RANGES[name]
            is_whole = isinstance(value, int) and not isinstance(value, bool)
            _require(is_whole and low <= value <= high, name, value, f"{low} to {high}")
    profile = Profile(**values)
    if "kept_pulse_ms" in values and profile.pulse != "kept":
        raise BadProfile("kept_pulse_ms is for a board whose pulse is kept", field="kept_pulse_ms")
    return profile


def check_unit(unit: int, channels: int) -> None:
    """Refuse a board or a number of locks that one byte of address cannot name."""
    _require(0 <= unit < BOARDS, "unit", unit, f"0 to {BOARDS - 1}")
    _require(1 <= channels <= LOCKS, "channels", channels, f"1 to {LOCKS}")


def _require(is_good: bool, name: str, value: object, wanted: str) -> None:
    if not is_good:
        raise BadProfile(f"{name} is {value!r}; it must be {wanted}", field=name)
