"""The voltage of a lock: from a broker over the shipped bridge and server to the door's history."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from lockers.models import Controller, LockEvent
from maintenance.models import BatteryReading
from tests import servers
from tests.drivers.test_mqtt_relay import Bench
from tests.kiosk.test_alone import Place
from tests.servers import until

_SAID = '{"voltage": %d, "battery": 90}'


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """A board of relays on a broker, both in threads: the bridge is a process of its own."""
    with asyncio.Runner() as runner:
        made = Bench(tmp_path)
        runner.run(made.start())
        yield made
        runner.run(made.stop())


@pytest.fixture
def place(transactional_db: None, tmp_path: Path, bench: Bench) -> Iterator[Place]:
    """A bank whose bridge reads that board; its first lock tells its battery."""
    folder = tmp_path / "box"
    folder.mkdir()
    place = Place(folder)
    spec = bench.spec(1, battery_topic="lock/{n}", battery_key="voltage")
    Controller.objects.update(
        driver=spec.driver, address=spec.address, unit=spec.unit, channels=spec.channels,
        profile=dict(spec.profile),
    )  # fmt: skip
    yield place
    place.stop()


def say(bench: Bench, millivolts: int) -> bool:
    """Let the lock tell its voltage; as often as it likes, one line in the journal comes of it."""
    asyncio.run(bench.say("lock/1", _SAID % millivolts))
    return True


def in_the_journal(place: Place) -> list[str]:
    with closing(sqlite3.connect(place.state / "journal.sqlite")) as base:
        told = base.execute("SELECT detail FROM line WHERE kind = 'battery_level' ORDER BY seq")
        return [detail for (detail,) in told]


def readings(place: Place) -> list[int]:
    found = BatteryReading.objects.filter(compartment=place.estate.doors[0])
    return list(found.order_by("pk").values_list("millivolts", flat=True))


@pytest.mark.django_db(transaction=True)
def test_a_voltage_comes_home_once_and_one_told_while_the_server_is_away_later(
    place: Place, bench: Bench
) -> None:
    with servers.serving(port=place.port):
        place.start_bridge()
        # Until the bridge listens nobody hears it.
        until(lambda: say(bench, 5900) and readings(place) == [5900])
    # The line is cut: the bridge keeps what it hears.
    until(lambda: say(bench, 5700) and in_the_journal(place) == ["5900", "5700"])
    assert readings(place) == [5900]
    with servers.serving(port=place.port):
        until(lambda: readings(place) == [5900, 5700])
    events = LockEvent.objects.filter(kind="battery_level").order_by("pk")
    assert [one.detail for one in events] == ["5900", "5700"]
    assert list(BatteryReading.objects.order_by("pk").values_list("event", flat=True)) == [
        one.pk for one in events
    ]
