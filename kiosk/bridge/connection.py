"""The line to the server: outward, always tried again, and silent is as good as cut."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import time
from enum import Enum

import aiohttp

from kiosk.bridge import protocol
from kiosk.bridge.agent import Agent
from kiosk.bridge.clock import ServerClock
from kiosk.bridge.journal import Journal

log = logging.getLogger(__name__)

SOFTWARE = "lockwright-bridge/0.1"
HEARTBEAT_S = 3.0
SILENT_AFTER_S = 10.0
WAIT_S = (0.2, 5.0)
# A server that refuses us will not change its mind within seconds.
REFUSED_WAIT_S = 30.0
REPLAY_BATCH = 200
REPLAY_WINDOW = 2_000


class State(Enum):
    """Where the connection stands."""

    WAITING = "waiting"
    CONNECTING = "connecting"
    HANDSHAKING = "handshaking"
    READY = "ready"


class _Refused(Exception):
    """The server will not have us; the text is for the operator."""


class Connection:
    """Keeps one websocket to the server and everything that goes over it."""

    def __init__(self, server: str, token: str, clock: ServerClock, journal: Journal) -> None:
        self._url = server.replace("http", "ws", 1) + "/ws/bridge/"
        self._token, self._clock, self._journal = token, clock, journal
        self.agent: Agent | None = None
        self.state = State.WAITING
        self.malformed = 0
        self._outbox: asyncio.Queue[protocol.Message] = asyncio.Queue(maxsize=1_000)
        self._heard_at = 0.0

    def send(self, message: protocol.Message) -> bool:
        """Send when connected; what is only true now is dropped while not, and False returned."""
        if self.state is State.READY:
            with contextlib.suppress(asyncio.QueueFull):
                self._outbox.put_nowait(message)
                return True
        return False

    async def run(self) -> None:
        """Connect and stay connected until cancelled."""
        wait, was_told = WAIT_S[0], False
        async with aiohttp.ClientSession() as session:
            while True:
                try:
                    self.state = State.CONNECTING
                    async with session.ws_connect(
                        self._url,
                        headers={"Authorization": f"Bearer {self._token}"},
                        max_msg_size=protocol.MAX_FRAME_BYTES,
                        timeout=aiohttp.ClientWSTimeout(ws_close=2),
                    ) as socket:
                        await self._talk(socket)
                        wait, was_told = WAIT_S[0], False
                except _Refused as refused:
                    log.error("the server refuses this bridge: %s", refused)
                    wait = REFUSED_WAIT_S
                except (aiohttp.ClientError, OSError, TimeoutError) as error:
                    if not was_told:
                        log.warning("the server is away: %s", error or type(error).__name__)
                        was_told = True
                self.state = State.WAITING
                await asyncio.sleep(wait * random.uniform(0.8, 1.2))
                wait = min(max(wait, WAIT_S[0]) * 2, WAIT_S[1])

    async def _talk(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        assert self.agent is not None  # set before run
        self.state = State.HANDSHAKING
        async with asyncio.timeout(SILENT_AFTER_S):
            welcome = await self._greet(socket)
        if welcome.acknowledged_seq > self._journal.last_seq:
            # The server knows more of this journal than we do: our disk is older than its memory.
            await self._journal.rename()
            raise ConnectionError("the journal got a new name; greeting again")
        log.info("connected as bridge %s", welcome.bridge_id)
        self._heard_at = time.monotonic()
        while not self._outbox.empty():
            self._outbox.get_nowait()
        await self.agent.configure(welcome.config)
        self.state = State.READY
        self.send(self.agent.health())
        self.agent.tell_doors()
        tasks = [
            asyncio.create_task(work)
            for work in (
                self._listen(socket),
                self._send_outbox(socket),
                self._replay(socket, welcome.acknowledged_seq),
                self._beat(socket),
            )
        ]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            self.state = State.WAITING
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self.agent.readers.cut()

    async def _greet(self, socket: aiohttp.ClientWebSocketResponse) -> protocol.Welcome:
        assert self.agent is not None
        sent = self._clock.monotonic_ms()
        await socket.send_str(
            protocol.encode(
                protocol.Hello(
                    protocol_min=protocol.PROTOCOL_VERSION,
                    protocol_max=protocol.PROTOCOL_VERSION,
                    software=SOFTWARE,
                    journal_id=self._journal.journal_id,
                    boot_id=self._journal.boot_id,
                    last_seq=self._journal.last_seq,
                    wall_clock_ms=int(time.time() * 1000),
                    config_hash=self.agent.config.config_hash,
                )
            )
        )
        while True:
            message = await socket.receive()
            if message.type is not aiohttp.WSMsgType.TEXT:
                raise ConnectionError("the server hung up before its welcome")
            answer = self._decode(message.data)
            if isinstance(answer, protocol.Refused):
                raise _Refused(answer.message)
            if isinstance(answer, protocol.Welcome):
                self._clock.sample(
                    sent_ms=sent,
                    server_ms=answer.server_time_ms,
                    received_ms=self._clock.monotonic_ms(),
                )
                return answer

    def _decode(self, frame: str) -> protocol.FromServer | None:
        try:
            return protocol.decode_from_server(frame)
        except protocol.MalformedMessage as error:
            self.malformed += 1
            log.warning("the server sent what cannot be read: %s", error)
            return None

    async def _listen(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        assert self.agent is not None
        async for frame in socket:
            self._heard_at = time.monotonic()
            if frame.type is not aiohttp.WSMsgType.TEXT:
                continue
            message = self._decode(frame.data)
            if isinstance(message, protocol.Refused):
                raise _Refused(message.message)
            if isinstance(message, protocol.Pong):
                self._clock.sample(
                    sent_ms=message.sent_ms,
                    server_ms=message.server_time_ms,
                    received_ms=self._clock.monotonic_ms(),
                )
            elif isinstance(message, protocol.Ack):
                await self._journal.acknowledge(message.seq)
                self._journal.appended.set()
            elif isinstance(message, protocol.Configure):
                await self.agent.configure(message.config)
                self.agent.tell_doors()
            elif message is not None:
                await self.agent.handle(message)

    async def _send_outbox(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        while True:
            await socket.send_str(protocol.encode(await self._outbox.get()))

    async def _replay(self, socket: aiohttp.ClientWebSocketResponse, acknowledged: int) -> None:
        """Send every journal line behind what the server has, now and as they are written."""
        sent = acknowledged
        await self._journal.acknowledge(acknowledged)
        while True:
            self._journal.appended.clear()
            room = sent - self._journal.acknowledged < REPLAY_WINDOW
            lines = await self._journal.after(sent, REPLAY_BATCH) if room else []
            for line in lines:
                await socket.send_str(protocol.encode(line))
                sent = line.seq
            if not lines:
                await self._journal.appended.wait()

    async def _beat(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        assert self.agent is not None
        while True:
            ping = protocol.Ping(sent_ms=int(self._clock.monotonic_ms()))
            await socket.send_str(protocol.encode(ping))
            await socket.send_str(protocol.encode(self.agent.health()))
            await asyncio.sleep(HEARTBEAT_S)
            if time.monotonic() - self._heard_at > SILENT_AFTER_S:
                raise ConnectionError("the server fell silent")
