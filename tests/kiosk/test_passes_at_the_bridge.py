"""A bridge that never saw the person, and the server behind it: who refuses what, and the trail."""

from __future__ import annotations

import datetime as dt
import socket
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import override_settings
from django.utils import timezone

from access import passes as texts
from access.models import Pass
from access.services import passes
from audit.models import Event
from kiosk import configuration
from kiosk.bridge import protocol
from kiosk.models import Terminal
from kiosk.services import readers, refused
from lockers.choices import ReaderTransport
from lockers.models import Bank, BridgePresence, Command, Controller, LockEvent, Reader
from lockers.services import journal
from lockers.services.journal import Line
from occupancy.models import Assignment
from tests import factories, servers
from tests.bridge.server_end import enrolled
from tests.bridge_lines import bridge_identity
from tests.factories.cast import AMIRA_BADGE, SETUP, Estate
from tests.servers import until

FORGER = bytes(range(32))


def issue(estate: Estate, at: dt.datetime, **told: Any) -> Pass:
    given: dict[str, Any] = {
        "person": estate.amira,
        "compartment": None,
        "starts_at": at,
        "ends_at": at + dt.timedelta(days=1),
        "is_single_use": False,
    }
    return passes.issue(actor=SETUP, at=at, **(given | told))


def forged(given: Pass) -> str:
    """Return the text of a pass that says the same and is signed by somebody else."""
    said = texts.read(passes.text_of(given), passes.public_keys())
    return texts.sign(said, FORGER)


# ---- what a bridge is told --------------------------------------------------------------------


def test_a_bridge_is_told_public_keys_and_rules_and_no_secret(estate: Estate) -> None:
    Bank.objects.update(
        pin_rule="always", curfew_from=dt.time(22), curfew_until=dt.time(5), site=estate.site
    )
    keyed = factories.CompartmentFactory(
        bank=estate.bank, number="K", size=estate.small, lock_kind="keyed", controller=None,
        channel=None,
    )  # fmt: skip
    told = configuration.of(estate.bridge)
    assert told.organisation_id == estate.organisation.pk
    assert {bytes.fromhex(k): bytes.fromhex(v) for k, v in told.pass_keys.items()} == (
        passes.public_keys()
    )
    assert told.banks == [
        protocol.BankConfig(
            bank_id=estate.bank.pk,
            pin_rule="always",
            curfew=(dt.time(22), dt.time(5)),
            time_zone="Europe/London",
            undriven=[keyed.pk],
        )
    ]
    sent = protocol.encode(protocol.Configure(config=told))
    assert protocol.decode_from_server(sent) == protocol.Configure(config=told)


@override_settings(PASS_KEYS=[])
def test_without_keys_a_bridge_is_told_of_none(estate: Estate) -> None:
    assert configuration.of(estate.bridge).pass_keys == {}


@pytest.mark.parametrize("change", ["pin_rule", "curfew", "keys", "time zone"])
def test_another_rule_is_another_configuration(estate: Estate, change: str) -> None:
    before = configuration.of(estate.bridge).config_hash
    keys = {}
    if change == "pin_rule":
        Bank.objects.update(pin_rule="always")
    elif change == "curfew":
        Bank.objects.update(curfew_from=dt.time(22), curfew_until=dt.time(5))
    elif change == "keys":
        keys = {"PASS_KEYS": ["AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="]}
    else:
        type(estate.site).objects.update(time_zone="Asia/Tokyo")
    with override_settings(**keys):
        estate.bridge.refresh_from_db()
        assert configuration.of(estate.bridge).config_hash != before


# ---- what a bridge tells ----------------------------------------------------------------------


@pytest.fixture
def wired(estate: Estate) -> Reader:
    return factories.ReaderFactory(
        bank=estate.bank, transport=ReaderTransport.WIRED, address="tcp://127.0.0.1:1"
    )


def tell(estate: Estate, detail: str, at: dt.datetime, seq: int = 1) -> Event:
    """Store a refusal of the bridge and return what the trail has of it."""
    presence = BridgePresence.objects.get(bridge=estate.bridge)
    about = refused.told(detail)
    line = Line(seq=seq, kind="scan_refused", occurred_at=at, detail=about.code, about=about)
    for _again in range(2):
        journal.receive(
            bridge=estate.bridge,
            journal=presence.journal or uuid.UUID(int=7),
            lines=[line],
            at=at,
            tell=refused.record,
        )
    return Event.objects.get(action="request.refused")


def said(reader_id: int, **more: Any) -> str:
    why = ["credential: active until noon -> credential_over"]
    return protocol.encode_refused(
        protocol.ScanRefused(code="credential_over", reader_id=reader_id, why=why, **more)
    )


def test_a_refusal_of_the_bridge_is_a_decision_in_the_trail(
    estate: Estate, wired: Reader, at: dt.datetime
) -> None:
    given = issue(estate, at)
    event = tell(estate, said(wired.pk, pass_id=given.pk), at)
    assert (event.actor_kind, event.bank_id, event.person_id, event.occurred_at) == (
        "bridge", estate.bank.pk, estate.amira.pk, at,
    )  # fmt: skip
    assert (event.data["code"], event.data["kind"]) == ("credential_over", "pass")
    assert event.data["decision"]["why"] == ["credential: active until noon -> credential_over"]
    assert LockEvent.objects.get().detail == "credential_over"


