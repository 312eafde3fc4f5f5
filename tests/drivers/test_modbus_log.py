"""What the log of a Modbus wire shows to support: every byte, whose it was, and how it ended."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from lockers.drivers.base import BoardSpec
from lockers.drivers.errors import BoardSilent
from lockers.drivers.modbus_relay import ModbusRelayBoard
from lockers.drivers.registry import open_boards
from lockers.drivers.wire import Logged
from lockers.drivers.wire.bus import Counts
from tests.drivers.patience import soon
from tests.drivers.peers import ABSENT
from tests.drivers.peers.rtu import RtuPeer
from tests.drivers.peers.tcp import TcpPeer

READ, CLOSED = "01 02 00 00 00 08 79 cc", "01 02 01 ff e1 c8"
# The same with one bit wrong, from another board, and an adapter's greeting.
BROKEN, FOREIGN, GREETING = "01 02 01 fe e1 c8", "02 02 01 ff a5 c8", "fa fd 99 99"


def connect(address: str, **profile: object) -> ModbusRelayBoard:
    options = {"reply_timeout_ms": 800, **profile}
    board = open_boards([BoardSpec(1, "modbus_relay", address, 1, 8, options)])[1]
    assert isinstance(board, ModbusRelayBoard)
    return board


def log(board: ModbusRelayBoard) -> list[tuple[str, str]]:
    assert all(isinstance(one, Logged) for one in board.bus.log)
    return [(one.what, one.data.hex(" ") or one.note) for one in board.bus.log]


def counts(board: ModbusRelayBoard) -> Counts:
    found = board.bus.counts
    assert isinstance(found, Counts)
    return found


@asynccontextmanager
async def adapter_that_says(*answers: str) -> AsyncIterator[str]:
    """Run a terminal server that answers every request with the next bytes."""
    left = iter(answers)
    writers: list[asyncio.StreamWriter] = []

    async def serve(stream: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        while await stream.read(260):
            writer.write(bytes.fromhex(next(left, "")))

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    yield f"rtu+tcp://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    server.close()
    for writer in writers:
        writer.close()


async def test_an_exchange_is_what_was_sent_and_the_frame_that_answered() -> None:
    async with adapter_that_says(CLOSED) as address:
        board = connect(address)
        snapshot = await board.read(deadline=soon())
        assert snapshot.raw.hex(" ") == CLOSED
        assert log(board) == [("open", ""), ("sent", READ), ("frame", CLOSED)]
        await board.close()
        assert log(board)[-1] == ("end", "nobody needs it")
    assert counts(board).transactions == 1 and counts(board).noise_bytes == 0
    assert len(counts(board).latencies_ms) == 1 and counts(board).latencies_ms[0] > 0


async def test_what_stands_behind_a_frame_is_noise() -> None:
    async with adapter_that_says(f"{CLOSED} {GREETING}") as address:
        board = connect(address)
        assert (await board.read(deadline=soon())).raw.hex(" ") == CLOSED
        await board.close()
    assert log(board)[2:4] == [("frame", CLOSED), ("noise", GREETING)]
    assert counts(board).noise_bytes == 4


@pytest.mark.parametrize("noise", [GREETING, FOREIGN])
async def test_a_frame_behind_noise_is_given_up_with_it(noise: str) -> None:
    async with adapter_that_says(f"{noise} {CLOSED}") as address:
        board = connect(address)
        with pytest.raises(BoardSilent):
            await board.read(deadline=soon())
        await board.close()
    assert log(board)[2] == ("noise", f"{noise} {CLOSED}")


async def test_over_tcp_the_answer_to_an_earlier_question_is_noise() -> None:
    earlier, own = "99 99 00 00 00 04 01 02 01 00", "00 01 00 00 00 04 01 02 01 ff"
    async with adapter_that_says(f"{earlier} {own}") as address:
        board = connect(address.removeprefix("rtu+"))
        assert (await board.read(deadline=soon())).raw.hex(" ") == own
        await board.close()
    assert log(board)[2:4] == [("noise", earlier), ("frame", own)]


async def test_a_frame_with_wrong_check_bytes_is_noise() -> None:
    async with adapter_that_says(BROKEN, CLOSED) as address:
        board = connect(address)
        with pytest.raises(BoardSilent):
            await board.read(deadline=soon())
        await board.read(deadline=soon())
        assert [one for one in log(board) if one[0] != "open"] == [
            ("sent", READ),
            ("noise", BROKEN),
            ("end", "unit 1 did not answer"),
            ("sent", READ),
            ("frame", CLOSED),
        ]
        assert (counts(board).timeouts, counts(board).reopened) == (1, 1)
        assert counts(board).transactions == 2 and counts(board).noise_bytes == 6
        await board.close()


async def test_what_comes_between_two_exchanges_is_noise(tmp_path: Path) -> None:
    peer = RtuPeer(tmp_path)
    await peer.start()
    board = connect(peer.address)
    await board.read(deadline=soon())
    assert peer.cable is not None
    peer.cable.say(bytes.fromhex(GREETING))
    async with asyncio.timeout(2):
        while not board.bus._raw:
            await asyncio.sleep(0.002)
    await board.read(deadline=soon())
    found = [one for one in log(board) if one[0] != "open"]
    await board.close()
    await peer.stop()
    exchange = [("sent", READ), ("frame", CLOSED)]
    assert found == [*exchange, ("noise", GREETING), *exchange]


async def test_the_echo_on_a_line_is_taken_out_and_counted(tmp_path: Path) -> None:
    peer = RtuPeer(tmp_path)
    await peer.start()
    assert peer.cable is not None
    peer.cable.repeats = True
    board = connect(peer.address, local_echo=True)
    assert (await board.read(deadline=soon())).raw.hex(" ") == CLOSED
    assert log(board) == [("open", ""), ("sent", READ), ("echo", ""), ("frame", CLOSED)]
    assert counts(board).echoes == 1 and counts(board).noise_bytes == 0
    await board.close()
    await peer.stop()


async def test_an_echo_acknowledges_no_open(tmp_path: Path) -> None:
    peer = RtuPeer(tmp_path)
    await peer.start()
    assert peer.cable is not None
    peer.cable.repeats = True
    options = {"reply_timeout_ms": 150, "local_echo": True}
    board = open_boards([BoardSpec(1, "modbus_relay", peer.address, ABSENT, 8, options)])[1]
    with pytest.raises(BoardSilent) as error:
        await board.open(0, pulse_ms=300, deadline=soon())
    assert error.value.may_have_fired
    await board.close()
    await peer.stop()


async def test_the_log_keeps_the_last_two_hundred_exchanges() -> None:
    peer = TcpPeer()
    await peer.start()
    board = connect(peer.address)
    for _ in range(201):
        await board.read(deadline=soon())
    assert [what for what, _ in log(board)] == 200 * ["sent", "frame"]
    # Over TCP each has its number: the first was forgotten.
    assert log(board)[0][1].startswith("00 02")
    assert counts(board).transactions == 201
    await board.close()
    await peer.stop()


async def test_a_software_pulse_over_tcp_ends_in_off() -> None:
    peer = TcpPeer()
    await peer.start()
    board = connect(peer.address, pulse="software_pulse")
    await board.open(3, pulse_ms=20, deadline=soon())
    await board.close()
    all_off, on, off = "0f 00 00 00 08 01 00", "05 00 03 ff 00", "05 00 03 00 00"
    assert [one[7:].hex(" ") for one in peer.frames] == [all_off, on, off, all_off]
    await peer.stop()
