"""What no honest peer sends: every websocket survives it, and leaves nothing behind."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from asgiref.sync import sync_to_async
from asgiref.testing import ApplicationCommunicator
from django.conf import settings
from django.test import Client
from django.utils import timezone

from audit.models import Event
from kiosk.bridge import protocol
from kiosk.consumers.bridge import BridgeConsumer
from kiosk.consumers.bridge.consumer import MALFORMED_TOLERATED
from kiosk.consumers.terminal import TerminalConsumer
from lockers.models import BridgePresence, Door, LockEvent
from lockers.notify import listener
from lockers.services import journal
from tests import servers
from tests.bridge_lines import BridgeLine
from tests.factories.cast import BRIDGE_KEY, TERMINAL_TOKEN, Estate

pytestmark = pytest.mark.django_db(transaction=True)

DEEP = "[" * 100_000
# Well-formed JSON of the right words, and nothing that can be believed.
WRONG_TYPES = [
    "null",
    "[]",
    '"hello"',
    "{}",
    '{"type":7}',
    '{"type":"no such message"}',
    '{"type":"\\u0000\\ud83d\\ude00\\n"}',
    '{"type":"ping","sent_ms":"soon"}',
    '{"type":"ping","sent_ms":-1}',
    '{"type":"ping","sent_ms":' + "9" * 40 + "}",
    '{"type":"event","seq":1,"kind":"bridge_started","occurred_at_ms":1}',
    '{"type":"events","after":0,"lines":[7]}',
    '{"type":"events","after":0,"lines":[{"seq":1,"kind":"door_eaten","occurred_at_ms":1}]}',
    *(
        f'{{"type":"events","after":0,"lines":[{{"seq":1,"kind":"bridge_started","occurred_at_ms":{wrong}}}]}}'
        for wrong in ("1e300", "99999999999999999", '1,"detail":"\\u0000"', '1,"command_id":"x"')
    ),
    '{"type":"doors","readings":[{"compartment_id":' + "9" * 30 + ',"state":"open"}]}',
    '{"type":"doors","readings":[{"compartment_id":1,"state":"ajar"}]}',
    '{"type":"health","boards":{},"config_hash":""}',
]
NOT_JSON = ["", "not json", "{", "\x00", DEEP, '{"type":"ping","sent_ms":1,"more":' + DEEP]


@pytest.fixture
def estate(transactional_db: None) -> Estate:
    return Estate.build(at=timezone.now())


@pytest.fixture(autouse=True)
async def nothing_left_behind(transactional_db: None) -> AsyncIterator[None]:
    """Check that a closed socket keeps neither a task nor an ear on the database."""
    subscribed = {channel: set(ears) for channel, ears in listener._subscribers.items()}
    before = asyncio.all_tasks()
    yield
    assert {channel: set(ears) for channel, ears in listener._subscribers.items()} == subscribed
    assert asyncio.all_tasks() - before - {asyncio.current_task()} == set()


class Line:
    """The wire of one bridge."""

    def __init__(self, estate: Estate, key: bytes = BRIDGE_KEY) -> None:
        scope = {"type": "websocket", "path": "/ws/bridge/", "headers": []}
        self.wire = ApplicationCommunicator(BridgeConsumer.as_asgi(), scope)
        self.end = BridgeLine(estate.bridge.pk, key)

    async def __aenter__(self) -> Line:
        await self.wire.send_input({"type": "websocket.connect"})
        assert (await self.wire.receive_output(20))["type"] == "websocket.accept"
        self.end.challenged((await self.wire.receive_output(20))["text"])
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.wire.send_input({"type": "websocket.disconnect", "code": 1006})
        await self.wire.wait(30)

    async def send(self, message: str | protocol.Message) -> None:
        """Send as the bridge does: signed."""
        await self.send_raw(self.end.seal(message))

    async def send_raw(self, frame: str | bytes) -> None:
        kind = "bytes" if isinstance(frame, bytes) else "text"
        await self.wire.send_input({"type": "websocket.receive", kind: frame})

    async def answer(self) -> protocol.FromServer:
        output = await self.wire.receive_output(20)
        assert output["type"] == "websocket.send", output
        return self.end.open(output["text"])

    async def greeted(self, **other: Any) -> protocol.Welcome:
        await self.send(self.end.hello(**other))
        welcome = await self.answer()
        assert isinstance(welcome, protocol.Welcome)
        return welcome

    async def answers(self) -> bool:
        """Say whether it still speaks with us."""
        await self.send(protocol.Ping(sent_ms=5))
        return isinstance(await self.answer(), protocol.Pong)

    async def closed(self) -> int:
        output = await self.wire.receive_output(20)
        assert output["type"] == "websocket.close", output
        return int(output["code"])


def event(seq: int, kind: Any, **more: Any) -> protocol.Events:
    now = int(timezone.now().timestamp() * 1000)
    told = {"occurred_at_ms": now, **more}
    return protocol.Events(after=seq - 1, lines=[protocol.Event(seq=seq, kind=kind, **told)])


@pytest.mark.parametrize("frames", [WRONG_TYPES, NOT_JSON])
async def test_a_malformed_message_is_recorded_once_and_the_bridge_stays(
    estate: Estate, frames: list[str]
) -> None:
    async with Line(estate) as line:
        await line.greeted()
        for frame in frames:
            await line.send(frame)
        assert await line.answers()
    told = await Event.objects.aget(action="bridge.malformed_message")
    assert (told.actor_kind, told.subject) == ("bridge", f"bridge:{estate.bridge.pk}")
    assert told.data["problem"]
    assert not await LockEvent.objects.aexists()
    # What its doors last read went with it.
    assert {door.state async for door in Door.objects.all()} == {"unknown"}


async def test_a_message_too_long_to_read_is_malformed(estate: Estate) -> None:
    async with Line(estate) as line:
        await line.greeted()
        padding = "x" * protocol.MAX_FRAME_BYTES
        await line.send(f'{{"type":"ping","sent_ms":1,"more":"{padding}"}}')
        assert await line.answers()
    told = await Event.objects.aget(action="bridge.malformed_message")
    assert "are read" in told.data["problem"]


async def test_a_bridge_that_sends_nothing_else_is_told_and_put_off(estate: Estate) -> None:
    async with Line(estate) as line:
        await line.greeted()
        for _again in range(MALFORMED_TOLERATED + 5):
            await line.send("not json")
        answer = await line.answer()
        assert isinstance(answer, protocol.Refused)
        assert answer.message == "Too many messages of this bridge cannot be read."
        assert await line.closed() == 4403
        # What was on its way is not answered any more.
        assert await line.wire.receive_nothing(0.1)
    assert await Event.objects.filter(action="bridge.malformed_message").acount() == 1


@pytest.mark.parametrize(("lowest", "highest"), [(2, 9), (0, 0)])
async def test_a_bridge_of_another_version_is_told_what_to_do(
    estate: Estate, lowest: int, highest: int
) -> None:
    async with Line(estate) as line:
        await line.send(line.end.hello(protocol_min=lowest, protocol_max=highest))
        answer = await line.answer()
        assert isinstance(answer, protocol.Refused)
        assert (answer.code, "Upgrade the older" in answer.message) == ("protocol_version", True)
        assert await line.closed() == 4403


async def test_hello_comes_first_and_once(estate: Estate) -> None:
    async with Line(estate) as line:
        await line.send(protocol.Ping(sent_ms=1))
        answer = await line.answer()
        assert isinstance(answer, protocol.Refused) and answer.code == "hello_first"
        assert await line.closed() == 4403
    async with Line(estate) as line:
        await line.greeted()
        await line.send(line.end.hello())
        answer = await line.answer()
        assert isinstance(answer, protocol.Refused) and answer.code == "hello_twice"
        assert await line.closed() == 4403


async def test_a_word_of_a_newer_bridge_is_stored_and_stops_nothing(estate: Estate) -> None:
    async with Line(estate) as line:
        await line.greeted()
        board = {"controller_id": estate.controller.pk}
        await line.send(event(1, "board_state", detail="overheated", **board))
        acknowledged = await line.answer()
        assert acknowledged == protocol.Ack(seq=1)
    assert (await LockEvent.objects.aget()).detail == "overheated"


async def test_a_failure_of_ours_ends_the_connection_and_all_that_it_ran(
    estate: Estate, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(**_: object) -> None:
        raise RuntimeError("the database is full")

    async with Line(estate) as line:
        await line.greeted()
        monkeypatch.setattr(journal, "read_doors", fails)
        await line.send(protocol.Doors(readings=[]))
        assert await line.closed() == 1011
    assert (await BridgePresence.objects.aget()).connection is None


async def test_lines_that_cannot_be_stored_never_hold_a_dead_connection(
    estate: Estate, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(**_: object) -> None:
        raise RuntimeError("the database is full")

    async with Line(estate) as line:
        await line.greeted()
        monkeypatch.setattr(journal, "receive", fails)
        for seq in range(1, 12_000):
            await line.send(event(seq, "bridge_started"))
        assert await line.closed() == 1011
    assert not await LockEvent.objects.aexists()


@pytest.mark.parametrize("ahead_s", [3_600, -3_600])
async def test_a_clock_that_is_an_hour_wrong_is_recorded_and_changes_nothing(
    estate: Estate, ahead_s: int
) -> None:
    now = int(timezone.now().timestamp() * 1000)
    async with Line(estate) as line:
        welcome = await line.greeted(wall_clock_ms=now + ahead_s * 1000)
        assert abs(welcome.server_time_ms - now) < 5_000
        for _beat in range(3):
            await line.send(
                protocol.Health(boards=[], config_hash="", clock_offset_ms=ahead_s * 1000)
            )
        assert await line.answers()
        assert abs((await BridgePresence.objects.aget()).clock_offset_ms - ahead_s * 1000) < 5_000
        assert (await BridgePresence.objects.aget()).connection is not None
    told = await Event.objects.aget(action="bridge.clock_wrong")
    assert abs(told.data["ahead_seconds"] - ahead_s) <= 5
    assert told.site_id == estate.site.pk


async def test_what_happened_before_the_clock_was_right_is_kept_and_marked(estate: Estate) -> None:
    """A machine without a battery begins in 1970 and journals before it hears the time."""
    about = {"compartment_id": estate.doors[0].pk}
    async with Line(estate) as line:
        await line.greeted()
        await line.send(event(1, "door_forced", occurred_at_ms=5_000, clock_ok=False, **about))
        assert await line.answer() == protocol.Ack(seq=1)
    stored = await LockEvent.objects.aget()
    assert (stored.occurred_at.year, stored.clock_ok) == (1970, False)
    assert abs((stored.received_at - timezone.now()).total_seconds()) < 60
    told = await Event.objects.aget(action="door.forced")
    assert told.data["clock_ok"] is False


async def test_a_right_clock_is_no_news(estate: Estate) -> None:
    async with Line(estate) as line:
        await line.greeted()
    assert not await Event.objects.filter(action="bridge.clock_wrong").aexists()


# ---- a screen, and the shipped server ------------------------------------------------------------


async def test_a_screen_that_sends_nonsense_is_told_its_bank_all_the_same(estate: Estate) -> None:
    cookie = [(b"cookie", f"terminal={TERMINAL_TOKEN}".encode())]
    scope = {"type": "websocket", "path": "/ws/kiosk/", "headers": cookie}
    screen = ApplicationCommunicator(TerminalConsumer.as_asgi(), scope)
    await screen.send_input({"type": "websocket.connect"})
    assert (await screen.receive_output(20))["type"] == "websocket.accept"
    for frame in [*WRONG_TYPES, *NOT_JSON, '{"type":"watch","command":[],"scan":{}}']:
        await screen.send_input({"type": "websocket.receive", "text": frame})
    for frame in (b"\xff\xfe", b"", b"\x00" * 100_000):
        await screen.send_input({"type": "websocket.receive", "bytes": frame})
    bank = json.loads((await screen.receive_output(20))["text"])
    assert bank["type"] == "bank"
    await screen.send_input({"type": "websocket.disconnect", "code": 1000})
    await screen.wait(5)


def session_of(estate: Estate) -> str:
    client = Client()
    client.force_login(estate.olga)
    return client.cookies[settings.SESSION_COOKIE_NAME].value


async def send(socket: aiohttp.ClientWebSocketResponse, frame: str | bytes) -> None:
    if isinstance(frame, bytes):
        await socket.send_bytes(frame)
    else:
        await socket.send_str(frame)


async def test_the_shipped_server_outlives_whatever_its_sockets_are_sent(estate: Estate) -> None:
    session = await sync_to_async(session_of)(estate)
    serving = servers.serving()
    url = await sync_to_async(serving.__enter__)()
    origin = {"Origin": url}
    sockets = {
        "/ws/bridge/": {},
        "/ws/kiosk/": {"Authorization": f"Terminal {TERMINAL_TOKEN}", **origin},
        f"/ws/map/?site={estate.site.pk}": {
            "Cookie": f"{settings.SESSION_COOKIE_NAME}={session}",
            **origin,
        },
    }
    huge = "x" * (17 * 1024 * 1024)
    try:
        async with aiohttp.ClientSession(url) as web:
            for path, headers in sockets.items():
                for frames in (WRONG_TYPES, NOT_JSON, [b"\xff\x00", b""], [huge], [huge.encode()]):
                    async with web.ws_connect(path, headers=headers) as socket:
                        # It may hang up before we are through.
                        with contextlib.suppress(ConnectionError, aiohttp.ClientError):
                            for frame in frames:
                                await send(socket, frame)
                # An honest peer is served as before.
                async with web.ws_connect(path, headers=headers) as socket:
                    first = await socket.receive_str(timeout=10)
                    if path == "/ws/bridge/":
                        end = BridgeLine(estate.bridge.pk)
                        end.challenged(first)
                        await socket.send_str(end.seal(end.hello()))
                        welcome = end.open(await socket.receive_str(timeout=10))
                        assert isinstance(welcome, protocol.Welcome)
                    else:
                        assert json.loads(first)["type"] in {"bank", "snapshot"}
            async with web.get("/healthz/") as answer:
                assert answer.status == 200
    finally:
        await sync_to_async(serving.__exit__)(None, None, None)
