"""The server's end of a bridge, played by the tests: says welcome, keeps what it hears."""

from __future__ import annotations

import asyncio
import base64
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

from aiohttp import WSMsgType, web

from kiosk.bridge import identity, protocol
from kiosk.bridge.identity import Identity, Kept
from kiosk.bridge.protocol.signed import (
    BadSignature,
    Context,
    Opener,
    Purpose,
    Signer,
    new_nonce,
    unproven,
)
from lockers import introduction

BRIDGE_ID = 1
BOX_KEY = b"the-key-of-the-box-in-the-tests-"
SERVER_KEY = b"the-key-of-the-server-in-tests--"
IDENTITY = Identity(
    bridge_id=BRIDGE_ID, key=BOX_KEY, server_keys=[introduction.public_key(SERVER_KEY)]
)


def enrolled(state: Path, who: Identity = IDENTITY) -> Kept:
    """Write an identity into a bridge's folder, as if it had been enrolled."""
    identity.save(state / identity.FILE, who)
    return Kept(state, who)


class ServerEnd:
    """One loopback server; ``events`` are the journal lines it stored."""

    def __init__(self, config: protocol.Config, *, clock_ahead_ms: int = 0) -> None:
        self.config = config
        self.clock_ahead_ms = clock_ahead_ms
        self.events: dict[int, protocol.Event] = {}
        self.heard: list[Any] = []
        self.greetings = 0
        self.acknowledging = True
        # What it says to have of a journal: the last number, and when that line was written.
        self.acknowledged: Callable[[protocol.Hello], tuple[int, int]] = lambda hello: (
            max(self.events, default=0),
            0,
        )
        self.code = "GOOD-CODE"
        self.bridge_key = introduction.public_key(BOX_KEY)
        self.server_keys = [SERVER_KEY]
        self.nonce = b""
        # How many frames, those of greetings included, were not the bridge's own.
        self.forged = 0
        self.rolling, self.stores_keys = False, True
        self.socket: web.WebSocketResponse | None = None
        self.signer: Signer | None = None
        self._changed = asyncio.Condition()
        self.port = 0

    def now_ms(self) -> int:
        return int(time.time() * 1000) + self.clock_ahead_ms

    async def start(self, port: int = 0) -> None:
        app = web.Application()
        app.router.add_get("/ws/bridge/", self._talk)
        app.router.add_get("/ws/kiosk/", self._screen)
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
        asked = {name: base64.b64decode(text) for name, text in (await request.json()).items()
                 if name != "software"}  # fmt: skip
        code = introduction.code_key(self.code)
        public = asked["public_key"]
        if not introduction.is_asked(public, asked["by_code"], asked["by_itself"], code):
            return web.json_response(
                {"code": "code_refused", "message": "This code is wrong.", "facts": {}}, status=403
            )
        self.bridge_key = public
        keys = self.public_keys
        mac = introduction.vouch(code, public, BRIDGE_ID, keys)
        return web.json_response(
            {
                "bridge_id": BRIDGE_ID,
                "server_keys": [base64.b64encode(key).decode() for key in keys],
                "mac": base64.b64encode(mac).decode(),
            }
        )

    @property
    def public_keys(self) -> list[bytes]:
        return [introduction.public_key(key) for key in self.server_keys]

    async def _page(self, request: web.Request) -> web.Response:
        answer = web.Response(text=f"{request.method} {request.path_qs} for {request.host}")
        answer.set_cookie("terminal", "t", httponly=True)
        return answer

    async def _screen(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_str("whole")
        async for _frame in socket:
            pass
        return socket

    async def _talk(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self.nonce = new_nonce()
        await socket.send_str(protocol.encode(protocol.Challenge(nonce=self.nonce)))
        opener = Opener([self.bridge_key], Context(Purpose.TO_SERVER, BRIDGE_ID, self.nonce))
        async for frame in socket:
            if frame.type is not WSMsgType.TEXT:
                continue
            message = protocol.decode_from_bridge(unproven(frame.data))
            try:
                opener.open(frame.data)
            except BadSignature:
                self.forged += 1
                if isinstance(message, protocol.Hello):
                    refused = protocol.Refused(code="device_revoked", message="Revoked.")
                    await socket.send_str(protocol.encode(refused))
                break
            await self._take(socket, message)
        await socket.close()
        return socket

    async def _roll(self, socket: web.WebSocketResponse, message: protocol.NewKey) -> None:
        """Take a bridge's new key, unless this server dies before; and say so, unless after."""
        public = message.public_key
        context = Context(Purpose.NEW_KEY, BRIDGE_ID, self.nonce)
        assert Opener([public], context).open(message.proof) == public.hex()
        if self.stores_keys:
            self.bridge_key, self.rolling = public, False
            await self._send(socket, protocol.Refused(code="key_rolled", message="Again."))
        await socket.close()

    async def _take(self, socket: web.WebSocketResponse, message: Any) -> None:
        if isinstance(message, protocol.Hello):
            self.greetings += 1
            self.socket = socket
            context = Context(Purpose.TO_BRIDGE, BRIDGE_ID, message.nonce)
            self.signer = Signer(self.server_keys[0], context)
            acknowledged, written_at_ms = self.acknowledged(message)
            await self._send(
                socket,
                protocol.Welcome(
                    protocol=1,
                    server_keys=self.public_keys,
                    server_time_ms=self.now_ms(),
                    acknowledged_seq=acknowledged,
                    acknowledged_at_ms=written_at_ms,
                    config=self.config,
                ),
            )
            if self.rolling:
                await self._send(socket, protocol.Roll())
        elif isinstance(message, protocol.NewKey):
            await self._roll(socket, message)
        elif isinstance(message, protocol.Ping):
            await self._send(
                socket, protocol.Pong(sent_ms=message.sent_ms, server_time_ms=self.now_ms())
            )
        elif isinstance(message, protocol.Events):
            assert message.after == max(self.events, default=0), "a gap in the journal"
            for line in message.lines:
                assert line.seq == max(self.events, default=0) + 1, "a gap in the journal"
                self.events[line.seq] = line
            if self.acknowledging:
                await self._send(socket, protocol.Ack(seq=message.lines[-1].seq))
        async with self._changed:
            self.heard.append(message)
            self._changed.notify_all()

    async def _send(self, socket: web.WebSocketResponse, message: protocol.Message) -> None:
        await socket.send_str(self.seal(protocol.encode(message)))

    def seal(self, text: str) -> str:
        """Sign the next frame to the bridge that was greeted last."""
        assert self.signer is not None
        return self.signer.seal(text)

    async def send(self, message: protocol.Message) -> None:
        assert self.socket is not None
        await self._send(self.socket, message)

    async def order(
        self,
        compartment_id: int,
        *,
        within_ms: int = 5_000,
        not_before_ms: int = 0,
        apart_ms: int = 0,
        staff: bool = False,
    ) -> uuid.UUID:
        """Order a door open and return the command's id."""
        command_id = uuid.uuid4()
        await self.send(
            protocol.Open(
                command_id=command_id,
                compartment_id=compartment_id,
                deadline_ms=self.now_ms() + within_ms,
                not_before_ms=self.now_ms() + not_before_ms if not_before_ms else 0,
                apart_ms=apart_ms,
                staff=staff,
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

    def ahead(self, command_id: uuid.UUID | None = None) -> list[str]:
        """Return the kinds of the lines that came ahead of others, of one command or of none."""
        told = [line for m in self.heard if isinstance(m, protocol.Live) for line in m.lines]
        return [line.kind for line in told if line.command_id == command_id]

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
