"""One reader and one clock for every open map of this process.

A notification says which banks changed. The first is read at once and then at most one every
``APART_S``; the rows are read once for everybody, compared with what was last told, and the
difference is encoded once. Channels' group_send is not used: with 1,000 browsers it needs 0.4 s.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar

from django.db import Error, connection
from django.utils import timezone

from lockers.notify import MAP, RIGHTS, listener
from occupancy import selectors
from occupancy.live.streams import Stream, Subscription
from occupancy.selectors import Watcher

log = logging.getLogger(__name__)

T = TypeVar("T")

APART_S = 0.1
TICK_S = 1.5
# Rights are looked at again when word comes that some changed, and this often in any case, for
# all open maps together.
RIGHTS_S = 20.0
# Everything is read again this often: what lies further ahead than was read comes into view.
REREAD_S = 600.0


class Hub:
    """Hands every change of the map to every open map."""

    def __init__(self) -> None:
        # By site and, for staff of an area, the banks that they may see.
        self._streams: dict[tuple[int, frozenset[int] | None], Stream] = {}
        self._dirty: set[int] = set()
        self._everything = False
        self._elsewhere: set[int] = set()
        self._read_at: dict[int, float] = {}
        self._wake = asyncio.Event()
        self._lock = asyncio.Lock()
        self._tasks: list[asyncio.Task[None]] = []
        self._rights = asyncio.Event()
        self._unsubscribe: list[Callable[[], None]] = []
        self._thread: ThreadPoolExecutor | None = None

    def start(self) -> None:
        """Begin, in the running event loop; a second call changes nothing."""
        if self._tasks:
            return
        # One thread keeps one database connection: a read starts within 0.1 ms.
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="map")
        self._wake, self._lock, self._rights = asyncio.Event(), asyncio.Lock(), asyncio.Event()
        self._unsubscribe = [
            listener.subscribe(MAP, self.notice),
            listener.subscribe(RIGHTS, lambda _payload: self._rights.set()),
        ]
        loop = asyncio.get_running_loop()
        self._tasks = [
            loop.create_task(self._read(), name="map reader"),
            loop.create_task(self._tick(), name="map clock"),
            loop.create_task(self._check_rights(), name="map rights"),
        ]

    async def stop(self) -> None:
        """Stop, and give the database connection back."""
        for unsubscribe in self._unsubscribe:
            unsubscribe()
        for task in self._tasks:
            task.cancel()
        for task in self._tasks:
            with contextlib.suppress(asyncio.CancelledError):
                await task
        for stream in self._streams.values():
            for subscription in tuple(stream.subscriptions):
                subscription.end()
        self._tasks, self._streams = [], {}
        self._dirty.clear()
        self._elsewhere.clear()
        if self._thread is not None:
            thread, self._thread = self._thread, None
            await asyncio.get_running_loop().run_in_executor(thread, lambda: connection.close())
            thread.shutdown()

    async def join(self, site_id: int, watcher: Watcher) -> Subscription:
        """Open a map; its first frame is a snapshot. Raises Error when the database is away."""
        async with self._lock:
            stream = self._streams.get((site_id, watcher.part))
            if stream is None:
                stream = Stream(site_id, watcher.part)
                self._elsewhere.clear()
                await self._load(stream)
                self._streams[site_id, watcher.part] = stream
            # Inside the lock: an empty stream may not be forgotten between here and there.
            subscription = Subscription(stream, watcher)
            stream.subscriptions.add(subscription)
        return subscription

    def leave(self, subscription: Subscription) -> None:
        """Close a map."""
        subscription.stream.subscriptions.discard(subscription)

    def notice(self, payload: Any) -> None:
        """Take a notification: a list of bank ids, or anything else for "read everything"."""
        if isinstance(payload, list):
            self._dirty.update(bank for bank in payload if bank not in self._elsewhere)
        else:
            self._everything = True
        self._wake.set()

    async def _read(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            wait = None if not self._dirty else self._wait(loop.time())
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await self._wake.wait()
            self._wake.clear()
            try:
                async with self._lock:
                    if self._everything:
                        await self._read_everything()
                    await self._read_banks(loop.time())
            except Error as error:
                await self._lost(error)

    def _wait(self, now: float) -> float:
        """Return for how long the first of the dirty banks has to wait."""
        never = -APART_S
        first = min(self._read_at.get(bank, never) for bank in self._dirty)
        return max(0.0, first + APART_S - now)

    async def _read_everything(self) -> None:
        for stream in tuple(self._streams.values()):
            await self._load(stream)
        self._everything = False
        self._dirty.clear()

    async def _load(self, stream: Stream) -> None:
        at = timezone.now()
        site, only = stream.site_id, stream.only
        banks, doors = await self._in_thread(
            lambda: (
                (selectors.banks_of(at, site_ids=[site]), selectors.site_states([site], at))
                if only is None
                else (selectors.banks_of(at, bank_ids=only), selectors.bank_states(only, at))
            )
        )
        stream.load(banks, doors, at)

    async def _read_banks(self, now: float) -> None:
        never = -APART_S
        due = [b for b in self._dirty if now - self._read_at.get(b, never) >= APART_S - 0.001]
        if not due:
            return
        if not self._streams:
            self._dirty.difference_update(due)
            return
        at = timezone.now()
        # Taken off first: a change during the read makes a bank dirty again.
        self._dirty.difference_update(due)
        for bank in due:
            self._read_at[bank] = now
        try:
            await self._read_again(due, at)
        except Error:
            self._dirty.update(due)
            raise

    async def _read_again(self, due: list[int], at: dt.datetime) -> None:
        """Read some banks as they are and send what is different."""
        banks, doors = await self._in_thread(
            lambda: (selectors.banks_of(at, bank_ids=due), selectors.bank_states(due, at))
        )
        sites = {bank.id: bank.site_id for bank in banks}
        watched = {stream.site_id for stream in self._streams.values()}
        self._elsewhere.update(b for b, site in sites.items() if site not in watched)
        for stream in self._streams.values():
            # A bank that is gone, or went to another site, was this stream's until now.
            ours = [b for b in due if stream.shows(b, sites.get(b)) or b in stream.banks]
            if ours:
                stream.update(
                    ours,
                    [bank for bank in banks if stream.shows(bank.id, bank.site_id)],
                    [door for door in doors if stream.shows(door.bank_id, sites.get(door.bank_id))],
                    at,
                )

    async def _tick(self) -> None:
        reread_at = asyncio.get_running_loop().time() + REREAD_S
        while True:
            await asyncio.sleep(TICK_S)
            if asyncio.get_running_loop().time() >= reread_at:
                reread_at += REREAD_S
                self.notice(list({bank for s in self._streams.values() for bank in s.banks}))
            try:
                async with self._lock:
                    # A bank may have moved to a site that is watched.
                    self._elsewhere.clear()
                    await self.let_time_pass(timezone.now())
            except Error as error:
                await self._lost(error)

    async def let_time_pass(self, at: dt.datetime) -> None:
        """Send what changed by time alone; one small query for all bridges that are watched.

        Where a use or booking is over by the clock, what comes after it is read: no job has to run
        for that. At the stroke of midnight that is all banks, in two statements.
        """
        for key, stream in tuple(self._streams.items()):
            if not stream.subscriptions:
                del self._streams[key]
        if not self._streams:
            self._read_at.clear()
            return
        bridges = {bridge for s in self._streams.values() for bridge in s.bridge_ids}
        heard = await self._in_thread(lambda: selectors.presences(bridges))
        over = {bank for s in self._streams.values() if not s.stale for bank in s.due(at)}
        if over:
            await self._read_again(sorted(over), at)
        for stream in self._streams.values():
            if not stream.stale:
                stream.let_time_pass(heard, at)
        if any(stream.stale for stream in self._streams.values()):
            self.notice(None)

    async def _check_rights(self) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(RIGHTS_S):
                    await self._rights.wait()
            # A log-in that many are taken from is looked at once.
            await asyncio.sleep(APART_S)
            self._rights.clear()
            with contextlib.suppress(Error):
                await self.check_rights(timezone.now())

    async def check_rights(self, at: dt.datetime) -> None:
        """End the maps of everybody who may not see their site any more."""
        for stream in tuple(self._streams.values()):
            site = stream.site_id
            watchers = {subscription.watcher for subscription in stream.subscriptions}
            allowed = await self._in_thread(partial(selectors.still_watching, watchers, site, at))
            for subscription in tuple(stream.subscriptions):
                if subscription.watcher in watchers - allowed:
                    subscription.end()

    async def _lost(self, error: Error) -> None:
        log.warning("the map cannot read the database: %s", error)
        for stream in self._streams.values():
            stream.lose()
        self._everything = True
        await asyncio.sleep(0.5)
        self._wake.set()

    async def _in_thread(self, read: Callable[[], T]) -> T:
        if self._thread is None:
            raise Error("the map's hub is not running")
        return await asyncio.get_running_loop().run_in_executor(self._thread, _reading, read)


def _reading(read: Callable[[], T]) -> T:
    """Read, and let go of a connection that broke, so that the next read makes a new one."""
    try:
        return read()
    except Error:
        connection.close()
        raise


hub = Hub()
