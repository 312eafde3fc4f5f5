"""A badge counts whole or not at all."""

from __future__ import annotations

import asyncio
import os
import tty
from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockers.drivers import ascii_reader
from lockers.drivers.ascii_reader import AsciiReader, Framing
from lockers.drivers.base import Reader, ReadError

BADGE = "0004215873"


def framing() -> Framing:
    return Framing(prefix="~", suffix="\r", length=10)


@pytest.mark.parametrize(
    ("data", "reads"),
    [
        (b"~0004215873\r", [BADGE]),
        (b"~0004215873\r~0004215874\r", [BADGE, "0004215874"]),
        (b"~004215873\r", [ReadError("length", 9)]),
        (b"4215873\r", [ReadError("prefix", 7)]),
        (b"0004215873\r", [ReadError("prefix", 10)]),
        (b"~00042158730\r", [ReadError("length", 11)]),
        (b"~0004~00042\r", [ReadError("prefix", 11)]),
        (b"~00042\x0015873\r", [ReadError("length", 11)]),
        (b"~0004\x0015873\r", [ReadError("characters", 10)]),
        (b"\r", [ReadError("prefix", 0)]),
        # A signed text proves by itself that it is whole.
        (b"~LW1:2KCEHIIBE6QQIRE\r", ["LW1:2KCEHIIBE6QQIRE"]),
        (b"LW1:2KCEHIIBE6QQIRE\r", [ReadError("prefix", 19)]),
        (b"~XW1:2KCEHIIBE6QQIRE\r", [ReadError("length", 19)]),
        (b"x" * 2000 + b"\r~0004215873\r", [ReadError("prefix", 2000), BADGE]),
        (b"~0004215873", []),
    ],
)
def test_only_exact_reads_are_accepted(data: bytes, reads: list[str | ReadError]) -> None:
    assert framing().feed(data) == reads


def test_noise_without_end_is_not_kept() -> None:
    one = framing()
    assert not any(one.feed(b"x" * 100) for _ in range(100))
    error, badge = one.feed(b"\r~0004215873\r")
    assert isinstance(error, ReadError) and error.received < 700
    assert badge == BADGE


@given(st.lists(st.integers(min_value=0, max_value=11), max_size=6))
def test_it_does_not_matter_how_the_bytes_arrive(cuts: list[int]) -> None:
    whole = b"~0004215873\r"
    places = [0, *sorted(cuts), len(whole)]
    one = framing()
    reads = [
        read for i, j in zip(places, places[1:], strict=False) for read in one.feed(whole[i:j])
    ]
    assert reads == [BADGE]


@given(st.integers(min_value=0, max_value=11))
def test_a_badge_that_lost_any_byte_is_not_a_badge(lost: int) -> None:
    whole = b"~0004215873\r"
    assert not any(
        isinstance(read, str) for read in framing().feed(whole[:lost] + whole[lost + 1 :])
    )


@given(st.binary(max_size=60))
def test_an_error_never_shows_the_number(noise: bytes) -> None:
    for read in framing().feed(noise + b"\r"):
        if isinstance(read, ReadError):
            assert set(read.__slots__) == {"reason", "received"}


def test_a_reader_without_a_length_accepts_nothing() -> None:
    assert Framing(prefix="~", suffix="\r", length=0).feed(b"~\r") == [ReadError("length", 0)]


async def _next(reads: AsyncIterator[str | ReadError]) -> str | ReadError:
    return await asyncio.wait_for(anext(reads), 5)


async def test_it_reads_over_tcp_and_returns_after_the_reader_was_away(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ascii_reader, "FIRST_PAUSE_S", 0.02)
    writers: asyncio.Queue[asyncio.StreamWriter] = asyncio.Queue()

    async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await writers.put(writer)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    reader = AsciiReader(f"tcp://127.0.0.1:{port}", prefix="~", suffix="\r", length=10)
    assert isinstance(reader, Reader)
    reads = reader.scans()
    coming = asyncio.create_task(_next(reads))
    writer = await asyncio.wait_for(writers.get(), 5)
    writer.write(b"~00042")
    await writer.drain()
    writer.write(b"15873\r~00")
    assert await coming == BADGE
    assert reader.is_connected
    writer.close()
    assert await _next(reads) == ReadError("unfinished", 3)
    coming = asyncio.create_task(_next(reads))
    writer = await asyncio.wait_for(writers.get(), 5)
    writer.write(b"~0004215874\r")
    assert await coming == "0004215874"
    await reads.aclose()
    assert not reader.is_connected
    writer.close()
    server.close()


async def test_it_reads_a_serial_port_and_gives_up_a_read_that_does_not_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ascii_reader, "WINDOW_S", 0.1)
    monkeypatch.setattr(ascii_reader, "FIRST_PAUSE_S", 0.02)
    master, slave = os.openpty()
    tty.setraw(slave)
    reader = AsciiReader(os.ttyname(slave), prefix="~", suffix="\r", length=10)
    reads = reader.scans()
    coming = asyncio.create_task(_next(reads))
    async with asyncio.timeout(5):
        while not reader.is_connected:
            await asyncio.sleep(0.005)
    os.write(master, b"~0004215873\r~00042")
    assert await coming == BADGE
    assert await _next(reads) == ReadError("unfinished", 6)
    os.write(master, b"15873\r")
    assert await _next(reads) == ReadError("prefix", 5)
    await reads.aclose()
    os.close(master)
    os.close(slave)
