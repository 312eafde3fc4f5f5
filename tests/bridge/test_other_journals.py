"""A bridge whose journal was swapped, lost or cut: noticed, and no event is lost or doubled.

Real processes: the shipped server, the bridge, and a Modbus board that nobody here wrote.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import sqlite3
from pathlib import Path

import pytest

from audit.models import Event
from kiosk.bridge.clock import ServerClock
from kiosk.bridge.journal import Journal
from lockers.models import BridgePresence, LockEvent
from tests.bridge.test_restarts import REACHED, UNREACHED, Place, place
from tests.servers import until

__all__ = ["place"]
pytestmark = pytest.mark.django_db(transaction=True)


def journal_files(folder: Path) -> list[Path]:
    return sorted(folder.glob("journal.sqlite*"))


def copy(folder: Path, to: Path) -> None:
    to.mkdir()
    for file in journal_files(folder):
        shutil.copy(file, to)


def put_back(folder: Path, copied: Path) -> None:
    for file in journal_files(folder):
        file.unlink()
    for file in copied.iterdir():
        shutil.copy(file, folder)


def kill(place: Place) -> None:
    """Kill the bridge, and wait until the server knows."""
    place.kill_bridge()
    until(lambda: place.shown() == UNREACHED)


def alarm() -> str:
    return BridgePresence.objects.get().journal_alarm


def nothing_is_doubled() -> None:
    told = list(LockEvent.objects.values_list("seq", "kind", "occurred_at", "command_id"))
    assert len(told) == len(set(told))


def opened() -> int:
    return Event.objects.filter(action="door.opened").count()


def test_yesterdays_copy(place: Place, tmp_path: Path) -> None:
    place.opens_and_closes(0)
    kill(place)
    copy(place.state, tmp_path / "copy")
    place.start_bridge()
    until(lambda: place.shown() == REACHED)
    place.opens_and_closes(1)
    kill(place)
    put_back(place.state, tmp_path / "copy")
    place.start_bridge()
    until(lambda: alarm() == "replaced")
    until(lambda: place.shown() == REACHED)
    place.opens_and_closes(2)
    nothing_is_doubled()
    assert (opened(), place.pulses()) == (3, [0, 1, 2])


def test_a_copy_that_went_on_for_longer_than_we_know(place: Place, tmp_path: Path) -> None:
    copied = tmp_path / "copy"
    kill(place)
    copy(place.state, copied)
    place.start_bridge()
    until(lambda: place.shown() == REACHED)
    place.opens_and_closes(0)
    place.stop_server()
    kill(place)
    put_back(place.state, copied)
    # Without the server it writes other lines under the numbers that are taken.
    asyncio.run(write(place.state, LockEvent.objects.count()))
    place.start_bridge()
    place.start_server()
    until(lambda: alarm() == "replaced")
    until(lambda: LockEvent.objects.filter(detail="written alone").count() == 1)
    until(lambda: place.shown() == REACHED)
    nothing_is_doubled()


async def write(folder: Path, count: int) -> None:
    """Go on with a journal by as many lines, the first of which is marked."""
    journal = Journal(folder / "journal.sqlite", ServerClock())
    await journal.open()
    await journal.append("bridge_started", detail="written alone")
    for _ in range(count):
        await journal.append("bridge_started")
    await journal.close()


def test_a_deleted_journal(place: Place) -> None:
    place.opens_and_closes(0)
    kill(place)
    for file in journal_files(place.state):
        file.unlink()
    place.start_bridge()
    until(lambda: alarm() == "replaced")
    until(lambda: place.shown() == REACHED)
    place.opens_and_closes(1)
    nothing_is_doubled()
    assert (opened(), place.pulses()) == (2, [0, 1])


def test_a_journal_that_was_cut_off(place: Place) -> None:
    place.opens_and_closes(0)
    kill(place)
    with contextlib.closing(sqlite3.connect(place.state / "journal.sqlite")) as base:
        base.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    file = place.state / "journal.sqlite"
    file.write_bytes(file.read_bytes()[:6_000])
    place.start_bridge()
    until(lambda: alarm() == "replaced")
    until(lambda: place.shown() == REACHED)
    place.opens_and_closes(1)
    nothing_is_doubled()
    started = Event.objects.filter(action="bridge.started").latest("id")
    assert (place.state / started.data["journal_put_aside"]).exists()


def test_lines_that_were_deleted_in_the_middle(place: Place) -> None:
    place.opens_and_closes(0)
    until(lambda: place.stored() == place.written())
    place.stop_server()
    known = len(place.written())
    for n in range(1, 7):
        place.push(1, is_open=n % 2 == 1)
        until(lambda n=n: len(place.written()) == known + n)
    kill(place)
    with contextlib.closing(sqlite3.connect(place.state / "journal.sqlite")) as base:
        base.execute("DELETE FROM line WHERE seq IN (?, ?)", (known + 3, known + 4))
        base.commit()
    place.start_bridge()
    place.start_server()
    until(lambda: alarm() == "gap")
    until(lambda: place.stored() == place.written())
    gap = Event.objects.get(action="bridge.journal_gap")
    assert gap.data == {"after": known + 2, "next": known + 5}
    until(lambda: place.shown() == REACHED)
