"""The bytes on the wire, against frames published by board makers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from lockers.drivers.base import Board, BoardSpec
from lockers.drivers.errors import BoardSilent, DeadlinePassed
from lockers.drivers.registry import open_boards
from tests.drivers.peers.rtu import RtuPeer


def soon(seconds: float = 2.0) -> float:
    return time.monotonic() + seconds


@pytest.fixture
async def peer(tmp_path: Path) -> AsyncIterator[RtuPeer]:
    made = RtuPeer(tmp_path)
    await made.start()
    yield made
    await made.stop()


def sent(peer: RtuPeer) -> str:
    assert peer.cable is not None
    return b"".join(data for end, data in peer.cable.carried if end == 0).hex(" ").upper()


def connect(peer: RtuPeer, **profile: object) -> Board:
    spec = BoardSpec(1, "modbus_relay", peer.address, 1, 8, {"reply_timeout_ms": 300, **profile})
    return open_boards([spec])[1]


@pytest.mark.parametrize(
    ("channel", "pulse_ms", "frame"),
    [
        (0, 700, "01 05 02 00 00 07 8D B0"),
        (3, 700, "01 05 02 03 00 07 7D B0"),
        (3, 601, "01 05 02 03 00 07 7D B0"),
    ],
)
async def test_a_pulse_is_the_makers_own_frame(
    peer: RtuPeer, channel: int, pulse_ms: int, frame: str
) -> None:
    board = connect(peer)
    await board.open(channel, pulse_ms=pulse_ms, deadline=soon())
    assert sent(peer) == frame
    await board.close()


async def test_contacts_are_read_with_function_2(peer: RtuPeer) -> None:
    board = connect(peer)
    snapshot = await board.read(deadline=soon())
    assert sent(peer) == "01 02 00 00 00 08 79 CC"
    assert snapshot.raw.hex().startswith("010201ff")
    await board.close()


async def test_a_board_without_contacts_is_asked_for_its_relays(peer: RtuPeer) -> None:
    board = connect(peer, door_sensor=False)
    snapshot = await board.read(deadline=soon())
    assert sent(peer) == "01 01 00 00 00 08 3D CC"
    assert set(snapshot.doors) == {"unknown"}
    await board.close()


async def test_all_relays_off_is_the_makers_own_frame(peer: RtuPeer) -> None:
    board = connect(peer)
    await board.safe_state(deadline=soon())
    assert sent(peer) == "01 05 00 FF 00 00 FD FA"
    await board.close()


async def test_a_software_pulse_switches_off_at_the_start_after_the_pulse_and_at_the_end(
    peer: RtuPeer,
) -> None:
    board = connect(peer, pulse="software_pulse")
    assert not board.capabilities.hardware_pulse
    await board.open(0, pulse_ms=20, deadline=soon())
    all_off = "01 0F 00 00 00 08 01 00 FE 95"
    on, off = "01 05 00 00 FF 00 8C 3A", "01 05 00 00 00 00 CD CA"
    assert sent(peer) == f"{all_off} {on} {off}"
    await board.close()
    assert sent(peer) == f"{all_off} {on} {off} {all_off}"


async def test_the_polarity_of_the_contacts_is_a_setting(peer: RtuPeer) -> None:
    board = connect(peer, closed_level=0)
    await peer.push(1, 2, is_open=True)
    doors = (await board.read(deadline=soon())).doors
    assert doors[2] == "closed" and doors[3] == "open"
    await board.close()


async def test_a_stalled_program_does_not_write_after_the_deadline(peer: RtuPeer) -> None:
    board = connect(peer)
    await board.read(deadline=soon())
    await asyncio.sleep(0.02)  # the silence between two frames
    order = asyncio.create_task(board.open(0, pulse_ms=300, deadline=soon(0.05)))
    asyncio.get_running_loop().call_soon(time.sleep, 0.1)
    with pytest.raises((DeadlinePassed, BoardSilent)) as failure:
        await order
    assert isinstance(failure.value, DeadlinePassed) and not failure.value.may_have_fired
    await board.read(deadline=soon())
    assert await peer.pulses(1) == []
    await board.close()
