"""Whatever is restarted or unplugged comes back by itself, and meanwhile nothing old is told.

Real processes: the shipped server, the bridge, and a Modbus board that nobody here wrote.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import transaction
from django.utils import timezone

from audit.models import Event
from audit.services.events import Actor
from lockers import presence
from lockers.errors import BridgeOffline
from lockers.models import BridgePresence, Command, Controller, Door, LockEvent
from lockers.services import commands
from occupancy import selectors
from tests import servers
from tests.bridge.server_end import enrolled
from tests.bridge_lines import bridge_identity
from tests.drivers.peers import PRESENT, REPLY_TIMEOUT_MS
from tests.drivers.peers.boards import Boards
from tests.drivers.peers.tcp import TcpPeer
from tests.factories.cast import Estate
from tests.servers import until

pytestmark = pytest.mark.django_db(transaction=True)

UNIT = PRESENT[0]
REACHED = {"1": ("free", "closed"), "2": ("free", "closed"), "3": ("free", "closed")}
UNREACHED = {"1": ("offline", "unknown"), "2": ("offline", "unknown"), "3": ("offline", "unknown")}


class Place:
    """One bank with its board, its bridge process and its server process."""

    def __init__(self, boards: Boards, state: Path) -> None:
        self.estate = Estate.build(at=timezone.now())
        self.boards, self.state = boards, state
        self.port = servers.free_port()
        self._server = contextlib.ExitStack()
        self.bridge: subprocess.Popen[bytes] | None = None
        Controller.objects.update(
            address=boards.peer.address,
            unit=UNIT,
            channels=8,
            state="offline",
            profile={"reply_timeout_ms": REPLY_TIMEOUT_MS},
        )
        Door.objects.update(state="unknown")
        BridgePresence.objects.all().delete()
        enrolled(state, bridge_identity(self.estate.bridge.pk))

    def start_server(self) -> None:
        self._server.enter_context(servers.serving(port=self.port))

    def stop_server(self) -> None:
        self._server.close()

    def start_bridge(self) -> None:
        self.bridge = subprocess.Popen(
            [sys.executable, "-m", "kiosk.bridge", "--server", f"http://127.0.0.1:{self.port}"]
            + ["--state", str(self.state)],
            cwd=servers.ROOT,
            stderr=subprocess.DEVNULL,
        )

    def kill_bridge(self) -> None:
        assert self.bridge is not None
        self.bridge.kill()
        self.bridge.wait(10)

    def signal_bridge(self, number: signal.Signals) -> None:
        assert self.bridge is not None
        os.kill(self.bridge.pid, number)

    def stop(self) -> None:
        if self.bridge is not None and self.bridge.poll() is None:
            self.bridge.kill()
            self.bridge.wait(10)
        self.stop_server()

    def shown(self) -> dict[str, tuple[str, str]]:
        """Return what the map shows of every door: its state, and how it stands."""
        at = timezone.now()
        doors = selectors.bank_states([self.estate.bank.pk], at)
        return {door.number: (door.state(at).shown, door.state(at).door) for door in doors}

    def push(self, channel: int, *, is_open: bool) -> None:
        self.boards.run(self.boards.peer.push(UNIT, channel, is_open=is_open))

    def pulses(self) -> list[int]:
        pulses: list[int] = self.boards.run(self.boards.peer.pulses(UNIT))
        return pulses

    def written(self) -> list[tuple[int, str]]:
        """Return the bridge's own journal."""
        with contextlib.closing(sqlite3.connect(self.state / "journal.sqlite")) as base:
            return base.execute("SELECT seq, kind FROM line ORDER BY seq").fetchall()

    def stored(self) -> list[tuple[int, str]]:
        """Return what the server has of it."""
        return list(LockEvent.objects.order_by("id").values_list("seq", "kind"))

    def ask(self, place: int) -> Command:
        command_id = commands.request_open(
            compartment_id=self.estate.doors[place].pk,
            purpose="test",
            actor=Actor.staff(self.estate.olga.pk),
            at=timezone.now(),
        )
        return Command.objects.get(pk=command_id)

    def opens_and_closes(self, place: int) -> None:
        """Open a door once and push it shut, so that the whole chain is known to work."""
        command = self.ask(place)

        def has(status: str) -> bool:
            command.refresh_from_db()
            return command.status == status

        until(lambda: has("opened"))
        self.push(place, is_open=False)
        until(lambda: has("closed"))

    def nothing_is_lost_or_doubled(self) -> None:
        until(lambda: self.stored() == self.written())
        numbers = [seq for seq, _kind in self.stored()]
        assert numbers == list(range(1, len(numbers) + 1))
        assert LockEvent.objects.values("journal").distinct().count() == 1
        troubles = ["bridge.journal_gap", "bridge.journal_rewound", "bridge.malformed_message"]
        assert not Event.objects.filter(action__in=troubles).exists()


