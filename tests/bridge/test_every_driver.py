"""The form that looks for boards, sent as it is first shown, finds them: whatever drives them."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from kiosk.bridge import inquiries
from kiosk.bridge.protocol import inquiries as words
from lockers.admin.commissioning.forms import WireForm
from lockers.choices import DriverName
from lockers.drivers.base import BoardSpec
from tests.bridge.asked import Asked, until
from tests.drivers.peers import Peer
from tests.drivers.peers.kerong_cu16 import KerongCu16Peer
from tests.drivers.peers.lcb8a import Lcb8aPeer
from tests.drivers.peers.mqtt_openlocker import OpenLockerPeer, locker
from tests.drivers.peers.mqtt_relay import MqttRelayPeer
from tests.drivers.peers.simulated import SimulatedPeer
from tests.drivers.peers.tcp import TcpPeer
from tests.drivers.peers.uhppote import UhppotePeer
from tests.drivers.peers.winnsen import WinnsenPeer
from tests.drivers.peers.wkly import WklyPeer

# What each driver finds among boards 1 to 4. All simulated ones are there; those that have no
# number are looked for one by one.
PEERS: dict[str, tuple[Callable[[Path], Peer], list[int]]] = {
    "modbus_relay": (lambda folder: TcpPeer(), [1, 2]),
    "lcb8a": (lambda folder: Lcb8aPeer(), [1, 2]),
    "kerong_cu16": (lambda folder: KerongCu16Peer(), [1, 2]),
    "wkly": (WklyPeer, [1, 2]),
    "winnsen": (WinnsenPeer, [1, 2, 3]),
    "uhppote": (lambda folder: UhppotePeer(), [1]),
    "mqtt_openlocker": (OpenLockerPeer, [1]),
    "mqtt_relay": (MqttRelayPeer, [1]),
    "simulator": (lambda folder: SimulatedPeer(), [1, 2, 3, 4]),
}


def form(spec: BoardSpec) -> WireForm:
    """Fill in where the boards are, and leave the rest as it is shown."""
    shown = {name: field.initial for name, field in WireForm().fields.items()}
    filled = {
        "driver": spec.driver, "address": spec.address, "channels": spec.channels,
        "options": json.dumps(spec.profile),
    }  # fmt: skip
    made = WireForm({**shown, **filled})
    assert made.is_valid(), made.errors
    return made


def scan(spec: BoardSpec) -> words.ScanBus:
    """Return the question that the form becomes."""
    filled = form(spec)
    return words.ScanBus(board=words.BoardAt(**filled.place().told()), units=filled.units())


@pytest.fixture
async def bridge(tmp_path: Path) -> AsyncIterator[Asked]:
    made = Asked(tmp_path)
    await made.agent.start()
    yield made
    await made.agent.stop()


@pytest.fixture(params=DriverName.values)
async def peer(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Peer]:
    made = PEERS[request.param][0](tmp_path)
    await made.start()
    yield made
    await made.stop()


async def found(bridge: Asked, question: words.ScanBus) -> list[int]:
    answer = await bridge.ask(question)
    assert isinstance(answer.finding, words.Found), answer
    assert all(not one.problem for one in answer.finding.boards)
    return [one.unit for one in answer.finding.boards]


async def test_the_boards_are_found_also_after_their_wire_was_freed(
    bridge: Asked, peer: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inquiries, "FREED_AFTER_S", 0.05)
    spec = peer.spec(1)
    there = PEERS[spec.driver][1]
    assert await found(bridge, scan(spec)) == there
    await until(lambda: not bridge.agent.inquiries._boards)
    assert await found(bridge, scan(spec)) == there
    await until(lambda: not bridge.agent.inquiries._boards)
    board = words.BoardAt(**form(spec).place().told())
    answer = await bridge.ask(words.ReadBoard(board=board))
    assert isinstance(answer.finding, words.Reading), answer
    assert "c" * spec.channels in [view.doors for view in answer.finding.views]


async def test_another_gateway_at_the_same_broker_is_found(bridge: Asked, tmp_path: Path) -> None:
    peer = OpenLockerPeer(tmp_path)
    await peer.start()
    for unit in (1, 2):
        assert await found(bridge, scan(peer.spec(unit))) == [1]
    await peer.stop()


async def test_what_is_said_over_a_broker_is_shown(bridge: Asked, tmp_path: Path) -> None:
    peer = OpenLockerPeer(tmp_path)
    await peer.start()
    board = words.BoardAt(**form(peer.spec(1)).place().told())
    await bridge.ask(words.TryDoor(board=board, channel=2, pulse_ms=300))
    answer = await bridge.ask(words.ReadFrames(address=board.address))
    await peer.stop()
    assert isinstance(answer.finding, words.Frames)
    said = [(one.what, one.note.partition(" ")) for one in answer.finding.frames]
    assert said[0][0] == "open"
    (command,) = [note for what, note in said if what == "sent"]
    assert command[0] == f"locker/{locker(1)}/command" and '"compartment_number": 3' in command[2]
    heard = {topic.rpartition("/")[2] for what, (topic, _, _) in said if what == "frame"}
    assert heard == {"response", "heartbeat", "compartments"}


async def test_a_wire_can_be_asked_again_for_other_boards_or_at_another_speed(
    bridge: Asked, tmp_path: Path
) -> None:
    peer = WklyPeer(tmp_path)
    await peer.start()
    right = peer.spec(1)
    slow = {**right.profile, "baudrate": 1200}
    wrong = [
        BoardSpec(1, "winnsen", right.address, 1, 8, right.profile),
        BoardSpec(1, "wkly", right.address, 1, 8, slow),
    ]
    for spec in wrong:
        answer = await bridge.ask(scan(spec))
        assert answer.error != "bad_profile", answer
    assert await found(bridge, scan(right)) == [1, 2]
    await peer.stop()
