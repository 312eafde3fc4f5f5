"""Plain relays behind a real broker: what ends a pulse, what tells a door, what never fires."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockers.drivers.base import DoorState
from lockers.drivers.errors import BoardSilent, BoardUnreachable
from lockers.drivers.mqtt_relay import MqttRelayBoard
from lockers.drivers.mqtt_relay.profile import Told
from lockers.drivers.registry import open_boards
from tests.drivers.emulators.mqtt_relays import Relays
from tests.drivers.patience import soon
from tests.drivers.peers.mosquitto import HOST, connect, sever
from tests.drivers.peers.mqtt_relay import MqttRelayPeer
from tests.drivers.test_mqtt_openlocker import until

BY_HAND = {"pulse": "software_pulse", "all_off_topic": "bank/1/set/all"}
ONLY_A_WILL = {"heartbeat_topic": None, "heartbeat_interval_s": None}
BLIND = {"state_topic": None, "door_topic": None}
# A bridge in a process of its own, in the middle of a long pulse.
BRIDGE = """
import asyncio, sys, time
from lockers.drivers.base import BoardSpec
from lockers.drivers.registry import open_boards
spec = eval(sys.argv[1])
board = open_boards([spec])[1]
asyncio.run(board.open(0, pulse_ms=9000, deadline=time.monotonic() + 5))
"""


class Bench(MqttRelayPeer):
    """One board of relays without pulses of its own, and the driver's board for it."""

    def __init__(self, folder: Path, *, pulse_s: float = 0.0) -> None:
        super().__init__(folder)
        self.relays = Relays("bank/1", pulse_s=pulse_s)
        self.boards = {1: self.relays}

    @asynccontextmanager
    async def board(self, **options: Any) -> AsyncIterator[MqttRelayBoard]:
        board = open_boards([self.spec(1, **options)])[1]
        assert isinstance(board, MqttRelayBoard)
        try:
            yield board
        finally:
            await board.close()

    async def say(self, topic: str, text: str | bytes, *, retain: bool = False) -> None:
        """Publish as anybody can, and return when the broker has it."""
        await asyncio.to_thread(self._say, topic, text, retain)

    def _say(self, topic: str, text: str | bytes, retain: bool) -> None:
        ready = threading.Event()
        client = connect(self.broker, "somebody")
        client.on_connect = lambda *a: ready.set()
        client.connect(HOST, self.broker.port)
        client.loop_start()
        assert ready.wait(5)
        client.publish(topic, text, 1, retain).wait_for_publish(5)
        client.disconnect()
        client.loop_stop()


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    made = Bench(tmp_path)
    await made.start()
    yield made
    await made.stop()


# ---- pulses ------------------------------------------------------------------------------------


