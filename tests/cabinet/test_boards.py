"""The cabinet's boards, spoken to in raw Modbus TCP bytes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.cabinet.process import CabinetProcess, plan


class Wire:
    """A bare connection to a bank's boards."""

    def __init__(self, stream: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._stream = stream
        self._writer = writer

    async def ask(self, request: str, *, wait: float = 5.0) -> str:
        """Send unit and PDU in hex and return the reply's, or nothing after ``wait``."""
        body = bytes.fromhex(request)
        self._writer.write(b"\0\7\0\0" + len(body).to_bytes(2, "big") + body)
        try:
            async with asyncio.timeout(wait):
                head = await self._stream.readexactly(6)
                reply = await self._stream.readexactly(int.from_bytes(head[4:], "big"))
        except TimeoutError:
            return ""
        assert head[:2] == b"\0\7"
        return reply.hex(" ")

    def close(self) -> None:
        self._writer.close()


@pytest.fixture
async def cabinet(tmp_path: Path) -> AsyncIterator[CabinetProcess]:
    made = CabinetProcess(tmp_path)
    await made.start()
    yield made
    await made.stop()


@pytest.fixture
async def wire(cabinet: CabinetProcess) -> AsyncIterator[Wire]:
    port = cabinet.banks["A"]["modbus_port"]
    made = Wire(*await asyncio.open_connection("127.0.0.1", port))
    yield made
    made.close()


async def until(cabinet: CabinetProcess, number: str, **wanted: Any) -> dict[str, Any]:
    async with asyncio.timeout(5):
        while True:
            door = await cabinet.door(number)
            if all(door[name] == value for name, value in wanted.items()):
                return door
            await asyncio.sleep(0.02)


async def test_doors_begin_closed(cabinet: CabinetProcess, wire: Wire) -> None:
    assert await wire.ask("01 02 00 00 00 08") == "01 02 01 ff"
    assert not (await cabinet.door("1"))["open"]


async def test_a_pulse_springs_the_door_and_the_relay_goes_off_by_itself(
    cabinet: CabinetProcess, wire: Wire
) -> None:
    assert await wire.ask("01 05 02 03 00 03") == "01 05 02 03 00 03"
    assert await wire.ask("01 02 00 00 00 08") == "01 02 01 f7"
    door = await cabinet.door("4")
    assert door["open"] and door["relay"] and door["pulses"] == 1
    assert await wire.ask("01 01 00 00 00 08") == "01 01 01 08"
    await until(cabinet, "4", relay=False, open=True)
    assert await wire.ask("01 01 00 00 00 08") == "01 01 01 00"


async def test_a_relay_switched_on_stays_on_until_it_is_switched_off(
    cabinet: CabinetProcess, wire: Wire
) -> None:
    assert await wire.ask("02 05 00 00 ff 00") == "02 05 00 00 ff 00"
    assert (await cabinet.door("9"))["open"]
    assert await wire.ask("02 01 00 00 00 08") == "02 01 01 01"
    assert await wire.ask("02 05 00 ff 00 00") == "02 05 00 ff 00 00"
    assert await wire.ask("02 01 00 00 00 08") == "02 01 01 00"


async def test_several_relays_are_switched_at_once(cabinet: CabinetProcess, wire: Wire) -> None:
    assert await wire.ask("01 0f 00 00 00 08 01 81") == "01 0f 00 00 00 08"
    assert await wire.ask("01 01 00 00 00 08") == "01 01 01 81"
    assert (await cabinet.door("1"))["open"] and (await cabinet.door("8"))["open"]
    assert await wire.ask("01 0f 00 00 00 08 01 00") == "01 0f 00 00 00 08"
    assert await wire.ask("01 01 00 00 00 08") == "01 01 01 00"


async def test_a_hand_closes_and_forces_doors(cabinet: CabinetProcess, wire: Wire) -> None:
    assert (await cabinet.post("/doors/A/10/force"))[1]["open"]
    assert await wire.ask("02 02 00 00 00 08") == "02 02 01 fd"
    assert not (await cabinet.post("/doors/A/10/close"))[1]["open"]
    assert await wire.ask("02 02 00 00 00 08") == "02 02 01 ff"
    assert (await cabinet.door("10"))["pulses"] == 0


async def test_a_jammed_door_takes_the_pulse_and_stays_shut(
    cabinet: CabinetProcess, wire: Wire
) -> None:
    await cabinet.post("/doors/A/2/jam")
    assert await wire.ask("01 05 02 01 00 01") == "01 05 02 01 00 01"
    assert await wire.ask("01 02 00 00 00 08") == "01 02 01 ff"
    assert (await cabinet.door("2"))["pulses"] == 1
    await until(cabinet, "2", relay=False)
    await cabinet.post("/doors/A/2/unjam")
    await wire.ask("01 05 02 01 00 01")
    await until(cabinet, "2", open=True)


async def test_a_slow_door_acknowledges_now_and_opens_later(
    cabinet: CabinetProcess, wire: Wire
) -> None:
    await cabinet.post("/doors/A/3/slow")
    assert await wire.ask("01 05 02 02 00 01") == "01 05 02 02 00 01"
    assert not (await cabinet.door("3"))["open"]
    await until(cabinet, "3", open=True)


async def test_absent_and_silent_boards_say_nothing(cabinet: CabinetProcess, wire: Wire) -> None:
    assert await wire.ask("09 02 00 00 00 08", wait=0.2) == ""
    assert await wire.ask("09 05 02 00 00 03", wait=0.2) == ""
    await cabinet.post("/boards/A/1/silence")
    assert await wire.ask("01 05 02 00 00 03", wait=0.2) == ""
    assert (await cabinet.door("1"))["pulses"] == 0
    assert await wire.ask("02 02 00 00 00 08") == "02 02 01 ff"
    await cabinet.post("/boards/A/1/unsilence")
    assert await wire.ask("01 02 00 00 00 08") == "01 02 01 ff"


@pytest.mark.parametrize(
    ("request_", "reply"),
    [
        ("01 05 02 08 00 03", "01 85 02"),
        ("01 05 00 08 ff 00", "01 85 02"),
        ("01 05 03 00 00 03", "01 85 02"),
        ("01 05 02 00 00 00", "01 85 03"),
        ("01 05 00 00 12 34", "01 85 03"),
        ("01 0f 00 06 00 08 01 ff", "01 8f 02"),
    ],
)
async def test_impossible_orders_are_refused(wire: Wire, request_: str, reply: str) -> None:
    assert await wire.ask(request_) == reply


async def test_a_reader_sends_exactly_what_a_badge_says(cabinet: CabinetProcess) -> None:
    ports = cabinet.banks["A"]["readers"]
    bank, bank_writer = await asyncio.open_connection("127.0.0.1", ports["Bank reader"])
    door, door_writer = await asyncio.open_connection("127.0.0.1", ports["Door 1"])

    async def present(text: str, where: str | None) -> Any:
        async with asyncio.timeout(5):
            while True:
                _, answer = await cabinet.post("/readers/A/present", {"text": text, "door": where})
                if answer["delivered"]:
                    return answer

    assert await present("0004215873", None) == {"reader": "Bank reader", "delivered": 1}
    assert await asyncio.wait_for(bank.readexactly(12), 5) == b"~0004215873\r"
    await present("AB12", "1")
    assert await asyncio.wait_for(door.readexactly(7), 5) == b"%AB12\r\n"
    bank_writer.close()
    door_writer.close()


async def test_a_badge_that_nobody_hears_says_so(cabinet: CabinetProcess) -> None:
    answer = await cabinet.post("/readers/A/present", {"text": "0004215873"})
    assert answer == (200, {"reader": "Bank reader", "delivered": 0})


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/doors/Z/1/force", None, 404),
        ("/doors/A/99/force", None, 404),
        ("/doors/A/1/kick", None, 404),
        ("/boards/A/7/silence", None, 404),
        ("/boards/A/x/silence", None, 404),
        ("/boards/A/1/kick", None, 404),
        ("/readers/A/present", {"text": ""}, 400),
        ("/readers/A/present", {"text": "a\rb"}, 400),
        ("/readers/A/present", {"text": "é"}, 400),
        ("/readers/A/present", {"text": 7}, 400),
        ("/readers/A/present", {}, 400),
        ("/readers/A/present", {"text": "1", "door": "5"}, 404),
    ],
)
async def test_the_control_api_refuses_nonsense_in_words(
    cabinet: CabinetProcess, path: str, body: dict[str, Any] | None, status: int
) -> None:
    answered, answer = await cabinet.post(path, body)
    assert answered == status and answer["error"]


async def test_every_bank_has_its_own_boards(tmp_path: Path) -> None:
    config = plan()
    config["banks"].append({**config["banks"][0], "bank": "B", "title": "Bank B"})
    cabinet = CabinetProcess(tmp_path)
    await cabinet.start(config)
    port = cabinet.banks["B"]["modbus_port"]
    wire = Wire(*await asyncio.open_connection("127.0.0.1", port))
    await wire.ask("01 05 02 00 00 01")
    assert (await cabinet.door("1", "B"))["open"]
    assert not (await cabinet.door("1", "A"))["open"]
    wire.close()
    await cabinet.stop()
