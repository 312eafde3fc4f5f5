"""Ports and lines: pulled out, over the network, badly said."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from lockers.drivers.errors import BadProfile, BoardSilent, BoardUnreachable
from lockers.drivers.wire import Bus, Log, Logged, parse_line
from tests.drivers.peers.rtu import Cable
from tests.drivers.test_wire import Board, Sentences, ask, until


def test_a_line_that_babbles_is_logged_within_bounds() -> None:
    log = Log()
    for number in range(3000):
        log.append(Logged(number, "noise", b"x"))
    assert [one.at for one in log] == list(range(2400, 3000))


async def test_a_port_that_is_pulled_out_is_noticed_at_once() -> None:
    cable = Cable()
    bus = Bus(parse_line(cable.ends[0]), Sentences)
    bus.join()
    board = Board(cable.ends[1])
    board.answer = lambda asked: []
    asked = asyncio.create_task(ask(bus, seconds=20))
    await until(lambda: board.heard)
    begun = time.monotonic()
    cable.cut()
    with pytest.raises((BoardUnreachable, BoardSilent)):
        await asked
    assert time.monotonic() - begun < 1
    await bus.leave()


@asynccontextmanager
async def over_tcp() -> AsyncIterator[Bus]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while asked := await reader.read(100):
            writer.write(b"yes " + asked)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    bus = Bus(parse_line(f"tcp://{host}:{port}"), Sentences)
    bus.join()
    yield bus
    await bus.leave()
    server.close()


async def test_over_tcp_it_is_the_same() -> None:
    async with over_tcp() as bus:
        assert await ask(bus) == b"yes open 1."


async def test_a_port_that_is_closed_in_the_middle_of_a_write_may_have_moved_a_lock(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def write(data: bytes) -> None:
        raise TypeError("what pyserial says when its descriptor is gone")

    async with over_tcp() as bus:
        await ask(bus)
        assert bus._port is not None
        monkeypatch.setattr(bus._port._device, "write", write)
        with pytest.raises(BoardUnreachable) as error:
            await ask(bus)
        assert error.value.may_have_fired


@pytest.mark.parametrize(
    ("address", "options", "field"),
    [
        ("COM", {}, "address"),
        ("tcp://host", {}, "address"),
        ("tcp://host:99999", {}, "address"),
        ("http://host:80", {}, "address"),
        ("tcp://me@host:80", {}, "address"),
        ("rfc2217://host:80/x", {}, "address"),
        ("/dev/serial/by-id/usb-1", {"baudrate": 9601}, "baudrate"),
    ],
)
def test_a_bad_line_is_named(address: str, options: dict[str, int], field: str) -> None:
    with pytest.raises(BadProfile) as error:
        parse_line(address, **options)  # type: ignore[arg-type]
    assert error.value.field == field
