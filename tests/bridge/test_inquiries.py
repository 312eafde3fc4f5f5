"""What a bridge finds out on its wires, over emulated lock boards in a process of their own."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import serial

from kiosk.bridge import inquiries, protocol
from kiosk.bridge.protocol import inquiries as words
from lockers.drivers.wire import port
from lockers.drivers.wire.line import Line
from tests.bridge.asked import Asked, until
from tests.drivers.peers.lcb8a import Emulator

FAST = {"reply_timeout_ms": 150, "open_timeout_ms": 150}


class Bridge(Asked):
    """An agent whose server is the test; boards 1 and 3 are there, the first is configured."""

    def __init__(self, state: Path) -> None:
        self.emulator = Emulator(
            *(
                {"address": unit, "shorted_when": "open", "byte_order": "low_first"}
                for unit in (1, 3)
            )
        )
        super().__init__(state)

    def at(self, unit: int = 1, **more: Any) -> words.BoardAt:
        return words.BoardAt(
            driver="lcb8a", address=self.emulator.address, unit=unit, profile=FAST, **more
        )

    async def start(self) -> None:
        self.emulator.start()
        await self.agent.start()

    async def configure(self, number: str = "1") -> None:
        await self.agent.configure(
            protocol.Config(
                config_hash=number,
                controllers=[
                    protocol.ControllerConfig(
                        controller_id=1, driver="lcb8a", address=self.emulator.address, profile=FAST
                    )
                ],
                compartments=[
                    protocol.CompartmentConfig(
                        compartment_id=11, number=number, bank_id=1, controller_id=1, channel=0,
                        pulse_ms=300,
                    )
                ],
            )
        )  # fmt: skip

    async def stop(self) -> None:
        await self.agent.stop()
        self.emulator.stop()

    async def lines(self, inquiry_id: uuid.UUID) -> list[tuple[str, str]]:
        written = await self.journal.after(0, 1000)
        return [(line.kind, line.detail) for line in written if line.command_id == inquiry_id]


@pytest.fixture
async def bridge(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bridge]:
    monkeypatch.setattr(inquiries, "LOOK_EVERY_S", 0.03)
    monkeypatch.setattr(inquiries, "SPRINGS_WITHIN_S", 0.6)
    playing = Bridge(tmp_path)
    await playing.start()
    yield playing
    await playing.stop()


def doors(reading: words.Reading, **options: str) -> str:
    return next(view.doors for view in reading.views if view.options == options)


TRUE = {"shorted_when": "open", "byte_order": "low_first"}


async def test_a_scan_finds_the_boards_that_are_there(bridge: Bridge) -> None:
    answer = await bridge.ask(words.ScanBus(board=bridge.at(), units=[1, 2, 3]))
    assert isinstance(answer.finding, words.Found)
    assert [(one.unit, one.raw) for one in answer.finding.boards] == [
        (1, "800100000033b2"),
        (3, "800300000033b0"),
    ]


async def test_a_board_that_missed_one_question_is_found_all_the_same(bridge: Bridge) -> None:
    bridge.emulator.ask("set", board=1, misses=1)
    answer = await bridge.ask(words.ScanBus(board=bridge.at(), units=[1, 2, 3]))
    assert isinstance(answer.finding, words.Found)
    assert [one.unit for one in answer.finding.boards] == [1, 3]


@pytest.fixture
def slow_gateway(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a wire take longer to open than a board on it to answer."""
    opened = port._opened

    def late(line: Line) -> serial.SerialBase:
        time.sleep(inquiries.READ_WITHIN_S + inquiries.SCAN_WITHIN_S)
        return opened(line)

    monkeypatch.setattr(port, "_opened", late)


@pytest.mark.usefixtures("slow_gateway")
async def test_the_boards_behind_a_gateway_that_is_slow_to_open_are_found(bridge: Bridge) -> None:
    answer = await bridge.ask(words.ScanBus(board=bridge.at(), units=[1, 2, 3]))
    assert isinstance(answer.finding, words.Found), answer
    assert [one.unit for one in answer.finding.boards] == [1, 3]


