"""How long a bridge is alone, by a clock that may be wrong."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import time_machine

from access.access_list import entries
from kiosk.bridge.access_list import KeptList
from kiosk.bridge.clock import ServerClock
from tests.bridge.server_end import enrolled

HOUR_MS = 3_600_000
NOW_MS = 1_800_000_000_000


@contextlib.asynccontextmanager
async def kept(state: Path, clock: ServerClock) -> AsyncIterator[KeptList]:
    """A box that starts now; its bank may be alone for two hours."""
    box = KeptList(state / "access.sqlite", enrolled(state), clock)
    await box.open()
    box.known.put(entries.Bank(id=1, max_offline_h=2))
    try:
        yield box
    finally:
        await box.close()


def told(ms: int) -> ServerClock:
    """Return a clock that the server has set."""
    clock = ServerClock()
    now = clock.monotonic_ms()
    clock.sample(sent_ms=now, server_ms=ms, received_ms=now)
    return clock


def wall(ms: int) -> time_machine.travel:
    """Set this box's own clock inside the block."""
    return time_machine.travel(ms / 1000, tick=False)


async def heard(state: Path) -> None:
    async with kept(state, told(NOW_MS)) as box:
        box.heard()
        assert not box.is_over(1)


async def test_the_time_alone_counts_from_the_last_word_of_the_server(tmp_path: Path) -> None:
    async with kept(tmp_path, told(NOW_MS)) as box:
        box.heard()
        box._clock = told(NOW_MS + 2 * HOUR_MS - 60_000)
        assert not box.is_over(1)
        box._clock = told(NOW_MS + 2 * HOUR_MS + 60_000)
        assert box.is_over(1)


@pytest.mark.parametrize(
    ("later_h", "over"), [(0.1, False), (1.9, False), (2.1, True), (50, True), (-0.1, True)]
)
async def test_after_a_start_without_the_server_the_wall_clock_may_only_be_later(
    tmp_path: Path, later_h: float, over: bool
) -> None:
    await heard(tmp_path)
    with wall(int(NOW_MS + later_h * HOUR_MS)):
        async with kept(tmp_path, ServerClock()) as box:
            assert box.is_over(1) is over


async def test_a_grant_that_is_over_does_not_come_to_life_with_an_empty_battery(
    tmp_path: Path,
) -> None:
    await heard(tmp_path)
    with wall(0):
        async with kept(tmp_path, ServerClock()) as box:
            assert NOW_MS <= box.now_ms < NOW_MS + 60_000


async def test_a_wall_clock_far_ahead_is_forgotten_when_the_server_tells_the_time(
    tmp_path: Path,
) -> None:
    with wall(NOW_MS + 1_000_000 * HOUR_MS):
        async with kept(tmp_path, ServerClock()) as box:
            assert box.is_over(1)
    async with kept(tmp_path, told(NOW_MS)) as box:
        box.heard()
        assert not box.is_over(1)
    await heard(tmp_path)
    with wall(NOW_MS + HOUR_MS):
        async with kept(tmp_path, ServerClock()) as box:
            assert not box.is_over(1)
