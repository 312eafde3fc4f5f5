"""The pulses that a board says it can make are those that it does not refuse."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from lockers import boards
from lockers.drivers import registry
from lockers.drivers.base import BoardSpec
from lockers.drivers.errors import DriverError

BOARDS: list[tuple[str, dict[str, Any]]] = [
    ("lcb8a", {}),
    ("lcb8a", {"fixed_pulse_ms": 400, "pulse": "seconds"}),
    ("kerong_cu16", {}),
    ("kerong_cu16", {"pulse": "set"}),
    ("modbus_relay", {}),
    ("wkly", {}),
    ("winnsen", {}),
    ("winnsen", {"board_pulse_ms": 350}),
    ("simulator", {}),
]


@pytest.mark.parametrize(
    ("driver", "profile", "usual_ms"),
    [
        ("lcb8a", {}, 300),
        ("lcb8a", {"fixed_pulse_ms": 400, "pulse": "seconds"}, 400),
        ("kerong_cu16", {"kept_pulse_ms": 600}, 600),
        ("wkly", {}, 400),
        ("winnsen", {"board_pulse_ms": 350}, 350),
        ("winnsen", {}, 500),
        ("modbus_relay", {}, 500),
    ],
)
def test_a_board_with_a_pulse_of_its_own_is_asked_for_that(
    driver: str, profile: dict[str, Any], usual_ms: int
) -> None:
    spec = BoardSpec(1, driver, "tcp://127.0.0.1:1", 1, 4, profile)
    assert registry.open_boards([spec])[1].capabilities.usual_pulse_ms == usual_ms


@pytest.mark.parametrize(("driver", "profile"), BOARDS)
async def test_a_board_refuses_exactly_the_pulses_beyond_its_limits(
    driver: str, profile: dict[str, Any]
) -> None:
    spec = BoardSpec(1, driver, "tcp://127.0.0.1:1", 1, 4, profile)
    board = registry.open_boards([spec])[1]
    can = board.capabilities
    too_late = asyncio.get_running_loop().time()
    for pulse_ms in (can.shortest_pulse_ms - 1, can.longest_pulse_ms + 1):
        with pytest.raises(ValueError, match="pulse"):
            await board.open(0, pulse_ms=pulse_ms, deadline=too_late)
    for pulse_ms in (can.shortest_pulse_ms, can.longest_pulse_ms):
        with pytest.raises(DriverError):
            await board.open(0, pulse_ms=pulse_ms, deadline=too_late)
    assert boards.possible_pulse(can, can.usual_pulse_ms) == can.usual_pulse_ms
    await board.close()