@pytest.mark.usefixtures("slow_gateway")
async def test_a_board_behind_a_gateway_that_is_slow_to_open_is_read(bridge: Bridge) -> None:
    answer = await bridge.ask(words.ReadBoard(board=bridge.at()))
    assert isinstance(answer.finding, words.Reading), answer


@pytest.mark.usefixtures("slow_gateway")
async def test_a_lock_behind_a_gateway_that_is_slow_to_open_is_tried(bridge: Bridge) -> None:
    answer = await bridge.ask(words.TryDoor(board=bridge.at(), channel=4, pulse_ms=300))
    assert isinstance(answer.finding, words.Tried), answer


async def test_a_board_that_answers_otherwise_is_found_with_what_is_wrong(bridge: Bridge) -> None:
    answer = await bridge.ask(words.ScanBus(board=bridge.at(channels=50), units=[1]))
    assert isinstance(answer.finding, words.Found)
    assert "24 contacts" in answer.finding.boards[0].problem


async def test_a_scan_goes_over_the_port_that_the_configured_board_has(bridge: Bridge) -> None:
    await bridge.configure()
    await until(lambda: bridge.agent.pollers[1].state == "ok")
    answer = await bridge.ask(words.ScanBus(board=bridge.at(), units=[1, 2, 3]))
    assert isinstance(answer.finding, words.Found)
    assert [one.unit for one in answer.finding.boards] == [1, 3]
    frames = await bridge.ask(words.ReadFrames(address=bridge.emulator.address))
    assert isinstance(frames.finding, words.Frames)
    opened = [one for one in frames.finding.frames if one.what == "open"]
    closed = [one for one in frames.finding.frames if one.what == "end"]
    assert len(opened) - len(closed) == 1, "never two owners of a port"


async def test_the_configured_boards_rest_during_a_scan(bridge: Bridge) -> None:
    await bridge.configure()
    await until(lambda: bridge.agent.pollers[1].state == "ok")
    await bridge.ask(words.ScanBus(board=bridge.at(), units=[9, 10, 11, 12]))
    asked = [bytes.fromhex(one)[1] for one in bridge.emulator.ask("heard")]
    meanwhile = asked[asked.index(9) : asked.index(12)]
    assert [unit for unit in meanwhile if unit != 1] == [9, 10, 11]
    assert meanwhile.count(1) <= 1, "one reading may have been under way"


async def test_one_reading_is_told_as_every_variant_means_it(bridge: Bridge) -> None:
    bridge.emulator.ask("push", board=1, lock=2, open=True)
    answer = await bridge.ask(words.ReadBoard(board=bridge.at()))
    assert isinstance(answer.finding, words.Reading)
    assert doors(answer.finding, **TRUE) == "cocccccc"
    assert doors(answer.finding, shorted_when="locked", byte_order="low_first") == "ocoooooo"
    assert doors(answer.finding, shorted_when="open", byte_order="high_first") == "cccccccc"


async def test_a_try_reads_pulses_and_reads(bridge: Bridge) -> None:
    asked = bridge.asking(words.TryDoor(board=bridge.at(), channel=1, pulse_ms=300))
    await bridge.agent.handle(asked)
    answer = await bridge.answer_to(asked)
    assert isinstance(answer.finding, words.Tried)
    assert doors(answer.finding.before, **TRUE) == "cccccccc"
    assert doors(answer.finding.after, **TRUE) == "cocccccc"
    assert bridge.emulator.ask("pulses", board=1) == [2]
    assert await bridge.lines(asked.inquiry_id) == [
        ("command_accepted", ""),
        ("command_actuated", ""),
        ("command_opened", ""),
    ]


async def test_a_try_that_comes_twice_pulses_once(bridge: Bridge) -> None:
    asked = bridge.asking(words.TryDoor(board=bridge.at(), channel=1, pulse_ms=300))
    await bridge.agent.handle(asked)
    await bridge.agent.handle(asked)
    first = await bridge.answer_to(asked)
    await bridge.agent.handle(asked)
    assert await bridge.answer_to(asked) == first
    assert bridge.emulator.ask("pulses", board=1) == [2]


async def test_a_try_of_an_earlier_run_is_not_repeated(bridge: Bridge) -> None:
    asked = bridge.asking(words.TryDoor(board=bridge.at(), channel=1, pulse_ms=300))
    await bridge.journal.begin(asked.inquiry_id, 0)
    await bridge.agent.handle(asked)
    answer = await bridge.answer_to(asked)
    assert answer.finding is None and answer.may_have_fired
    assert bridge.emulator.ask("pulses", board=1) == []


