"""Boards that refuse, mumble or hang up: which error, and could the lock have moved?"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from pymodbus import FramerType

from lockers.drivers.base import Board, BoardSpec
from lockers.drivers.errors import (
    BadReply,
    BoardRefused,
    BoardSilent,
    BoardUnreachable,
    DeadlinePassed,
    DriverError,
)
from lockers.drivers.registry import open_boards
from tests.drivers.patience import soon
from tests.drivers.peers.tcp import TcpPeer

Answer = Callable[[bytes], bytes | None]


def reply(request: bytes, pdu: bytes, *, number: bytes | None = None, unit: int = 1) -> bytes:
    head = (number or request[:2]) + b"\0\0" + (len(pdu) + 1).to_bytes(2, "big")
    return head + bytes([unit]) + pdu


def echo(request: bytes) -> bytes:
    return request[:4] + b"\0\6" + request[6:12]


@asynccontextmanager
async def board_that(answer: Answer, **profile: object) -> AsyncIterator[tuple[Board, list[bytes]]]:
    """Run a raw TCP peer; an answer of None hangs up."""
    heard: list[bytes] = []
    writers: list[asyncio.StreamWriter] = []

    async def serve(stream: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        while request := await stream.read(260):
            heard.append(request)
            given = answer(request)
            if given is None:
                break
            writer.write(given)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    options = {"reply_timeout_ms": 800, **profile}
    board = open_boards([BoardSpec(1, "modbus_relay", f"tcp://127.0.0.1:{port}", 1, 8, options)])[1]
    try:
        yield board, heard
    finally:
        await board.close()
        server.close()
        for writer in writers:
            writer.close()


@pytest.mark.parametrize(
    ("answer", "error", "may_have_fired"),
    [
        (lambda r: reply(r, b"\x85\x02"), BoardRefused, False),
        (lambda r: reply(r, b"\x85\x04"), BoardRefused, True),
        (lambda r: reply(r, b"\x85\x05"), BoardRefused, True),
        (lambda r: reply(r, b"\x85\x06"), BoardRefused, False),
        (lambda r: reply(r, b"\x85\x0a"), BoardRefused, False),
        (lambda r: reply(r, b"\x85\x0b"), BoardSilent, True),
        (lambda r: reply(r, b"\x05\x02\x01\x00\x03"), BadReply, True),
        (lambda r: reply(r, b"\x05\x02\x00\xff\x00"), BadReply, True),
        (lambda r: reply(r, b"\x02\x01\xff"), BadReply, True),
        (lambda r: echo(r)[:-1], BoardSilent, True),
        (lambda r: reply(r, r[7:12], number=b"\x99\x99"), BoardSilent, True),
        (lambda r: reply(r, r[7:12], unit=2), BoardSilent, True),
        (lambda r: b"", BoardSilent, True),
        (lambda r: None, BoardUnreachable, True),
    ],
)
async def test_an_open_that_goes_wrong_says_whether_it_may_have_fired(
    answer: Answer, error: type[DriverError], may_have_fired: bool
) -> None:
    async with board_that(answer) as (board, heard):
        with pytest.raises(error) as failure:
            await board.open(0, pulse_ms=300, deadline=soon())
        assert failure.value.may_have_fired is may_have_fired
        assert len(heard) == 1, "a pulse is never repeated by the driver"


async def test_a_port_where_nobody_listens_is_unreachable_and_nothing_fired() -> None:
    async with board_that(echo) as (_, _):
        pass
    board = open_boards([BoardSpec(1, "modbus_relay", "tcp://127.0.0.1:1", 1, 8)])[1]
    with pytest.raises(BoardUnreachable) as failure:
        await board.open(0, pulse_ms=300, deadline=soon())
    assert not failure.value.may_have_fired


async def test_a_missing_serial_port_is_unreachable() -> None:
    board = open_boards([BoardSpec(1, "modbus_relay", "/dev/serial/by-id/none", 1, 8)])[1]
    with pytest.raises(BoardUnreachable) as failure:
        await board.read(deadline=soon())
    assert not failure.value.may_have_fired


@pytest.mark.parametrize("pdu", [b"\x02\x02\xff\xff", b"\x02\x00", b"\x01\x01\xff"])
async def test_contacts_in_the_wrong_number_are_not_believed(pdu: bytes) -> None:
    async with board_that(lambda request: reply(request, pdu)) as (board, _):
        with pytest.raises(DriverError) as failure:
            await board.read(deadline=soon())
        assert not failure.value.may_have_fired


async def test_an_open_passes_waiting_reads() -> None:
    async with board_that(lambda r: echo(r) if r[7] == 5 else reply(r, b"\x02\x01\xff")) as (
        board,
        heard,
    ):
        await board.read(deadline=soon())
        reads = [asyncio.create_task(board.read(deadline=soon())) for _ in range(5)]
        await asyncio.sleep(0)
        await board.open(0, pulse_ms=300, deadline=soon())
        assert [request[7] for request in heard] == [2, 2, 5]
        await asyncio.gather(*reads)


async def test_a_cancelled_software_pulse_is_still_switched_off() -> None:
    def answer(request: bytes) -> bytes:
        return echo(request)

    async with board_that(answer, pulse="software_pulse") as (board, heard):
        pulse = asyncio.create_task(board.open(3, pulse_ms=5000, deadline=soon()))
        async with asyncio.timeout(2):
            while not any(request[8:12] == b"\0\3\xff\0" for request in heard):
                await asyncio.sleep(0.005)
        pulse.cancel()
        async with asyncio.timeout(2):
            while heard[-1][8:12] != b"\0\3\0\0":
                await asyncio.sleep(0.005)


@pytest.mark.parametrize("refusal", [b"\x85\x06", b"\x05\0\3\xff\0"])
async def test_switching_off_is_tried_until_the_board_confirms(refusal: bytes) -> None:
    refusals = iter([refusal])

    def answer(request: bytes) -> bytes:
        if request[8:12] == b"\0\3\0\0":
            return reply(request, next(refusals, request[7:12]))
        return echo(request)

    async with board_that(answer, pulse="software_pulse") as (board, heard):
        await board.open(3, pulse_ms=10, deadline=soon())
        assert [request[8:12] for request in heard[1:]] == [
            b"\0\3\xff\0",
            b"\0\3\0\0",
            b"\0\3\0\0",
        ]


async def test_a_stalled_program_does_not_write_after_the_deadline() -> None:
    peer = TcpPeer(FramerType.RTU)
    await peer.start()
    board = open_boards([BoardSpec(1, "modbus_relay", peer.address, 1, 8)])[1]
    await board.read(deadline=soon())
    # The program stalls in the silence between two frames.
    order = asyncio.create_task(board.open(0, pulse_ms=300, deadline=soon(0.05)))
    asyncio.get_running_loop().call_soon(time.sleep, 0.1)
    with pytest.raises(DeadlinePassed) as failure:
        await order
    assert not failure.value.may_have_fired
    await board.read(deadline=soon())
    assert await peer.pulses(1) == []
    await board.close()
    await peer.stop()
