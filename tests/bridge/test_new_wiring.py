"""A new configuration: what it does not change at a bank goes on undisturbed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from kiosk.bridge import protocol
from tests.bridge.conftest import Box, config, running
from tests.bridge.server_end import ServerEnd


class Line:
    """A badge reader behind a port; ``callers`` are the connections that were made to it."""

    def __init__(self) -> None:
        self.callers: asyncio.Queue[asyncio.StreamWriter] = asyncio.Queue()
        self.left = asyncio.Event()

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.address = f"tcp://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def _serve(self, reads: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self.callers.put(writer)
        await reads.read()
        self.left.set()

    def stop(self) -> None:
        self._server.close()

    def reader(self, number: int) -> protocol.ReaderConfig:
        return protocol.ReaderConfig(
            reader_id=number,
            bank_id=1,
            driver="ascii_reader",
            address=self.address,
            suffix="\r",
            length=10,
        )


@pytest.fixture
async def line() -> AsyncIterator[Line]:
    made = Line()
    await made.start()
    yield made
    made.stop()


@pytest.fixture
async def server(line: Line) -> AsyncIterator[ServerEnd]:
    end = ServerEnd(msgspec.structs.replace(config(), readers=[line.reader(4)]))
    await end.start()
    yield end
    await end.stop()


@pytest.fixture
async def wired(server: ServerEnd, line: Line, tmp_path: Path) -> AsyncIterator[Box]:
    """A bridge that has read its doors closed and listens to its reader."""
    async with running(server, tmp_path) as box:
        await server.until(lambda: set(server.doors().values()) == {"closed"})
        # The first word of each board stands in the journal, and comes after what doors say.
        await server.until(lambda: server.kinds().count("board_state") == 2)
        yield box


async def told(server: ServerEnd, box: Box, config: protocol.Config) -> None:
    """Send a configuration and wait until it is the bridge's."""
    await server.send(protocol.Configure(config=config))
    await server.until(lambda: config.config_hash in _hashes(server))
    assert box.agent.config == config


def _hashes(server: ServerEnd) -> list[str]:
    return [one.config_hash for one in server.heard if isinstance(one, protocol.Health)]


def scans(server: ServerEnd) -> list[tuple[int, str]]:
    return [(one.reader_id, one.text) for one in server.heard if isinstance(one, protocol.Scan)]


async def shown(server: ServerEnd, writer: asyncio.StreamWriter, reader: int, badge: str) -> None:
    """Show a badge and wait until the server was asked about it."""
    writer.write(f"{badge}\r".encode())
    await server.until(lambda: scans(server)[-1:] == [(reader, badge)])


async def test_a_new_reader_is_listened_to_and_no_board_is_left_for_it(
    server: ServerEnd, wired: Box, line: Line
) -> None:
    boards, doors = [wired.board(1), wired.board(2)], dict(wired.agent.doors)
    board_events = server.kinds().count("board_state")
    other = Line()
    await other.start()
    readers = [*server.config.readers, other.reader(5)]
    await told(
        server, wired, msgspec.structs.replace(server.config, config_hash="r", readers=readers)
    )
    await shown(server, await asyncio.wait_for(other.callers.get(), 5), 5, "0004215873")
    assert [wired.board(1), wired.board(2)] == boards
    assert wired.agent.doors == doors
    assert server.kinds().count("board_state") == board_events
    command = await server.order(1)
    await server.until(lambda: "command_opened" in server.kinds(command))
    other.stop()


async def test_a_changed_board_is_driven_anew_and_no_reader_is_left_for_it(
    server: ServerEnd, wired: Box, line: Line
) -> None:
    writer = await asyncio.wait_for(line.callers.get(), 5)
    before = wired.board(1)
    first, second = server.config.controllers
    moved = msgspec.structs.replace(first, address="sim://elsewhere")
    await told(
        server,
        wired,
        msgspec.structs.replace(server.config, config_hash="b", controllers=[moved, second]),
    )
    await server.until(lambda: server.boards().get(1) == "ok")
    assert wired.board(1) is not before
    await shown(server, writer, 4, "0004215873")
    assert not line.left.is_set()


async def test_a_reader_that_is_taken_away_is_listened_to_no_more(
    server: ServerEnd, wired: Box, line: Line
) -> None:
    await asyncio.wait_for(line.callers.get(), 5)
    await told(server, wired, msgspec.structs.replace(server.config, config_hash="n", readers=[]))
    await asyncio.wait_for(line.left.wait(), 5)
    assert wired.agent.health().readers == []


async def test_what_is_only_asked_of_people_leaves_neither_boards_nor_readers(
    server: ServerEnd, wired: Box, line: Line
) -> None:
    writer = await asyncio.wait_for(line.callers.get(), 5)
    before = wired.board(1)
    banks = [protocol.BankConfig(bank_id=1, pin_rule="always")]
    await told(server, wired, msgspec.structs.replace(server.config, config_hash="p", banks=banks))
    assert wired.board(1) is before
    await shown(server, writer, 4, "0004215873")
    assert not line.left.is_set()
