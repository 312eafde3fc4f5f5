"""The bytes on the wire, against frames published by board makers."""

from __future__ import annotations

import asyncio
import time
import tomllib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from lockers.drivers.base import Board, BoardSpec
from lockers.drivers.errors import BoardSilent, DeadlinePassed
from lockers.drivers.registry import open_boards
from tests.drivers.patience import soon
from tests.drivers.peers.rtu import RtuPeer

VECTORS = tomllib.loads((Path(__file__).parent / "vectors" / "modbus_relay.toml").read_text())


@pytest.fixture
async def peer(tmp_path: Path) -> AsyncIterator[RtuPeer]:
    made = RtuPeer(tmp_path)
    await made.start()
    yield made
    await made.stop()


def crc(data: bytes) -> bytes:
    """Compute the check bytes bit by bit, as the standard describes it."""
    value = 0xFFFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ (0xA001 if value & 1 else 0)
    return value.to_bytes(2, "little")


def sent(peer: RtuPeer) -> str:
    assert peer.cable is not None
    return b"".join(data for end, data in peer.cable.carried if end == 0).hex(" ").upper()


def connect(peer: RtuPeer, **profile: object) -> Board:
    spec = BoardSpec(1, "modbus_relay", peer.address, 1, 8, {"reply_timeout_ms": 300, **profile})
    return open_boards([spec])[1]


@pytest.mark.parametrize("vector", VECTORS["frames"], ids=lambda one: str(one["source"]))
async def test_published_frames_are_what_is_sent(peer: RtuPeer, vector: dict[str, Any]) -> None:
    does = vector.get("does")
    published = " ".join(vector["hex"])
    if does in ("waveshare_flash", "software_pulse"):
        board = connect(peer, pulse=does)
        await board.safe_state(deadline=soon())
        before = sent(peer)
        await board.open(vector["channel"], pulse_ms=vector["pulse_ms"], deadline=soon())
        assert sent(peer) == f"{before} {published}"
    elif does == "read":
        board = connect(peer, door_sensor=vector["door_sensor"])
        snapshot = await board.read(deadline=soon())
        assert sent(peer) == published
        # The answer of the stock server: one byte, all ones from contacts, none from relays.
        answer = "01 02 01 FF E1 C8" if vector["door_sensor"] else "01 01 01 00 51 88"
        assert snapshot.raw.hex(" ").upper() == answer
        assert set(snapshot.doors) == {"closed" if vector["door_sensor"] else "unknown"}
    elif does == "safe_state":
        board = connect(peer)
        await board.safe_state(deadline=soon())
        assert sent(peer) == published
    else:
        for frame in map(bytes.fromhex, vector["hex"]):
            assert crc(frame[:-2]) == frame[-2:]
        return
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
