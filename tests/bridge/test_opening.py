from __future__ import annotations

import asyncio
import uuid
from pathlib import Path
from typing import Any

import pytest

from kiosk.bridge import protocol
from tests.bridge.conftest import Box, config, running
from tests.bridge.server_end import ServerEnd


async def test_an_open_climbs_its_ladder_and_the_door_closes_again(
    server: ServerEnd, box: Box
) -> None:
    command = await server.order(1)
    await server.until(lambda: "command_opened" in server.kinds(command))
    box.board().push_shut(0)
    await server.until(lambda: "command_closed" in server.kinds(command))
    assert server.kinds(command) == [
        "command_accepted",
        "command_actuated",
        "command_opened",
        "command_closed",
    ]
    assert [pulse.channel for pulse in box.board().pulses] == [0]


async def test_the_intent_is_on_the_disk_before_the_pulse(
    server: ServerEnd, box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[list[str]] = []
    board = box.board()
    pulse = board.open

    async def spy(channel: int, **how: Any) -> None:
        seen.append([line.kind for line in await box.journal.after(0, 100)])
        await pulse(channel, **how)

    monkeypatch.setattr(board, "open", spy)
    command = await server.order(1)
    await server.until(lambda: "command_actuated" in server.kinds(command))
    assert seen[0][-1] == "command_accepted"


async def test_a_command_that_comes_twice_fires_once(server: ServerEnd, box: Box) -> None:
    command = uuid.uuid4()
    order = protocol.Open(command_id=command, compartment_id=1, deadline_ms=server.now_ms() + 5_000)
    await server.send(order)
    await server.until(lambda: "command_opened" in server.kinds(command))
    box.board().push_shut(0)
    await server.until(lambda: "command_closed" in server.kinds(command))
    await server.send(order)
    other = await server.order(2)
    await server.until(lambda: "command_opened" in server.kinds(other))
    assert [pulse.channel for pulse in box.board().pulses] == [0, 1]


async def test_past_its_deadline_nothing_fires(server: ServerEnd, box: Box) -> None:
    command = await server.order(1, within_ms=-1)
    await server.until(lambda: "command_expired" in server.kinds(command))
    assert box.board().pulses == []


async def test_a_deadline_that_passes_in_the_queue_is_kept_too(server: ServerEnd, box: Box) -> None:
    box.board().reply_s = 0.4
    first = await server.order(1)
    late = await server.order(2, within_ms=150)
    await server.until(lambda: {"command_expired"} & set(server.kinds(late)) != set())
    await server.until(lambda: "command_opened" in server.kinds(first))
    assert [pulse.channel for pulse in box.board().pulses] == [0]


@pytest.mark.parametrize("ahead_ms", [3_600_000, -3_600_000])
async def test_a_clock_that_is_an_hour_wrong_changes_nothing(tmp_path: Path, ahead_ms: int) -> None:
    server = ServerEnd(config(unit=f"clock{ahead_ms}"), clock_ahead_ms=ahead_ms)
    await server.start()
    async with running(server, tmp_path) as bridge:
        await server.until(lambda: set(server.doors().values()) == {"closed"})
        command = await server.order(1)
        await server.until(lambda: "command_opened" in server.kinds(command))
        opened = next(e for e in server.events.values() if e.kind == "command_opened")
        assert abs(opened.occurred_at_ms - server.now_ms()) < 2_000
        assert abs(bridge.agent.health().clock_offset_ms + ahead_ms) < 2_000
    await server.stop()


async def test_a_jammed_door_did_not_open(server: ServerEnd, box: Box) -> None:
    box.board().jammed.add(0)
    command = await server.order(1)
    await server.until(lambda: "command_failed" in server.kinds(command))
    assert server.detail(command) == "did_not_open"
    assert len(box.board().pulses) == 1


async def test_a_door_that_stands_open_needs_no_pulse(server: ServerEnd, box: Box) -> None:
    box.board().force_open(0)
    await server.until(lambda: "door_forced" in server.kinds())
    command = await server.order(1)
    await server.until(lambda: "command_opened" in server.kinds(command))
    assert server.detail(command) == "already_open"
    assert box.board().pulses == []


async def test_a_lost_reply_is_settled_by_the_sensor_not_by_a_second_pulse(
    server: ServerEnd, box: Box
) -> None:
    board = box.board()
    async with asyncio.timeout(5):
        command = await server.order(1)
        board.lost_replies = 1
        await server.until(
            lambda: {"command_opened", "command_unknown"} & set(server.kinds(command)) != set()
        )
    assert len(board.pulses) == 1


async def test_a_silent_board_is_unknown_and_never_an_old_truth(
    server: ServerEnd, box: Box
) -> None:
    box.board().is_silent = True
    command = await server.order(1)
    await server.until(lambda: server.boards().get(1) == "offline")
    await server.until(lambda: "command_unknown" in server.kinds(command))
    await server.until(lambda: "door_unknown" in server.kinds())
    await server.until(lambda: server.doors()[1] == "unknown")
    assert server.boards()[2] == "ok"
    box.board().is_silent = False
    await server.until(lambda: server.doors()[1] == "closed")


async def test_a_door_that_nobody_asked_for_is_forced(server: ServerEnd, box: Box) -> None:
    box.board().force_open(2)
    await server.until(lambda: "door_forced" in server.kinds())
    box.board().push_shut(2)
    await server.until(lambda: "door_closed" in server.kinds())


async def test_an_unknown_door_fails_and_says_so(server: ServerEnd, box: Box) -> None:
    command = await server.order(99)
    await server.until(lambda: "command_failed" in server.kinds(command))
    assert server.detail(command) == "unknown_door"


async def test_a_waiting_command_can_be_cancelled(server: ServerEnd, box: Box) -> None:
    command = await server.order(1, within_ms=60_000, not_before_ms=30_000)
    await server.until(lambda: "command_accepted" in server.kinds(command))
    await server.send(protocol.Cancel(command_id=command))
    await server.until(lambda: "command_cancelled" in server.kinds(command))
    assert box.board().pulses == []


async def test_commands_wait_for_their_turn(server: ServerEnd, box: Box) -> None:
    begun = asyncio.get_running_loop().time()
    later = await server.order(1, not_before_ms=250)
    now = await server.order(2)
    for command in (now, later):
        await server.until(lambda command=command: "command_actuated" in server.kinds(command))
    at = {pulse.channel: pulse.at for pulse in box.board().pulses}
    assert at[1] < at[0]
    assert at[0] - begun >= 0.2


async def test_without_a_sensor_the_pulse_is_the_last_word(tmp_path: Path) -> None:
    server = ServerEnd(config(sensors=False, unit="blind"))
    await server.start()
    async with running(server, tmp_path):
        await server.until(lambda: server.boards().get(1) == "ok")
        command = await server.order(1)
        await server.until(lambda: "command_actuated" in server.kinds(command))
        assert set(server.doors().values()) == {"unknown"}
    await server.stop()
