from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncGenerator
from pathlib import Path

import msgspec
import pytest

from kiosk.bridge import protocol
from lockers.drivers import registry
from lockers.drivers.base import Keyed, ReaderHealth, ReadError
from tests.bridge.conftest import config, running
from tests.bridge.server_end import ServerEnd


async def test_before_the_server_has_the_doors_back_what_is_read_is_decided_here(
    tmp_path: Path,
) -> None:
    writers: asyncio.Queue[asyncio.StreamWriter] = asyncio.Queue()

    async def serve(_reads: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await writers.put(writer)

    line = await asyncio.start_server(serve, "127.0.0.1", 0)
    reader = protocol.ReaderConfig(
        reader_id=4, bank_id=1, driver="ascii_reader", prefix="~", suffix="\r", length=10,
        address=f"tcp://127.0.0.1:{line.sockets[0].getsockname()[1]}",
    )  # fmt: skip
    server = ServerEnd(msgspec.structs.replace(config(), readers=[reader]))
    await server.start()
    async with running(server, tmp_path) as box:
        writer = await asyncio.wait_for(writers.get(), 5)
        authority = box.agent.authority
        await authority._become(authority._side.begin_alone(), "alone_began")
        writer.write(b"~0004215873\r")
        await writer.drain()
        await server.until(lambda: "scan_refused" in server.kinds())
        assert not [one for one in server.heard if isinstance(one, protocol.Scan)]
        # Nor does a command open a door that was asked for before.
        command = protocol.Open(
            command_id=uuid.uuid4(), compartment_id=1, deadline_ms=box.agent.clock.now_ms() + 5_000
        )
        await box.agent.handle(command)
        await server.until(lambda: "command_expired" in server.kinds(command.command_id))
    writer.close()
    line.close()
    await server.stop()


async def test_a_badge_that_was_not_read_whole_is_told_without_its_characters(
    tmp_path: Path,
) -> None:
    writers: asyncio.Queue[asyncio.StreamWriter] = asyncio.Queue()

    async def serve(_reads: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await writers.put(writer)

    line = await asyncio.start_server(serve, "127.0.0.1", 0)
    reader = protocol.ReaderConfig(
        reader_id=4,
        bank_id=1,
        driver="ascii_reader",
        address=f"tcp://127.0.0.1:{line.sockets[0].getsockname()[1]}",
        prefix="~",
        suffix="\r",
        length=10,
    )
    base = config(unit="reader")
    server = ServerEnd(
        protocol.Config(
            config_hash="with-a-reader",
            controllers=base.controllers,
            compartments=base.compartments,
            readers=[reader],
        )
    )
    await server.start()
    async with running(server, tmp_path):
        writer = await asyncio.wait_for(writers.get(), 5)
        for broken in (b"~00042158\r", b"~00042158\r", b"~0004215873\r"):
            writer.write(broken)
        await writer.drain()

        def scans() -> list[protocol.Scan]:
            return [message for message in server.heard if isinstance(message, protocol.Scan)]

        # A badge that rests on the reader is one, also when it is never read whole.
        await server.until(lambda: len(scans()) == 2)
        assert [scan.text for scan in scans()] == ["", "0004215873"]
        assert {scan.reader_id for scan in scans()} == {4}
    writer.close()
    line.close()
    await server.stop()


class ReaderWithKeys:
    address = "/dev/serial/by-id/usb-1"
    is_connected = True
    health = ReaderHealth("ok")

    def __init__(self) -> None:
        self.reads: asyncio.Queue[str | Keyed | ReadError] = asyncio.Queue()
        self.shown: list[bool] = []

    async def scans(self) -> AsyncGenerator[str | Keyed | ReadError, None]:
        while True:
            yield await self.reads.get()

    async def show(self, accepted: bool) -> None:
        self.shown.append(accepted)


async def test_a_reader_shows_the_answer_and_what_is_typed_on_it_is_no_badge(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = ReaderWithKeys()
    monkeypatch.setattr(registry, "open_reader", lambda _spec, _buses: reader)
    base = config(unit="reader")
    server = ServerEnd(
        protocol.Config(
            config_hash="with-a-reader",
            controllers=base.controllers,
            compartments=base.compartments,
            readers=[
                protocol.ReaderConfig(reader_id=4, bank_id=1, driver="osdp", address=reader.address)
            ],
        )
    )
    await server.start()
    async with running(server, tmp_path):

        def scans() -> list[protocol.Scan]:
            return [message for message in server.heard if isinstance(message, protocol.Scan)]

        # Digits of nobody are refused here.
        for read in (Keyed("1234"), "BD88EB80"):
            reader.reads.put_nowait(read)
        await server.until(lambda: len(scans()) == 1)
        assert (scans()[0].text, reader.shown) == ("BD88EB80", [False])
        await server.send(protocol.ScanAnswer(scan_id=scans()[0].scan_id, accepted=True))
        await server.until(lambda: reader.shown == [False, True])
        reader.reads.put_nowait("00000080")
        await server.until(lambda: len(scans()) == 2)
        await server.send(protocol.ScanAnswer(scan_id=scans()[1].scan_id, accepted=False))
        await server.until(lambda: reader.shown == [False, True, False])
    await server.stop()
