"""The kiosk browser's own origin: the server's pages while it is there, ours while it is not."""

from __future__ import annotations

import asyncio
import contextlib
from importlib import resources
from types import TracebackType
from typing import Any, Self

import aiohttp
from aiohttp import web

from kiosk.bridge.agent import Agent
from kiosk.bridge.connection import Connection, State

# Everything a kiosk needs and nothing else: staff pages do not come through a kiosk.
PASSED = ("/kiosk/", "/static/", "/ws/kiosk/", "/i18n/")
BODY_BYTES = 1024 * 1024
# They belong to one hop and are not passed on.
_HOP = {
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "content-length",
    "content-encoding",
}
AWAY_AFTER_S = 5


class Screen:
    """A small web server on this machine that passes the kiosk's pages through."""

    def __init__(self, server: str, listen: str, connection: Connection, agent: Agent) -> None:
        self._server, self._connection, self._agent = server, connection, agent
        host, _, port = listen.rpartition(":")
        self._host, self._port = host or "127.0.0.1", int(port)
        self._away = resources.files(__package__).joinpath("away.html").read_text("utf-8")

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=30, connect=AWAY_AFTER_S), auto_decompress=True
        )
        app = web.Application(client_max_size=BODY_BYTES)
        app.router.add_get("/", self._home)
        app.router.add_get("/bridge/status", self._status)
        app.router.add_route("*", "/{path:.*}", self._pass)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await self._runner.setup()
        await web.TCPSite(self._runner, self._host, self._port).start()
        self.port: int = self._runner.addresses[0][1]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._runner.cleanup()
        await self._session.close()

    async def _home(self, request: web.Request) -> web.StreamResponse:
        raise web.HTTPFound("/kiosk/")

    async def _status(self, request: web.Request) -> web.Response:
        boards = [poller.reading() for poller in self._agent.pollers.values()]
        return web.json_response(
            {
                "server": self._connection.state is State.READY,
                "boards": [{"id": b.controller_id, "state": b.state} for b in boards],
            }
        )

    async def _pass(self, request: web.Request) -> web.StreamResponse:
        if not request.path.startswith(PASSED):
            return web.Response(status=404, text="This machine shows the kiosk only: /kiosk/")
        if request.headers.get("Upgrade", "").lower() == "websocket":
            return await self._pass_socket(request)
        try:
            async with self._session.request(
                request.method,
                self._server + request.path_qs,
                headers=self._headers(request),
                data=await request.read(),
                allow_redirects=False,
            ) as answer:
                if answer.status in (502, 503, 504) and "json" not in answer.content_type:
                    return self._away_page(request)
                passed = web.Response(status=answer.status, body=await answer.read())
                for name, value in answer.headers.items():
                    if name.lower() not in _HOP:
                        passed.headers.add(name, value)
                return passed
        except (aiohttp.ClientConnectionError, TimeoutError):
            return self._away_page(request)

    def _headers(self, request: web.Request) -> dict[str, str]:
        headers = {k: v for k, v in request.headers.items() if k.lower() not in _HOP}
        # The Host stays what the browser sent: Django compares it with the page's own origin.
        headers["X-Forwarded-For"] = request.remote or ""
        headers["X-Forwarded-Proto"] = request.scheme
        return headers

    def _away_page(self, request: web.Request) -> web.Response:
        if "text/html" in request.headers.get("Accept", ""):
            return web.Response(status=503, text=self._away, content_type="text/html")
        return web.json_response(
            {
                "code": "server_away",
                "message": "These lockers cannot be reached right now. Ask reception.",
                "facts": {},
            },
            status=503,
        )

    async def _pass_socket(self, request: web.Request) -> web.StreamResponse:
        skipped = {"sec-websocket-key", "sec-websocket-version", "sec-websocket-extensions"}
        headers = {k: v for k, v in self._headers(request).items() if k.lower() not in skipped}
        url = self._server.replace("http", "ws", 1) + request.path_qs
        try:
            there = await self._session.ws_connect(url, headers=headers)
        except (aiohttp.ClientError, TimeoutError):
            return web.Response(status=503)
        here = web.WebSocketResponse()
        await here.prepare(request)
        both = [asyncio.create_task(_pump(here, there)), asyncio.create_task(_pump(there, here))]
        try:
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in both:
                task.cancel()
            await asyncio.gather(*both, return_exceptions=True)
            await there.close()
            with contextlib.suppress(ConnectionError):
                await here.close(code=there.close_code or 1001)
        return here


async def _pump(source: Any, sink: Any) -> None:
    """Pass frames on until one side closes."""
    async for frame in source:
        if frame.type is aiohttp.WSMsgType.TEXT:
            await sink.send_str(frame.data)
        elif frame.type is aiohttp.WSMsgType.BINARY:
            await sink.send_bytes(frame.data)
