"""Gateways of the Open-Locker contract, on a real broker: what fires, what never does."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from lockers.drivers.base import DoorState
from lockers.drivers.errors import (
    BoardRefused,
    BoardSilent,
    BoardUnreachable,
    DriverError,
)
from lockers.drivers.mqtt_openlocker import OpenLockerBoard
from lockers.drivers.registry import open_boards
from tests.drivers.openlocker_schemas import check
from tests.drivers.patience import soon
from tests.drivers.peers.mosquitto import HOST, Mosquitto, connect, sever
from tests.drivers.peers.mqtt_openlocker import OpenLockerPeer, locker

PREFIX = f"locker/{locker(1)}"
MAPPING = [{"modbus_unit": 1, "relay": n} for n in range(8)]


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.005)


class Bench(OpenLockerPeer):
    """One gateway, the driver's board for it, and somebody else at the broker."""

    def __init__(self, folder: Path, **broker: Any) -> None:
        super().__init__(folder)
        self.broker = Mosquitto(folder, **broker)
        self.gateway = self.gateways[1]
        self.gateways = {1: self.gateway}

    @asynccontextmanager
    async def board(self, **options: Any) -> AsyncIterator[OpenLockerBoard]:
        board = open_boards([self.spec(1, **options)])[1]
        assert isinstance(board, OpenLockerBoard)
        try:
            yield board
        finally:
            await board.close()

    def say(self, topic: str, text: str | bytes, *, qos: int = 1, retain: bool = False) -> None:
        """Publish as anybody can, and return when the broker has it."""
        client = connect(self.broker, "somebody")
        ready = threading.Event()
        client.on_connect = lambda *a: ready.set()
        client.connect(HOST, self.broker.port)
        client.loop_start()
        assert ready.wait(5)
        client.publish(topic, text, qos, retain).wait_for_publish(5)
        client.disconnect()
        client.loop_stop()

    async def heard(self) -> list[str]:
        """Return the transactions that the gateway ever got, up to one that is sent now."""
        marker = json.dumps(
            {
                "message_id": "m",
                "transaction_id": "marker",
                "timestamp": "2026-01-01T00:00:00Z",
                "expires_at": "2026-01-01T00:00:00Z",
                "action": "nothing",
                "data": {"compartment_number": 8},
            }
        )
        self.gateway.error = "INVALID_COMMAND"
        await asyncio.to_thread(self.say, f"{PREFIX}/command", marker)
        await until(lambda: "marker" in [c["transaction_id"] for c in self.gateway.commands])
        return [command["transaction_id"] for command in self.gateway.commands]


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    made = Bench(tmp_path)
    await made.start()
    yield made
    await made.stop()


@pytest.fixture
async def keeping_bench(tmp_path: Path) -> AsyncIterator[Bench]:
    made = Bench(tmp_path, more="queue_qos0_messages true")
    await made.start()
    yield made
    await made.stop()


async def test_an_open_keeps_the_contract_and_is_never_retained(bench: Bench) -> None:
    async with bench.board() as board:
        await board.open(3, pulse_ms=300, deadline=soon())
    (heard,) = bench.gateway.raw
    command = json.loads(heard.payload)
    check("open_compartment", command)
    assert command["data"]["compartment_number"] == 4 and bench.gateway.pulses == [4]
    assert heard.qos == 0 and not heard.retain
    await bench.stop()
    bench.gateway.raw.clear()
    await bench.start()
    await bench.heard()
    assert [one.retain for one in bench.gateway.raw] == [False]


async def test_a_gateway_is_told_what_it_drives_each_time_it_comes_back(bench: Bench) -> None:
    async with bench.board(compartments=MAPPING) as board:
        await board.read(deadline=soon())
        await until(lambda: bench.gateway.mapping)
        check("apply_config", bench.gateway.commands[0])
        assert bench.gateway.mapping == [
            {"compartment_number": n + 1, "slaveId": 1, "address": n} for n in range(8)
        ]
        await asyncio.to_thread(bench.gateway.end, sever)
        bench.gateway.mapping = None
        await asyncio.to_thread(bench.run, 1)
        await until(lambda: bench.gateway.mapping)


async def test_a_gateway_without_a_mapping_keeps_its_own(bench: Bench) -> None:
    async with bench.board() as board:
        await board.read(deadline=soon())
        assert await bench.heard() == ["marker"]


@pytest.mark.parametrize(
    ("code", "may_have_fired"),
    [
        ("COMPARTMENT_NOT_FOUND", False),
        ("INVALID_COMMAND", False),
        ("INVALID_CONFIG", False),
        ("DOOR_JAMMED", True),
        ("HARDWARE_ERROR", True),
        ("MODBUS_ERROR", True),
        ("TIMEOUT", True),
        ("UNKNOWN_ERROR", True),
        ("SOMETHING_NEW", True),
    ],
)
async def test_an_error_says_whether_the_lock_may_have_moved(
    bench: Bench, code: str, may_have_fired: bool
) -> None:
    bench.gateway.error = code
    async with bench.board() as board:
        with pytest.raises(BoardRefused, match=code) as refusal:
            await board.open(0, pulse_ms=300, deadline=soon())
    assert refusal.value.may_have_fired is may_have_fired


