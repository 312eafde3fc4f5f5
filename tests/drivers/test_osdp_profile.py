"""An OSDP reader is configured by name, and never without a secret of its own."""

from __future__ import annotations

from typing import Any

import pytest

from lockers.drivers.base import ReaderSpec
from lockers.drivers.errors import BadProfile
from lockers.drivers.osdp import Bus, OsdpReader
from lockers.drivers.registry import open_reader

KEY = "0123456789abcdef0123456789abcdef"
WIRE = "/dev/serial/by-id/usb-1"


def spec(**changes: Any) -> ReaderSpec:
    values: dict[str, Any] = {"address": WIRE, "unit": 1, "key": KEY, **changes}
    return ReaderSpec(1, "osdp", **values)


@pytest.mark.parametrize("address", [WIRE, "tcp://10.0.0.9:4001", "rfc2217://10.0.0.9:4001"])
def test_a_reader_may_be_on_any_wire(address: str) -> None:
    reader = open_reader(spec(address=address), {})
    assert isinstance(reader, OsdpReader)
    assert (reader.address, reader.is_connected) == (address, False)
    assert reader.health.state == "connecting"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"address": ""}, "address"),
        ({"address": "10.0.0.9"}, "address"),
        ({"address": "tcp://10.0.0.9"}, "address"),
        ({"address": "rtu+tcp://10.0.0.9:1"}, "address"),
        ({"unit": -1}, "unit"),
        ({"unit": 127}, "unit"),
        ({"unit": True}, "unit"),
        ({"key": ""}, "key"),
        ({"key": KEY[:-2]}, "key"),
        ({"key": KEY + "00"}, "key"),
        ({"key": "g" * 32}, "key"),
        ({"key": "303132333435363738393a3b3c3d3e3f"}, "key"),
        ({"key": "", "options": {"secure": "install"}}, "key"),
        ({"options": {"secure": "plain"}}, "secure"),
        ({"options": {"secure": True}}, "secure"),
        ({"options": {"baudrate": 9601}}, "baudrate"),
        ({"options": {"baudrate": "9600"}}, "baudrate"),
        ({"options": {"bits": -1}}, "bits"),
        ({"options": {"bits": 513}}, "bits"),
        ({"options": {"bits": "26"}}, "bits"),
        ({"options": {"parity": "N"}}, "parity"),
        ({"options": {"unit": 5}}, "unit"),
    ],
)
def test_a_bad_setting_is_refused_with_its_name(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(BadProfile) as refusal:
        open_reader(spec(**changes), {})
    assert refusal.value.field == field


def test_a_key_is_taken_as_it_is_written() -> None:
    reader = open_reader(spec(), {})
    assert isinstance(reader, OsdpReader)
    assert reader.profile.key == bytes.fromhex(KEY)


def test_a_refusal_does_not_show_the_key() -> None:
    secret = "c0ffee" * 5
    with pytest.raises(BadProfile) as refusal:
        open_reader(spec(key=secret), {})
    assert secret not in str(refusal.value)
    assert secret not in repr(spec(key=secret))
    assert KEY not in repr(spec())


def test_readers_at_one_address_share_the_bus() -> None:
    buses: dict[str, Bus] = {}
    for unit in (1, 2):
        open_reader(spec(unit=unit), buses)
    open_reader(spec(address="tcp://10.0.0.9:4001"), buses)
    assert list(buses) == [WIRE, "tcp://10.0.0.9:4001"]


@pytest.mark.parametrize(
    ("changes", "field"), [({}, "unit"), ({"unit": 2, "options": {"baudrate": 115200}}, "baudrate")]
)
def test_readers_at_one_address_agree(changes: dict[str, Any], field: str) -> None:
    buses: dict[str, Bus] = {}
    open_reader(spec(), buses)
    with pytest.raises(BadProfile) as refusal:
        open_reader(spec(**changes), buses)
    assert refusal.value.field == field
