"""The server's end of a bridge: who it is, and which part takes what it says."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import uuid
from collections.abc import Awaitable, Callable

from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings
from django.utils import timezone

from audit.actions import Action
from audit.services import events
from audit.services.events import Actor
from kiosk import configuration
from kiosk.bridge import protocol
from kiosk.bridge.protocol import signed
from kiosk.bridge.protocol.signed import BadSignature, Context, Opener, Purpose, Signer
from kiosk.consumers.bridge import refusals
from kiosk.consumers.bridge.access_lists import AccessLists
from kiosk.consumers.bridge.authority import Authority
from kiosk.consumers.bridge.commands import Commands
from kiosk.consumers.bridge.configurations import Configurations
from kiosk.consumers.bridge.health import Health
from kiosk.consumers.bridge.inquiries import Inquiries
from kiosk.consumers.bridge.keys import Keys
from kiosk.consumers.bridge.lines import Lines
from kiosk.consumers.bridge.part import Line, Part, in_thread, milliseconds
from kiosk.consumers.bridge.scans import Scans
from lockers import introduction
from lockers.authority import Terms
from lockers.errors import DeviceRevoked, NoBridgeKey
from lockers.models import Bridge
from lockers.notify import listener
from lockers.services import authority, bridge_keys, connections

log = logging.getLogger(__name__)

# A bridge that keeps sending what nobody can read is broken; it may try again later.
MALFORMED_TOLERATED = 20
HELLO_WITHIN_S = 10.0
NOBODY = introduction.public_key(signed.new_key())


class BridgeConsumer(AsyncWebsocketConsumer):
    """One connected bridge, known by the signatures of its frames."""

    bridge: Bridge

    async def connect(self) -> None:
        self.connection = uuid.uuid4()
        self.nonce = signed.new_nonce()
        self.over = False
        self.malformed = 0
        self.opener: Opener | None = None
        self.signer: Signer | None = None
        self.turn = asyncio.Lock()
        self.parts: list[Part] = []
        self.tasks: list[asyncio.Task[None]] = []
        self.unsubscribe: list[Callable[[], None]] = []
        await self.accept()
        try:
            self.private, self.public = bridge_keys.server_key(), bridge_keys.server_keys()
        except NoBridgeKey as refusal:
            log.error("a bridge is turned away: %s", refusal)
            await self._refuse(refusal.code, str(refusal))
            return
        self.tasks.append(asyncio.create_task(self._hurry()))
        await self._send(protocol.Challenge(nonce=self.nonce))

    async def _hurry(self) -> None:
        """Hang up on whoever does not say who it is."""
        await asyncio.sleep(HELLO_WITHIN_S)
        if self.opener is None:
            await self._refuse("hello_first", "Send hello at once.")

    async def disconnect(self, code: int) -> None:
        for stop in self.unsubscribe:
            stop()
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        if self.parts:
            await in_thread(
                connections.leave, bridge=self.bridge, connection=self.connection, at=timezone.now()
            )

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        if self.over:
            return
        try:
            await self._receive(text_data if text_data is not None else bytes_data or b"")
        except Exception:
            # Raised out of here, it would end this connection without its disconnect: the tasks
            # would live on and take commands for a bridge that is gone.
            await self._break()

    async def _receive(self, frame: str | bytes) -> None:
        if self.opener is None:
            await self._be_greeted(frame)
            return
        try:
            text = self.opener.open(frame)
        except BadSignature as error:
            # Somebody in between. The bridge is told no refusal, so that it connects again at once.
            self.over = True
            await self.close(code=4400)
            await refusals.record(self.bridge.pk, str(error), is_known=True)
            return
        try:
            message = protocol.decode_from_bridge(text)
        except protocol.MalformedMessage as error:
            await self._malformed(str(error))
            return
        if isinstance(message, protocol.Hello):
            await self._refuse("hello_twice", "Send hello once. Connect again to begin anew.")
            return
        for part in self.parts:
            if take := part.takes.get(type(message)):
                await take(message)

    async def _be_greeted(self, frame: str | bytes) -> None:
        """Take the first frame: only a Hello, signed by the bridge that it names, is answered."""
        try:
            hello = protocol.decode_from_bridge(signed.unproven(frame))
        except (BadSignature, protocol.MalformedMessage):
            hello = None
        if not isinstance(hello, protocol.Hello):
            await self._refuse("hello_first", "Send hello before anything else.")
            return
        bridge = await in_thread(connections.find, bridge_id=hello.bridge_id)
        # An unknown bridge is tried like a known one, with a key that nobody has.
        public = bytes.fromhex(bridge.public_key) if bridge is not None else NOBODY
        opener = Opener([public], Context(Purpose.TO_SERVER, hello.bridge_id, self.nonce))
        try:
            opener.open(frame)
        except BadSignature:
            await self._refuse(DeviceRevoked.code, str(DeviceRevoked()))
            await refusals.record(
                hello.bridge_id, "not the key of this bridge", is_known=bridge is not None
            )
            return
        assert bridge is not None  # nobody signs for NOBODY
        self.bridge, self.opener = bridge, opener
        await self._hello(hello)

    async def _hello(self, hello: protocol.Hello) -> None:
        if not hello.protocol_min <= protocol.PROTOCOL_VERSION <= hello.protocol_max:
            await self._refuse(
                "protocol_version",
                f"This server speaks protocol {protocol.PROTOCOL_VERSION}, the bridge"
                f" {hello.protocol_min} to {hello.protocol_max}. Upgrade the older of the two.",
            )
            return
        at = timezone.now()
        known = await in_thread(
            connections.arrive,
            bridge=self.bridge,
            connection=self.connection,
            software=hello.software,
            journal=hello.journal_id,
            last_seq=hello.last_seq,
            clock_offset_ms=hello.wall_clock_ms - milliseconds(at),
            at=at,
            starts_after=hello.starts_after,
        )
        # With its parts it counts as there, and has to be taken leave of.
        line = Line(
            self.bridge, self.connection, hello.journal_id, self._send, self._refuse,
            self._greet_anew,
        )  # fmt: skip
        self.parts = [health := Health(line)]
        term = await in_thread(
            authority.greeted, bridge_id=self.bridge.pk, term=hello.term, is_alone=hello.is_alone
        )
        config = await in_thread(configuration.of, self.bridge)
        banks = configuration.alone(config)
        leased = Authority(line, Terms.of(settings.BRIDGE_LEASE_S), term, banks, known.seq)
        health.on_heard = leased.heard
        await leased.entrust()
        self.parts += [
            leased,
            Commands(line, leased),
            Lines(line, leased),
            Scans(line),
            Keys(line, self.nonce),
            Inquiries(line),
            AccessLists(line),
        ]
        self.parts.append(Configurations(line, config, changed=health.forget))
        context = Context(Purpose.TO_BRIDGE, self.bridge.pk, hello.nonce)
        self.signer = Signer(self.private, context)
        await self._send(
            protocol.Welcome(
                protocol=protocol.PROTOCOL_VERSION,
                server_keys=self.public,
                server_time_ms=milliseconds(timezone.now()),
                acknowledged_seq=known.seq,
                acknowledged_at_ms=milliseconds(known.written_at) if known.written_at else 0,
                config=config,
                term=term,
                lease_s=settings.BRIDGE_LEASE_S,
            )
        )
        for part in self.parts:
            await part.greeted(hello)
        for part in self.parts:
            for channel, hear in part.hears.items():
                self.unsubscribe.append(listener.subscribe(channel, hear))
            for work in part.works:
                self.tasks.append(asyncio.create_task(self._guard(work)))

    async def _guard(self, work: Callable[[], Awaitable[None]]) -> None:
        """Run a task of this connection; when it breaks, the bridge reconnects and is told all."""
        try:
            await work()
        except asyncio.CancelledError:
            raise
        except Exception:
            await self._break()

    async def _break(self) -> None:
        """End the connection after a failure of ours; whoever waits to hand over a line goes on."""
        log.exception("a connection of a bridge broke")
        for part in self.parts:
            part.ended()
        if not self.over:
            self.over = True
            with contextlib.suppress(Exception):  # it may be gone already
                await self.close(code=1011)

    async def _malformed(self, problem: str) -> None:
        self.malformed += 1
        # It quotes what was sent, and neither the log nor the database takes every character.
        problem = problem.encode("unicode_escape").decode()[:200]
        log.warning("bridge %s sent a malformed message: %s", self.bridge.pk, problem)
        if self.malformed == 1:
            await in_thread(
                events.record,
                action=Action.MALFORMED,
                actor=Actor.bridge(self.bridge.pk),
                at=timezone.now(),
                organisation_id=self.bridge.site.organisation_id,
                site_id=self.bridge.site_id,
                subject=f"bridge:{self.bridge.pk}",
                data={"problem": problem},
            )
        if self.malformed > MALFORMED_TOLERATED:
            await self._refuse("malformed", "Too many messages of this bridge cannot be read.")

    async def _refuse(self, code: str, message: str) -> None:
        if self.over:
            return
        self.over = True
        await self._send(protocol.Refused(code=code, message=message))
        await self.close(code=4403)

    async def _greet_anew(self) -> None:
        self.over = True
        await self.close(code=1012)

    async def _send(self, message: protocol.Message) -> None:
        """Send a message; frames leave in the order in which they are signed."""
        async with self.turn:
            text = protocol.encode(message)
            await self.send(text_data=self.signer.seal(text) if self.signer else text)
