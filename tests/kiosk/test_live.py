"""What an open screen is told, and what it is not."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import uuid
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from asgiref.testing import ApplicationCommunicator
from django.utils import timezone

from access.models import VisitorRules
from kiosk import authentication, selectors
from kiosk.consumers import terminal as terminals
from kiosk.consumers.terminal import TerminalConsumer
from kiosk.models import Scan
from kiosk.services import doors, readers, scans
from lockers.choices import ReaderTransport
from lockers.notify import COMMAND, MAP, SCAN, listener
from lockers.services import enrolment, journal
from occupancy.services.claims.assignments import Claimed, Wanted
from tests import factories
from tests.factories.cast import AMIRA_BADGE, SETUP, TERMINAL_TOKEN, Estate

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def estate(transactional_db: None) -> Estate:
    return Estate.build(at=timezone.now())


class Screen:
    """An open page, as far as its websocket goes."""

    def __init__(self, token: str = TERMINAL_TOKEN) -> None:
        scope = {
            "type": "websocket",
            "path": "/ws/kiosk/",
            "headers": [(b"cookie", f"terminal={token}".encode())],
        }
        self.wire = ApplicationCommunicator(TerminalConsumer.as_asgi(), scope)

    async def __aenter__(self) -> Screen:
        await self.wire.send_input({"type": "websocket.connect"})
        assert (await self.wire.receive_output(3))["type"] == "websocket.accept"
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.wire.send_input({"type": "websocket.disconnect", "code": 1000})
        await self.wire.wait()

    async def say(self, text: str) -> None:
        await self.wire.send_input({"type": "websocket.receive", "text": text})

    async def told(self, kind: str) -> dict[str, Any]:
        """Return the next message of a kind."""
        while True:
            output = await self.wire.receive_output(3)
            message: dict[str, Any] = json.loads(output["text"])
            if message["type"] == kind:
                return message

    async def hears_nothing(self) -> bool:
        return await self.wire.receive_nothing(0.1)

    async def is_shut_out(self) -> bool:
        output = await self.wire.receive_output(3)
        return (output["type"], output["code"]) == ("websocket.close", 4403)


def claim(estate: Estate) -> tuple[Scan, Claimed]:
    at = timezone.now()
    here = authentication.resolve(TERMINAL_TOKEN)
    assert here is not None
    scan = scans.by_badge(here=here, raw=f"~{AMIRA_BADGE}\r", at=at)
    got = doors.claim(
        here=here, who=scans.Stands(scan.person_id), wanted=Wanted(), scan=str(scan.pk), at=at
    )
    return scan, got


def report(estate: Estate, got: Claimed, *kinds: str) -> None:
    """Let the bridge's journal tell how far the command got."""
    presence = estate.bridge.presence
    presence.refresh_from_db()
    at = timezone.now()
    lines = [
        journal.Line(
            seq=presence.last_seq + place,
            kind=kind,
            occurred_at=at,
            compartment_id=got.compartment_id,
            command_id=got.command_id,
        )
        for place, kind in enumerate(kinds, start=1)
    ]
    journal.receive(bridge=estate.bridge, journal=presence.journal, lines=lines, at=at)


async def test_a_screen_is_told_its_bank_and_nothing_of_people(estate: Estate) -> None:
    async with Screen() as screen:
        bank = await screen.told("bank")
    assert (bank["online"], bank["opening"], bank["free"]["total"]) == (True, False, 3)
    assert set(bank["doors"].values()) == {"free"}
    assert "Amira" not in json.dumps(bank)


async def test_a_change_of_the_bank_arrives(estate: Estate) -> None:
    async with Screen() as screen:
        await screen.told("bank")
        await sync_to_async(claim)(estate)
        listener._tell(MAP, [estate.bank.pk])
        bank = await screen.told("bank")
    assert bank["free"]["total"] == 2
    assert "taken" in bank["doors"].values()


