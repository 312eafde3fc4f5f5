"""One LISTEN connection per ASGI process, and who in it wants to hear what.

A notification carries ids only; the row is the truth. After a lost connection nobody knows what
was missed, so every subscriber is told ``None``: read everything again.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import AsyncIterator, Callable
from typing import Any

import psycopg
from django.db import connections

log = logging.getLogger(__name__)

MAP = "lockwright_map"
COMMAND = "lockwright_command"
WIRING = "lockwright_wiring"
# A bridge was revoked, has another key or should make one: look again.
BRIDGE = "lockwright_bridge"
# A badge was read at a wired reader and waits for a screen: {"bank": id, "scan": uuid}.
SCAN = "lockwright_scan"
# Something is asked of a bridge: {"bridges": [ids]}.
INQUIRY = "lockwright_inquiry"
# A session ended, or somebody may see other things than before: look again.
RIGHTS = "lockwright_rights"
# Who may open what: {"people": [ids], "banks": [ids]}, or null for anybody anywhere.
ACCESS = "lockwright_access"
CHANNELS = (MAP, COMMAND, WIRING, BRIDGE, SCAN, INQUIRY, RIGHTS, ACCESS)

# Called in the event loop with the decoded payload, or None for "anything may have changed".
Subscriber = Callable[[Any], None]


class Listener:
    """Listens for as long as the process lives and reconnects by itself."""

    def __init__(self) -> None:
        self._subscribers: dict[str, set[Subscriber]] = {channel: set() for channel in CHANNELS}
        self._task: asyncio.Task[None] | None = None
        self.connected = asyncio.Event()

    @contextlib.contextmanager
    def subscribed(self, channel: str, subscriber: Subscriber) -> Any:
        """Call ``subscriber`` for every notification of a channel, inside the block."""
        self._subscribers[channel].add(subscriber)
        try:
            yield
        finally:
            self._subscribers[channel].discard(subscriber)

    def subscribe(self, channel: str, subscriber: Subscriber) -> Callable[[], None]:
        """Call ``subscriber`` for every notification until the returned function is called."""
        self._subscribers[channel].add(subscriber)
        return lambda: self._subscribers[channel].discard(subscriber)

    def start(self) -> None:
        """Begin listening, in the running event loop; a second call changes nothing."""
        if self._task is None or self._task.done():
            # An event belongs to the loop that first waited for it.
            self.connected = asyncio.Event()
            self._task = asyncio.get_running_loop().create_task(self._run(), name="listener")

    async def stop(self) -> None:
        """Stop listening."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None
        self.connected.clear()

    async def _run(self) -> None:
        wait = 0.1
        while True:
            try:
                async with await _connect() as connection:
                    for channel in CHANNELS:
                        await connection.execute(f"LISTEN {channel}")
                    self.connected.set()
                    if wait > 0.1:
                        log.info("listening to the database again")
                    wait = 0.1
                    for channel in CHANNELS:
                        self._tell(channel, None)
                    async for notification in _notifications(connection):
                        self._tell(notification.channel, _decode(notification.payload))
            except (psycopg.Error, OSError) as error:
                if self.connected.is_set():
                    log.warning("database connection of the listener lost: %s", error)
            self.connected.clear()
            await asyncio.sleep(wait)
            wait = min(wait * 2, 2.0)

    def _tell(self, channel: str, payload: Any) -> None:
        for subscriber in tuple(self._subscribers[channel]):
            try:
                subscriber(payload)
            except Exception:
                # One broken subscriber must not silence the others.
                log.exception("a subscriber of %s failed", channel)


async def _notifications(
    connection: psycopg.AsyncConnection[Any],
) -> AsyncIterator[psycopg.Notify]:
    async for notification in connection.notifies():
        yield notification
    raise psycopg.OperationalError("the connection ended")


def _decode(payload: str) -> Any:
    if not payload:
        return None
    try:
        return json.loads(payload)
    except ValueError:
        # Somebody's own NOTIFY in psql: reading everything again is always right.
        return None


async def _connect() -> psycopg.AsyncConnection[Any]:
    parameters = dict(connections["default"].get_connection_params())
    for ours in ("cursor_factory", "context", "pool", "prepare_threshold"):
        parameters.pop(ours, None)
    return await psycopg.AsyncConnection.connect(
        **parameters, autocommit=True, keepalives_idle=5, keepalives_interval=2, keepalives_count=3
    )


listener = Listener()
