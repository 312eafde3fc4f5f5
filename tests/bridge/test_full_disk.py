"""A disk that takes no more: nobody's door opens unrecorded, and staff are not locked out."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import uuid
from collections.abc import AsyncIterator, Iterator
from functools import partial
from pathlib import Path

import pytest

from kiosk.bridge import protocol
from kiosk.bridge.clock import ServerClock
from kiosk.bridge.journal import Journal, JournalFull
from tests.bridge.conftest import Box, running
from tests.bridge.server_end import ServerEnd


async def let_grow(journal: Journal, pages: int) -> None:
    """Limit the file, so that SQLite itself says that the disk is full."""
    await journal._run(lambda: journal._base.execute(f"PRAGMA max_page_count = {pages}"))


async def fill(journal: Journal) -> None:
    """Write until the file takes no more."""
    await let_grow(journal, 1)
    while not journal.is_waiting:
        await journal.append("door_closed")


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kiosk.bridge.journal.journal.TRIED_AGAIN_S", 0.05)


@pytest.fixture
async def full(server: ServerEnd, box: Box) -> AsyncIterator[Box]:
    """A bridge that says that its disk is full."""
    await fill(box.journal)
    await server.until(lambda: state_of(server) == "full")
    yield box


@pytest.fixture
async def journal(tmp_path: Path) -> AsyncIterator[Journal]:
    kept = Journal(tmp_path / "journal.sqlite", ServerClock())
    await kept.open()
    yield kept
    await kept.close()


def state_of(server: ServerEnd) -> str:
    return [m.journal for m in server.heard if isinstance(m, protocol.Health)][-1]


async def test_a_line_that_is_written_survives_a_power_cut(journal: Journal) -> None:
    full = 2
    for pragma, wanted in {"synchronous": full, "journal_mode": "wal"}.items():
        read = partial(lambda name: journal._base.execute(f"PRAGMA {name}").fetchone(), pragma)
        assert await journal._run(read) == (wanted,)


async def test_a_person_is_refused_at_once_and_the_door_stays_shut(
    server: ServerEnd, full: Box
) -> None:
    command = await server.order(1)
    await server.until(lambda: server.ahead(command) == ["command_failed"])
    told = [m for m in server.heard if isinstance(m, protocol.Live)][-1].lines[-1]
    assert told.detail == "journal_full"
    assert full.board().pulses == []


async def test_staff_open_a_door_and_it_is_told_at_once(server: ServerEnd, full: Box) -> None:
    command = await server.order(1, staff=True)
    await server.until(lambda: "command_opened" in server.ahead(command))
    assert server.ahead(command) == ["command_accepted", "command_actuated", "command_opened"]
    assert len(full.board().pulses) == 1
    # Nothing is to be stored under a number that is not on the disk.
    assert server.kinds(command) == []


async def test_a_command_of_staff_that_comes_twice_fires_once(server: ServerEnd, full: Box) -> None:
    command = uuid.uuid4()
    order = protocol.Open(
        command_id=command, compartment_id=1, deadline_ms=server.now_ms() + 5_000, staff=True
    )
    await server.send(order)
    await server.until(lambda: "command_opened" in server.ahead(command))
    full.board().push_shut(0)
    await server.until(lambda: "command_closed" in server.ahead(command))
    await server.send(order)
    other = await server.order(2, staff=True)
    await server.until(lambda: "command_opened" in server.ahead(other))
    assert [pulse.channel for pulse in full.board().pulses] == [0, 1]


async def test_with_room_again_everything_is_written_under_the_number_it_was_told_by(
    server: ServerEnd, full: Box
) -> None:
    command = await server.order(1, staff=True)
    await server.until(lambda: "command_opened" in server.ahead(command))
    ahead = {
        line.seq: line for m in server.heard if isinstance(m, protocol.Live) for line in m.lines
    }
    await let_grow(full.journal, 1_000_000)
    await server.until(lambda: "command_opened" in server.kinds(command))
    await server.until(lambda: state_of(server) == "ok")
    assert ahead.items() <= server.events.items()
    person = await server.order(2)
    await server.until(lambda: "command_opened" in server.kinds(person))


async def test_what_waits_is_told_again_when_the_line_was_cut(server: ServerEnd, full: Box) -> None:
    command = await server.order(1, staff=True)
    await server.until(lambda: "command_opened" in server.ahead(command))
    server.heard.clear()
    assert server.socket is not None
    await server.socket.close()
    await server.until(lambda: "command_opened" in server.ahead(command))


async def test_what_no_memory_holds_is_counted(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kiosk.bridge.journal.journal.WAITING_LINES", 3)
    await fill(journal)
    for _ in range(5):
        await journal.append("door_closed")
    with pytest.raises(JournalFull):
        await journal.begin(uuid.uuid4(), 1, staff=True)
    await let_grow(journal, 1_000_000)
    while journal.state != "ok":
        journal.appended.clear()
        await journal.appended.wait()
    last = (await journal.after(journal.last_seq - 1, 1))[0]
    assert (last.kind, last.detail) == ("lines_lost", "3")


# ---- a real disk that is full --------------------------------------------------------------------


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 3 MB, where this machine lets one be mounted."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(folder)]
    if shutil.which("mount") is None or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("no file system can be mounted here")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def take_all_room(folder: Path) -> None:
    with (folder / "other").open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            return


async def test_the_reserve_keeps_the_last_lines_of_a_full_disk(
    server: ServerEnd, small_disk: Path
) -> None:
    async with running(server, small_disk) as box:
        await server.until(lambda: set(server.doors().values()) == {"closed"})
        assert (small_disk / "journal.reserve").exists()
        take_all_room(small_disk)
        while box.journal.state == "ok":
            await box.journal.append("door_closed", detail="x" * 2_000)
        refused, opened = await server.order(1), await server.order(2, staff=True)
        await server.until(lambda: "command_opened" in server.kinds(opened))
        await server.until(lambda: server.kinds(refused) == ["command_failed"])
        await server.until(lambda: state_of(server) == "full")
        assert not box.journal.is_waiting
        (small_disk / "other").unlink()
        await server.until(lambda: state_of(server) == "ok")
        assert (small_disk / "journal.reserve").exists()


# ---- a damaged file ------------------------------------------------------------------------------


async def written(folder: Path, lines: int) -> Journal:
    """Leave a journal of some lines behind, as after a run."""
    kept = Journal(folder / "journal.sqlite", ServerClock())
    await kept.open()
    for _ in range(lines):
        await kept.append("door_closed", compartment_id=1, detail="x" * 100)
    await kept.close()
    return kept


def spoil(path: Path, how: str) -> None:
    whole = path.read_bytes()
    if how == "nonsense":
        path.write_bytes(b"nonsense " * 1_000)
    elif how == "cut in half":
        path.write_bytes(whole[: len(whole) // 2])
    else:
        path.write_bytes(whole[:4096] + bytes(4096) + whole[8192:])


@pytest.mark.parametrize("how", ["nonsense", "cut in half", "a page of zeros"])
async def test_a_damaged_journal_is_put_aside_and_the_bridge_runs(
    server: ServerEnd, tmp_path: Path, how: str
) -> None:
    before = await written(tmp_path, 200)
    spoil(tmp_path / "journal.sqlite", how)
    async with running(server, tmp_path) as box:
        await server.until(lambda: set(server.doors().values()) == {"closed"})
        assert box.journal.journal_id != before.journal_id
        command = await server.order(1)
        await server.until(lambda: "command_opened" in server.kinds(command))
    (aside,) = tmp_path.glob("journal.damaged-*.sqlite")
    started = next(line for line in server.events.values() if line.kind == "bridge_started")
    assert started.detail == aside.name


async def test_an_empty_file_is_a_new_journal(tmp_path: Path) -> None:
    before = await written(tmp_path, 20)
    (tmp_path / "journal.sqlite").write_bytes(b"")
    after = await written(tmp_path, 1)
    assert (after.journal_id != before.journal_id, after.last_seq) == (True, 1)


async def test_a_whole_journal_keeps_its_name_and_goes_on_counting(tmp_path: Path) -> None:
    before = await written(tmp_path, 20)
    after = await written(tmp_path, 1)
    assert (after.journal_id, after.last_seq) == (before.journal_id, 21)
    with sqlite3.connect(tmp_path / "journal.sqlite") as base:
        assert base.execute("PRAGMA journal_mode").fetchone() == ("wal",)
