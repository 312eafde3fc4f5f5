"""One connection to a broker, shared by the boards behind it and made again by itself."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import random
import secrets
import socket
import time
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol, TypeVar

import aiomqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

from lockers.drivers.errors import BoardUnreachable, DeadlinePassed
from lockers.drivers.mqtt.address import Broker
from lockers.drivers.mqtt.life import News
from lockers.drivers.wire import Log, Logged

T = TypeVar("T")
logger = logging.getLogger(__name__)

CONNECT_TIMEOUT_S = 3.0
KEEPALIVE_S = 15
PAUSES_S = (0.25, 30.0)
MAX_MESSAGE = 65_536
MAX_WAITING = 1000
# How much of a message is kept in the log.
SHOWN = 300
REFUSED = 0x80
# Nobody subscribes to it: leaving it only makes the broker show that it answers.
PROBE = "lockwright/probe"


@dataclass(frozen=True, slots=True)
class Will:
    """What the broker says in our name once we are gone without a word."""

    topic: str
    payload: bytes


class Ear(Protocol):
    """A board on a connection."""

    @property
    def topics(self) -> Sequence[str]: ...

    def hear(self, topic: str, payload: bytes, *, is_retained: bool) -> None:
        """Take one message on a topic of ``topics``."""

    def lose(self, error: BoardUnreachable) -> None:
        """Take notice that messages may be missed from now on."""


class _Inbox(asyncio.Queue[aiomqtt.Message]):
    """The queue of the library, which tells how much has come."""

    arrived = 0

    def put_nowait(self, item: aiomqtt.Message) -> None:
        """Take one message from the library."""
        super().put_nowait(item)
        self.arrived += 1


class Connection:
    """The only client of one broker; it connects on the first call."""

    def __init__(self, broker: Broker, will: Will | None = None) -> None:
        self.broker = broker
        self._will = will
        self._ears: list[Ear] = []
        self.log = Log()
        self._secretive: list[Ear] = []
        self._deaf: list[Ear] = []
        """Those whose topics are not subscribed to yet."""
        self._running: asyncio.Task[None] | None = None
        self._opening: asyncio.Task[Any] | None = None
        self._client: aiomqtt.Client | None = None
        self._lost: asyncio.Future[None] | None = None
        self._probes: set[asyncio.Task[None]] = set()
        self._inbox = _Inbox()
        self._handed_on = 0
        self._news = News()
        self._wanted = asyncio.Event()
        self._failure = (0.0, "not tried yet")

    def join(self, ear: Ear, *, is_secret: bool = False) -> None:
        """Let one more board hear what is said on its topics; a secret is told to no log."""
        self._ears.append(ear)
        if is_secret:
            self._secretive.append(ear)
        self._deaf.append(ear)

    async def leave(self, ear: Ear) -> None:
        """Let one board hear no more; the last one closes the connection."""
        for ears in (self._ears, self._deaf, self._secretive):
            if ear in ears:
                ears.remove(ear)
        running = self._running
        if self._ears or running is None:
            return
        self._running = None
        if self._opening is not None:
            # The library connects in a thread, which would outlive a cancellation.
            await asyncio.wait({self._opening}, timeout=2 * CONNECT_TIMEOUT_S)
        running.cancel()
        await asyncio.wait({running})

    async def ready(self, *, deadline: float) -> None:
        """Return once the broker has answered, now; raises BoardUnreachable, DeadlinePassed.

        It is asked each time: a command that waits inside a stalled broker would fire late.
        What it had for us before its answer has been handed on by then.
        """
        begun = time.monotonic()
        if begun >= deadline:
            raise DeadlinePassed("the deadline passed before the broker was asked for")
        if not self._ears:
            raise BoardUnreachable("the last board left the connection")
        if self._client is None:
            self._wanted.set()
            if self._running is None:
                self._running = asyncio.create_task(self._run())
            await self._news.wait(
                lambda: self._client or self._failed_since(begun), deadline=deadline
            )
        client = self._client
        if client is None:
            raise BoardUnreachable(f"no connection to {self.broker}: {self._failure[1]}")
        if self._deaf:
            await self._ask(self._subscribe(client), deadline)
        await self._ask(asyncio.shield(self._probe(client)), deadline)
        arrived = self._inbox.arrived
        await self._news.wait(lambda: self._handed_on >= arrived or None, deadline=deadline)

    def _probe(self, client: aiomqtt.Client) -> asyncio.Task[None]:
        """Ask for an answer, which is taken also when whoever wanted it has given up.

        The library reports one that it does not expect any more as an error.
        """
        probe = asyncio.create_task(client.unsubscribe(PROBE, timeout=math.inf))
        self._probes.add(probe)
        probe.add_done_callback(self._probed)
        return probe

    def _probed(self, probe: asyncio.Task[None]) -> None:
        self._probes.discard(probe)
        if not probe.cancelled():
            # Known to whoever still waits; else asyncio would report it as forgotten.
            probe.exception()

    async def send(self, topic: str, payload: bytes, *, deadline: float) -> None:
        """Publish what must never be late; raises BoardUnreachable, DeadlinePassed.

        QoS 0: no broker keeps it for a client that is away and nobody sends it twice. A broker
        told to keep even that drops it by its expiry, counted in whole seconds and up to one
        too long.
        """
        await self.ready(deadline=deadline)
        left = deadline - time.monotonic()
        if left <= 0:
            raise DeadlinePassed("the broker took until the deadline to answer")
        expires_s = max(1, int(left) - 1)
        try:
            await self._publish(topic, payload, qos=0, expires_s=expires_s, deadline=deadline)
        except BoardUnreachable as error:
            error.may_have_fired = True
            raise

    async def tell(
        self,
        topic: str,
        payload: bytes,
        *,
        deadline: float,
        expires_s: int | None = None,
        is_secret: bool = False,
    ) -> None:
        """Publish what does no harm when it is late, and return once the broker has it."""
        await self.ready(deadline=deadline)
        await self._publish(
            topic, payload, qos=1, expires_s=expires_s, deadline=deadline, is_secret=is_secret
        )

    async def _publish(
        self,
        topic: str,
        payload: bytes,
        *,
        qos: int,
        expires_s: int | None,
        deadline: float,
        is_secret: bool = False,
    ) -> None:
        if self._client is None:
            raise BoardUnreachable(f"the connection to {self.broker} broke")
        if not is_secret:
            self._note("sent", topic, payload)
        properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
        if expires_s is not None:
            properties.MessageExpiryInterval = expires_s
        publishing = self._client.publish(
            topic, payload, qos=qos, retain=False, properties=properties
        )
        await self._ask(publishing, deadline)

    async def _ask(self, work: Awaitable[T], deadline: float) -> T:
        """Do one thing with the broker; the library would wait on after the connection broke."""
        assert self._lost is not None
        doing = asyncio.ensure_future(work)
        either: set[asyncio.Future[Any]] = {doing, self._lost}
        try:
            left = deadline - time.monotonic()
            await asyncio.wait(either, timeout=left, return_when=asyncio.FIRST_COMPLETED)
            if doing.done():
                return doing.result()
        except aiomqtt.MqttError as error:
            raise BoardUnreachable(f"{self.broker}: {error}") from error
        finally:
            doing.cancel()
        raise BoardUnreachable(f"{self.broker} does not answer")

    def _failed_since(self, begun: float) -> bool | None:
        return self._failure[0] >= begun or None

    # ---- the life of the connection ------------------------------------------------------------

    async def _run(self) -> None:
        pause = PAUSES_S[0]
        while True:
            begun = time.monotonic()
            self._wanted.clear()
            try:
                await self._serve()
            except asyncio.CancelledError:
                raise
            except Exception as error:
                # Whatever it was, a file that is missing or a broker that is gone: try again.
                why = str(error) or type(error).__name__
            else:
                why = "the broker closed the connection"
            if self._failure[1] != why:
                logger.warning("connection to %s: %s", self.broker, why)
            self._failure = (begun, why)
            if time.monotonic() - begun > PAUSES_S[1]:
                pause = PAUSES_S[0]
            self._news.tell()
            await asyncio.sleep(PAUSES_S[0] * random.uniform(0.5, 1))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause * random.uniform(0.5, 1)):
                    await self._wanted.wait()
            pause = min(pause * 2, PAUSES_S[1])

    async def _serve(self) -> None:
        """Connect, listen, and hand on what is heard until the connection breaks."""
        client = self._new_client()
        self._handed_on = 0
        self._opening = asyncio.create_task(client.__aenter__())
        try:
            await self._opening
        except aiomqtt.MqttError:
            # It leaves the socket open when the broker accepts but does not greet.
            client._client.disconnect()
            raise
        finally:
            self._opening = None
        try:
            self._deaf = list(self._ears)
            await self._subscribe(client)
            self._lost = asyncio.get_running_loop().create_future()
            self._client = client
            self.log.append(Logged(time.time(), "open"))
            logger.info("connected to %s", self.broker)
            self._news.tell()
            async for message in client.messages:
                self._hand_on(message)
        finally:
            if self._lost is not None and not self._lost.done():
                self._lost.set_result(None)
            if self._client is not None:
                self._client = None
                self.log.append(Logged(time.time(), "end"))
                for ear in self._ears:
                    ear.lose(BoardUnreachable(f"the connection to {self.broker} broke"))
            with contextlib.suppress(aiomqtt.MqttError):
                await client.__aexit__(None, None, None)
            for probe in self._probes:
                probe.cancel()

    async def _subscribe(self, client: aiomqtt.Client) -> None:
        deaf, self._deaf = self._deaf, []
        topics = sorted({topic for ear in deaf for topic in ear.topics})
        # With QoS 1 an answer of the broker would overtake what it holds back until earlier
        # messages are acknowledged. Nothing is lost by it but with the connection, and then
        # everything that was known is forgotten.
        wanted = [(topic, SubscribeOptions(qos=0)) for topic in topics]
        try:
            codes: Sequence[Any] = await client.subscribe(wanted)
        except BaseException:
            self._deaf += deaf
            raise
        for topic, code in zip(topics, codes, strict=True):
            if code.value >= REFUSED:
                raise aiomqtt.MqttError(f"not allowed to hear {topic}")

    def _hand_on(self, message: aiomqtt.Message) -> None:
        payload = message.payload if isinstance(message.payload, bytes) else b""
        hearing = [
            ear for ear in self._ears if any(message.topic.matches(topic) for topic in ear.topics)
        ]
        if not any(ear in self._secretive for ear in hearing):
            self._note("frame", message.topic.value, payload)
        for ear in hearing:
            try:
                ear.hear(message.topic.value, payload, is_retained=message.retain)
            except Exception:
                # One bad message, or one listener, must not cut off the other boards.
                logger.exception("a message was not taken")
        self._handed_on += 1
        self._news.tell()

    def _note(self, what: Literal["sent", "frame"], topic: str, payload: bytes) -> None:
        text = payload[:SHOWN].decode(errors="replace").replace("\0", "\N{REPLACEMENT CHARACTER}")
        self.log.append(Logged(time.time(), what, note=f"{topic} {text}"))

    def _new_client(self) -> aiomqtt.Client:
        """Make a client that knows nothing of an earlier connection, so that it repeats nothing."""
        broker = self.broker
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        self._inbox = inbox = _Inbox(MAX_WAITING)
        properties.MaximumPacketSize = MAX_MESSAGE
        password = Path(broker.password_file).read_text().strip() if broker.password_file else None
        files = broker.ca_file or None, broker.certificate_file or None, broker.key_file or None
        return aiomqtt.Client(
            broker.host,
            broker.port,
            identifier=f"lockwright-{secrets.token_hex(8)}",
            username=broker.username or None,
            password=password,
            protocol=aiomqtt.ProtocolVersion.V5,
            clean_start=True,
            properties=properties,
            keepalive=KEEPALIVE_S,
            timeout=CONNECT_TIMEOUT_S,
            queue_type=lambda maxsize: inbox,  # type: ignore[arg-type]
            will=aiomqtt.Will(self._will.topic, self._will.payload, qos=1) if self._will else None,
            tls_params=aiomqtt.TLSParameters(*files) if broker.is_tls else None,
            socket_options=[(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)],
        )
