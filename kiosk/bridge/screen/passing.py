"""The server's kiosk pages, passed through to the browser on this machine."""

from __future__ import annotations

import asyncio
import contextlib
from types import TracebackType
from typing import Any, Self

import aiohttp
from aiohttp import web

from kiosk.bridge.connection import Connection, State
from kiosk.bridge.screen import guarding

# Everything a kiosk needs and nothing else: staff pages do not come through a kiosk.
PASSED = ("/kiosk/", "/static/", "/ws/kiosk/", "/i18n/")
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
# A server that our own line has lost for so long is away for the screen too.
LOST_FOR_S = 3.0
LOOKS_EVERY_S = 0.5
AWAY = "These lockers cannot be reached right now. Ask reception."


class Passing:
    """Passes on what a kiosk asks; while the server is away its pages lead to our own."""

    def __init__(self, server: str, connection: Connection) -> None:
        self._server, self._connection = server, connection
        # Set from when our own line was lost for the screen too until it is there again.
        self._is_lost = False

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=30, connect=AWAY_AFTER_S), auto_decompress=True
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._session.close()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Pass a request on."""
        if not request.path.startswith(PASSED):
            return web.Response(status=404, text="This machine shows the kiosk only: /kiosk/")
        if request.headers.get("Upgrade", "").lower() == "websocket":
            return await self._pass_socket(request)
        try:
            async with self._session.request(
                request.method,
                self._server + request.path_qs,
                headers=_headers(request),
                data=await request.read(),
                allow_redirects=False,
            ) as answer:
                if answer.status in (502, 503, 504) and "json" not in answer.content_type:
                    return _away(request)
                passed = web.Response(status=answer.status, body=await answer.read())
                for name, value in answer.headers.items():
                    if name.lower() not in _HOP:
                        passed.headers.add(name, value)
                return passed
        except (aiohttp.ClientConnectionError, TimeoutError):
            return _away(request)

    async def _pass_socket(self, request: web.Request) -> web.StreamResponse:
        if self._is_lost and self._connection.state is not State.READY:
            return web.Response(status=503)
        skipped = {"sec-websocket-key", "sec-websocket-version", "sec-websocket-extensions"}
        headers = {k: v for k, v in _headers(request).items() if k.lower() not in skipped}
        url = self._server.replace("http", "ws", 1) + request.path_qs
        try:
            there = await self._session.ws_connect(url, headers=headers)
        except (aiohttp.ClientError, TimeoutError):
            return web.Response(status=503)
        here = web.WebSocketResponse()
        await here.prepare(request)
        until = [
            asyncio.create_task(_pump(here, there)),
            asyncio.create_task(_pump(there, here)),
            asyncio.create_task(self._lost()),
        ]
        try:
            await asyncio.wait(until, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in until:
                task.cancel()
            await asyncio.gather(*until, return_exceptions=True)
            await there.close()
            with contextlib.suppress(ConnectionError):
                await here.close(code=there.close_code or 1001)
        return here

    async def _lost(self) -> None:
        """Wait until our own line to the server, which was there, has been gone for a while."""
        was_there, gone_s = self._connection.state is State.READY, 0.0
        while gone_s < LOST_FOR_S:
            await asyncio.sleep(LOOKS_EVERY_S)
            is_there = self._connection.state is State.READY
            was_there = was_there or is_there
            gone_s = 0.0 if is_there or not was_there else gone_s + LOOKS_EVERY_S
        self._is_lost = True


def _headers(request: web.Request) -> dict[str, str]:
    headers = {k: v for k, v in request.headers.items() if k.lower() not in _HOP}
    # The Host stays what the browser sent: Django compares it with the page's own origin.
    headers["X-Forwarded-For"] = request.remote or ""
    headers["X-Forwarded-Proto"] = request.scheme
    return headers


def _away(request: web.Request) -> web.Response:
    if "text/html" not in request.headers.get("Accept", ""):
        return web.json_response({"code": "server_away", "message": AWAY, "facts": {}}, status=503)
    if guarding.why_not(request) is None:
        return web.Response(status=302, headers={"Location": "/alone/"})
    # A browser elsewhere has no page of ours.
    return web.Response(status=503, text=AWAY, headers={"Retry-After": "5"})


async def _pump(source: Any, sink: Any) -> None:
    """Pass frames on until one side closes."""
    async for frame in source:
        if frame.type is aiohttp.WSMsgType.TEXT:
            await sink.send_str(frame.data)
        elif frame.type is aiohttp.WSMsgType.BINARY:
            await sink.send_bytes(frame.data)
