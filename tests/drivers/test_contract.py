"""What every board driver promises, asked of each of them on a peer it shares no code with."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from pymodbus import FramerType

from lockers.drivers.base import Board, DoorState, Lights
from lockers.drivers.errors import BoardSilent, DeadlinePassed, DriverError
from tests.drivers.patience import soon
from tests.drivers.peers import ABSENT, REPLY_TIMEOUT_MS, Lit, Peer
from tests.drivers.peers.cabinet import CabinetPeer
from tests.drivers.peers.kerong_cu16 import KerongCu16Peer
from tests.drivers.peers.lcb8a import Lcb8aPeer
from tests.drivers.peers.mqtt_openlocker import OpenLockerPeer
from tests.drivers.peers.mqtt_relay import MqttRelayPeer
from tests.drivers.peers.rtu import RtuPeer
from tests.drivers.peers.simulated import SimulatedPeer
from tests.drivers.peers.tcp import TcpPeer
from tests.drivers.peers.uhppote import UhppotePeer
from tests.drivers.peers.winnsen import WinnsenPeer
from tests.drivers.peers.wkly import WklyPeer

# Boards that have no timeout of their own are waited for until the deadline.
SILENCE_S = 4.0


def last(board: Board) -> int:
    """Return the highest channel: boards have four of them or eight."""
    return board.capabilities.channels - 1


PEERS: dict[str, Callable[[Path], Peer]] = {
    "simulator": lambda folder: SimulatedPeer(),
    "modbus over tcp": lambda folder: TcpPeer(),
    "modbus lines over tcp": lambda folder: TcpPeer(FramerType.RTU),
    "modbus on a line": RtuPeer,
    "cabinet": CabinetPeer,
    "lcb8a over tcp": lambda folder: Lcb8aPeer(),
    "lcb8a on a line": lambda folder: Lcb8aPeer(folder / "port"),
    "kerong_cu16 over tcp": lambda folder: KerongCu16Peer(),
    "kerong_cu16 on a line": KerongCu16Peer,
    "mqtt_openlocker": OpenLockerPeer,
    "mqtt_relay": MqttRelayPeer,
    "wkly over tcp": lambda folder: WklyPeer(folder, "tcp"),
    "wkly on a line": WklyPeer,
    "winnsen over tcp": lambda folder: WinnsenPeer(folder, is_tcp=True),
    "winnsen on a line": WinnsenPeer,
    "uhppote over udp": lambda folder: UhppotePeer("udp"),
    "uhppote over tcp": lambda folder: UhppotePeer("tcp"),
}


@pytest.fixture(params=PEERS)
async def peer(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Peer]:
    made = PEERS[request.param](tmp_path)
    await made.start()
    yield made
    await made.stop()


@pytest.fixture
async def boards(peer: Peer) -> AsyncIterator[list[Board]]:
    made = peer.connect(1, 2, ABSENT)
    yield made
    for board in made:
        await board.close()


async def test_capabilities_are_known_without_touching_the_wire(peer: Peer) -> None:
    await peer.stop()
    (board,) = peer.connect(1)
    assert board.capabilities.channels == peer.spec(1).channels
    assert board.capabilities.hardware_pulse
    assert board.unit == 1 and board.address == peer.spec(1).address
    await board.close()


async def test_an_open_is_acknowledged_and_pulses_that_lock_once(
    peer: Peer, boards: list[Board]
) -> None:
    await boards[0].open(3, pulse_ms=300, deadline=soon())
    assert await peer.pulses(1) == [3]
    assert await peer.pulses(2) == []


async def test_a_read_shows_the_door_that_the_contact_says_is_open(
    peer: Peer, boards: list[Board]
) -> None:
    before = await boards[0].read(deadline=soon())
    assert before.doors == (DoorState.CLOSED,) * peer.spec(1).channels and before.raw
    await peer.push(1, 2, is_open=True)
    during = await boards[0].read(deadline=soon())
    assert [n for n, door in enumerate(during.doors) if door is DoorState.OPEN] == [2]
    await peer.push(1, 2, is_open=False)
    assert (await boards[0].read(deadline=soon())).doors == before.doors


async def test_a_deadline_in_the_past_never_writes(peer: Peer, boards: list[Board]) -> None:
    for call in (
        boards[0].open(0, pulse_ms=300, deadline=soon(-0.001)),
        boards[0].read(deadline=soon(-0.001)),
        boards[0].safe_state(deadline=soon(-0.001)),
    ):
        with pytest.raises(DeadlinePassed) as refusal:
            await call
        assert not refusal.value.may_have_fired
    assert await peer.pulses(1) == []


async def test_a_silent_board_is_reported_before_the_deadline(
    peer: Peer, boards: list[Board]
) -> None:
    until = soon(SILENCE_S)
    with pytest.raises(BoardSilent) as opening:
        await boards[2].open(0, pulse_ms=300, deadline=until)
    assert opening.value.may_have_fired
    with pytest.raises(BoardSilent) as reading:
        await boards[2].read(deadline=soon(SILENCE_S))
    assert not reading.value.may_have_fired
    assert time.monotonic() < until + SILENCE_S + 0.5
    await boards[0].read(deadline=soon())


async def test_the_deadline_ends_the_wait_for_a_reply(peer: Peer, boards: list[Board]) -> None:
    await boards[0].read(deadline=soon())
    await boards[2].close()
    begun = time.monotonic()
    with pytest.raises(BoardSilent):
        await boards[2].open(0, pulse_ms=300, deadline=begun + 0.3)
    assert time.monotonic() - begun < REPLY_TIMEOUT_MS / 1000


async def test_two_boards_share_one_wire_without_mixing(peer: Peer, boards: list[Board]) -> None:
    first, second, *_ = boards
    await asyncio.gather(
        *(board.read(deadline=soon()) for board in (first, second) for _ in range(4)),
        first.open(1, pulse_ms=300, deadline=soon()),
        second.open(last(second), pulse_ms=300, deadline=soon()),
    )
    assert await peer.pulses(1) == [1]
    assert await peer.pulses(2) == [last(second)]
    one, two = await asyncio.gather(first.read(deadline=soon()), second.read(deadline=soon()))
    assert [n for n, door in enumerate(one.doors) if door is DoorState.OPEN] == [1]
    assert [n for n, door in enumerate(two.doors) if door is DoorState.OPEN] == [last(second)]


async def test_it_connects_again_by_itself_after_the_peer_restarted(
    peer: Peer, boards: list[Board]
) -> None:
    await boards[0].read(deadline=soon())
    await peer.stop()
    with pytest.raises(DriverError):
        await boards[0].read(deadline=soon(SILENCE_S))
    await peer.start()
    assert len((await boards[0].read(deadline=soon())).doors) == last(boards[0]) + 1
    await boards[0].open(2, pulse_ms=300, deadline=soon())
    assert await peer.pulses(1) == [2]


async def test_a_cancelled_call_leaves_the_bus_usable(peer: Peer, boards: list[Board]) -> None:
    call = asyncio.create_task(boards[2].read(deadline=soon()))
    waiting = asyncio.create_task(boards[1].read(deadline=soon()))
    # Three turns of the loop bring the first call onto the wire and the second into the queue.
    for _ in range(3):
        await asyncio.sleep(0)
    call.cancel()
    waiting.cancel()
    outcome = await asyncio.gather(call, waiting, return_exceptions=True)
    assert all(isinstance(one, asyncio.CancelledError) for one in outcome)
    await boards[0].open(3, pulse_ms=300, deadline=soon())
    assert await peer.pulses(1) == [3]


async def test_a_late_reply_never_answers_the_next_request(peer: Peer, boards: list[Board]) -> None:
    await boards[0].read(deadline=soon())
    await peer.answer_late(1, is_late=True)
    with pytest.raises(BoardSilent):
        await boards[0].read(deadline=soon(SILENCE_S))
    await peer.answer_late(1, is_late=False)
    await peer.push(1, last(boards[0]), is_open=True)
    doors = (await boards[0].read(deadline=soon())).doors
    assert [n for n, door in enumerate(doors) if door is DoorState.OPEN] == [last(boards[0])]


async def test_an_open_whose_reply_is_late_may_have_fired(peer: Peer, boards: list[Board]) -> None:
    await boards[0].read(deadline=soon())
    await peer.answer_late(1, is_late=True)
    with pytest.raises(BoardSilent) as failure:
        await boards[0].open(0, pulse_ms=300, deadline=soon(SILENCE_S))
    assert failure.value.may_have_fired
    await peer.answer_late(1, is_late=False)
    assert (await boards[0].read(deadline=soon())).doors[0] is DoorState.OPEN


@pytest.mark.parametrize(("channel", "pulse_ms"), [(-1, 300), (8, 300), (0, 0), (0, 60_000)])
async def test_an_impossible_order_is_refused_before_the_wire(
    peer: Peer, boards: list[Board], channel: int, pulse_ms: int
) -> None:
    with pytest.raises(ValueError, match="channel|pulse"):
        await boards[0].open(channel, pulse_ms=pulse_ms, deadline=soon())
    assert await peer.pulses(1) == []


async def test_lights_flash_one_at_a_time_within_the_deadline_and_move_no_lock(
    peer: Peer, boards: list[Board]
) -> None:
    lit = boards[0]
    # Who has none does not pretend.
    assert isinstance(lit, Lights) == isinstance(peer, Lit)
    if not isinstance(lit, Lights) or not isinstance(peer, Lit):
        return
    await lit.flash(3, deadline=soon())
    await lit.flash(last(boards[0]), deadline=soon())
    with pytest.raises(DeadlinePassed):
        await lit.flash(1, deadline=soon(-0.001))
    for channel in (-1, boards[0].capabilities.channels):
        with pytest.raises(ValueError, match="channel"):
            await lit.flash(channel, deadline=soon())
    assert await peer.flashes(1) == [3, last(boards[0])]
    assert await peer.flashes(2) == []
    assert await peer.pulses(1) == []
    assert isinstance(boards[2], Lights)
    with pytest.raises(BoardSilent) as silence:
        await boards[2].flash(0, deadline=soon(SILENCE_S))
    assert not silence.value.may_have_fired


async def test_all_relays_can_be_switched_off(peer: Peer, boards: list[Board]) -> None:
    await boards[0].safe_state(deadline=soon())
