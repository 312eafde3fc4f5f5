"""Somebody between a bridge and the shipped server; and a bridge's folder that was stolen."""

from __future__ import annotations

import asyncio
import re
import shutil
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from asgiref.sync import sync_to_async
from django.utils import timezone

from audit.models import Event
from kiosk.bridge import enrolment
from lockers.models import BridgePresence, Command, Controller, Door
from lockers.services import bridge_keys, commands
from tests import servers
from tests.bridge.conftest import Box, running
from tests.bridge.proxy import Proxy
from tests.factories.cast import SETUP, Estate

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def estate(transactional_db: None) -> Estate:
    estate = Estate.build(at=timezone.now())
    Controller.objects.update(driver="simulator", address="sim://proxied/1", channels=8)
    Door.objects.update(state="unknown")
    BridgePresence.objects.all().delete()
    return estate


@pytest.fixture
async def proxy(estate: Estate) -> AsyncIterator[Proxy]:
    serving = servers.serving()
    url = await sync_to_async(serving.__enter__)()
    try:
        async with Proxy(url) as between:
            yield between
    finally:
        await sync_to_async(serving.__exit__)(None, None, None)


@pytest.fixture
async def box(estate: Estate, proxy: Proxy, tmp_path: Path) -> AsyncIterator[Box]:
    """A bridge that was enrolled through the proxy, and has read its doors closed."""
    code = await sync_to_async(bridge_keys.make_code)(
        bridge=estate.bridge, actor=SETUP, at=timezone.now()
    )
    me = await enrolment.identify(proxy.url, tmp_path, code)
    async with running(proxy, tmp_path, me) as bridge:
        await until(lambda: Door.objects.filter(state="closed").count() == 3)
        yield bridge


async def until(condition: Callable[[], bool], within_s: float = 15) -> None:
    """Wait for what the server has in its database."""
    async with asyncio.timeout(within_s):
        while not await sync_to_async(condition)():
            await asyncio.sleep(0.05)


async def ask_to_open(estate: Estate, door: int) -> Command:
    number = await sync_to_async(commands.request_open)(
        compartment_id=estate.doors[door].pk, purpose="open", actor=SETUP, at=timezone.now()
    )
    return await Command.objects.aget(pk=number)


def pulses(box: Box) -> list[int]:
    (poller,) = box.agent.pollers.values()
    return [pulse.channel for pulse in poller.board.pulses]  # type: ignore[union-attr]  # simulated


def has_status(command: Command, status: str) -> Callable[[], bool]:
    return lambda: Command.objects.filter(pk=command.pk, status=status).exists()


async def test_relayed_as_they_are_commands_open_doors(
    estate: Estate, proxy: Proxy, box: Box
) -> None:
    command = await ask_to_open(estate, 0)
    await until(has_status(command, "opened"))
    assert pulses(box) == [0]
    assert box.connection.forged == 0


async def test_a_changed_deadline_opens_nothing_and_is_in_the_trail(
    estate: Estate, proxy: Proxy, box: Box
) -> None:
    later = re.compile(r'("deadline_ms":\d)(\d)')
    proxy.on_down = lambda frame: [later.sub(r"\g<1>9", frame)]
    command = await ask_to_open(estate, 0)
    told = Event.objects.filter(action="bridge.frame_refused")
    await until(lambda: told.exists())
    proxy.on_down = lambda frame: [frame]
    event = await told.aget()
    assert (event.subject, event.site_id) == (f"bridge:{estate.bridge.pk}", estate.site.pk)
    # Its line is made anew, and what is asked next is done.
    after = await ask_to_open(estate, 1)
    await until(has_status(after, "opened"))
    assert pulses(box) == [1]
    assert (await Command.objects.aget(pk=command.pk)).opened_at is None


async def test_a_recorded_command_opens_nothing_on_this_line_or_the_next(
    estate: Estate, proxy: Proxy, box: Box
) -> None:
    command = await ask_to_open(estate, 0)
    await until(has_status(command, "opened"))
    (recorded,) = [frame for frame in proxy.down if '"type":"open"' in frame]
    box.board(next(iter(box.agent.pollers))).push_shut(0)
    await until(has_status(command, "closed"))
    # A bridge with an empty journal: nothing but the signature stands against it.
    await box.journal.rename()
    for _line in range(2):
        before = proxy.connections
        await proxy.send_down(recorded)
        await until(lambda: proxy.connections > before)  # noqa: B023  (called at once)
        await until(lambda: Door.objects.filter(state="closed").count() == 3)
    assert box.connection.forged == 2
    assert pulses(box) == [0]


async def test_what_the_bridge_tells_cannot_be_changed(
    estate: Estate, proxy: Proxy, box: Box
) -> None:
    proxy.on_up = lambda frame: [frame.replace("door_forced", "door_closed")]
    box.board(next(iter(box.agent.pollers))).force_open(0)
    refused = Event.objects.filter(action="bridge.frame_refused", actor_kind="bridge")
    await until(lambda: refused.exists())
    proxy.on_up = lambda frame: [frame]
    # It is not lost either: the next line brings it as it was.
    await until(lambda: Event.objects.filter(action="door.forced").exists())


async def test_a_stolen_folder_is_worth_nothing_once_the_bridge_is_revoked(
    estate: Estate, proxy: Proxy, box: Box, tmp_path: Path
) -> None:
    stolen = tmp_path / "stolen"
    stolen.mkdir()
    for kept in tmp_path.glob("identity.json"):
        shutil.copy2(kept, stolen)
    await sync_to_async(bridge_keys.revoke)(bridge=estate.bridge, actor=SETUP, at=timezone.now())
    await until(lambda: BridgePresence.objects.filter(connection=None).exists())
    thief = await enrolment.identify(proxy.url, stolen, None)
    heard = len(proxy.down)
    async with running(proxy, stolen, thief) as bridge:
        await until(lambda: len(proxy.down) >= heard + 2)
        assert bridge.agent.pollers == {}
    # A challenge and a refusal: not a word of doors, boards or people.
    assert [frame for frame in proxy.down[heard:] if "compartment" in frame] == []
    assert await BridgePresence.objects.filter(connection=None).aexists()
