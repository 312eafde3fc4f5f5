"""Somebody between bridge and server: relays every frame, or what a test makes of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import aiohttp
from aiohttp import WSMsgType, web

Meddle = Callable[[str], list[str]]


def relay(frame: str) -> list[str]:
    """Pass a frame on as it is."""
    return [frame]


class Proxy:
    """One loopback proxy; ``down`` are the frames that the server sent, ``up`` the bridge's."""

    def __init__(self, server: str) -> None:
        self.server = server
        self.down: list[str] = []
        self.up: list[str] = []
        self.on_down: Meddle = relay
        self.on_up: Meddle = relay
        self.connections = 0
        self.bridge: web.WebSocketResponse | None = None
        self._upward: aiohttp.ClientWebSocketResponse | None = None

    async def __aenter__(self) -> Proxy:
        self._session = aiohttp.ClientSession()
        app = web.Application()
        app.router.add_get("/ws/bridge/", self._relay)
        app.router.add_post("/bridge/enrol/", self._enrol)
        self._runner = web.AppRunner(app, shutdown_timeout=0.2)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(self, *error: object) -> None:
        for socket in (self.bridge, self._upward):
            if socket is not None:
                await socket.close()
        await self._session.close()
        await self._runner.cleanup()

    async def send_down(self, frame: str) -> None:
        """Send the bridge a frame of our own."""
        assert self.bridge is not None
        await self.bridge.send_str(frame)

    async def send_up(self, frame: str) -> None:
        """Send the server a frame of our own."""
        assert self._upward is not None
        await self._upward.send_str(frame)

    async def _relay(self, request: web.Request) -> web.WebSocketResponse:
        bridge = self.bridge = web.WebSocketResponse()
        await bridge.prepare(request)
        async with self._session.ws_connect(f"{self.server}/ws/bridge/") as server:
            self._upward = server
            self.connections += 1

            async def upward() -> None:
                async for message in bridge:
                    if message.type is WSMsgType.TEXT:
                        self.up.append(message.data)
                        for frame in self.on_up(message.data):
                            await server.send_str(frame)

            async def downward() -> None:
                async for message in server:
                    if message.type is WSMsgType.TEXT:
                        self.down.append(message.data)
                        for frame in self.on_down(message.data):
                            await bridge.send_str(frame)

            ways = [asyncio.create_task(way()) for way in (upward, downward)]
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
        await bridge.close()
        return bridge

    async def _enrol(self, request: web.Request) -> web.Response:
        """Pass an enrolment on, or what a test makes of the request and of its answer."""
        sent = await request.text()
        self.up.append(sent)
        (asked,) = self.on_up(sent)
        async with self._session.post(f"{self.server}/bridge/enrol/", data=asked) as answer:
            told = await answer.text()
            self.down.append(told)
            (passed,) = self.on_down(told)
            return web.Response(text=passed, status=answer.status, content_type="application/json")
