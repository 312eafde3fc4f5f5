"""What a terminal's screen is told as it happens: its bank, its commands, waiting scans."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import uuid
from collections.abc import Callable
from http.cookies import CookieError, SimpleCookie
from typing import Any

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.utils import timezone

from kiosk import authentication, selectors
from kiosk.authentication import Here
from lockers.notify import COMMAND, MAP, SCAN, listener

log = logging.getLogger(__name__)

REVOKED = 4403
# Silence of a bridge and revocation of a token announce nothing: look this often all the same.
LOOK_EVERY_S = 5.0
# At most five pictures of the bank a second; commands do not wait for this.
SETTLES_S = 0.2
MOST_WATCHED = 8
# A page sends two ids; longer than this is no message of ours, and need not be parsed.
LONGEST_FRAME = 500


class TerminalConsumer(AsyncWebsocketConsumer):
    """One open screen, authenticated by the terminal's cookie or Authorization header."""

    here: Here

    async def connect(self) -> None:
        self.changed = asyncio.Event()
        self.moved = asyncio.Event()
        self.watched: dict[uuid.UUID, uuid.UUID] = {}
        self.told: dict[uuid.UUID, dict[str, Any] | None] = {}
        self.last: dict[str, Any] = {}
        self.tasks: list[asyncio.Task[None]] = []
        self.sends: set[asyncio.Task[None]] = set()
        self.unsubscribe: list[Callable[[], None]] = []
        self.token = self._token()
        await self.accept()
        if not await self._check():
            return
        self.unsubscribe = [
            listener.subscribe(MAP, self._on_map),
            listener.subscribe(COMMAND, self._on_command),
            listener.subscribe(SCAN, self._on_scan),
        ]
        self.changed.set()
        for work in (self._show_bank, self._show_commands):
            self.tasks.append(asyncio.create_task(self._guard(work)))

    async def disconnect(self, code: int) -> None:
        for stop in self.unsubscribe:
            stop()
        for task in (*self.tasks, *self.sends):
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        if text_data is None or len(text_data) > LONGEST_FRAME:
            return
        try:
            message = json.loads(text_data)
            if message["type"] != "watch":
                return
            command, scan = uuid.UUID(message["command"]), uuid.UUID(message["scan"])
        except (ValueError, KeyError, TypeError, AttributeError):
            return
        while len(self.watched) >= MOST_WATCHED:
            self.watched.pop(next(iter(self.watched)))
        self.watched[command] = scan
        self.told.pop(command, None)
        self.moved.set()

    def _token(self) -> str:
        headers = dict(self.scope["headers"])
        scheme, _space, token = headers.get(b"authorization", b"").partition(b" ")
        if scheme == b"Terminal":
            return bytes(token).decode("ascii", "replace")
        with contextlib.suppress(CookieError):
            cookies = SimpleCookie(headers.get(b"cookie", b"").decode("latin-1"))
            if authentication.COOKIE in cookies:
                return cookies[authentication.COOKIE].value
        return ""

    async def _check(self) -> bool:
        """Look whether the token still counts; end the connection when it does not."""
        here = await _in_thread(authentication.resolve, self.token)
        if here is None:
            await self.close(code=REVOKED)
            return False
        self.here = here
        return True

    def _on_map(self, banks: list[int] | None) -> None:
        if banks is None or self.here.bank_id in banks:
            self.changed.set()

    def _on_command(self, payload: dict[str, Any] | None) -> None:
        if payload is None or self.here.bridge_id in payload["bridges"]:
            self.moved.set()

    def _on_scan(self, payload: dict[str, Any] | None) -> None:
        if payload is not None and payload["bank"] == self.here.bank_id:
            task = asyncio.ensure_future(self._send({"type": "scan", "scan": payload["scan"]}))
            self.sends.add(task)
            task.add_done_callback(self.sends.discard)

    async def _show_bank(self) -> None:
        """Send the bank whenever it changed, after a look at the token."""
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_EVERY_S):
                    await self.changed.wait()
            self.changed.clear()
            if not await self._check():
                return
            bank = await _in_thread(selectors.snapshot, self.here, timezone.now())
            if bank != self.last:
                self.last = bank
                await self._send(bank)
            await asyncio.sleep(SETTLES_S)

    async def _show_commands(self) -> None:
        """Send how far each watched command got, as soon as it moved."""
        while True:
            await self.moved.wait()
            self.moved.clear()
            for command, scan in tuple(self.watched.items()):
                found = await _in_thread(
                    selectors.watched, self.here, scan, command, timezone.now()
                )
                if found is None:
                    self.watched.pop(command, None)
                elif found != self.told.get(command):
                    self.told[command] = found
                    await self._send(found)
            # An opening of the whole bank is commands, not a change of the map.
            self.changed.set()

    async def _guard(self, work: Callable[[], Any]) -> None:
        """Run a task of this connection; when it breaks, the page reconnects and is told all."""
        try:
            await work()
        except asyncio.CancelledError:
            raise
        except Exception:
            log.exception("the connection of terminal %s broke", self.here.terminal_id)
            await self.close(code=1011)

    async def _send(self, message: dict[str, Any]) -> None:
        await self.send(text_data=json.dumps(message))


async def _in_thread(function: Callable[..., Any], *args: Any) -> Any:
    # Not the one thread that all consumers share: a slow query would hold up every screen.
    return await database_sync_to_async(function, thread_sensitive=False)(*args)
