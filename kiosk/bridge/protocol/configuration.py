"""What a bridge drives and what its banks ask, as the server tells it."""

from __future__ import annotations

import datetime as dt
from typing import Any

import msgspec


class ControllerConfig(msgspec.Struct, frozen=True, kw_only=True):
    """One board: which driver speaks to it, where, and how."""

    controller_id: int
    driver: str
    address: str  # "tcp://host:port" or a pyserial URL such as "/dev/serial/by-id/..."
    unit: int = 1
    channels: int = 8
    profile: dict[str, Any] = {}


class CompartmentConfig(msgspec.Struct, frozen=True, kw_only=True):
    """One door and where it hangs on the wire (channels count from 0)."""

    compartment_id: int
    number: str
    bank_id: int
    controller_id: int
    channel: int
    has_sensor: bool = True
    has_light: bool = False
    pulse_ms: int = 500


class ReaderConfig(msgspec.Struct, frozen=True, kw_only=True):
    """One badge reader wired to the bridge; ``compartment_id`` is set when it sits on one door."""

    reader_id: int
    bank_id: int
    driver: str
    address: str
    compartment_id: int | None = None
    prefix: str = ""
    suffix: str = "\r\n"
    length: int = 0  # characters between prefix and suffix; 0 refuses every scan
    # Of a reader on a bus: which one it is, and the secret that it shares with us, in hexadecimal.
    unit: int = 0
    key: str = ""
    options: dict[str, Any] = {}

    def __repr__(self) -> str:
        """Leave the key out, wherever this is written."""
        told = (
            f"{name}={getattr(self, name)!r}" for name in self.__struct_fields__ if name != "key"
        )
        return f"ReaderConfig({', '.join(told)})"


class BankConfig(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a bank asks of whoever stands before it, as far as a bridge judges that."""

    bank_id: int
    pin_rule: str = "never"
    curfew: tuple[dt.time, dt.time] | None = None  # shut from-until, in local time
    time_zone: str = "UTC"
    works_alone: bool = False
    undriven: list[int] = []  # its doors that this bridge does not open


class Config(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """All that a bridge needs to drive its banks, with the hash that it reports back."""

    config_hash: str
    controllers: list[ControllerConfig] = []
    compartments: list[CompartmentConfig] = []
    readers: list[ReaderConfig] = []
    banks: list[BankConfig] = []
    # None: a server that leaves every pass to itself.
    organisation_id: int | None = None
    pass_keys: dict[str, str] = {}  # public keys by key id, both in hex
