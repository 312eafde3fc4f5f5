"""How bytes travel to a board: over a serial port, TCP or RFC 2217, and how fast."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from lockers.drivers.errors import BadProfile

BAUDRATES = (1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200)
_SERIAL_PORT = re.compile(r"(/[^\s?#]+|COM\d{1,3})")
# What this project calls an address, and what pyserial calls it.
_SCHEMES = {"tcp": "socket", "rfc2217": "rfc2217"}
# A start bit, eight data bits and a stop bit, and one for parity where there is one.
_BITS_A_BYTE = 11


@dataclass(frozen=True, slots=True)
class Line:
    """One wire: where its port is and how it speaks."""

    address: str
    baudrate: int = 9600
    parity: Literal["N", "E", "O"] = "N"
    stopbits: Literal[1, 2] = 1
    local_echo: bool = False
    """The adapter repeats what it sends: one exact copy of it is dropped."""

    @property
    def url(self) -> str:
        """The address as pyserial takes it."""
        scheme, _, rest = self.address.partition("://")
        return f"{_SCHEMES[scheme]}://{rest}" if rest else self.address

    @property
    def is_serial(self) -> bool:
        """Whether it is a port of this machine."""
        return "://" not in self.address

    @property
    def gap_s(self) -> float:
        """Seconds of silence that part two frames: 3.5 characters and a millisecond."""
        return 3.5 * _BITS_A_BYTE / self.baudrate + 0.001

    def lasts_s(self, count: int) -> float:
        """Return how many seconds some bytes take on the wire."""
        return count * _BITS_A_BYTE / self.baudrate


def parse_line(
    address: str,
    *,
    baudrate: int = 9600,
    parity: Literal["N", "E", "O"] = "N",
    stopbits: Literal[1, 2] = 1,
    local_echo: bool = False,
) -> Line:
    """Read a serial port, ``tcp://host:port`` or ``rfc2217://host:port``; raises BadProfile."""
    if not _SERIAL_PORT.fullmatch(address):
        _check_url(address)
    if baudrate not in BAUDRATES:
        told = ", ".join(str(one) for one in BAUDRATES)
        raise BadProfile(f"baudrate is {baudrate!r}; it must be one of {told}", field="baudrate")
    return Line(address, baudrate, parity, stopbits, local_echo)


def _check_url(address: str) -> None:
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError as error:
        raise BadProfile(f"address {address!r}: {error}", field="address") from error
    if parts.scheme not in _SCHEMES or not parts.hostname or not port:
        raise BadProfile(
            f"address {address!r} is neither a serial port, tcp://host:port nor"
            " rfc2217://host:port",
            field="address",
        )
    if parts.path or parts.query or parts.fragment or parts.username is not None:
        raise BadProfile(f"address {address!r} says more than host and port", field="address")