async def test_an_answer_that_comes_twice_counts_once(bench: Bench) -> None:
    bench.gateway.copies = 2
    async with bench.board() as board:
        for channel in (0, 1, 2):
            await board.open(channel, pulse_ms=300, deadline=soon())
        await board.read(deadline=soon())
    assert bench.gateway.pulses == [1, 2, 3]


async def test_an_answer_to_another_command_acknowledges_nothing(bench: Bench) -> None:
    bench.gateway.is_late = False
    async with bench.board(reply_timeout_ms=300) as board:
        await board.read(deadline=soon())
        bench.gateway.is_late = True
        opening = asyncio.create_task(board.open(0, pulse_ms=300, deadline=soon()))
        await until(lambda: bench.gateway.pulses)
        answer = {
            "message_id": "x",
            "transaction_id": "another",
            "timestamp": "2026-01-01T00:00:00Z",
            "action": "open_compartment",
            "result": "success",
        }
        await asyncio.to_thread(bench.say, f"{PREFIX}/response", json.dumps(answer))
        with pytest.raises(BoardSilent) as silence:
            await opening
    assert silence.value.may_have_fired


# ---- what must never fire late -----------------------------------------------------------------


async def test_an_open_for_a_gateway_that_is_away_never_fires(bench: Bench) -> None:
    async with bench.board() as board:
        await board.read(deadline=soon())
        await asyncio.to_thread(bench.gateway.end)
        with pytest.raises(BoardSilent) as silence:
            await board.open(0, pulse_ms=300, deadline=soon(0.5))
        assert silence.value.may_have_fired
    await asyncio.to_thread(bench.run, 1)
    assert await bench.heard() == ["marker"]
    assert bench.gateway.pulses == []


async def test_without_these_precautions_it_does_fire(bench: Bench) -> None:
    async with bench.board() as board:
        await board.open(0, pulse_ms=300, deadline=soon())
    command = {**bench.gateway.commands[0], "transaction_id": "yesterday"}
    await asyncio.to_thread(bench.gateway.end)
    await asyncio.to_thread(bench.say, f"{PREFIX}/command", json.dumps(command))
    await asyncio.to_thread(bench.run, 1)
    await until(lambda: bench.gateway.pulses == [1, 1])


async def test_a_broker_that_keeps_everything_drops_an_open_that_expired(
    keeping_bench: Bench,
) -> None:
    bench = keeping_bench
    async with bench.board() as board:
        await board.open(0, pulse_ms=300, deadline=soon())
        command = {**bench.gateway.commands[0], "transaction_id": "without expiry"}
        await asyncio.to_thread(bench.gateway.end)
        with pytest.raises(BoardSilent):
            await board.open(1, pulse_ms=300, deadline=soon(0.5))
        await asyncio.to_thread(bench.say, f"{PREFIX}/command", json.dumps(command), qos=0)
    # The broker counts in whole seconds: after two, one has certainly passed.
    await asyncio.sleep(2.1)
    await asyncio.to_thread(bench.run, 1)
    assert (await bench.heard())[1:] == ["without expiry", "marker"]


@pytest.mark.parametrize(("minds_expiry", "pulses"), [(True, []), (False, [1])])
async def test_a_stalled_connection_is_survived_by_a_gateway_that_reads_expires_at(
    bench: Bench, minds_expiry: bool, pulses: list[int]
) -> None:
    bench.gateway._minds_expiry = minds_expiry
    async with bench.board() as board:
        await board.read(deadline=soon())
        client = bench.gateway._client
        assert client is not None
        await asyncio.to_thread(client.loop_stop)
        with pytest.raises(BoardSilent):
            await board.open(0, pulse_ms=300, deadline=soon(0.3))
        client.loop_start()
        await until(lambda: bench.gateway.commands)
    await bench.heard()
    assert bench.gateway.pulses == pulses


async def test_a_gateway_not_heard_for_three_heartbeats_gets_no_open(bench: Bench) -> None:
    async with bench.board() as board:
        await board.read(deadline=soon())
        bench.gateway.is_late = True
        await asyncio.sleep(bench.gateway.heartbeats_at[-1] + 3.1 - time.monotonic())
        with pytest.raises(BoardSilent, match="last heard") as silence:
            await board.open(0, pulse_ms=300, deadline=soon(0.2))
        assert not silence.value.may_have_fired
        assert await bench.heard() == ["marker"]


async def test_a_frozen_broker_gets_no_open(bench: Bench) -> None:
    async with bench.board() as board:
        await board.read(deadline=soon())
        bench.broker.freeze()
        try:
            with pytest.raises(BoardUnreachable) as failure:
                await board.open(0, pulse_ms=300, deadline=soon(0.3))
        finally:
            bench.broker.thaw()
        assert not failure.value.may_have_fired
        assert await bench.heard() == ["marker"]


