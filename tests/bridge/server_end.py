"""The server's end of a bridge, played by the tests: says welcome, keeps what it hears."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Callable
from typing import Any

from aiohttp import WSMsgType, web

from kiosk.bridge import protocol

TOKEN = "the-token-of-the-tests"


class ServerEnd:
    """One loopback server; ``events`` are the journal lines it stored."""

    def __init__(self, config: protocol.Config, *, clock_ahead_ms: int = 0) -> None:
        self.config = config
        self.clock_ahead_ms = clock_ahead_ms
        self.events: dict[int, protocol.Event] = {}
        self.heard: list[Any] = []
        self.greetings = 0
        self.acknowledging = True
        self.code = "GOOD-CODE"
        self.socket: web.WebSocketResponse | None = None
        self._changed = asyncio.Condition()
        self.port = 0

    def now_ms(self) -> int:
        return int(time.time() * 1000) + self.clock_ahead_ms

    async def start(self, port: int = 0) -> None:
        app = web.Application()
        app.router.add_get("/ws/bridge/", self._talk)
        app.router.add_post("/bridge/enrol/", self._enrol)
        app.router.add_route("*", "/kiosk/{rest:.*}", self._page)
        self._runner = web.AppRunner(app, shutdown_timeout=0.2)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", port)
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        if self.socket is not None:
            await self.socket.close()
        await self._runner.cleanup()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def _enrol(self, request: web.Request) -> web.Response:
        if (await request.json())["code"] != self.code:
            return web.json_response(
                {"code": "code_refused", "message": "This code is wrong.", "facts": {}}, status=403
            )
        return web.json_response({"bridge_id": 1, "token": TOKEN})

    async def _page(self, request: web.Request) -> web.Response:
        answer = web.Response(text=f"{request.method} {request.path_qs} for {request.host}")
        answer.set_cookie("terminal", "t", httponly=True)
        return answer

    async def _talk(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            await self._send(socket, protocol.Refused(code="device_revoked", message="Revoked."))
            await socket.close()
            return socket
        async for frame in socket:
            if frame.type is WSMsgType.TEXT:
                await self._take(socket, protocol.decode_from_bridge(frame.data))
        return socket

    async def _take(self, socket: web.WebSocketResponse, message: Any) -> None:
        if isinstance(message, protocol.Hello):
            self.greetings += 1
            self.socket = socket
            await self._send(
                socket,
                protocol.Welcome(
                    protocol=1,
                    bridge_id=1,
                    server_time_ms=self.now_ms(),
                    acknowledged_seq=max(self.events, default=0),
                    config=self.config,
                ),
            )
        elif isinstance(message, protocol.Ping):
            await self._send(
                socket, protocol.Pong(sent_ms=message.sent_ms, server_time_ms=self.now_ms())
            )
        elif isinstance(message, protocol.Event):
            assert message.seq == max(self.events, default=0) + 1, "a gap in the journal"
            self.events[message.seq] = message
            if self.acknowledging:
                await self._send(socket, protocol.Ack(seq=message.seq))
        async with self._changed:
            self.heard.append(message)
            self._changed.notify_all()

    async def _send(self, socket: web.WebSocketResponse, message: protocol.Message) -> None:
        await socket.send_str(protocol.encode(message))

    async def send(self, message: protocol.Message) -> None:
        assert self.socket is not None
        await self._send(self.socket, message)

    async def order(
        self, compartment_id: int, *, within_ms: int = 5_000, not_before_ms: int = 0
    ) -> uuid.UUID:
        """Order a door open and return the command's id."""
        command_id = uuid.uuid4()
        await self.send(
            protocol.Open(
                command_id=command_id,
                compartment_id=compartment_id,
                deadline_ms=self.now_ms() + within_ms,
                not_before_ms=self.now_ms() + not_before_ms if not_before_ms else 0,
            )
        )
        return command_id

    async def until(self, condition: Callable[[], bool], within_s: float = 8) -> None:
        """Wait until what was heard fulfils a condition."""
        async with self._changed:
            await asyncio.wait_for(self._changed.wait_for(condition), within_s)

    def kinds(self, command_id: uuid.UUID | None = None) -> list[str]:
        """Return the kinds of the stored lines, of one command or of none."""
        return [e.kind for e in self.events.values() if e.command_id == command_id]

    def detail(self, command_id: uuid.UUID) -> str:
        """Return what the last line of a command added."""
        return [e.detail for e in self.events.values() if e.command_id == command_id][-1]

    def doors(self) -> dict[int, str]:
        """Return how the doors were last told to stand."""
        told = [m for m in self.heard if isinstance(m, protocol.Doors)]
        return {r.compartment_id: r.state for r in told[-1].readings} if told else {}

    def boards(self) -> dict[int, str]:
        """Return the boards of the last heartbeat."""
        told = [m for m in self.heard if isinstance(m, protocol.Health)]
        return {b.controller_id: b.state for b in told[-1].boards} if told else {}
