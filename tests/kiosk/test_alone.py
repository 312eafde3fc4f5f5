"""The shipped server and a bridge process: the line is cut, and what was opened comes home."""

from __future__ import annotations

import datetime as dt
import socket
import sqlite3
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db.models import F
from django.utils import timezone

from access.models import Credential, Pass
from access.services import passes
from audit.models import Event
from kiosk.models import Terminal
from kiosk.services import readers
from lockers.choices import ReaderTransport
from lockers.models import Bank, BridgePresence, Command, Controller, LockEvent
from occupancy.models import Share
from occupancy.services.claims import assignments
from occupancy.services.claims.assignments import Wanted
from occupancy.services.custody import sharing
from tests import factories, servers
from tests.bridge.server_end import enrolled
from tests.bridge_lines import bridge_identity
from tests.factories.cast import AMIRA_BADGE, BEN_BADGE, SETUP, Estate
from tests.servers import until


class Place:
    """A bank without a screen, its wired reader and bridge process; Amira has a door."""

    def __init__(self, state: Path) -> None:
        self.state, self.port = state, servers.free_port()
        self.at = timezone.now()
        self.estate = Estate.build(at=self.at)
        self.claim_id = assignments.claim(
            person_id=self.estate.amira.pk, bank_id=self.estate.bank.pk, wanted=Wanted(),
            actor=SETUP, at=self.at,
        ).claim_id  # fmt: skip
        Command.objects.all().delete()
        Terminal.objects.all().delete()
        Controller.objects.update(driver="simulator", address="sim://alone/1", channels=8)
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.listening.settimeout(20)
        self.reader = factories.ReaderFactory(
            bank=self.estate.bank,
            transport=ReaderTransport.WIRED,
            address=f"tcp://127.0.0.1:{self.listening.getsockname()[1]}",
        )
        enrolled(state, bridge_identity(self.estate.bridge.pk))
        self.process: subprocess.Popen[bytes] | None = None

    def run(self, stderr: int = subprocess.DEVNULL) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-m", "kiosk.bridge", "--server", f"http://127.0.0.1:{self.port}"]
            + ["--state", str(self.state)],
            cwd=servers.ROOT,
            stderr=stderr,
        )

    def start_bridge(self) -> None:
        self.process = self.run()
        self.wire, _peer = self.listening.accept()

    def show(self, text: str) -> None:
        self.wire.sendall(f"~{text}\r".encode())

    def kept(self) -> set[str]:
        """Return the keys of the list on the box, once a whole one was signed."""
        path = self.state / "access.sqlite"
        if not path.exists():
            return set()
        with sqlite3.connect(path) as base:
            if not base.execute("SELECT 1 FROM sqlite_master WHERE name = 'entry'").fetchone():
                return set()
            return {key for (key,) in base.execute("SELECT key FROM entry")}

    def written(self, kind: str) -> int:
        """Count the lines of a kind in the journal on the box."""
        with sqlite3.connect(self.state / "journal.sqlite") as base:
            found = base.execute("SELECT count(*) FROM line WHERE kind = ?", (kind,)).fetchone()
        return int(found[0])

    def sync(self) -> None:
        """Start server and bridge, wait until the list is there, and cut the line."""
        with servers.serving(port=self.port):
            if self.process is None:
                self.start_bridge()
            until(lambda: f"person:{self.estate.amira.pk}" in self.kept())

    def end_bridge(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait(10)
        self.process = None

    def stop(self) -> None:
        self.end_bridge()
        self.listening.close()


@pytest.fixture
def place(transactional_db: None, tmp_path: Path) -> Iterator[Place]:
    place = Place(tmp_path)
    try:
        yield place
    finally:
        place.stop()


def alone() -> list[Command]:
    return list(Command.objects.filter(purpose="alone"))


@pytest.mark.django_db(transaction=True)
def test_a_tap_while_the_server_is_away_opens_the_door_and_the_trail_names_the_person(
    place: Place,
) -> None:
    place.sync()
    place.show(AMIRA_BADGE)
    until(lambda: place.written("command_opened") == 1)
    place.show(BEN_BADGE)
    until(lambda: place.written("scan_refused") == 1)
    with servers.serving(port=place.port):
        until(lambda: LockEvent.objects.filter(kind="scan_refused").exists())
        until(lambda: Command.objects.filter(purpose="alone", status="opened").exists())
    (command,) = alone()
    amira = place.estate.amira.pk
    assert (command.actor_kind, command.actor_id) == ("person", str(amira))
    assert command.claim_id == place.claim_id
    asked = Event.objects.get(action="door.open_requested", data__purpose="alone")
    assert (asked.person_id, asked.data["decided_by"]) == (amira, "bridge")
    assert asked.data["decision"]["why"][-1].startswith("door: ")
    opened = Event.objects.get(action="door.opened", data__command=str(command.pk))
    assert opened.person_id == amira
    refused = Event.objects.get(action="request.refused")
    assert (refused.person_id, refused.data["code"]) == (place.estate.ben.pk, "nothing_held")


@pytest.mark.django_db(transaction=True)
def test_a_bridge_that_starts_alone_drives_its_boards_and_opens(place: Place) -> None:
    place.sync()
    place.end_bridge()
    place.start_bridge()
    place.show(AMIRA_BADGE)
    until(lambda: place.written("command_opened") == 1)


@pytest.mark.django_db(transaction=True)
def test_a_list_that_was_changed_on_the_box_counts_for_nothing_and_comes_anew(
    place: Place,
) -> None:
    place.sync()
    place.end_bridge()
    amira, ben = place.estate.amira.pk, place.estate.ben.pk
    text = f'"person_id":{amira}', f'"person_id":{ben}'
    with sqlite3.connect(place.state / "access.sqlite") as base:
        changed = base.execute(
            "UPDATE entry SET text = CAST(replace(CAST(text AS TEXT), ?, ?) AS BLOB)"
            " WHERE key LIKE 'place:grant:%'",
            text,
        )
        assert changed.rowcount == 1
    place.process = place.run(stderr=subprocess.PIPE)
    assert place.process.stderr is not None
    assert any(b"not as the server signed it" in line for line in place.process.stderr)
    # It does not even believe which readers it has.
    place.listening.settimeout(1)
    with pytest.raises(TimeoutError):
        place.listening.accept()
    place.listening.settimeout(20)
    place.end_bridge()
    with servers.serving(port=place.port):
        place.start_bridge()
        until(lambda: text[0] in _text(place, "place:grant:%"))
    place.show(AMIRA_BADGE)
    until(lambda: place.written("open_alone") == 1)


@pytest.mark.django_db(transaction=True)
def test_what_is_revoked_while_connected_is_refused_at_once_and_stays_so(place: Place) -> None:
    with servers.serving(port=place.port):
        place.start_bridge()
        until(lambda: f"person:{place.estate.amira.pk}" in place.kept())
        badge = Credential.objects.get(person=place.estate.amira, kind="badge")
        Credential.objects.filter(pk=badge.pk).update(status="revoked")
        until(lambda: _text(place, f"%:badge:{badge.pk}").count('"revoked"') == 1, within_s=1.5)
    place.show(AMIRA_BADGE)
    until(lambda: place.written("scan_refused") == 1)
    assert place.written("open_alone") == 0


def _text(place: Place, like: str) -> str:
    with sqlite3.connect(place.state / "access.sqlite") as base:
        rows = base.execute("SELECT CAST(text AS TEXT) FROM entry WHERE key LIKE ?", (like,))
        return "".join(text for (text,) in rows)


@pytest.mark.django_db(transaction=True)
def test_a_new_grant_reaches_a_connected_bridge(place: Place) -> None:
    with servers.serving(port=place.port):
        place.start_bridge()
        until(lambda: f"person:{place.estate.amira.pk}" in place.kept())
        assignments.claim(
            person_id=place.estate.ben.pk, bank_id=place.estate.bank.pk, wanted=Wanted(),
            actor=SETUP, at=timezone.now(),
        )  # fmt: skip
        until(lambda: len([key for key in place.kept() if ":grant:" in key]) == 2, within_s=3)
    place.show(BEN_BADGE)
    until(lambda: place.written("open_alone") == 1)


def issue(place: Place, **more: Any) -> Pass:
    now = timezone.now()
    given: dict[str, Any] = {"compartment": None, "is_single_use": False}
    return passes.issue(
        person=place.estate.amira, starts_at=now, ends_at=now + dt.timedelta(days=1),
        actor=SETUP, at=now, **(given | more),
    )  # fmt: skip


@pytest.mark.django_db(transaction=True)
def test_a_pass_for_one_use_opens_alone_once_and_is_used_for_the_server_too(place: Place) -> None:
    given = issue(place, is_single_use=True)
    text = passes.text_of(given)
    place.sync()
    place.show(text)
    until(lambda: place.written("command_opened") == 1)
    # Another in between, so that it is not taken for one that rests on the reader.
    place.show("0000000000")
    place.show(text)
    until(lambda: place.written("scan_refused") == 2)
    assert place.written("open_alone") == 1
    with servers.serving(port=place.port):
        until(lambda: Pass.objects.filter(pk=given.pk, used_at__isnull=False).exists())
    told = readers.scan_at_reader(
        reader_id=place.reader.pk, text=text, scan_id=uuid.uuid4(),
        bridge_id=place.estate.bridge.pk, at=timezone.now(),
    )  # fmt: skip
    assert not told.accepted
    last = Event.objects.filter(action="request.refused").latest("pk")
    assert last.data["decision"]["code"] == "credential_used"


@pytest.mark.django_db(transaction=True)
def test_one_opening_is_used_up_alone_and_on_the_server(place: Place) -> None:
    now = timezone.now()
    sharing.delegate(
        claim_id=place.claim_id, person_id=place.estate.amira.pk, to_id=place.estate.ben.pk,
        until=now + dt.timedelta(hours=3), actor=SETUP, at=now,
    )  # fmt: skip
    place.sync()
    place.show(BEN_BADGE)
    until(lambda: place.written("command_opened") == 1)
    place.show("0000000000")
    place.show(BEN_BADGE)
    until(lambda: place.written("scan_refused") == 2)
    assert place.written("open_alone") == 1
    with servers.serving(port=place.port):
        until(lambda: Share.objects.filter(used_at__isnull=False).exists())
    assert Share.objects.get().command_id == alone()[0].pk


@pytest.mark.django_db(transaction=True)
def test_after_too_long_alone_only_staff_open(place: Place) -> None:
    Bank.objects.update(max_offline_h=1)
    place.sync()
    place.end_bridge()
    with sqlite3.connect(place.state / "access.sqlite") as base:
        for name in ("contact_ms", "latest_ms"):
            base.execute("INSERT OR REPLACE INTO about VALUES (?, ?)",
                         (name, str(int((timezone.now().timestamp() - 3_700) * 1000))))  # fmt: skip
    place.start_bridge()
    place.show(AMIRA_BADGE)
    until(lambda: place.written("scan_refused") == 1)
    assert place.written("open_alone") == 0


@pytest.mark.django_db(transaction=True)
def test_after_a_start_with_a_clock_that_went_back_only_staff_open(place: Place) -> None:
    place.sync()
    place.end_bridge()
    with sqlite3.connect(place.state / "access.sqlite") as base:
        later = str(int((timezone.now().timestamp() + 600) * 1000))
        base.execute("INSERT OR REPLACE INTO about VALUES ('latest_ms', ?)", (later,))
    place.start_bridge()
    place.show(AMIRA_BADGE)
    until(lambda: place.written("scan_refused") == 1)
    assert place.written("open_alone") == 0


@pytest.mark.django_db(transaction=True)
def test_lines_that_come_again_make_no_second_command(place: Place) -> None:
    place.sync()
    place.show(AMIRA_BADGE)
    until(lambda: place.written("command_opened") == 1)
    with servers.serving(port=place.port):
        until(lambda: Command.objects.filter(purpose="alone", status="opened").exists())
    before = Event.objects.filter(action="door.open_requested").count()
    # The server lost its memory of what it had stored: everything comes again.
    LockEvent.objects.all().delete()
    BridgePresence.objects.update(last_seq=F("last_seq") - F("last_seq"))
    with servers.serving(port=place.port):
        until(lambda: LockEvent.objects.filter(kind="command_opened").exists())
    assert len(alone()) == 1
    assert Event.objects.filter(action="door.open_requested").count() == before
