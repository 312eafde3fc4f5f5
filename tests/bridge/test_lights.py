"""The light beside a door flashes when the door is opened, and nothing waits for it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from kiosk.bridge import protocol
from tests.bridge.conftest import running
from tests.bridge.server_end import ServerEnd
from tests.drivers.peers.wkly import PATIENT, Emulator

LIT, UNLIT = 1, 2
FLASH = 0x81


@pytest.fixture
async def emulator(tmp_path: Path) -> AsyncIterator[Emulator]:
    found = Emulator(tmp_path, "tcp")
    await found.start("0", 12)
    yield found
    await found.stop()


@contextlib.asynccontextmanager
async def driving(emulator: Emulator, state: Path) -> AsyncIterator[ServerEnd]:
    """Run a bridge with two doors, of which one has a light; yield its server."""
    server = ServerEnd(
        protocol.Config(
            config_hash="lights",
            controllers=[
                protocol.ControllerConfig(
                    controller_id=1,
                    driver="wkly",
                    address=emulator.address,
                    unit=0,
                    channels=12,
                    profile=dict(PATIENT),
                )
            ],
            compartments=[
                protocol.CompartmentConfig(
                    compartment_id=number,
                    number=str(number),
                    bank_id=1,
                    controller_id=1,
                    channel=number - 1,
                    has_light=number == LIT,
                )
                for number in (LIT, UNLIT)
            ],
        )
    )
    await server.start()
    async with running(server, state):
        await server.until(lambda: set(server.doors().values()) == {"closed"})
        yield server
    await server.stop()


async def opened(server: ServerEnd, door: int) -> None:
    command = await server.order(door)
    await server.until(lambda: "command_opened" in server.kinds(command))


async def flashes(emulator: Emulator, count: int) -> list[int]:
    """Return the channels that flashed, once there are so many."""
    async with asyncio.timeout(8):
        while len(seen := (await emulator.tell("look", board=0))["flashes"]) < count:
            pass
    return list(seen)


async def test_the_light_of_a_door_that_is_opened_flashes(
    emulator: Emulator, tmp_path: Path
) -> None:
    async with driving(emulator, tmp_path) as server:
        await opened(server, UNLIT)
        await opened(server, LIT)
        assert await flashes(emulator, 1) == [LIT]


@pytest.mark.parametrize("trouble", ["refuses", "silent_to"])
async def test_a_light_that_does_not_work_keeps_no_door_shut(
    emulator: Emulator, tmp_path: Path, trouble: str, caplog: pytest.LogCaptureFixture
) -> None:
    await emulator.tell("set", board=0, **{trouble: [FLASH]})
    async with driving(emulator, tmp_path) as server:
        await opened(server, LIT)
        await server.until(lambda: f"the light of door {LIT}" in caplog.text)
        await opened(server, UNLIT)


async def test_a_door_whose_lock_was_not_reached_shows_no_light(
    emulator: Emulator, tmp_path: Path
) -> None:
    await emulator.tell("set", board=0, refuses=[0x82], jammed=[LIT])
    async with driving(emulator, tmp_path) as server:
        command = await server.order(LIT)
        await server.until(lambda: "command_unknown" in server.kinds(command))
        assert (await emulator.tell("look", board=0))["flashes"] == []