@pytest.fixture
def place(transactional_db: None, tmp_path: Path) -> Iterator[Place]:
    boards = Boards(TcpPeer())
    place = Place(boards, tmp_path)
    try:
        place.start_server()
        place.start_bridge()
        until(lambda: place.shown() == REACHED)
        yield place
    finally:
        place.stop()
        boards.stop()


def test_a_server_that_restarts_hears_what_it_missed(place: Place) -> None:
    place.stop_server()
    assert place.shown() == UNREACHED
    place.push(1, is_open=True)
    until(lambda: place.written()[-1][1] == "door_forced")
    place.start_server()
    until(lambda: place.shown() == {**REACHED, "2": ("exception", "open")})
    place.push(1, is_open=False)
    until(lambda: place.shown() == REACHED)
    place.opens_and_closes(0)
    assert place.pulses() == [0]
    place.nothing_is_lost_or_doubled()
    assert Event.objects.filter(action="door.forced").count() == 1


def test_a_bridge_that_is_killed_takes_its_truth_with_it_and_brings_it_back(place: Place) -> None:
    place.opens_and_closes(0)
    place.kill_bridge()
    until(lambda: place.shown() == UNREACHED)
    with pytest.raises(BridgeOffline), transaction.atomic():
        place.ask(0)
    place.push(2, is_open=True)
    place.start_bridge()
    until(lambda: place.shown() == {**REACHED, "3": ("free", "open")})
    place.push(2, is_open=False)
    until(lambda: place.shown() == REACHED)
    place.opens_and_closes(1)
    assert place.pulses() == [0, 1]
    place.nothing_is_lost_or_doubled()
    assert Event.objects.filter(action="bridge.started").count() == 2
    assert Event.objects.filter(action="bridge.disconnected").count() == 1


@pytest.mark.parametrize("way", ["it is refused", "it swallows everything"])
def test_a_board_whose_cable_is_pulled_is_unknown_until_it_answers(place: Place, way: str) -> None:
    peer = place.boards.peer
    is_refused = way == "it is refused"
    place.boards.run(peer.stop() if is_refused else peer.answer_late(UNIT, is_late=True))
    until(lambda: place.shown() == UNREACHED)
    assert Controller.objects.get().state == "offline"
    # The bridge itself is there, so this is not the other trouble.
    assert BridgePresence.objects.get().connection is not None
    place.push(2, is_open=True)
    place.boards.run(peer.start() if is_refused else peer.answer_late(UNIT, is_late=False))
    until(lambda: place.shown() == {**REACHED, "3": ("free", "open")})
    place.push(2, is_open=False)
    until(lambda: place.shown() == REACHED)
    place.opens_and_closes(0)
    assert place.pulses() == [0]
    place.nothing_is_lost_or_doubled()
    told = Event.objects.filter(action="board.state").order_by("id")
    assert [event.data["state"] for event in told] == ["ok", "offline", "ok"]


def test_a_bridge_that_only_falls_silent_is_noticed_too(place: Place) -> None:
    place.signal_bridge(signal.SIGSTOP)
    try:
        # No connection ends: silence is all there is to go by.
        until(lambda: place.shown() == UNREACHED, presence.SILENT_AFTER.total_seconds() + 2)
    finally:
        place.signal_bridge(signal.SIGCONT)
    until(lambda: place.shown() == REACHED)
    place.opens_and_closes(0)
    place.nothing_is_lost_or_doubled()