async def test_past_its_deadline_nothing_is_tried(bridge: Bridge) -> None:
    answer = await bridge.ask(
        words.TryDoor(board=bridge.at(), channel=1, pulse_ms=300), within_s=-1
    )
    assert (answer.error, answer.may_have_fired) == ("deadline_passed", False)
    assert bridge.emulator.ask("pulses", board=1) == []


async def test_a_pulse_that_the_board_cannot_make_is_refused(bridge: Bridge) -> None:
    asked = bridge.asking(words.TryDoor(board=bridge.at(), channel=1, pulse_ms=5000))
    await bridge.agent.handle(asked)
    assert (await bridge.answer_to(asked)).error == "bad_pulse"
    assert (await bridge.lines(asked.inquiry_id))[-1] == ("command_failed", "bad_pulse")


async def test_a_lost_acknowledgement_is_not_known_to_have_moved_nothing(bridge: Bridge) -> None:
    bridge.emulator.ask("set", board=1, no_open_reply=True)
    asked = bridge.asking(words.TryDoor(board=bridge.at(), channel=1, pulse_ms=300))
    await bridge.agent.handle(asked)
    answer = await bridge.answer_to(asked)
    assert (answer.error, answer.may_have_fired) == ("board_silent", True)
    assert (await bridge.lines(asked.inquiry_id))[-1] == ("command_unknown", "board_silent")


async def test_a_board_that_is_not_there_moved_nothing(bridge: Bridge) -> None:
    answer = await bridge.ask(words.TryDoor(board=bridge.at(unit=9), channel=1, pulse_ms=300))
    assert (answer.error, answer.may_have_fired) == ("board_silent", False)


async def test_a_read_waits_until_the_doors_stand_otherwise(bridge: Bridge) -> None:
    bridge.emulator.ask("push", board=1, lock=2, open=True)
    now = await bridge.ask(words.ReadBoard(board=bridge.at()))
    assert isinstance(now.finding, words.Reading)
    unlike = [view.doors for view in now.finding.views]
    asked = bridge.asking(words.ReadBoard(board=bridge.at(), unlike=unlike))
    await bridge.agent.handle(asked)
    await asyncio.sleep(0.2)
    assert not any(getattr(one, "inquiry_id", None) == asked.inquiry_id for one in bridge.heard)
    bridge.emulator.ask("push", board=1, lock=2, open=False)
    answer = await bridge.answer_to(asked)
    assert isinstance(answer.finding, words.Reading)
    assert doors(answer.finding, **TRUE) == "cccccccc"


async def test_other_settings_end_what_is_under_way(bridge: Bridge) -> None:
    await bridge.configure()
    now = await bridge.ask(words.ReadBoard(board=bridge.at()))
    assert isinstance(now.finding, words.Reading)
    unlike = [view.doors for view in now.finding.views]
    asked = bridge.asking(words.ReadBoard(board=bridge.at(), unlike=unlike))
    await bridge.agent.handle(asked)
    await bridge.configure("2")
    assert (await bridge.answer_to(asked)).error == "interrupted"


async def test_settings_that_no_board_has_are_told(bridge: Bridge) -> None:
    answer = await bridge.ask(
        words.ReadBoard(board=words.BoardAt(driver="lcb8a", address="nowhere"))
    )
    assert answer.error == "bad_profile"
    answer = await bridge.ask(
        words.ReadBoard(board=words.BoardAt(driver="other", address="tcp://127.0.0.1:1"))
    )
    assert answer.error == "unknown_driver"


async def test_the_frames_of_a_wire_are_shown(bridge: Bridge) -> None:
    await bridge.ask(words.ReadBoard(board=bridge.at()))
    answer = await bridge.ask(words.ReadFrames(address=bridge.emulator.address))
    assert isinstance(answer.finding, words.Frames)
    assert [(one.what, one.data) for one in answer.finding.frames] == [
        ("open", ""),
        ("sent", "80 01 00 33 b2"),
        ("frame", "80 01 00 00 00 33 b2"),
    ]
