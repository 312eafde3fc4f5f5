"""What was written while the server was away comes in whole, and holds up nobody at a door."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from kiosk.bridge import protocol
from kiosk.bridge.clock import ServerClock
from kiosk.bridge.journal import Journal, lines
from kiosk.bridge.journal.lines import Entry
from kiosk.bridge.protocol import Event
from tests.bridge.conftest import Box, running
from tests.bridge.server_end import ServerEnd


async def write_yesterday(folder: Path, count: int) -> None:
    """Leave a journal behind with lines that no server has heard."""
    journal = Journal(folder / "journal.sqlite", ServerClock())
    await journal.open()
    entries = [
        Entry(Event(seq=n, kind="door_closed", occurred_at_ms=n, compartment_id=1))
        for n in range(1, count + 1)
    ]
    await journal._run(lambda: lines.write(journal._base, journal.boot_id, entries))
    await journal.close()


def frames(server: ServerEnd) -> Sequence[protocol.Events]:
    return [m for m in server.heard if isinstance(m, protocol.Events)]


async def test_a_door_that_opens_now_does_not_wait_for_yesterday(
    server: ServerEnd, tmp_path: Path
) -> None:
    await write_yesterday(tmp_path, 5_000)
    server.acknowledging = False
    async with running(server, tmp_path):
        await server.until(lambda: set(server.doors().values()) == {"closed"})
        command = await server.order(1)
        await server.until(lambda: "command_opened" in server.ahead(command))
        assert server.kinds(command) == []
        assert max(server.events) < 5_000
        server.acknowledging = True
        await server.send(protocol.Ack(seq=max(server.events)))
        await server.until(lambda: "command_opened" in server.kinds(command))
        assert sorted(server.events) == list(range(1, max(server.events) + 1))


async def test_what_came_ahead_is_stored_under_the_same_number(
    server: ServerEnd, tmp_path: Path
) -> None:
    await write_yesterday(tmp_path, 2_000)
    server.acknowledging = False
    async with running(server, tmp_path):
        await server.until(lambda: set(server.doors().values()) == {"closed"})
        command = await server.order(1)
        await server.until(lambda: "command_opened" in server.ahead(command))
        server.acknowledging = True
        await server.send(protocol.Ack(seq=max(server.events)))
        await server.until(lambda: "command_opened" in server.kinds(command))
    ahead = {
        line.seq: line for m in server.heard if isinstance(m, protocol.Live) for line in m.lines
    }
    assert ahead
    assert ahead.items() <= server.events.items()


async def test_lines_travel_many_in_a_frame(server: ServerEnd, tmp_path: Path) -> None:
    await write_yesterday(tmp_path, 2_000)
    async with running(server, tmp_path):
        await server.until(lambda: max(server.events, default=0) > 2_000)
    assert len(frames(server)) < 20


async def test_no_frame_of_lines_is_too_long(server: ServerEnd, box: Box) -> None:
    assert server.socket is not None
    await server.socket.close()
    for _ in range(300):
        await box.journal.append("scan_refused", detail="ä" * 2_000)
    await server.until(lambda: max(server.events, default=0) == box.journal.last_seq)
    assert max(len(protocol.encode(one).encode()) for one in frames(server)) <= 256 * 1024


async def test_nothing_comes_ahead_when_nothing_is_before_it(server: ServerEnd, box: Box) -> None:
    await server.until(lambda: max(server.events, default=0) == box.journal.last_seq)
    command = await server.order(1)
    await server.until(lambda: "command_opened" in server.kinds(command))
    assert server.ahead(command) == []


async def test_doors_are_told_with_the_line_that_they_know_of(server: ServerEnd, box: Box) -> None:
    box.board().force_open(2)
    await server.until(lambda: "door_forced" in server.kinds())
    box.agent.tell_doors()
    await server.until(lambda: server.doors()[3] == "open")
    told = [m for m in server.heard if isinstance(m, protocol.Doors)][-1]
    assert told.seq == max(server.events)


# ---- a journal that is not the one the server knows ----------------------------------------------


async def test_a_copy_of_yesterday_gets_a_new_name_and_tells_only_what_is_new(
    server: ServerEnd, tmp_path: Path
) -> None:
    path = tmp_path / "journal.sqlite"
    async with running(server, tmp_path) as box:
        await server.until(lambda: len(server.events) > 2)
        while box.journal.acknowledged < box.journal.last_seq:
            box.journal.appended.clear()
            await box.journal.appended.wait()
        name, known = box.journal.journal_id, box.journal.acknowledged
    copy = path.read_bytes()
    async with running(server, tmp_path):
        await server.until(lambda: len(server.events) > known + 2)
    path.write_bytes(copy)
    stored, server.events = server.events, {known: server.events[known]}
    server.acknowledged = lambda hello: (max(stored), 0) if hello.journal_id == name else (known, 0)
    async with running(server, tmp_path) as box:
        await server.until(lambda: len(server.events) > 1)
        assert box.journal.journal_id != name
        assert (box.journal.starts_after, min(server.events)) == (known, known)


async def test_another_line_under_the_last_number_shows_that_a_disk_was_copied_back(
    server: ServerEnd, tmp_path: Path
) -> None:
    await write_yesterday(tmp_path, 50)
    named = []
    async with running(server, tmp_path) as box:
        named.append(box.journal.journal_id)
        # The server's line 20 was written at another time than the one that is here.
        first = box.journal.journal_id
        server.acknowledged = lambda hello: (20, 777) if hello.journal_id == first else (0, 0)
        await server.until(lambda: max(server.events, default=0) > 50)
        assert box.journal.journal_id != first
        assert box.journal.starts_after == 0
    assert sorted(server.events) == list(range(1, max(server.events) + 1))


async def test_the_servers_own_last_line_is_recognised(server: ServerEnd, tmp_path: Path) -> None:
    await write_yesterday(tmp_path, 50)
    server.events = {
        n: Event(seq=n, kind="door_closed", occurred_at_ms=n, compartment_id=1) for n in range(21)
    }
    server.acknowledged = lambda hello: (20, 20)
    async with running(server, tmp_path) as box:
        name = box.journal.journal_id
        await server.until(lambda: max(server.events) > 50)
        assert box.journal.journal_id == name
