"""What the configuration may say about a Modbus relay board, checked before anything moves."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal
from urllib.parse import urlsplit

from lockers.drivers.errors import BadProfile

MAX_UNIT = 247
MAX_CHANNELS = 255  # relay 0x00FF means "all of them"
_SERIAL_PORT = re.compile(r"(/[^\s?#]+|COM\d{1,3})")


@dataclass(frozen=True, slots=True)
class Address:
    """Where a bus is: a TCP peer (framed as Modbus TCP or as raw RTU) or a serial port."""

    kind: Literal["tcp", "rtu+tcp", "serial"]
    host: str
    port: int = 0


@dataclass(frozen=True, slots=True)
class Profile:
    """How one board is wired and how long it may take."""

    pulse: Literal["waveshare_flash", "software_pulse"] = "waveshare_flash"
    door_sensor: bool = True
    input_offset: int = 0
    """The discrete input of channel 0."""
    closed_level: Literal[0, 1] = 1
    """What a contact reads while its door is closed."""
    reply_timeout_ms: int = 500
    baudrate: int = 9600
    parity: Literal["N", "E", "O"] = "N"
    stopbits: Literal[1, 2] = 1
    local_echo: bool = False
    """The adapter repeats what it sends; on function 5 an echo looks like the board's reply."""

    @property
    def line(self) -> tuple[int, str, int, bool]:
        """What boards on one serial line must agree about."""
        return (self.baudrate, self.parity, self.stopbits, self.local_echo)


_CHOICES: dict[str, tuple[Any, ...]] = {
    "pulse": ("waveshare_flash", "software_pulse"),
    "closed_level": (0, 1),
    "parity": ("N", "E", "O"),
    "stopbits": (1, 2),
    "baudrate": (1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200, 128000, 256000),
}
_RANGES = {"input_offset": (0, 0xFFFF), "reply_timeout_ms": (20, 5000)}
_FLAGS = ("door_sensor", "local_echo")


def parse_address(text: str) -> Address:
    """Read ``tcp://host:port``, ``rtu+tcp://host:port`` or the name of a serial port.

    Raises BadProfile for anything else: a bank that guesses its wire opens the wrong doors.
    """
    if _SERIAL_PORT.fullmatch(text):
        return Address("serial", text)
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise BadProfile(f"address {text!r}: {error}", field="address") from error
    if parts.scheme not in ("tcp", "rtu+tcp") or not parts.hostname:
        raise BadProfile(
            f"address {text!r} is neither tcp://host:port, rtu+tcp://host:port nor a serial port",
            field="address",
        )
    if parts.path or parts.query or parts.fragment or parts.username is not None:
        raise BadProfile(f"address {text!r} says more than host and port", field="address")
    if not port:
        raise BadProfile(f"address {text!r} has no port", field="address")
    return Address("tcp" if parts.scheme == "tcp" else "rtu+tcp", parts.hostname, port)


def parse_profile(values: Mapping[str, Any], *, channels: int) -> Profile:
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
    if profile.input_offset + channels > 0x10000:
        raise BadProfile("input_offset puts the last input above 65535", field="input_offset")
    return profile


def check_unit(unit: int, channels: int) -> None:
    """Refuse a unit or a number of channels that Modbus does not have."""
    _require(1 <= unit <= MAX_UNIT, "unit", unit, f"1 to {MAX_UNIT}")
    _require(1 <= channels <= MAX_CHANNELS, "channels", channels, f"1 to {MAX_CHANNELS}")


def _require(is_good: bool, name: str, value: object, wanted: str) -> None:
    if not is_good:
        raise BadProfile(f"{name} is {value!r}; it must be {wanted}", field=name)
