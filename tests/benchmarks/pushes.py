"""From a commit to the frame in 1,000 open websockets."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import re
import time
from typing import Any

import psycopg
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore

from tests import factories
from tests.benchmarks.figures import RUNS, median, percentile
from tests.benchmarks.place import Place

BROWSERS = 1000
_NUMBER = re.compile(rb'"type":\s*"delta",\s*"seq":\s*(\d+)')


class _Browser(asyncio.Protocol):
    """One open map: notes when each delta arrived."""

    def __init__(self, request: bytes) -> None:
        self.request = request
        self.arrived: dict[int, float] = {}
        self.opened = asyncio.get_running_loop().create_future()
        self.tail = b""
        self.kept: bytearray | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        transport.write(self.request)  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        now = time.perf_counter()
        if not self.opened.done():
            if not data.startswith(b"HTTP/1.1 101"):
                self.opened.set_exception(AssertionError(data[:200].decode()))
                return
            self.opened.set_result(None)
        if self.kept is not None:
            self.kept += data
        window = self.tail + data
        for found in _NUMBER.finditer(window):
            self.arrived.setdefault(int(found.group(1)), now)
        self.tail = data[-40:]


def measure(place: Place) -> dict[str, Any]:
    """Return a change's latency in 1,000 browsers at 5 a second, and the loss at 20."""
    return asyncio.run(_measure(place, cookie()))


def cookie() -> str:
    """Return the session cookie of a new superuser."""
    user = factories.UserFactory(username=f"bench{time.time_ns()}", is_superuser=True)
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    return f"{settings.SESSION_COOKIE_NAME}={session.session_key}"


async def open_maps(place: Place, cookie: str, count: int) -> list[_Browser]:
    """Open so many maps of the measured site and wait for their snapshots."""
    loop = asyncio.get_running_loop()
    browsers: list[_Browser] = []
    for _number in range(count):
        key = base64.b64encode(os.urandom(16)).decode()
        request = (
            f"GET /ws/map/?site={place.site} HTTP/1.1\r\nHost: 127.0.0.1:{place.port}\r\n"
            f"Origin: http://127.0.0.1:{place.port}\r\nCookie: {cookie}\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n"
        ).encode()
        _, browser = await loop.create_connection(
            lambda request=request: _Browser(request), "127.0.0.1", place.port
        )
        browsers.append(browser)
        if len(browsers) % 50 == 0:
            await asyncio.gather(*(b.opened for b in browsers))
    await asyncio.gather(*(b.opened for b in browsers))
    await asyncio.sleep(3)  # the snapshots are still on their way
    return browsers


async def _measure(place: Place, cookie: str) -> dict[str, Any]:
    browsers = await open_maps(place, cookie, BROWSERS)
    p50, p99 = [], []
    async with await psycopg.AsyncConnection.connect(
        os.environ["DATABASE_URL"], autocommit=True
    ) as writer:
        doors = await _doors(writer, place)
        for _run in range(RUNS):
            commits = await _changes(writer, doors, per_second=5, count=25)
            await asyncio.sleep(1)
            latencies = _delays(browsers, commits)
            p50.append(percentile(latencies, 0.5))
            p99.append(percentile(latencies, 0.99))
        lost = await _lost(browsers, writer, doors)
        notify = await _raw_notify(writer)
    for browser in browsers:
        browser.transport.close()
    return {
        "push_1000_p50_ms": median(p50),
        "push_1000_p99_ms": median(p99),
        "push_lost_at_20_per_s": lost,
        "raw_notify_ms": notify,
    }


async def _doors(writer: Any, place: Place) -> list[int]:
    rows = await writer.execute(
        "SELECT id FROM lockers_compartment WHERE bank_id = %s ORDER BY id LIMIT 40",
        (place.banks[1],),
    )
    return [row[0] for row in await rows.fetchall()]


async def _changes(writer: Any, doors: list[int], per_second: int, count: int) -> list[float]:
    """Open and close doors by plain SQL at a steady rate; return each commit's time."""
    commits = []
    begun = time.perf_counter()
    for number in range(count):
        await asyncio.sleep(max(0, begun + number / per_second - time.perf_counter()))
        await writer.execute(
            "UPDATE lockers_door SET state = CASE state WHEN 'open' THEN 'closed' ELSE 'open' END,"
            " changed_at = now() WHERE compartment_id = %s",
            (doors[number % len(doors)],),
        )
        commits.append(time.perf_counter())
    return commits


def _delays(browsers: list[_Browser], commits: list[float]) -> list[float]:
    """Return each frame's delay after the commit that it belongs to, in milliseconds.

    Commits may share a frame (coalescing): a commit's frame is the first that arrived after it.
    """
    delays = []
    for browser in browsers:
        arrivals = sorted(browser.arrived.values())
        for commit in commits:
            after = [arrival for arrival in arrivals if arrival >= commit - 0.02]
            if not after:
                raise AssertionError("a change had not arrived a second later")
            delays.append(max(0.0, (after[0] - commit) * 1000))
        browser.arrived.clear()
    return delays


async def _lost(browsers: list[_Browser], writer: Any, doors: list[int]) -> int:
    """Return how many of 100 changes at 20 a second were never told, over all browsers.

    Each change opens or closes one of 40 doors in turn, so that none may be left out. A snapshot
    instead would be no lie, but is not counted as told either.
    """
    for browser in browsers:
        browser.kept = bytearray()
    changes = 100
    await _changes(writer, doors, per_second=20, count=changes)
    until = time.perf_counter() + 10
    told = [0]
    while min(told) < changes and time.perf_counter() < until:
        await asyncio.sleep(0.5)
        told = [_told(bytes(browser.kept or b""), set(doors)) for browser in browsers]
    return sum(changes - each for each in told)


def _told(received: bytes, doors: set[int]) -> int:
    """Return how many changes of these doors are in the whole frames of a websocket (RFC 6455)."""
    count, place = 0, 0
    while place + 2 <= len(received):
        length, start = received[place + 1] & 0x7F, place + 2
        if length == 126:
            length, start = int.from_bytes(received[start : start + 2]), start + 2
        elif length == 127:
            length, start = int.from_bytes(received[start : start + 8]), start + 8
        frame = received[start : start + length]
        if len(frame) < length:
            break
        if received[place] & 0x0F == 1:
            message = json.loads(frame)
            if message["type"] == "delta":
                count += sum(door["id"] in doors for door in message["compartments"])
        place = start + length
    return count


async def _raw_notify(writer: Any) -> float:
    """Return the median delay of a bare NOTIFY between two connections, in milliseconds."""
    delays = []
    async with await psycopg.AsyncConnection.connect(
        os.environ["DATABASE_URL"], autocommit=True
    ) as hearer:
        await hearer.execute("LISTEN lockwright_bench")
        for _ in range(50):
            sent = time.perf_counter()
            await writer.execute("NOTIFY lockwright_bench, 'x'")
            async for _notification in hearer.notifies(timeout=2, stop_after=1):
                delays.append((time.perf_counter() - sent) * 1000)
    return median(delays)
