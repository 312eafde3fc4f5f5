from __future__ import annotations

import asyncio
from pathlib import Path

from kiosk.bridge import protocol
from tests.bridge.conftest import config, running
from tests.bridge.server_end import ServerEnd


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
