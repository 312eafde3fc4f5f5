"""What never happens at a lock: relays left on, a second pulse on a guess, too many at once."""

from __future__ import annotations

import asyncio
import time
import uuid
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kiosk.bridge import protocol
from lockers.drivers.errors import BoardSilent, BoardUnreachable
from lockers.drivers.simulator import SimulatedBoard
from tests.bridge.conftest import Box, config, running
from tests.bridge.server_end import ServerEnd

# ---- off at the start ----------------------------------------------------------------------------


@pytest.fixture
def at_the_board(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was done at any board, with a while for switching its relays off."""
    done: list[str] = []
    off, pulse = SimulatedBoard.safe_state, SimulatedBoard.open

    async def safe_state(board: SimulatedBoard, *, deadline: float) -> None:
        await asyncio.sleep(0.2)
        await off(board, deadline=deadline)
        done.append("off")

    async def opened(board: SimulatedBoard, channel: int, **how: Any) -> None:
        done.append("pulse")
        await pulse(board, channel, **how)

    monkeypatch.setattr(SimulatedBoard, "safe_state", safe_state)
    monkeypatch.setattr(SimulatedBoard, "open", opened)
    return done


async def test_relays_are_off_before_the_first_command_is_carried_out(
    server: ServerEnd, tmp_path: Path, at_the_board: list[str]
) -> None:
    async with running(server, tmp_path):
        await server.until(lambda: server.signer is not None)
        command = await server.order(1)
        await server.until(lambda: "command_actuated" in server.kinds(command))
        assert at_the_board == ["off", "off", "pulse"]
    assert at_the_board == ["off", "off", "pulse", "off", "off"]


async def test_a_command_does_not_outlive_its_deadline_while_relays_are_switched_off(
    server: ServerEnd, tmp_path: Path, at_the_board: list[str]
) -> None:
    async with running(server, tmp_path):
        await server.until(lambda: server.signer is not None)
        command = await server.order(1, within_ms=50)
        await server.until(lambda: "command_expired" in server.kinds(command))
        await server.until(lambda: set(server.doors().values()) == {"closed"})
        assert "pulse" not in at_the_board


async def test_a_board_that_cannot_be_switched_off_is_used_when_it_answers(
    server: ServerEnd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def silent(board: SimulatedBoard, *, deadline: float) -> None:
        raise BoardSilent("no answer")

    monkeypatch.setattr(SimulatedBoard, "safe_state", silent)
    async with running(server, tmp_path):
        await server.until(lambda: set(server.doors().values()) == {"closed"})
        command = await server.order(1)
        await server.until(lambda: "command_opened" in server.kinds(command))


# ---- never a second pulse on a guess -------------------------------------------------------------


class Fails:
    """A board's open whose first request does not leave this machine."""

    def __init__(self, box: Box, meanwhile: Any = None) -> None:
        self.board, self.meanwhile, self.asked = box.board(), meanwhile, 0
        self.pulse = self.board.open

    async def __call__(self, channel: int, **how: Any) -> None:
        self.asked += 1
        if self.asked == 1:
            if self.meanwhile is not None:
                self.meanwhile(channel)
            raise BoardUnreachable("the port went away")
        await self.pulse(channel, **how)


async def test_a_pulse_that_was_not_given_is_given_once_the_door_is_read_closed(
    server: ServerEnd, box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    fails = Fails(box)
    monkeypatch.setattr(box.board(), "open", fails)
    command = await server.order(1)
    await server.until(lambda: "command_opened" in server.kinds(command))
    assert (fails.asked, len(box.board().pulses)) == (2, 1)


@pytest.mark.parametrize("reads", ["open", "unknown", "nothing"])
async def test_what_the_door_read_before_is_no_reason_for_a_second_pulse(
    server: ServerEnd, box: Box, monkeypatch: pytest.MonkeyPatch, reads: str
) -> None:
    board = box.board()

    def meanwhile(channel: int) -> None:
        if reads == "open":
            board.force_open(channel)
        elif reads == "unknown":
            board.without_sensor.add(channel)
        else:
            board.is_silent = True

    fails = Fails(box, meanwhile)
    monkeypatch.setattr(board, "open", fails)
    command = await server.order(1)
    await server.until(lambda: "command_failed" in server.kinds(command))
    assert server.detail(command) == "board_unreachable"
    assert (fails.asked, board.pulses) == (1, [])


async def test_after_the_deadline_there_is_no_second_pulse(
    server: ServerEnd, box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    board = box.board()
    read = board.read

    async def late(*, deadline: float) -> Any:
        await asyncio.sleep(0.3)
        return await read(deadline=time.monotonic() + 1)

    def meanwhile(channel: int) -> None:
        monkeypatch.setattr(board, "read", late)

    monkeypatch.setattr(board, "open", Fails(box, meanwhile))
    command = await server.order(1, within_ms=200)
    await server.until(lambda: "command_expired" in server.kinds(command))
    assert board.pulses == []


# ---- what a board acknowledges -------------------------------------------------------------------


def acknowledges_nothing(board: SimulatedBoard) -> None:
    board.capabilities = replace(board.capabilities, acknowledgement="none")


async def test_where_nothing_is_acknowledged_the_sensor_is_the_first_word(
    server: ServerEnd, box: Box
) -> None:
    acknowledges_nothing(box.board())
    command = await server.order(1)
    await server.until(lambda: "command_opened" in server.kinds(command))
    assert server.kinds(command) == ["command_accepted", "command_opened"]


async def test_where_nothing_is_acknowledged_and_nothing_seen_nobody_knows(tmp_path: Path) -> None:
    server = ServerEnd(config(sensors=False, unit="mute"))
    await server.start()
    async with running(server, tmp_path) as box:
        await server.until(lambda: server.boards().get(1) == "ok")
        acknowledges_nothing(box.board())
        command = await server.order(1)
        await server.until(lambda: "command_unknown" in server.kinds(command))
        assert server.detail(command) == "unacknowledged"
    await server.stop()


# ---- a whole bank --------------------------------------------------------------------------------


async def test_doors_of_a_bank_open_apart_however_late_they_are(
    server: ServerEnd, box: Box
) -> None:
    # All are due at once, as after a moment in which the bus was stuck.
    orders = [await server.order(door, apart_ms=150) for door in (1, 2, 3, 4, 5)]
    for order in orders:
        await server.until(lambda order=order: "command_opened" in server.kinds(order))
    pulses = sorted(pulse.at for board in (1, 2) for pulse in box.board(board).pulses)
    assert len(pulses) == 5
    assert min(b - a for a, b in zip(pulses, pulses[1:], strict=False)) >= 0.15


async def test_somebody_at_a_door_does_not_wait_for_the_bank(server: ServerEnd, box: Box) -> None:
    first = await server.order(1, apart_ms=3_000)
    await server.until(lambda: "command_opened" in server.kinds(first))
    last = await server.order(2, apart_ms=3_000)
    person = await server.order(3)
    await server.until(lambda: "command_opened" in server.kinds(person), 2)
    assert server.kinds(last) == ["command_accepted"]


async def test_a_bank_is_stopped_in_the_middle_and_the_rest_stays_shut(
    server: ServerEnd, box: Box
) -> None:
    orders = [await server.order(door, apart_ms=400) for door in (1, 2, 3, 4)]
    await server.until(lambda: "command_actuated" in server.kinds(orders[0]))
    await server.until(lambda: all(server.kinds(order) for order in orders))
    for order in orders:
        await server.send(protocol.Cancel(command_id=order))
    for order in orders[1:]:
        await server.until(lambda order=order: "command_cancelled" in server.kinds(order))
    assert [pulse.channel for pulse in box.board().pulses] == [0]
    await server.until(lambda: "command_opened" in server.kinds(orders[0]))
    assert box.agent.commands.depth == 0


async def test_a_command_taken_back_at_once_never_fires(server: ServerEnd, box: Box) -> None:
    command = protocol.Open(
        command_id=uuid.uuid4(), compartment_id=1, deadline_ms=server.now_ms() + 5_000
    )
    box.agent.commands.take(command, box.agent.doors[1], box.agent.pollers[1])
    box.agent.commands.cancel(command.command_id)
    await server.until(lambda: "command_cancelled" in server.kinds(command.command_id))
    assert box.board().pulses == []
