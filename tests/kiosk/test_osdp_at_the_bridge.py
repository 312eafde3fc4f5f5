"""The shipped server, a bridge process and OSDP readers by libosdp: set up, card and PIN."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from access.badges.profiles import Profile
from access.services import credentials
from audit.models import Event
from kiosk.models import Terminal
from lockers.models import Bank, BridgePresence, Command, Controller, Reader
from lockers.services import reader_keys
from occupancy.models import Assignment
from occupancy.services.claims import assignments
from occupancy.services.claims.assignments import Wanted
from tests import factories, servers
from tests.bridge.server_end import enrolled
from tests.bridge_lines import bridge_identity
from tests.drivers.peers.osdp import OsdpPeer, card, keys
from tests.factories.cast import AMIRA_PIN, SETUP, Estate
from tests.servers import until

UNIT = 5
CARD = "BD88EB80"
H10301 = Profile(kind="wiegand", wiegand_format="H10301", content="left", base="hex")

pytestmark = pytest.mark.django_db(transaction=True)


class Place:
    """A bank without a screen, its OSDP reader on a pseudo-terminal, and its bridge process."""

    def __init__(self, state: Path) -> None:
        self.estate, self.state = Estate.build(at=timezone.now()), state / "bridge"
        self.log = state / "log"
        Terminal.objects.all().delete()
        Controller.objects.update(driver="simulator", address="sim://osdp/1", channels=8)
        credentials.issue_badge(
            person=self.estate.amira, text=CARD, profile=H10301, actor=SETUP, at=timezone.now()
        )
        self.runner = asyncio.Runner()
        self.peer = OsdpPeer(state)
        self.runner.run(self.peer.start())
        self.reader: Reader = factories.OsdpReaderFactory(
            bank=self.estate.bank, address=self.peer.address, unit=UNIT
        )
        self.state.mkdir()
        enrolled(self.state, bridge_identity(self.estate.bridge.pk))
        self.process: subprocess.Popen[bytes] | None = None

    def start_bridge(self, url: str) -> None:
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "kiosk.bridge", "--server", url]
                + ["--state", str(self.state)],
                cwd=servers.ROOT,
                stderr=log,
            )

    def on(self, **how: Any) -> None:
        self.runner.run(self.peer.on(UNIT, **how))

    def show(self, *events: dict[str, Any]) -> None:
        self.runner.run(self.peer.read(UNIT, *events))

    def told(self) -> tuple[str, str]:
        """Return what the bridge last said of the reader."""
        readers = BridgePresence.objects.get().health.get("readers", {})
        one = readers.get(str(self.reader.pk), {"state": "", "code": ""})
        return one["state"], one["code"]

    def count(self, file: str, query: str) -> int:
        """Count in what the bridge keeps on its disk."""
        with sqlite3.connect(self.state / file) as base:
            return int(base.execute(query).fetchone()[0])

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait(10)
        self.runner.run(self.peer.stop())
        self.runner.close()


@pytest.fixture
def place(transactional_db: None, tmp_path: Path) -> Iterator[Place]:
    place = Place(tmp_path)
    try:
        yield place
    finally:
        place.stop()


def test_a_new_reader_is_given_its_key_and_then_its_cards_open_doors(place: Place) -> None:
    Reader.objects.filter(pk=place.reader.pk).update(installs_key=True)
    place.on(key="", secure="install")
    with servers.serving() as url:
        place.start_bridge(url)
        until(lambda: not Reader.objects.get(pk=place.reader.pk).installs_key, within_s=30)
        event = Event.objects.get(action="reader.key_installed")
        assert event.subject == f"lockers.reader:{place.reader.pk}"
        # By its own key from now on.
        until(lambda: place.told() == ("ok", ""), within_s=30)
        place.show(card(26, CARD))
        until(lambda: Command.objects.filter(status="opened").exists())
    assert Assignment.objects.get().holder == place.estate.amira
    assert reader_keys.key_of(place.reader) not in place.log.read_text()


def test_a_reader_with_another_key_is_not_believed(place: Place) -> None:
    place.on(key="07" * 16)
    with servers.serving() as url:
        place.start_bridge(url)
        until(lambda: place.told() == ("offline", "insecure"), within_s=40)
        assert not Command.objects.exists()


def test_where_a_pin_is_asked_for_it_is_typed_on_the_keys_after_the_card(place: Place) -> None:
    Bank.objects.update(pin_rule="always")
    place.on(key=reader_keys.key_of(place.reader))
    with servers.serving() as url:
        place.start_bridge(url)
        until(lambda: place.told() == ("ok", ""), within_s=30)
        place.show(keys(f"{AMIRA_PIN}#".encode()), card(26, CARD), keys(b"111222#"))
        until(lambda: Event.objects.filter(action="person.pin_wrong").exists())
        # What was typed before the card was of nobody.
        assert not Command.objects.exists()
        place.show(keys(f"{AMIRA_PIN}#".encode()))
        until(lambda: Command.objects.filter(status="opened").exists())
    assert Assignment.objects.get().holder == place.estate.amira
    assert Event.objects.filter(action="person.pin_wrong").count() == 1
    assert AMIRA_PIN not in place.log.read_text() and CARD not in place.log.read_text()


def test_while_the_server_is_away_card_and_pin_are_judged_by_the_bridge(place: Place) -> None:
    Bank.objects.update(pin_rule="always")
    amira = place.estate.amira.pk
    assignments.claim(
        person_id=amira, bank_id=place.estate.bank.pk, wanted=Wanted(), actor=SETUP,
        at=timezone.now(),
    )  # fmt: skip
    listed = f"SELECT count(*) FROM entry WHERE key = 'person:{amira}'"
    written = "SELECT count(*) FROM line WHERE kind = '{}'"
    place.on(key=reader_keys.key_of(place.reader))
    with servers.serving() as url:
        place.start_bridge(url)
        until(lambda: place.told() == ("ok", ""), within_s=30)
        until(lambda: place.count("access.sqlite", listed) == 1)
    place.show(card(26, CARD), keys(b"111222#"))
    until(lambda: place.count("journal.sqlite", written.format("pin_wrong")) == 1)
    assert place.count("journal.sqlite", written.format("open_alone")) == 0
    place.show(keys(f"{AMIRA_PIN}#".encode()))
    until(lambda: place.count("journal.sqlite", written.format("command_opened")) == 1)
