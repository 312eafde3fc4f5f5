"""Door changes that UHPPOTE controllers push, and what is not one of them."""

from __future__ import annotations

import asyncio
import socket
import tomllib
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from lockers.drivers.base import DoorState
from lockers.drivers.errors import DriverError
from lockers.drivers.registry import Wires, open_boards
from lockers.drivers.uhppote import UhppoteBoard
from tests.drivers.patience import soon
from tests.drivers.peers.uhppote import UhppotePeer

VECTORS = tomllib.loads((Path(__file__).parent / "vectors" / "uhppote.toml").read_text())
PATIENT = {"reply_timeout_ms": 1500}
Told = list[tuple[int, DoorState]]
Plug = Callable[..., UhppoteBoard]


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(2):
        while not condition():
            await asyncio.sleep(0.002)


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


@pytest.fixture
async def peer() -> AsyncIterator[UhppotePeer]:
    made = UhppotePeer()
    await made.start()
    yield made
    await made.stop()


@pytest.fixture
async def plug(peer: UhppotePeer) -> AsyncIterator[Plug]:
    """Connect one controller with the options of a profile."""
    made: list[UhppoteBoard] = []

    def plugged(unit: int = 1, **options: Any) -> UhppoteBoard:
        made.append(peer.board(unit, **{**PATIENT, **options}))
        return made[-1]

    yield plugged
    for board in made:
        await board.close()


@pytest.fixture
async def listening(plug: Plug) -> tuple[UhppoteBoard, str, Told]:
    listen = f"127.0.0.1:{free_port()}"
    board = plug(listen=listen)
    told: Told = []
    board.on_change = lambda channel, door: told.append((channel, door))
    await board.read(deadline=soon())
    return board, listen, told


Listening = tuple[UhppoteBoard, str, Told]


async def test_the_first_read_has_door_changes_pushed_here(
    peer: UhppotePeer, listening: Listening
) -> None:
    board, listen, told = listening
    host, _, port = listen.partition(":")
    kept = await peer.kept(1)
    assert kept["listener"] == [host, int(port)] and kept["tells_doors"]
    assert board.capabilities.unsolicited
    await board.read(deadline=soon())
    assert len([one for one in await peer.heard() if one.startswith("17 90")]) == 1
    assert told == []


async def test_a_pushed_change_is_told_once(peer: UhppotePeer, listening: Listening) -> None:
    _, _, told = listening
    await peer.push(1, 2, is_open=True)
    await until(lambda: told)
    await peer.push(1, 2, is_open=True)
    await peer.push(1, 2, is_open=False)
    await until(lambda: len(told) > 1)
    assert told == [(2, DoorState.OPEN), (2, DoorState.CLOSED)]


async def test_another_board_for_the_same_controller_takes_nothing_from_the_first(
    peer: UhppotePeer,
) -> None:
    wires, listen = Wires(), f"127.0.0.1:{free_port()}"
    told: Told = []
    first, second = (
        open_boards([peer.spec(1, listen=listen, stored_pulse_s=seconds)], wires)[1]
        for seconds in (3, 4)
    )
    assert isinstance(first, UhppoteBoard)
    first.on_change = lambda channel, door: told.append((channel, door))
    for board in (first, second):
        await board.read(deadline=soon())
    await peer.push(1, 0, is_open=True)
    await until(lambda: told)
    await second.close()
    await peer.push(1, 0, is_open=False)
    await until(lambda: len(told) > 1)
    assert told == [(0, DoorState.OPEN), (0, DoorState.CLOSED)]
    await first.close()


async def test_firmware_6_62_is_heard_too(peer: UhppotePeer, listening: Listening) -> None:
    _, _, told = listening
    await peer.tell(faults={"head": 0x19})
    await peer.push(1, 2, is_open=True)
    await until(lambda: told)


async def test_what_others_push_is_nobodys(peer: UhppotePeer, listening: Listening) -> None:
    _, listen, told = listening
    host, _, port = listen.partition(":")
    for vector in VECTORS["event"]:
        event = bytes.fromhex(vector["hex"]).ljust(64, b"\0").hex()
        await peer.tell(send=[event, host, int(port)])
    await peer.tell(send=["17 20 00 00 78 37 2a 18", host, int(port)])
    await peer.push(1, 0, is_open=True)
    await until(lambda: told)
    assert told == [(0, DoorState.OPEN)]


async def test_a_listener_that_fails_does_not_stop_the_next_change(
    peer: UhppotePeer, listening: Listening
) -> None:
    board, _, told = listening

    def stumble(channel: int, door: DoorState) -> None:
        told.append((channel, door))
        raise RuntimeError("stumbled")

    board.on_change = stumble
    await peer.push(1, 1, is_open=True)
    await peer.push(1, 2, is_open=True)
    await until(lambda: len(told) == 2)


async def test_a_controller_that_came_back_is_told_again_where_to_push(
    peer: UhppotePeer, listening: Listening
) -> None:
    board, _, _ = listening
    await peer.stop()
    with pytest.raises(DriverError):
        await board.read(deadline=soon(0.3))
    await peer.start()
    await board.read(deadline=soon())
    assert (await peer.kept(1))["listener"]


async def test_a_controller_that_pushes_nothing_is_read_all_the_same(
    peer: UhppotePeer, plug: Plug
) -> None:
    await peer.tell(faults={"result": 0})
    board = plug(listen=f"127.0.0.1:{free_port()}")
    assert (await board.read(deadline=soon())).doors == (DoorState.CLOSED,) * 4
    await peer.tell(faults={})
    await board.read(deadline=soon())
    assert (await peer.kept(1))["tells_doors"]


async def test_a_port_that_is_taken_stops_no_read(plug: Plug) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        board = plug(listen=f"127.0.0.1:{other.getsockname()[1]}")
        assert (await board.read(deadline=soon())).doors == (DoorState.CLOSED,) * 4


async def test_controllers_share_one_listening_port(peer: UhppotePeer) -> None:
    listen = f"127.0.0.1:{free_port()}"
    boards = open_boards([peer.spec(unit, listen=listen, **PATIENT) for unit in (1, 2)])
    told: list[tuple[int, int]] = []
    for unit, board in boards.items():
        assert isinstance(board, UhppoteBoard)
        board.on_change = lambda channel, _, unit=unit: told.append((unit, channel))
        await board.read(deadline=soon())
    await peer.push(1, 0, is_open=True)
    await until(lambda: told)
    await boards[1].close()
    await peer.push(1, 1, is_open=True)
    await peer.push(2, 3, is_open=True)
    await until(lambda: len(told) > 1)
    assert told == [(1, 0), (2, 3)]
    await boards[2].close()
