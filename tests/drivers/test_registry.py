"""Configuration is refused by name: a bank that guesses opens the wrong door."""

from __future__ import annotations

from typing import Any

import pytest

from lockers.drivers.base import Board, BoardSpec, ReaderSpec
from lockers.drivers.errors import BadProfile, UnknownDriver
from lockers.drivers.registry import open_boards, open_reader


def spec(number: int = 1, **changes: Any) -> BoardSpec:
    values: dict[str, Any] = {
        "controller_id": number,
        "driver": "modbus_relay",
        "address": "tcp://127.0.0.1:502",
        "unit": number,
        "channels": 8,
        **changes,
    }
    return BoardSpec(**values)


def test_boards_come_by_controller_and_keep_the_contract() -> None:
    boards = open_boards([spec(1), spec(2), spec(7, driver="simulator", address="sim://a")])
    assert list(boards) == [1, 2, 7]
    assert all(isinstance(board, Board) for board in boards.values())


def test_a_wire_speaks_one_language() -> None:
    wire = "tcp://127.0.0.1:5000"
    with pytest.raises(BadProfile) as refusal:
        open_boards([spec(1, driver="lcb8a", address=wire), spec(2, driver="wkly", address=wire)])
    assert refusal.value.field == "driver"


@pytest.mark.parametrize("driver", ["lcb8a", "kerong_cu16", "wkly", "winnsen"])
def test_boards_on_one_wire_agree_about_how_fast_it_is(driver: str) -> None:
    wire = "/dev/serial/by-id/usb-1"
    boards = open_boards([spec(n, driver=driver, address=wire) for n in (1, 2)])
    assert all(isinstance(board, Board) for board in boards.values())
    with pytest.raises(BadProfile) as refusal:
        open_boards(
            [
                spec(1, driver=driver, address=wire),
                spec(2, driver=driver, address=wire, profile={"local_echo": True}),
            ]
        )
    assert refusal.value.field == "baudrate"


def test_an_unknown_driver_is_refused() -> None:
    with pytest.raises(UnknownDriver) as refusal:
        open_boards([spec(driver="telepathy")])
    assert refusal.value.field == "driver"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"address": "127.0.0.1"}, "address"),
        ({"address": "tcp://127.0.0.1"}, "address"),
        ({"address": "tcp://127.0.0.1:0"}, "address"),
        ({"address": "tcp://127.0.0.1:99999"}, "address"),
        ({"address": "tcp://127.0.0.1:502/x"}, "address"),
        ({"address": "udp://127.0.0.1:502"}, "address"),
        ({"address": ""}, "address"),
        ({"unit": 0}, "unit"),
        ({"unit": 248}, "unit"),
        ({"channels": 0}, "channels"),
        ({"channels": 256}, "channels"),
        ({"profile": {"puls": "waveshare_flash"}}, "puls"),
        ({"profile": {"pulse": "magic"}}, "pulse"),
        ({"profile": {"closed_level": 2}}, "closed_level"),
        ({"profile": {"closed_level": True}}, "closed_level"),
        ({"profile": {"input_offset": -1}}, "input_offset"),
        ({"profile": {"input_offset": 65530}}, "input_offset"),
        ({"profile": {"door_sensor": 1}}, "door_sensor"),
        ({"profile": {"reply_timeout_ms": "500"}}, "reply_timeout_ms"),
        ({"driver": "simulator", "profile": {"reply_ms": -1}}, "reply_ms"),
        ({"driver": "simulator", "profile": {"mood": 1}}, "mood"),
    ],
)
def test_a_bad_setting_is_refused_with_its_name(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(BadProfile) as refusal:
        open_boards([spec(**changes)])
    assert refusal.value.field == field


def test_two_boards_cannot_be_one_unit_of_one_wire() -> None:
    with pytest.raises(BadProfile) as refusal:
        open_boards([spec(1, unit=3), spec(2, unit=3)])
    assert refusal.value.field == "unit"


def test_boards_on_one_wire_agree_about_the_line() -> None:
    port = "/dev/serial/by-id/adapter"
    with pytest.raises(BadProfile) as refusal:
        open_boards([spec(1, address=port), spec(2, address=port, profile={"baudrate": 19200})])
    assert refusal.value.field == "baudrate"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"address": "rtu+tcp://127.0.0.1:9"}, "address"),
        ({"suffix": ""}, "suffix"),
        ({"prefix": "é"}, "prefix"),
        ({"length": -1}, "length"),
        ({"options": {"baudrate": 9600}}, "baudrate"),
    ],
)
def test_a_bad_reader_is_refused_with_the_name_of_the_setting(
    changes: dict[str, Any], field: str
) -> None:
    values: dict[str, Any] = {"address": "tcp://127.0.0.1:9", **changes}
    with pytest.raises(BadProfile) as refusal:
        open_reader(ReaderSpec(1, "ascii_reader", **values), {})
    assert refusal.value.field == field


def test_an_unknown_reader_is_refused() -> None:
    with pytest.raises(UnknownDriver):
        open_reader(ReaderSpec(1, "telepathy", "tcp://127.0.0.1:9"), {})
