"""The server's end of a bridge: its journal in, commands out."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import logging
import uuid
from collections.abc import Callable
from typing import Any

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.utils import timezone

from audit.actions import Action
from audit.errors import Refusal
from audit.services import events
from audit.services.events import Actor
from kiosk import configuration
from kiosk.bridge import protocol
from kiosk.services import readers, refused
from lockers.choices import BoardState, CommandStatus, DoorState
from lockers.models import Bridge, Command
from lockers.notify import COMMAND, WIRING, listener
from lockers.services import commands, connections, journal

log = logging.getLogger(__name__)

# A bridge that keeps sending what nobody can read is broken; it may try again later.
MALFORMED_TOLERATED = 20
# Wiring is edited field by field: one new configuration for a burst of changes.
WIRING_SETTLES_S = 0.3
JOURNAL_BATCH = 500


class BridgeConsumer(AsyncWebsocketConsumer):
    """One connected bridge, authenticated by the token in its Authorization header."""

    bridge: Bridge

    async def connect(self) -> None:
        self.connection = uuid.uuid4()
        self.greeted = False
        self.over = False
        self.malformed = 0
        self.clock_is_wrong = False
        self.config = protocol.Config(config_hash="")
        self.boards: dict[int, tuple[str, str]] = {}
        self.sent: set[uuid.UUID] = set()
        self.lines: asyncio.Queue[journal.Line] = asyncio.Queue(maxsize=10_000)
        self.look = asyncio.Event()
        self.rewired = asyncio.Event()
        self.tasks: list[asyncio.Task[None]] = []
        self.unsubscribe: list[Callable[[], None]] = []
        await self.accept()
        try:
            self.bridge = await _in_thread(connections.authenticate, token=self._token())
        except Refusal as refusal:
            await self._refuse(refusal.code, str(refusal))

    def _token(self) -> str:
        for name, value in self.scope["headers"]:
            if name == b"authorization" and value.startswith(b"Bearer "):
                return bytes(value[7:]).decode("ascii", "replace")
        return ""

    async def disconnect(self, code: int) -> None:
        for stop in self.unsubscribe:
            stop()
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        if self.greeted:
            await _in_thread(
                connections.leave, bridge=self.bridge, connection=self.connection, at=timezone.now()
            )

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        if not hasattr(self, "bridge") or self.over:
            return
        try:
            await self._receive(text_data if text_data is not None else bytes_data or b"")
        except Exception:
            # Raised out of here, it would end this connection without its disconnect: the tasks
            # would live on and take commands for a bridge that is gone.
            await self._break()

    async def _receive(self, frame: str | bytes) -> None:
        try:
            message = protocol.decode_from_bridge(frame)
        except protocol.MalformedMessage as error:
            await self._malformed(str(error))
            return
        if isinstance(message, protocol.Hello):
            await self._hello(message)
        elif not self.greeted:
            await self._refuse("hello_first", "Send hello before anything else.")
        else:
            await self._take(message)

    async def _hello(self, hello: protocol.Hello) -> None:
        if self.greeted:
            await self._refuse("hello_twice", "Send hello once. Connect again to begin anew.")
            return
        if not hello.protocol_min <= protocol.PROTOCOL_VERSION <= hello.protocol_max:
            await self._refuse(
                "protocol_version",
                f"This server speaks protocol {protocol.PROTOCOL_VERSION}, the bridge"
                f" {hello.protocol_min} to {hello.protocol_max}. Upgrade the older of the two.",
            )
            return
        at = timezone.now()
        known = await _in_thread(
            connections.arrive,
            bridge=self.bridge,
            connection=self.connection,
            software=hello.software,
            journal=hello.journal_id,
            last_seq=hello.last_seq,
            clock_offset_ms=hello.wall_clock_ms - _ms(at),
            at=at,
        )
        # From here on it counts as there, and has to be taken leave of.
        self.greeted = True
        self.journal_id = hello.journal_id
        await self._look_at_clock(hello.wall_clock_ms - _ms(at))
        self.config = await _in_thread(configuration.of, self.bridge)
        await self._send(
            protocol.Welcome(
                protocol=protocol.PROTOCOL_VERSION,
                bridge_id=self.bridge.pk,
                server_time_ms=_ms(timezone.now()),
                acknowledged_seq=known,
                config=self.config,
            )
        )
        self.unsubscribe += [
            listener.subscribe(COMMAND, self._on_command),
            listener.subscribe(WIRING, self._on_wiring),
        ]
        self.look.set()
        for work in (self._send_commands, self._store_lines, self._send_config):
            self.tasks.append(asyncio.create_task(self._guard(work)))

    async def _take(self, message: protocol.FromBridge) -> None:
        if isinstance(message, protocol.Ping):
            await self._send(
                protocol.Pong(sent_ms=message.sent_ms, server_time_ms=_ms(timezone.now()))
            )
        elif isinstance(message, protocol.Event):
            # A full queue holds the socket back: events are never dropped.
            await self.lines.put(_line(message))
        elif isinstance(message, protocol.Doors):
            await _in_thread(
                journal.read_doors,
                bridge=self.bridge,
                readings={r.compartment_id: DoorState(r.state) for r in message.readings},
                at=timezone.now(),
            )
        elif isinstance(message, protocol.Health):
            await self._health(message)
        elif isinstance(message, protocol.Scan):
            await self._scan(message)

    async def _health(self, health: protocol.Health) -> None:
        at = timezone.now()
        current = await _in_thread(
            connections.hear,
            bridge=self.bridge,
            connection=self.connection,
            config_hash=health.config_hash,
            clock_offset_ms=health.clock_offset_ms,
            queue_depth=health.queue_depth,
            at=at,
        )
        if not current:
            await self._refuse(
                "device_revoked",
                "This bridge was revoked, or another one connected with its token."
                " Enrol it again with a new code.",
            )
            return
        await self._look_at_clock(health.clock_offset_ms)
        for board in health.boards:
            said = (board.state, board.detail)
            if self.boards.get(board.controller_id) != said:
                self.boards[board.controller_id] = said
                await _in_thread(
                    journal.set_board_state,
                    bridge=self.bridge,
                    controller_id=board.controller_id,
                    state=BoardState(board.state),
                    detail=board.detail,
                    at=at,
                )

    async def _look_at_clock(self, offset_ms: int) -> None:
        """Record a wrong clock once; nothing depends on it, for instants are told in our time."""
        was_wrong, self.clock_is_wrong = self.clock_is_wrong, connections.is_wrong(offset_ms)
        if self.clock_is_wrong and not was_wrong:
            await _in_thread(
                connections.record_wrong_clock,
                bridge=self.bridge,
                clock_offset_ms=offset_ms,
                at=timezone.now(),
            )

    async def _scan(self, scan: protocol.Scan) -> None:
        accepted, sentence = await _in_thread(
            readers.scan_at_reader,
            reader_id=scan.reader_id,
            text=scan.text,
            scan_id=scan.scan_id,
            bridge_id=self.bridge.pk,
            at=timezone.now(),
            read_at=_instant(scan.occurred_at_ms),
        )
        await self._send(
            protocol.ScanAnswer(scan_id=scan.scan_id, accepted=accepted, sentence=sentence)
        )

    def _on_command(self, payload: Any) -> None:
        if payload is None or (payload["queued"] and self.bridge.pk in payload["bridges"]):
            self.look.set()

    def _on_wiring(self, payload: Any) -> None:
        self.rewired.set()

    async def _send_commands(self) -> None:
        """Send what is queued whenever there is word; look every 5 s all the same."""
        while True:
            with contextlib.suppress(TimeoutError):
                # Not asyncio.wait_for: before Python 3.12 it can swallow a cancellation.
                async with asyncio.timeout(5):
                    await self.look.wait()
            self.look.clear()
            queued = await _in_thread(
                commands.take_queued, bridge_id=self.bridge.pk, at=timezone.now()
            )
            for command in queued:
                self.sent.add(command.pk)
                await self._send(
                    protocol.Open(
                        command_id=command.pk,
                        compartment_id=command.compartment_id,
                        deadline_ms=_ms(command.deadline),
                        not_before_ms=_ms(command.not_before) if command.not_before else 0,
                    )
                )
            if self.sent and not queued:
                for command_id in await _in_thread(_cancelled, self.sent):
                    await self._send(protocol.Cancel(command_id=command_id))
                    self.sent.discard(command_id)

    async def _store_lines(self) -> None:
        """Store and acknowledge journal lines, as many at a time as have arrived."""
        while True:
            lines = [await self.lines.get()]
            while len(lines) < JOURNAL_BATCH and not self.lines.empty():
                lines.append(self.lines.get_nowait())
            stored = await _in_thread(
                journal.receive,
                bridge=self.bridge,
                journal=self.journal_id,
                lines=lines,
                at=timezone.now(),
                tell=refused.record,
            )
            ended = {"command_closed", "command_failed", "command_expired", "command_cancelled"}
            self.sent -= {ln.command_id for ln in lines if ln.command_id and ln.kind in ended}
            await self._send(protocol.Ack(seq=stored))

    async def _send_config(self) -> None:
        while True:
            await self.rewired.wait()
            await asyncio.sleep(WIRING_SETTLES_S)
            self.rewired.clear()
            config = await _in_thread(configuration.of, self.bridge)
            if config.config_hash != self.config.config_hash:
                self.config = config
                self.boards.clear()
                await self._send(protocol.Configure(config=config))

    async def _guard(self, work: Callable[[], Any]) -> None:
        """Run a task of this connection; when it breaks, the bridge reconnects and is told all."""
        try:
            await work()
        except asyncio.CancelledError:
            raise
        except Exception:
            await self._break()

    async def _break(self) -> None:
        """End the connection after a failure of ours; whoever waits to hand over a line goes on."""
        log.exception("the connection of bridge %s broke", self.bridge.pk)
        while not self.lines.empty():
            self.lines.get_nowait()
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
            await _in_thread(
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

    async def _send(self, message: protocol.Message) -> None:
        await self.send(text_data=protocol.encode(message))


def _ms(instant: dt.datetime) -> int:
    return int(instant.timestamp() * 1000)


def _instant(ms: int) -> dt.datetime:
    return dt.datetime.fromtimestamp(ms / 1000, dt.UTC)


def _line(event: protocol.Event) -> journal.Line:
    about, detail = None, event.detail
    if event.kind == "scan_refused":
        about = refused.told(event.detail)
        detail = about.code
    return journal.Line(
        seq=event.seq,
        kind=event.kind,
        occurred_at=_instant(event.occurred_at_ms),
        clock_ok=event.clock_ok,
        compartment_id=event.compartment_id,
        controller_id=event.controller_id,
        command_id=event.command_id,
        detail=detail,
        about=about,
    )


def _cancelled(ids: set[uuid.UUID]) -> list[uuid.UUID]:
    return list(
        Command.objects.filter(pk__in=ids, status=CommandStatus.CANCELLED).values_list(
            "pk", flat=True
        )
    )


async def _in_thread(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    # Not the one thread that all consumers share: a slow query of one bridge would hold up another.
    return await database_sync_to_async(function, thread_sensitive=False)(*args, **kwargs)
