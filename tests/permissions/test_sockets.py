"""Every websocket, opened by everyone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from asgiref.testing import ApplicationCommunicator
from django.conf import settings
from django.utils import timezone

from config.routing import websockets
from occupancy.live import hub
from tests.bridge_lines import BridgeLine
from tests.factories.cast import BRIDGE_KEY, TERMINAL_TOKEN
from tests.permissions import routes
from tests.permissions.table import SOCKETS, May
from tests.permissions.test_pages import LET_IN
from tests.permissions.world import ROLES, World

ORIGIN = (b"origin", b"http://localhost")
# No role but the bridge has a key that the server knows.
STRANGER = b"the-key-of-nobody-that-is-known-"
# With the seconds that a consumer may take to look a token up.
PATIENCE_S = 10


@pytest.fixture
def world(transactional_db: None) -> World:
    return World.build(timezone.now())


@pytest.fixture(autouse=True)
async def live() -> AsyncIterator[None]:
    """Run the map's hub as the server does."""
    hub.start()
    yield
    await hub.stop()


def headers(world: World, role: str) -> list[tuple[bytes, bytes]]:
    if role == "terminal":
        return [ORIGIN, (b"authorization", f"Terminal {TERMINAL_TOKEN}".encode())]
    if role == "bridge":
        return []
    if role == "anonymous":
        return [ORIGIN]
    if role == "phone":
        return [ORIGIN, (b"cookie", f"phone={world.phone}".encode())]
    cookie = world.client(role).cookies[settings.SESSION_COOKIE_NAME].value
    return [ORIGIN, (b"cookie", f"{settings.SESSION_COOKIE_NAME}={cookie}".encode())]


class Socket:
    """A websocket to the product's own routing."""

    def __init__(self, path: str, sent: list[tuple[bytes, bytes]]) -> None:
        where, _mark, query = path.partition("?")
        scope = {
            "type": "websocket",
            "path": where,
            "query_string": query.encode(),
            "headers": sent,
            "subprotocols": [],
        }
        self.inner = ApplicationCommunicator(websockets, scope)

    async def opened(self) -> dict[str, Any]:
        """Knock, and return the first answer."""
        await self.inner.send_input({"type": "websocket.connect"})
        answer: dict[str, Any] = await self.inner.receive_output(PATIENCE_S)
        return answer

    async def is_let_in(self, bridge: BridgeLine | None = None) -> bool:
        """Say whether it stays open; a refusal may be told before or after it opened.

        ``bridge``: who it is, where one has to prove it.
        """
        answer = await self.opened()
        if answer["type"] != "websocket.accept":
            return False
        # Whoever is let in is told something at once, but a bridge has to prove itself first.
        message = await self.inner.receive_output(PATIENCE_S)
        if bridge is not None and '"challenge"' in message.get("text", ""):
            bridge.challenged(message["text"])
            hello = bridge.seal(bridge.hello())
            await self.inner.send_input({"type": "websocket.receive", "text": hello})
            message = await self.inner.receive_output(PATIENCE_S)
        while _is_refusal(message):
            message = await self.inner.receive_output(PATIENCE_S)
        return message["type"] != "websocket.close"

    async def close(self) -> None:
        """Hang up and wait until the consumer is gone."""
        await self.inner.send_input({"type": "websocket.disconnect", "code": 1000})
        await self.inner.wait(PATIENCE_S)


async def is_let_in(
    path: str, sent: list[tuple[bytes, bytes]], bridge: BridgeLine | None = None
) -> bool:
    socket = Socket(path, sent)
    try:
        return await socket.is_let_in(bridge)
    finally:
        await socket.close()


def _is_refusal(message: dict[str, Any]) -> bool:
    text = str(message.get("text") or message.get("bytes") or "")
    return "device_revoked" in text or '"refused"' in text


def test_every_websocket_is_in_the_table() -> None:
    assert set(routes.websockets()) == set(SOCKETS)


@pytest.mark.parametrize("pattern", SOCKETS)
@pytest.mark.parametrize("role", [*ROLES, "bridge"])
async def test_who_gets_in(world: World, pattern: str, role: str) -> None:
    may = SOCKETS[pattern]
    query = f"?site={world.estate.site.pk}" if may is May.SITE_VIEW else ""
    sent = await sync_to_async(headers)(world, role)
    allowed = {"bridge"} if may is May.BRIDGE else LET_IN[may]
    bridge = BridgeLine(world.estate.bridge.pk, BRIDGE_KEY if role == "bridge" else STRANGER)
    assert await is_let_in(f"/{pattern}{query}", sent, bridge) is (role in allowed)


async def test_a_map_of_another_site_closes_like_a_map_of_none(world: World) -> None:
    sent = await sync_to_async(headers)(world, "nina")
    closed = []
    for site in (world.estate.site.pk, 99_999_999):
        socket = Socket(f"/ws/map/?site={site}", sent)
        closed.append(await socket.opened())
        await socket.close()
    assert closed[0] == closed[1]
    assert (closed[0]["type"], closed[0]["code"]) == ("websocket.close", 4404)


async def test_a_page_of_another_host_opens_no_websocket_with_our_cookie(world: World) -> None:
    sent = await sync_to_async(headers)(world, "rosa")
    foreign = [(b"origin", b"http://evil.example"), *sent[1:]]
    path = f"/ws/map/?site={world.estate.site.pk}"
    stranger = BridgeLine(world.estate.bridge.pk, STRANGER)
    assert await is_let_in(path, foreign, stranger) is False
