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
from kiosk.bridge.identity import Kept
from kiosk.bridge.journal import Journal, JournalFull
from kiosk.bridge.line import Line, Refused
from kiosk.bridge.protocol.signed import BadSignature, new_key

log = logging.getLogger(__name__)

SOFTWARE = "lockwright-bridge/0.1"
HEARTBEAT_S = 3.0
SILENT_AFTER_S = 10.0
# Between attempts a share of how long the server has been away, at least and at most: a restart is
# met within seconds, and all the bridges of a long cut do not come back in the same moment.
WAIT_S, WAIT_SHARE = (0.2, 10.0), 0.1
# A server that is there answers sooner; one that is switched off never says so.
CONNECTED_WITHIN_S = 2.0
# A server that refuses us will not change its mind within seconds.
REFUSED_WAIT_S = 30.0
# Somebody between us and the server may forge for ever; the journal tells it this often.
FORGED_AGAIN_S = 600.0
REPLAY_BATCH = 500
# Sent and not yet acknowledged, at most.
REPLAY_WINDOW = 1_500


class State(Enum):
    """Where the connection stands."""

    WAITING = "waiting"
    CONNECTING = "connecting"
    HANDSHAKING = "handshaking"
    READY = "ready"


class Connection:
    """Keeps one websocket to the server and everything that goes over it."""

    def __init__(self, server: str, me: Kept, clock: ServerClock, journal: Journal) -> None:
        self._url = server.replace("http", "ws", 1) + "/ws/bridge/"
        self._me, self._clock, self._journal = me, clock, journal
        self.agent: Agent | None = None
        self.state = State.WAITING
        self.forged = 0
        self._forged_at = -FORGED_AGAIN_S
        self._attempt = 0
        self._away_since = time.monotonic()
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
        was_told = False
        patience = aiohttp.ClientTimeout(total=SILENT_AFTER_S, sock_connect=CONNECTED_WITHIN_S)
        async with aiohttp.ClientSession(timeout=patience) as session:
            while True:
                wait = 0.0
                try:
                    self.state = State.CONNECTING
                    async with session.ws_connect(
                        self._url,
                        max_msg_size=protocol.MAX_FRAME_BYTES,
                        timeout=aiohttp.ClientWSTimeout(ws_close=2),
                    ) as socket:
                        await self._talk(socket)
                        was_told = False
                except Refused as refused:
                    wait = self._wait_after(refused)
                except BadSignature as forged:
                    await self._note_forged(forged)
                except (aiohttp.ClientError, OSError, TimeoutError) as error:
                    if not was_told:
                        log.warning("the server is away: %s", error or type(error).__name__)
                        was_told = True
                self.state = State.WAITING
                away = time.monotonic() - self._away_since
                wait = wait or min(max(away * WAIT_SHARE, WAIT_S[0]), WAIT_S[1])
                await asyncio.sleep(wait * random.uniform(0.5, 1.5))

    def _wait_after(self, refused: Refused) -> float:
        """Return how long to wait after a refusal, and choose the key of the next attempt."""
        self._attempt += 1
        if refused.code == "key_rolled":
            self._attempt = 0
            return WAIT_S[0]
        if self._attempt < len(self._me.keys):
            # During a roll nobody can know which of the two it is until the server has said so.
            return WAIT_S[0]
        self._attempt = 0
        log.error("the server refuses this bridge: %s", refused)
        return REFUSED_WAIT_S

    async def _note_forged(self, forged: BadSignature) -> None:
        self.forged += 1
        log.error("what came as from the server is not its own: %s", forged)
        if time.monotonic() - self._forged_at >= FORGED_AGAIN_S:
            self._forged_at = time.monotonic()
            with contextlib.suppress(JournalFull):
                await self._journal.append("frame_refused", detail=str(forged))

    async def _talk(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        assert self.agent is not None  # set before run
        self.state = State.HANDSHAKING
        key = self._me.keys[self._attempt]
        async with asyncio.timeout(SILENT_AFTER_S):
            line = await Line.challenged(socket, self._me.told, key)
            welcome = await self._greet(line)
        self._attempt = 0
        try:
            await asyncio.to_thread(self._me.greeted, key, welcome.server_keys)
        except OSError as error:
            log.error("the keys cannot be written down: %s", error)
        if not await self._journal.is_continued(
            welcome.acknowledged_seq, welcome.acknowledged_at_ms
        ):
            # The server knows more of this journal than we do: our disk is older than its memory.
            await self._journal.rename()
            raise ConnectionError("the journal got a new name; greeting again")
        log.info("connected as bridge %s", self._me.told.bridge_id)
        self._heard_at = time.monotonic()
        while not self._outbox.empty():
            self._outbox.get_nowait()
        await self.agent.configure(welcome.config)
        self.state = State.READY
        self.agent.tell_doors()
        await self.agent.authority.greeted(welcome)
        await self.agent.syncing.greeted()
        tasks = [
            asyncio.create_task(work)
            for work in (
                self._listen(line),
                self._send_outbox(line),
                self._replay(line, welcome.acknowledged_seq),
                self._beat(line),
            )
        ]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            self.state = State.WAITING
            self._away_since = time.monotonic()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self.agent.authority.cut()
            await self.agent.readers.cut()

    async def _greet(self, line: Line) -> protocol.Welcome:
        assert self.agent is not None
        sent = self._clock.monotonic_ms()
        await line.send(
            protocol.Hello(
                bridge_id=self._me.told.bridge_id,
                nonce=line.nonce,
                protocol_min=protocol.PROTOCOL_VERSION,
                protocol_max=protocol.PROTOCOL_VERSION,
                software=SOFTWARE,
                journal_id=self._journal.journal_id,
                boot_id=self._journal.boot_id,
                last_seq=self._journal.last_seq,
                starts_after=self._journal.starts_after,
                wall_clock_ms=int(time.time() * 1000),
                config_hash=self.agent.config.config_hash,
                term=self.agent.authority.term,
                is_alone=self.agent.authority.is_alone,
            )
        )
        welcome = await line.welcome()
        self._clock.sample(
            sent_ms=sent,
            server_ms=welcome.server_time_ms,
            received_ms=self._clock.monotonic_ms(),
        )
        return welcome

    async def _listen(self, line: Line) -> None:
        assert self.agent is not None
        async for message in line.heard():
            self._heard_at = time.monotonic()
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
            elif isinstance(message, protocol.Roll):
                await self._roll(line)
            elif message is not None:
                await self.agent.handle(message)

    async def _roll(self, line: Line) -> None:
        """Tell the server our next key; it hangs up, and greets us by the new one."""
        try:
            key = await asyncio.to_thread(self._me.roll, new_key())
        except OSError as error:
            log.error("no new key: it cannot be written down: %s", error)
        else:
            await line.send(line.proof_of(key))

    async def _send_outbox(self, line: Line) -> None:
        while True:
            await line.send(await self._outbox.get())

    async def _replay(self, line: Line, acknowledged: int) -> None:
        """Send every journal line behind what the server has, now and as they are written.

        While older lines are before them, or the disk takes none, new ones go ahead.
        """
        journal = self._journal
        await journal.acknowledge(acknowledged)
        # The server was just told how all doors stand, so what is older need not go ahead.
        sent, ahead = acknowledged, journal.last_seq
        while True:
            journal.appended.clear()
            ahead = max(ahead, sent)
            if sent < ahead or journal.is_waiting:
                news = protocol.fitting(await journal.news(ahead, REPLAY_BATCH))
                if news:
                    await line.send(protocol.Live(lines=news))
                    ahead = news[-1].seq
            room = sent - journal.acknowledged < REPLAY_WINDOW
            lines = protocol.fitting(await journal.after(sent, REPLAY_BATCH)) if room else []
            if lines:
                await line.send(protocol.Events(after=sent, lines=lines))
                sent = lines[-1].seq
            else:
                await journal.appended.wait()

    async def _beat(self, line: Line) -> None:
        assert self.agent is not None
        while True:
            ping = protocol.Ping(sent_ms=int(self._clock.monotonic_ms()))
            await line.send(ping)
            self.agent.access.heard()
            await line.send(self.agent.health())
            await asyncio.sleep(HEARTBEAT_S)
            if time.monotonic() - self._heard_at > SILENT_AFTER_S:
                raise ConnectionError("the server fell silent")