def test_a_bridge_says_nothing_about_readers_and_people_of_others(
    estate: Estate, at: dt.datetime
) -> None:
    other = factories.ReaderFactory()
    stranger = issue(estate, at, person=factories.PersonFactory())
    event = tell(estate, said(other.pk, pass_id=stranger.pk), at)
    assert (event.organisation_id, event.bank_id, event.person_id) == (
        estate.organisation.pk, None, None,
    )  # fmt: skip


@pytest.mark.parametrize(
    "detail", ["", "[]", "{", '{"code":7}', '{"code":"a\\u0000","reader_id":1}']
)
def test_a_refusal_that_cannot_be_read_is_one_all_the_same(
    estate: Estate, at: dt.datetime, detail: str
) -> None:
    assert tell(estate, detail, at).data["code"] == "unreadable"


# ---- what was under way for too long ----------------------------------------------------------


@pytest.mark.parametrize("shown", ["a badge", "a pass"])
def test_an_old_read_is_acted_on_for_nobody(
    estate: Estate, wired: Reader, at: dt.datetime, shown: str
) -> None:
    Terminal.objects.all().delete()
    given = issue(estate, at, is_single_use=True)
    text = AMIRA_BADGE if shown == "a badge" else passes.text_of(given)

    def read(seconds_ago: float) -> bool:
        told = readers.scan_at_reader(
            reader_id=wired.pk,
            text=text,
            scan_id=uuid.uuid4(),
            bridge_id=estate.bridge.pk,
            at=at,
            read_at=at - dt.timedelta(seconds=seconds_ago),
        )
        return told.accepted

    assert not read(10.1)
    assert not Assignment.objects.exists() and not Command.objects.exists()
    event = Event.objects.get(action="request.refused")
    assert (event.data["code"], event.data["reader"]) == ("scan_too_old", wired.pk)
    given.refresh_from_db()
    assert given.used_at is None
    assert read(9.9)
    assert Assignment.objects.get().holder == estate.amira


# ---- the shipped server and a bridge process ---------------------------------------------------


class Place:
    """A bank with one wired reader, its bridge process, and the server."""

    def __init__(self, state: Path) -> None:
        self.estate = Estate.build(at=timezone.now())
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.listening.settimeout(20)
        Terminal.objects.all().delete()
        Controller.objects.update(driver="simulator", address="sim://passes/1", channels=8)
        self.reader = factories.ReaderFactory(
            bank=self.estate.bank,
            transport=ReaderTransport.WIRED,
            address=f"tcp://127.0.0.1:{self.listening.getsockname()[1]}",
        )
        enrolled(state, bridge_identity(self.estate.bridge.pk))
        self.state = state
        self.processes: list[subprocess.Popen[bytes]] = []

    def start_bridge(self, url: str) -> None:
        self.processes.append(
            subprocess.Popen(
                [sys.executable, "-m", "kiosk.bridge", "--server", url]
                + ["--state", str(self.state)],
                cwd=servers.ROOT,
                stderr=subprocess.DEVNULL,
            )
        )
        self.wire, _peer = self.listening.accept()

    def show(self, text: str) -> None:
        self.wire.sendall(f"~{text}\r".encode())

    def stop(self) -> None:
        for process in self.processes:
            process.kill()
            process.wait(10)
        self.listening.close()


@pytest.fixture
def place(transactional_db: None, tmp_path: Path) -> Iterator[Place]:
    place = Place(tmp_path)
    try:
        yield place
    finally:
        place.stop()


@pytest.mark.django_db(transaction=True)
def test_a_bridge_that_never_saw_the_person_refuses_the_forged_and_sends_the_good(
    place: Place,
) -> None:
    given = issue(place.estate, timezone.now(), is_single_use=True)
    good = passes.text_of(given)
    with servers.serving() as url:
        place.start_bridge(url)
        # Refused here: the server hears of it from the journal alone.
        place.show(forged(given))
        until(lambda: LockEvent.objects.filter(kind="scan_refused").exists())
        event = Event.objects.get(action="request.refused")
        assert event.data["decision"]["code"] == "pass_unknown_key"
        assert (event.data["by"], event.data["reader"]) == ("bridge", place.reader.pk)
        assert not Command.objects.exists()
        # Sent on, and opened.
        place.show(good)
        until(lambda: Command.objects.filter(status="opened").exists())
        assert Assignment.objects.get().holder == place.estate.amira
        place.show(forged(given))
        place.show(good)
        until(lambda: LockEvent.objects.filter(detail="credential_used").exists())
        # A rule that staff change in between reaches it while it is connected.
        before = BridgePresence.objects.get().config_hash
        Bank.objects.update(pin_rule="always")
        until(lambda: BridgePresence.objects.get().config_hash not in ("", before))
        place.show(passes.text_of(issue(place.estate, timezone.now())))
        until(lambda: LockEvent.objects.filter(detail="pin_required").exists())
    assert Command.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_pass_shown_while_the_server_is_away_opens_nothing_later(place: Place) -> None:
    port = servers.free_port()
    good = passes.text_of(issue(place.estate, timezone.now()))
    with servers.serving(port=port) as url:
        place.start_bridge(url)
        until(lambda: BridgePresence.objects.get().config_hash != "")
    place.show(good)
    with servers.serving(port=port):
        # It may notice the cut only now, and have its list by then or not.
        cut = ["no_link", "no_answer", "nothing_held"]
        until(lambda: LockEvent.objects.filter(detail__in=cut).exists())
        event = Event.objects.get(action="request.refused")
        assert event.person_id == place.estate.amira.pk
        assert not Command.objects.exists() and not Assignment.objects.exists()
