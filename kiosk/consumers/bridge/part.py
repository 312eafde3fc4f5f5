"""What every part of the line to a bridge has in common."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from channels.db import database_sync_to_async

from kiosk.bridge import protocol
from lockers.models import Bridge


@dataclass(frozen=True, slots=True)
class Line:
    """One greeted bridge: who it is, and the ways to talk to it."""

    bridge: Bridge
    connection: uuid.UUID
    journal: uuid.UUID
    send: Callable[[protocol.Message], Awaitable[None]]
    refuse: Callable[[str, str], Awaitable[None]]
    # Ends the line, so that the bridge comes again and is greeted as things are now.
    greet_anew: Callable[[], Awaitable[None]]


class Part:
    """One concern of a line: the messages that it takes, and what it does meanwhile."""

    takes: Mapping[type[protocol.Message], Callable[[Any], Awaitable[None]]] = {}
    works: Sequence[Callable[[], Awaitable[None]]] = ()
    # NOTIFY channels, and what hears each.
    hears: Mapping[str, Callable[[Any], None]] = {}

    def __init__(self, line: Line) -> None:
        self.line = line

    async def greeted(self, hello: protocol.Hello) -> None:
        """Do what comes before everything else, once the bridge was welcomed."""

    def ended(self) -> None:
        """Let go of whoever waits here."""


async def in_thread(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Call what asks the database, in a thread of its own."""
    # Not the one thread that all consumers share: a slow query of one bridge would hold up another.
    return await database_sync_to_async(function, thread_sensitive=False)(*args, **kwargs)


def milliseconds(instant: dt.datetime) -> int:
    """Return an instant as messages have it."""
    return round(instant.timestamp() * 1000)


def instant(milliseconds: int) -> dt.datetime:
    """Return the instant that a message names."""
    return dt.datetime.fromtimestamp(milliseconds / 1000, dt.UTC)
