"""The websocket of one open map."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import Any
from urllib.parse import parse_qs

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.contrib.auth.models import AnonymousUser
from django.db import Error

from access.accounts import lacks_second_step
from access.models import User
from occupancy import selectors
from occupancy.live import hub
from occupancy.live.streams import Subscription
from occupancy.selectors import Watcher

log = logging.getLogger(__name__)

NOT_FOUND = 4404
TRY_AGAIN = 1013
# A client that asks for snapshot after snapshot gets them this far apart.
SNAPSHOTS_APART_S = 1.0


class MapConsumer(AsyncWebsocketConsumer):
    """Sends one site's map to somebody who may see it, and holds no database connection."""

    subscription: Subscription | None = None
    writer: asyncio.Task[None] | None = None
    asked: asyncio.TimerHandle | None = None
    answered_at = -SNAPSHOTS_APART_S

    async def connect(self) -> None:
        site_id = _site(self.scope["query_string"])
        watcher = await database_sync_to_async(_admit)(self.scope, site_id)
        if watcher is None or site_id is None:
            await self.close(NOT_FOUND)
            return
        try:
            self.subscription = await hub.join(site_id, watcher)
        except Error:
            await self.close(TRY_AGAIN)
            return
        await self.accept()
        self.writer = asyncio.create_task(self._write(self.subscription))

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Take the only thing that a map may ask: everything afresh."""
        if self.subscription is None or self.asked is not None or not _asks(text_data):
            return
        loop = asyncio.get_running_loop()
        wait = max(0.0, self.answered_at + SNAPSHOTS_APART_S - loop.time())
        self.asked = loop.call_later(wait, self._renew, self.subscription)

    def _renew(self, subscription: Subscription) -> None:
        self.asked = None
        self.answered_at = asyncio.get_running_loop().time()
        subscription.renew()

    async def disconnect(self, code: int) -> None:
        if self.asked is not None:
            self.asked.cancel()
        if self.subscription is not None:
            hub.leave(self.subscription)
        if self.writer is not None:
            self.writer.cancel()
            # A frame that could not be sent any more is no news: the browser is gone.
            await asyncio.gather(self.writer, return_exceptions=True)

    async def _write(self, subscription: Subscription) -> None:
        # Straight to the server: the consumer's own send costs as much again, a thousand times.
        while (frame := await subscription.next()) is not None:
            await self.base_send({"type": "websocket.send", "bytes": None, "text": frame})
        now = await database_sync_to_async(_admit)(self.scope, subscription.stream.site_id)
        # Whoever sees another part of the site now comes back for it; the rest is over.
        moved = now is not None and now.part != subscription.watcher.part
        await self.close(TRY_AGAIN if moved else NOT_FOUND)


def _site(query: bytes) -> int | None:
    values = parse_qs(query.decode("ascii", "replace")).get("site", [])
    text = values[0] if values else ""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


def _admit(scope: Any, site_id: int | None) -> Watcher | None:
    """Return who looks, or None when they may not see the site or it does not exist."""
    user: User | AnonymousUser = scope.get("user") or AnonymousUser()
    if site_id is None or not isinstance(user, User) and not user.is_authenticated:
        return None
    if lacks_second_step(user):
        return None
    part = selectors.seen_part(user, site_id)
    if user.pk is None or part == frozenset():
        return None
    session = scope.get("session")
    key = session.session_key if session is not None else None
    return Watcher(user.pk, key, user.get_session_auth_hash(), part)


def _asks(text: str | None) -> bool:
    if text is None or len(text) > 200:
        return False
    try:
        message = json.loads(text)
    except ValueError:
        return False
    return isinstance(message, dict) and message.get("type") == "snapshot"
