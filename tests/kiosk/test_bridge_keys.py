"""How a bridge loses its key, gets another one, and what its line is told of it."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.utils import timezone

from audit.actions import Action
from kiosk.bridge import protocol
from kiosk.bridge.protocol.signed import Context, Purpose, Signer
from lockers import introduction
from lockers.models import Bridge, LockEvent
from lockers.services import bridge_keys, connections
from tests.bridge_lines import enrol
from tests.factories.cast import BRIDGE_KEY, SETUP, Estate
from tests.kiosk.test_bridge_lines import THIEF, Wire, line, recorded

pytestmark = pytest.mark.django_db(transaction=True)
NEXT_KEY = b"the-next-key-of-the-bridge------"


@pytest.fixture
def estate(transactional_db: None) -> Estate:
    return Estate.build(at=timezone.now())


async def test_revoking_ends_the_line_within_a_second_and_for_good(
    estate: Estate, listening: None
) -> None:
    async with Wire(estate.bridge.pk) as wire:
        assert isinstance(await wire.greet(), protocol.Welcome)
        begun = time.monotonic()
        await sync_to_async(bridge_keys.revoke)(
            bridge=estate.bridge, actor=SETUP, at=timezone.now()
        )
        refused = await wire.told(protocol.Refused)
        assert (refused.code, await wire.closed()) == ("device_revoked", 4403)
        assert time.monotonic() - begun < 1
    # Whoever stole its folder has its number, its key and the server's public ones.
    async with Wire(estate.bridge.pk) as thief:
        assert await thief.is_refused()


async def test_enrolling_anew_ends_the_line_of_the_old_key(estate: Estate, listening: None) -> None:
    at = timezone.now()
    async with Wire(estate.bridge.pk) as wire:
        assert isinstance(await wire.greet(), protocol.Welcome)
        code = await sync_to_async(bridge_keys.make_code)(bridge=estate.bridge, actor=SETUP, at=at)
        assert await sync_to_async(enrol)(code, at, NEXT_KEY) == estate.bridge
        refused = await wire.told(protocol.Refused)
        assert refused.code == "device_revoked"
    async with Wire(estate.bridge.pk, NEXT_KEY) as new:
        assert isinstance(await new.greet(), protocol.Welcome)


def new_key(wire: Wire, key: bytes = NEXT_KEY, by: bytes = NEXT_KEY) -> protocol.NewKey:
    public = introduction.public_key(key)
    context = Context(Purpose.NEW_KEY, wire.end.bridge_id, wire.end.challenge)
    return protocol.NewKey(public_key=public, proof=Signer(by, context).seal(public.hex()))


async def ask_to_roll(estate: Estate) -> None:
    await sync_to_async(bridge_keys.ask_to_roll)(
        bridge=estate.bridge, actor=SETUP, at=timezone.now()
    )


@pytest.mark.parametrize("when", ["connected", "away"])
async def test_a_bridge_is_asked_for_a_new_key_and_the_old_one_stops_at_once(
    estate: Estate, listening: None, when: str
) -> None:
    if when == "away":
        await ask_to_roll(estate)
    async with Wire(estate.bridge.pk) as wire:
        assert isinstance(await wire.greet(), protocol.Welcome)
        if when == "connected":
            await ask_to_roll(estate)
        await wire.told(protocol.Roll)
        await wire.send(new_key(wire))
        assert (await wire.told(protocol.Refused)).code == "key_rolled"
        await wire.send(line(1))
        assert await wire.closed() == 4403
    assert not await LockEvent.objects.aexists()
    async with Wire(estate.bridge.pk) as old:
        assert await old.is_refused()
    async with Wire(estate.bridge.pk, NEXT_KEY) as new:
        assert isinstance(await new.greet(), protocol.Welcome)
        # It is not asked again.
        assert await new.wire.receive_nothing(0.3)
    (event,) = await recorded(Action.KEY_ROLLED)
    assert (event.actor_kind, event.subject) == ("bridge", f"bridge:{estate.bridge.pk}")
    assert (await Bridge.objects.aget(pk=estate.bridge.pk)).roll_asked_at is None


async def test_who_rolls_its_key_is_never_told_that_another_took_its_place(
    estate: Estate, listening: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The line hears of the new key before the thread that stored it is done."""
    heard, looked = threading.Event(), connections.find
    roll = bridge_keys.roll

    def slow(**values: Any) -> bool:
        done = roll(**values)
        assert heard.wait(20)
        return done

    def look(**values: Any) -> Any:
        found = looked(**values)
        if found is not None and found.public_key == introduction.public_key(NEXT_KEY).hex():
            heard.set()
        return found

    async with Wire(estate.bridge.pk) as wire:
        assert isinstance(await wire.greet(), protocol.Welcome)
        await ask_to_roll(estate)
        await wire.told(protocol.Roll)
        monkeypatch.setattr(bridge_keys, "roll", slow)
        monkeypatch.setattr(connections, "find", look)
        await wire.send(new_key(wire))
        assert (await wire.told(protocol.Refused)).code == "key_rolled"


@pytest.mark.parametrize("how", ["nobody asked", "not its own", "of another line", "nonsense"])
async def test_no_other_new_key_is_taken(estate: Estate, listening: None, how: str) -> None:
    if how != "nobody asked":
        await ask_to_roll(estate)
    async with Wire(estate.bridge.pk) as wire:
        await wire.greet()
        offered = new_key(wire)
        if how == "not its own":
            offered = new_key(wire, by=THIEF)
        elif how == "of another line":
            async with Wire(estate.bridge.pk) as other:
                offered = new_key(other)
        elif how == "nonsense":
            offered = protocol.NewKey(public_key=b"\xff" * 32, proof="\u00e9" * 90)
        await wire.send(offered)
        assert await wire.closed() == 4403
    bridge = await Bridge.objects.aget(pk=estate.bridge.pk)
    assert bridge.public_key == introduction.public_key(BRIDGE_KEY).hex()
    assert await recorded(Action.KEY_ROLLED) == []
