"""Who is believed to be a bridge, and for how long."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from asgiref.testing import ApplicationCommunicator
from django.db import connection
from django.test import override_settings
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from audit.actions import Action
from audit.models import Event
from kiosk.bridge import protocol
from kiosk.bridge.protocol import signed
from kiosk.bridge.protocol.signed import Context, Purpose, Signer
from kiosk.consumers.bridge import BridgeConsumer, consumer, refusals
from lockers import introduction
from lockers.models import Bridge, BridgePresence, Command, LockEvent
from lockers.services import bridge_keys, commands, connections
from tests import factories
from tests.bridge_lines import BridgeLine
from tests.factories.cast import BRIDGE_KEY, SETUP, Estate

pytestmark = pytest.mark.django_db(transaction=True)

THIEF, OTHER_KEY = b"the-key-of-a-thief-in-the-tests-", b"the-key-of-a-bridge-of-others---"


@pytest.fixture
def estate(transactional_db: None) -> Estate:
    return Estate.build(at=timezone.now())


@pytest.fixture(autouse=True)
def nothing_recorded_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refusals, "_recorded", {})


class Wire:
    """One websocket at the server's end of a bridge."""

    def __init__(self, bridge_id: int, key: bytes = BRIDGE_KEY) -> None:
        scope = {"type": "websocket", "path": "/ws/bridge/", "headers": []}
        self.wire = ApplicationCommunicator(BridgeConsumer.as_asgi(), scope)
        self.end = BridgeLine(bridge_id, key)

    async def __aenter__(self) -> Wire:
        await self.wire.send_input({"type": "websocket.connect"})
        assert (await self.wire.receive_output(5))["type"] == "websocket.accept"
        self.end.challenged((await self.wire.receive_output(5))["text"])
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.wire.send_input({"type": "websocket.disconnect", "code": 1006})
        await self.wire.wait(5)

    async def send(self, frame: str | protocol.Message) -> None:
        """Send a frame as it is, or a message signed."""
        text = frame if isinstance(frame, str) else self.end.seal(frame)
        await self.wire.send_input({"type": "websocket.receive", "text": text})

    async def answer(self) -> protocol.FromServer:
        output = await self.wire.receive_output(5)
        assert output["type"] == "websocket.send", output
        return self.end.open(output["text"])

    async def told(self, kind: type[protocol.Message]) -> Any:
        """Return the next message of a kind."""
        while not isinstance(message := await self.answer(), kind):
            pass
        return message

    async def greet(self) -> protocol.FromServer:
        await self.send(self.end.hello())
        return await self.answer()

    async def is_refused(self) -> bool:
        answer = await self.greet()
        if not isinstance(answer, protocol.Refused):
            return False
        assert (answer.code, await self.closed()) == ("device_revoked", 4403)
        return True

    async def closed(self) -> int:
        while (output := await self.wire.receive_output(5))["type"] == "websocket.send":
            pass
        return int(output["code"])


def line(seq: int, **more: Any) -> protocol.Events:
    at_ms = int(timezone.now().timestamp() * 1000)
    told = protocol.Event(seq=seq, kind="bridge_started", occurred_at_ms=at_ms, **more)
    return protocol.Events(after=seq - 1, lines=[told])


async def recorded(action: Action = Action.FRAME_REFUSED) -> list[Event]:
    return [event async for event in Event.objects.filter(action=action).order_by("pk")]


# ---- greeting ----------------------------------------------------------------------------------


async def test_a_bridge_that_signs_with_its_key_is_greeted(estate: Estate) -> None:
    async with Wire(estate.bridge.pk) as wire:
        welcome = await wire.greet()
    assert isinstance(welcome, protocol.Welcome)
    assert welcome.server_keys == bridge_keys.server_keys()
    assert await recorded() == []