def test_the_pulse_is_honest_about_who_ends_it(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    by_hand, by_board = (
        open_boards([bench.spec(1, pulse=pulse)])[1].capabilities
        for pulse in ("software_pulse", "board")
    )
    assert by_board.hardware_pulse and not by_hand.hardware_pulse


def test_nothing_said_means_that_nobody_but_us_ends_a_pulse(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    assert not open_boards([bench.spec(1, pulse=None)])[1].capabilities.hardware_pulse


async def test_a_pulse_by_hand_begins_and_ends(bench: Bench) -> None:
    async with bench.board(**BY_HAND) as board:
        begun = time.monotonic()
        await board.open(3, pulse_ms=200, deadline=soon())
        assert time.monotonic() - begun >= 0.2
        assert bench.relays.pulses == [3] and not bench.relays.is_on[3]


async def test_a_relay_that_an_earlier_run_left_on_is_switched_off_first(bench: Bench) -> None:
    bench.relays.is_on[5] = True
    async with bench.board(**BY_HAND) as board:
        await board.read(deadline=soon())
        assert not bench.relays.is_on[5]


async def test_an_order_to_switch_off_that_gets_lost_is_repeated(bench: Bench) -> None:
    async with bench.board(**BY_HAND) as board:
        await board.read(deadline=soon())
        bench.relays.loses_off = 1
        with pytest.raises(BoardSilent) as silence:
            await board.open(0, pulse_ms=50, deadline=soon())
        assert silence.value.may_have_fired
        await until(lambda: not bench.relays.is_on[0])


async def test_a_pulse_whose_caller_is_cancelled_ends(bench: Bench) -> None:
    async with bench.board(**BY_HAND) as board:
        opening = asyncio.create_task(board.open(0, pulse_ms=9000, deadline=soon()))
        await until(lambda: bench.relays.is_on[0])
        opening.cancel()
        await until(lambda: not bench.relays.is_on[0])


@pytest.mark.parametrize("is_leaving", [False, True])
async def test_an_answer_of_the_broker_that_nobody_waits_for_any_more_is_no_error(
    bench: Bench, caplog: pytest.LogCaptureFixture, is_leaving: bool
) -> None:
    async with bench.board() as board:
        await board.read(deadline=soon())
        bench.broker.freeze()
        with pytest.raises(BoardUnreachable):
            await board.read(deadline=soon(0.2))
        # A few turns of the loop, and whatever was cancelled has ended.
        for _ in range(5):
            await asyncio.sleep(0)
        bench.broker.thaw()
        if not is_leaving:
            await board.read(deadline=soon())
    assert [one.getMessage() for one in caplog.records if one.levelname == "ERROR"] == []


async def test_closing_leaves_every_relay_off(bench: Bench) -> None:
    async with bench.board(**BY_HAND) as board:
        await board.read(deadline=soon())
        bench.relays.is_on[6] = True
    await until(lambda: not bench.relays.is_on[6])


async def test_the_last_will_of_a_bridge_that_is_killed_switches_off(
    bench: Bench, tmp_path: Path
) -> None:
    # The door topics are left out: what counts here is the coil.
    spec = bench.spec(1, **BY_HAND, door_topic=None)
    bridge = subprocess.Popen([sys.executable, "-c", BRIDGE, repr(spec)], cwd=os.getcwd())
    try:
        await until(lambda: bench.relays.is_on[0])
    finally:
        bridge.send_signal(signal.SIGKILL)
        bridge.wait(5)
    async with asyncio.timeout(1):
        await until(lambda: not bench.relays.is_on[0])


# ---- acknowledgement ---------------------------------------------------------------------------


async def test_a_relay_that_does_not_say_on_may_have_fired(bench: Bench) -> None:
    async with bench.board(reply_timeout_ms=200) as board:
        await board.read(deadline=soon())
        bench.relays.is_late = True
        with pytest.raises(BoardSilent) as silence:
            await board.open(0, pulse_ms=300, deadline=soon())
    assert silence.value.may_have_fired and bench.relays.pulses == [0]


async def test_a_relay_that_says_off_acknowledges_no_open(bench: Bench) -> None:
    async with bench.board(reply_timeout_ms=800) as board:
        await board.read(deadline=soon())
        bench.relays.is_late = True
        opening = asyncio.create_task(board.open(0, pulse_ms=300, deadline=soon()))
        await until(lambda: bench.relays.pulses)
        await bench.say("bank/1/relay/1", "OFF")
        with pytest.raises(BoardSilent):
            await opening


async def test_without_a_state_nothing_acknowledges(bench: Bench) -> None:
    async with bench.board(**BLIND) as board:
        assert board.capabilities.acknowledgement == "none"
        assert not board.capabilities.door_sensor and not board.capabilities.unsolicited
        await board.open(2, pulse_ms=300, deadline=soon())
        await until(lambda: bench.relays.pulses == [2])
        assert (await board.read(deadline=soon())).doors == (DoorState.UNKNOWN,) * 8


async def test_a_state_that_was_left_behind_acknowledges_nothing(bench: Bench) -> None:
    await bench.say("bank/1/relay/1", "ON", retain=True)
    async with bench.board(reply_timeout_ms=1500) as board:
        await board.read(deadline=soon())
        bench.relays.is_late = True
        opening = asyncio.create_task(board.open(0, pulse_ms=300, deadline=soon()))
        await until(lambda: bench.relays.pulses)
        # After a reconnection the broker tells again what it kept.
        before = board._connection._client
        bench.broker.stop()
        bench.broker.start()
        await until(lambda: board._connection._client not in (None, before))
        with pytest.raises(BoardSilent):
            await opening


async def test_an_order_is_never_retained(bench: Bench) -> None:
    async with bench.board(**BY_HAND) as board:
        await board.open(0, pulse_ms=50, deadline=soon())
        await board.safe_state(deadline=soon())
    await asyncio.to_thread(bench.relays.end, sever)
    heard = len(bench.relays.orders)
    await asyncio.to_thread(bench.run, 1)
    await bench.say("bank/1/set/8", "OFF")
    await until(lambda: len(bench.relays.orders) > heard)
    assert bench.relays.orders[heard:] == [(7, "OFF")] and not bench.relays.retained


# ---- who lives ---------------------------------------------------------------------------------


@pytest.mark.parametrize("options", [{}, ONLY_A_WILL])
async def test_a_board_that_dies_is_unreachable_at_once(
    bench: Bench, options: dict[str, Any]
) -> None:
    async with bench.board(**options) as board:
        await board.read(deadline=soon())
        await asyncio.to_thread(bench.relays.end, sever)
        async with asyncio.timeout(10):
            with pytest.raises(BoardUnreachable, match="lost its connection"):
                while True:
                    await board.read(deadline=soon())
        with pytest.raises(BoardUnreachable) as failure:
            await board.open(0, pulse_ms=300, deadline=soon())
        assert not failure.value.may_have_fired
        await asyncio.to_thread(bench.run, 1)
        bench.relays.open = [False] * 8
        await until(lambda: bench.relays.heartbeats_at)
        await board.open(1, pulse_ms=300, deadline=soon())
    assert bench.relays.pulses == [1]


async def test_a_board_that_is_offline_when_the_bridge_starts_gets_no_open(bench: Bench) -> None:
    await asyncio.to_thread(bench.relays.end)
    async with bench.board(**ONLY_A_WILL) as board:
        with pytest.raises(BoardUnreachable) as failure:
            await board.open(0, pulse_ms=300, deadline=soon(0.5))
    assert not failure.value.may_have_fired


async def test_a_heartbeat_that_was_left_behind_is_none(bench: Bench) -> None:
    await asyncio.to_thread(bench.relays.end, sever)
    await bench.say("bank/1/uptime", "1", retain=True)
    await bench.say("bank/1/status", "online", retain=True)
    async with bench.board() as board:
        with pytest.raises(BoardSilent):
            await board.read(deadline=soon(0.3))


async def test_a_broker_that_was_killed_is_used_again(bench: Bench) -> None:
    async with bench.board() as board:
        await board.read(deadline=soon())
        bench.broker.kill()
        with pytest.raises(BoardUnreachable):
            await board.read(deadline=soon(0.3))
        bench.broker.start()
        await board.open(5, pulse_ms=300, deadline=soon())
    assert bench.relays.pulses == [5]


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


async def test_a_read_knows_all_that_the_broker_had_before_it(bench: Bench) -> None:
    async with bench.board() as board:
        await board.read(deadline=soon())
        # Nothing of this is heard meanwhile: the loop stands still.
        for number in range(1, 102):
            bench.relays.push(2, is_open=bool(number % 2))
        assert (await board.read(deadline=soon())).doors[2] is DoorState.OPEN


async def test_a_door_that_was_never_told_is_unknown(bench: Bench) -> None:
    topics = [f"bank/1/door/{n}" for n in range(1, 8)] + ["bank/1/door/none"]
    async with bench.board(door_topic=topics) as board:
        doors = (await board.read(deadline=soon())).doors
    assert doors == (DoorState.CLOSED,) * 7 + (DoorState.UNKNOWN,)


async def test_doors_of_a_board_that_was_away_are_unknown_until_told_again(bench: Bench) -> None:
    async with bench.board(**ONLY_A_WILL) as board:
        await board.read(deadline=soon())
        await bench.say("bank/1/status", "offline")
        await bench.say("bank/1/status", "online")
        with pytest.raises(BoardSilent, match="told no door"):
            await board.read(deadline=soon(0.3))
        await bench.push(1, 2, is_open=True)
        assert (await board.read(deadline=soon())).doors[2] is DoorState.OPEN


async def test_junk_on_its_topics_disturbs_nothing(bench: Bench) -> None:
    async with bench.board() as board:
        before = await board.read(deadline=soon())
        for topic in board.topics:
            for junk in (b"", b"\xff\x00", b"ajar", b"[" * 60_000):
                await bench.say(topic, junk)
        assert (await board.read(deadline=soon())).doors == before.doors


@pytest.mark.parametrize(
    ("key", "payload", "expected"),
    [
        ("", b"ON", True),
        ("", b"OFF", False),
        ("", b"on", None),
        ("contact", b'{"contact": "ON"}', True),
        ("a.b", b'{"a": {"b": "OFF"}}', False),
        ("contact", b'{"other": "ON"}', None),
        ("contact", b'"ON"', None),
        ("contact", b"ON", None),
    ],
)
def test_a_payload_is_read_whole_or_by_its_key(
    key: str, payload: bytes, expected: bool | None
) -> None:
    assert Told("t", key, "ON", "OFF").read(payload) is expected


def test_a_truth_value_in_json_is_written_as_json_writes_it() -> None:
    assert Told("t", "contact", "false", "true").read(b'{"contact": false}') is True


@given(payload=st.binary(), key=st.sampled_from(["", "a", "a.b"]))
def test_no_payload_is_taken_for_something_it_is_not(payload: bytes, key: str) -> None:
    found = Told("t", key, "ON", "OFF").read(payload)
    assert found is None or b"O" in payload


# ---- configuration -----------------------------------------------------------------------------

GOOD = {"command_topic": "a/{n}/set", "availability_topic": "a/status"}