# ---- who lives ---------------------------------------------------------------------------------


async def test_a_gateway_that_dies_is_unreachable_at_once_every_time(bench: Bench) -> None:
    async with bench.board() as board:
        for _ in range(2):
            await board.read(deadline=soon())
            await asyncio.to_thread(bench.gateway.end, sever)
            async with asyncio.timeout(0.5):
                with pytest.raises(BoardUnreachable, match="lost its connection"):
                    while True:
                        await board.read(deadline=soon())
            with pytest.raises(BoardUnreachable) as failure:
                await board.open(0, pulse_ms=300, deadline=soon())
            assert not failure.value.may_have_fired
            bench.gateway.heartbeats_at.clear()
            await asyncio.to_thread(bench.run, 1)
            await until(lambda: bench.gateway.heartbeats_at)


async def test_a_broker_that_was_killed_is_used_again(bench: Bench) -> None:
    async with bench.board() as board:
        await board.read(deadline=soon())
        bench.broker.kill()
        with pytest.raises(DriverError):
            await board.read(deadline=soon(0.3))
        bench.broker.start()
        await board.open(5, pulse_ms=300, deadline=soon())
        doors = (await board.read(deadline=soon())).doors
    assert [n for n, door in enumerate(doors) if door is DoorState.OPEN] == [5]


async def test_nothing_is_connected_for_boards_that_have_all_left(bench: Bench) -> None:
    async with bench.board() as board:
        await board.read(deadline=soon())
    with pytest.raises(BoardUnreachable, match="left"):
        await board.open(0, pulse_ms=300, deadline=soon())
    assert bench.gateway.pulses == []


async def test_an_open_under_way_when_the_broker_dies_may_have_fired(bench: Bench) -> None:
    async with bench.board() as board:
        await board.read(deadline=soon())
        bench.gateway.is_late = True
        opening = asyncio.create_task(board.open(0, pulse_ms=300, deadline=soon()))
        await until(lambda: bench.gateway.pulses)
        bench.broker.kill()
        with pytest.raises(BoardUnreachable) as failure:
            await opening
    assert failure.value.may_have_fired


async def test_what_was_left_behind_retained_is_no_sign_of_life(bench: Bench) -> None:
    await asyncio.to_thread(bench.gateway.end)
    heartbeat = json.dumps({"message_id": "h", "timestamp": "now", "uptime_seconds": 1})
    await asyncio.to_thread(bench.say, f"{PREFIX}/state/heartbeat", heartbeat, retain=True)
    async with bench.board() as board:
        with pytest.raises(BoardSilent, match="not been heard"):
            await board.read(deadline=soon(0.3))
        await asyncio.to_thread(bench.say, f"{PREFIX}/state/heartbeat", heartbeat)
        await board.read(deadline=soon())


async def test_a_last_will_that_was_left_behind_is_not_believed(bench: Bench) -> None:
    topic, farewell = bench.gateway.will
    await asyncio.to_thread(bench.say, topic, farewell, retain=True)
    async with bench.board() as board:
        await board.read(deadline=soon())


# ---- doors -------------------------------------------------------------------------------------


async def test_door_changes_are_told_unasked(bench: Bench) -> None:
    told: list[tuple[int, DoorState]] = []
    async with bench.board() as board:
        board.on_change = lambda channel, door: told.append((channel, door))
        await board.read(deadline=soon())
        await bench.push(1, 6, is_open=True)
        await bench.push(1, 6, is_open=False)
        await until(lambda: len(told) == 2)
    assert told == [(6, DoorState.OPEN), (6, DoorState.CLOSED)]


async def test_a_listener_that_fails_takes_no_other_door_down(bench: Bench) -> None:
    told: list[int] = []

    def listen(channel: int, door: DoorState) -> None:
        told.append(channel)
        raise RuntimeError("not today")

    async with bench.board() as board:
        board.on_change = listen
        await board.read(deadline=soon())
        bench.gateway.doors = ["open"] * 8
        await asyncio.to_thread(bench.gateway.publish_doors)
        assert (await board.read(deadline=soon())).doors == (DoorState.OPEN,) * 8
    assert told == list(range(8))


async def test_a_door_that_is_not_named_is_unknown(bench: Bench) -> None:
    bench.gateway.doors = ["open", "unknown"]
    await asyncio.to_thread(bench.gateway.publish_doors)
    async with bench.board() as board:
        doors = (await board.read(deadline=soon())).doors
    assert doors == (DoorState.OPEN,) + (DoorState.UNKNOWN,) * 7


async def test_junk_on_its_topics_disturbs_nothing(bench: Bench) -> None:
    async with bench.board() as board:
        before = await board.read(deadline=soon())
        for topic in board.topics:
            for junk in (b"", b"\xff\x00", b"[]", b'{"message_id": 1}', b"[" * 60_000):
                await asyncio.to_thread(bench.say, topic, junk)
        assert (await board.read(deadline=soon())).doors == before.doors
        await board.open(0, pulse_ms=300, deadline=soon())