async def test_the_key_of_another_bank_opens_nothing_here(estate: Estate) -> None:
    """Neither as ours nor as itself, and our key is worth nothing under its number."""
    theirs = await sync_to_async(factories.BridgeFactory)(
        site=estate.other_site, public_key=introduction.public_key(OTHER_KEY).hex()
    )
    await sync_to_async(factories.BankFactory)(site=estate.other_site, bridge=theirs, name="Theirs")
    command = await sync_to_async(commands.request_open)(
        compartment_id=estate.doors[0].pk, purpose="open", actor=SETUP, at=timezone.now()
    )
    for bridge, key in ((estate.bridge, OTHER_KEY), (theirs, BRIDGE_KEY)):
        async with Wire(bridge.pk, key) as wire:
            assert await wire.is_refused()
    async with Wire(theirs.pk, OTHER_KEY) as wire:
        welcome = await wire.greet()
        assert isinstance(welcome, protocol.Welcome)
        assert (welcome.config.compartments, welcome.config.controllers) == ([], [])
        # Not told of our command, and what it claims of it changes nothing.
        await wire.send(line(1, command_id=command, compartment_id=estate.doors[0].pk))
        assert isinstance(await wire.told(protocol.Ack), protocol.Ack)
    assert (await Command.objects.aget()).status == "queued"
    assert (await LockEvent.objects.aget()).compartment_id is None
    assert [event.subject for event in await recorded()] == [
        f"bridge:{estate.bridge.pk}", f"bridge:{theirs.pk}",
    ]  # fmt: skip


@pytest.mark.parametrize("who", ["unknown", "revoked", "never enrolled", "another key"])
async def test_whoever_is_not_that_bridge_gets_one_answer(estate: Estate, who: str) -> None:
    number, key = estate.bridge.pk, BRIDGE_KEY
    if who == "unknown":
        number += 1_000
    elif who == "revoked":
        await Bridge.objects.aupdate(revoked_at=timezone.now())
    elif who == "never enrolled":
        await Bridge.objects.aupdate(public_key="")
    else:
        key = THIEF
    before = await BridgePresence.objects.values().aget()
    async with Wire(number, key) as wire:
        assert await wire.is_refused()
    (event,) = await recorded()
    assert event.data == {"problem": "not the key of this bridge"}
    # It neither took the place of the bridge that is connected, nor took leave for it.
    assert await BridgePresence.objects.values().aget() == before


