"""The voltage of a lock, from a real broker into the journal: no more of it than is needed."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from kiosk.bridge import doors as reading
from kiosk.bridge.clock import ServerClock
from kiosk.bridge.doors import BoardPoller, Door
from kiosk.bridge.journal import Journal
from kiosk.bridge.protocol import CompartmentConfig, ControllerConfig
from tests.drivers.test_mqtt_relay import Bench
from tests.drivers.test_mqtt_relay import bench as bench

TOPICS = {"battery_topic": "lock/{n}", "battery_key": "voltage"}


@pytest.fixture
async def journal(tmp_path: Path) -> AsyncIterator[Journal]:
    made = Journal(tmp_path / "journal.sqlite", ServerClock())
    await made.open()
    yield made
    await made.close()


@contextlib.asynccontextmanager
async def polled(bench: Bench, journal: Journal) -> AsyncIterator[BoardPoller]:
    """Read a board of relays whose first lock tells its battery."""
    door = CompartmentConfig(compartment_id=41, number="1", bank_id=1, controller_id=1, channel=0)
    async with bench.board(**TOPICS) as board:
        poller = BoardPoller(
            ControllerConfig(controller_id=1, driver="mqtt_relay", address=board.address),
            board, {0: Door(door)}, journal, lambda: None,
        )  # fmt: skip
        running = asyncio.create_task(poller.run())
        try:
            async with asyncio.timeout(10):
                while poller.state != "ok":
                    await asyncio.sleep(0.02)
            yield poller
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


async def told(journal: Journal) -> list[tuple[int | None, str]]:
    """Return the voltages in the journal."""
    lines = await journal.after(0, 1_000)
    return [(one.compartment_id, one.detail) for one in lines if one.kind == "battery_level"]


async def heard(journal: Journal, count: int) -> list[tuple[int | None, str]]:
    """Return the voltages once there are so many."""
    async with asyncio.timeout(10):
        while len(await told(journal)) < count:
            await asyncio.sleep(0.02)
    return await told(journal)


async def test_it_is_written_once_and_again_when_it_fell(bench: Bench, journal: Journal) -> None:
    async with polled(bench, journal):
        for millivolts in (5900, 5890, 5810):
            await bench.say("lock/1", f'{{"voltage": {millivolts}, "battery": 90}}')
        await bench.say("lock/1", '{"voltage": 5800}')
        assert await heard(journal, 2) == [(41, "5900"), (41, "5800")]


async def test_it_is_written_again_after_half_a_day(
    bench: Bench, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "BATTERY_AGAIN_S", 0.0)
    async with polled(bench, journal):
        for _each in range(2):
            await bench.say("lock/1", '{"voltage": 5900}')
        assert await heard(journal, 2) == [(41, "5900")] * 2


async def test_what_is_retained_or_no_voltage_or_of_no_door_is_left_out(
    bench: Bench, journal: Journal
) -> None:
    await bench.say("lock/1", '{"voltage": 4000}', retain=True)
    async with polled(bench, journal):
        for text in ("", "5900", '{"voltage": null}', '{"voltage": 99}', '{"voltage": "NaN"}'):
            await bench.say("lock/1", text)
        await bench.say("lock/2", '{"voltage": 5900}')
        await bench.say("lock/1", '{"voltage": "5901"}')
        assert await heard(journal, 1) == [(41, "5901")]
