"""What the simulator adds to the contract: faults, hands and time."""

from __future__ import annotations

import asyncio

import pytest

from lockers.drivers.base import DoorState
from lockers.drivers.errors import BoardSilent
from lockers.drivers.simulator import SimulatedBoard
from tests.drivers.patience import soon


def make(*, closes_after_ms: int = 0, door_sensor: bool = True) -> SimulatedBoard:
    return SimulatedBoard(
        address="sim://bench",
        unit=1,
        channels=4,
        reply_ms=0,
        closes_after_ms=closes_after_ms,
        door_sensor=door_sensor,
    )


async def test_a_jammed_door_acknowledges_and_stays_shut() -> None:
    board = make()
    board.jammed.add(1)
    await board.open(1, pulse_ms=300, deadline=soon())
    assert (await board.read(deadline=soon())).doors[1] is DoorState.CLOSED
    assert [pulse.channel for pulse in board.pulses] == [1]


async def test_a_lost_reply_leaves_the_door_open_and_the_caller_in_doubt() -> None:
    board = make()
    board.lost_replies = 1
    with pytest.raises(BoardSilent) as failure:
        await board.open(1, pulse_ms=300, deadline=soon(0.05))
    assert failure.value.may_have_fired
    assert (await board.read(deadline=soon())).doors[1] is DoorState.OPEN


async def test_a_forced_door_reads_open_without_a_pulse() -> None:
    board = make()
    board.force_open(2)
    snapshot = await board.read(deadline=soon())
    assert snapshot.doors[2] is DoorState.OPEN and board.pulses == []
    assert snapshot.raw == b"\x0b"


async def test_a_door_closes_by_itself_after_a_while() -> None:
    board = make(closes_after_ms=30)
    await board.open(0, pulse_ms=300, deadline=soon())
    assert board.door(0) is DoorState.OPEN
    async with asyncio.timeout(2):
        while (await board.read(deadline=soon())).doors[0] is DoorState.OPEN:
            await asyncio.sleep(0.005)
    await board.close()


async def test_a_missing_contact_reads_unknown() -> None:
    board = make()
    board.without_sensor.add(3)
    assert (await board.read(deadline=soon())).doors[3] is DoorState.UNKNOWN
    blind = make(door_sensor=False)
    assert set((await blind.read(deadline=soon())).doors) == {DoorState.UNKNOWN}