async def test_an_unknown_bridge_is_looked_at_as_long_as_a_known_one(
    estate: Estate, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that nobody learns from the time it takes which bridges there are."""
    looked: list[str] = []

    class Watched(signed.Opener):
        def open(self, frame: str | bytes) -> str:
            looked.append("signature")
            return super().open(frame)

    find = connections.find

    def finding(*, bridge_id: int) -> Bridge | None:
        with CaptureQueriesContext(connection) as queries:
            found = find(bridge_id=bridge_id)
        looked.append(f"{len(queries)} queries")
        return found

    monkeypatch.setattr(consumer, "Opener", Watched)
    monkeypatch.setattr(connections, "find", finding)
    for number in (estate.bridge.pk, estate.bridge.pk + 1_000):
        async with Wire(number, THIEF) as wire:
            assert await wire.is_refused()
    assert looked == ["1 queries", "signature"] * 2


async def test_knocking_again_and_again_does_not_fill_the_trail(estate: Estate) -> None:
    for _again in range(5):
        for number in (estate.bridge.pk, estate.bridge.pk + 1_000, estate.bridge.pk + 1_001):
            async with Wire(number, THIEF) as wire:
                assert await wire.is_refused()
    assert [event.subject for event in await recorded()] == [f"bridge:{estate.bridge.pk}", ""]


async def test_a_greeting_of_another_line_greets_nobody(estate: Estate) -> None:
    async with Wire(estate.bridge.pk) as first:
        hello = first.end.seal(first.end.hello())
        async with Wire(estate.bridge.pk) as second:
            await second.send(hello)
            answer = await second.answer()
            assert isinstance(answer, protocol.Refused) and answer.code == "device_revoked"


@pytest.mark.parametrize("frame", ["", "{}", "not signed", "A" * 86 + ".{}", "A" * 87])
async def test_a_first_frame_that_is_no_greeting_ends_it(estate: Estate, frame: str) -> None:
    async with Wire(estate.bridge.pk) as wire:
        await wire.send(frame)
        answer = await wire.answer()
        assert isinstance(answer, protocol.Refused) and answer.code == "hello_first"
        assert await wire.closed() == 4403


async def test_who_says_nothing_is_hung_up_on(
    estate: Estate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumer, "HELLO_WITHIN_S", 0.05)
    async with Wire(estate.bridge.pk) as wire:
        assert await wire.closed() == 4403


@override_settings(BRIDGE_KEYS=[])
async def test_without_a_key_of_its_own_the_server_greets_no_bridge(estate: Estate) -> None:
    scope = {"type": "websocket", "path": "/ws/bridge/", "headers": []}
    wire = ApplicationCommunicator(BridgeConsumer.as_asgi(), scope)
    await wire.send_input({"type": "websocket.connect"})
    assert (await wire.receive_output(5))["type"] == "websocket.accept"
    told = json.loads((await wire.receive_output(5))["text"])
    assert (told["type"], told["code"]) == ("refused", "no_bridge_key")
    assert "LOCKWRIGHT_BRIDGE_KEYS" in told["message"]
    assert (await wire.receive_output(5))["type"] == "websocket.close"
    await wire.send_input({"type": "websocket.disconnect", "code": 1006})
    await wire.wait(5)


# ---- frames ------------------------------------------------------------------------------------


def thiefs(wire: Wire, message: protocol.Message) -> str:
    """Return a frame in the right place, with everything right but the key."""
    context = Context(Purpose.TO_SERVER, wire.end.bridge_id, wire.end.challenge)
    signer = Signer(THIEF, context)
    signer.seal("the hello")
    return signer.seal(protocol.encode(message))


FORGED: dict[str, Callable[[Wire], list[str]]] = {
    "unsigned": lambda wire: [protocol.encode(line(1))],
    "of another key": lambda wire: [thiefs(wire, line(1))],
    "changed": lambda wire: [wire.end.seal(line(1)).replace("bridge_started", "door_forced")],
    "one before it dropped": lambda wire: [
        [wire.end.seal(line(seq)) for seq in (1, 2)][1],
    ],
    "its own answer": lambda wire: [
        Signer(BRIDGE_KEY, Context(Purpose.TO_BRIDGE, wire.end.bridge_id, wire.end.nonce)).seal(
            protocol.encode(line(1))
        )
    ],
}


@pytest.mark.parametrize("how", FORGED)
async def test_a_frame_that_is_not_genuine_is_not_taken_and_ends_the_line(
    estate: Estate, how: str
) -> None:
    async with Wire(estate.bridge.pk) as wire:
        await wire.greet()
        for frame in FORGED[how](wire):
            await wire.send(frame)
        # Nothing that comes behind it is taken either, however genuine.
        await wire.send(line(1))
        assert await wire.closed() == 4400
    assert not await LockEvent.objects.aexists()
    (event,) = await recorded()
    assert (event.actor_kind, event.subject) == ("bridge", f"bridge:{estate.bridge.pk}")
    assert event.site_id == estate.site.pk


async def test_a_line_of_the_journal_that_is_played_again_is_not_taken(estate: Estate) -> None:
    async with Wire(estate.bridge.pk) as wire:
        await wire.greet()
        frame = wire.end.seal(line(1))
        await wire.send(frame)
        await wire.told(protocol.Ack)
        await wire.send(frame)
        assert await wire.closed() == 4400
    async with Wire(estate.bridge.pk) as later:
        await later.greet()
        await later.send(frame)
        assert await later.closed() == 4400
    assert await LockEvent.objects.acount() == 1