async def test_what_visitors_may_do_changes_on_the_screen_at_once(
    estate: Estate, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Only the database's own word is left to hear of it.
    monkeypatch.setattr(terminals, "LOOK_EVERY_S", 60.0)
    rules = VisitorRules(site=estate.site, visitors_may_register=True)
    listener.start()
    try:
        await asyncio.wait_for(listener.connected.wait(), 5)
        async with Screen() as screen:
            assert (await screen.told("bank"))["visitors"] == "no"
            await sync_to_async(rules.save)()
            assert (await screen.told("bank"))["visitors"] == "register"
            rules.visitors_may_register = False
            await sync_to_async(rules.save)()
            assert (await screen.told("bank"))["visitors"] == "code"
            await sync_to_async(rules.delete)()
            assert (await screen.told("bank"))["visitors"] == "no"
    finally:
        await listener.stop()


@pytest.mark.parametrize("token", ["", "a-token-that-was-never-given"])
async def test_without_a_token_the_connection_ends(estate: Estate, token: str) -> None:
    async with Screen(token) as screen:
        assert await screen.is_shut_out()


async def test_a_revoked_token_ends_the_connection(
    estate: Estate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(terminals, "LOOK_EVERY_S", 0.05)
    async with Screen() as screen:
        await screen.told("bank")
        await sync_to_async(enrolment.revoke)(
            device=estate.terminal,
            subject="terminal",
            site=estate.site,
            actor=SETUP,
            at=timezone.now(),
        )
        assert await screen.is_shut_out()


async def test_a_watched_command_is_told_as_far_as_it_got(estate: Estate) -> None:
    async with Screen() as screen:
        scan, got = await sync_to_async(claim)(estate)
        watch = {"type": "watch", "command": str(got.command_id), "scan": str(scan.pk)}
        await screen.say(json.dumps(watch))
        assert (await screen.told("command"))["status"] == "queued"
        for kind, status in [("command_opened", "opened"), ("command_closed", "closed")]:
            await sync_to_async(report)(estate, got, kind)
            listener._tell(COMMAND, {"bridges": [estate.bridge.pk], "queued": False})
            heard = await screen.told("command")
            assert (heard["id"], heard["status"]) == (str(got.command_id), status)
            assert (heard["door"], heard["sensor"]) == (got.compartment_id, True)


@pytest.mark.parametrize("whose", ["another person", "nobody"])
def test_nobody_watches_the_command_of_another_person(estate: Estate, whose: str) -> None:
    _scan, got = claim(estate)
    at = timezone.now()
    other = Scan.objects.create(
        terminal=estate.terminal,
        bank=estate.bank,
        person=estate.ben,
        scanned_at=at,
        expires_at=at + dt.timedelta(minutes=2),
    )
    here = authentication.resolve(TERMINAL_TOKEN)
    assert here is not None
    asked = other.pk if whose == "another person" else uuid.uuid4()
    assert selectors.watched(here, asked, got.command_id, at) is None


async def test_nonsense_from_a_page_is_ignored(estate: Estate) -> None:
    async with Screen() as screen:
        await screen.told("bank")
        for nonsense in ("", "{", "[]", '"x"', '{"type": "watch", "command": 1}'):
            await screen.say(nonsense)
        assert await screen.hears_nothing()


async def test_a_tap_at_the_banks_wired_reader_reaches_the_screen(estate: Estate) -> None:
    reader = await sync_to_async(factories.ReaderFactory)(
        bank=estate.bank, transport=ReaderTransport.WIRED, address="tcp://127.0.0.1:1"
    )
    scan_id = uuid.uuid4()
    listener.start()
    try:
        await asyncio.wait_for(listener.connected.wait(), 5)
        async with Screen() as screen:
            await screen.told("bank")
            await sync_to_async(readers.scan_at_reader)(
                reader_id=reader.pk,
                text=AMIRA_BADGE,
                scan_id=scan_id,
                bridge_id=estate.bridge.pk,
                at=timezone.now(),
            )
            assert await screen.told("scan") == {"type": "scan", "scan": str(scan_id)}
    finally:
        await listener.stop()


async def test_a_scan_of_another_bank_is_not_announced_here(estate: Estate) -> None:
    async with Screen() as screen:
        await screen.told("bank")
        listener._tell(SCAN, {"bank": estate.bank.pk + 1, "scan": str(uuid.uuid4())})
        assert await screen.hears_nothing()
