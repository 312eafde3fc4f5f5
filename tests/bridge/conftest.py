"""A bridge in this process, its boards simulated, and the server's end played by the tests."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from kiosk.bridge import doors, protocol
from kiosk.bridge.access_list import KeptList
from kiosk.bridge.agent import Agent
from kiosk.bridge.clock import ServerClock
from kiosk.bridge.connection import Connection
from kiosk.bridge.identity import Kept
from kiosk.bridge.journal import Journal
from lockers.drivers.simulator import SimulatedBoard
from tests.bridge.proxy import Proxy
from tests.bridge.server_end import ServerEnd, enrolled


def config(*, sensors: bool = True, unit: str = "1") -> protocol.Config:
    """Two simulated boards: doors 1 to 4 on the first, 5 on the second."""
    return protocol.Config(
        config_hash=f"config-{unit}-{sensors}",
        controllers=[
            protocol.ControllerConfig(
                controller_id=n, driver="simulator", address=f"sim://{unit}/{n}", channels=8
            )
            for n in (1, 2)
        ],
        compartments=[
            protocol.CompartmentConfig(
                compartment_id=n,
                number=str(n),
                bank_id=1,
                controller_id=1 if n < 5 else 2,
                channel=n - 1,
                has_sensor=sensors,
            )
            for n in range(1, 6)
        ],
    )


@dataclass
class Box:
    """A running bridge."""

    agent: Agent
    journal: Journal
    connection: Connection

    def board(self, number: int = 1) -> SimulatedBoard:
        board = self.agent.pollers[number].board
        assert isinstance(board, SimulatedBoard)
        return board


@contextlib.asynccontextmanager
async def running(
    server: ServerEnd | Proxy, state: Path, me: Kept | None = None
) -> AsyncIterator[Box]:
    """Run a bridge against a server's end, or who stands before it, until the block ends."""
    clock = ServerClock()
    journal = Journal(state / "journal.sqlite", clock)
    me = me or enrolled(state)
    connection = Connection(server.url, me, clock, journal)
    access = KeptList(state / "access.sqlite", me, clock)
    agent = connection.agent = Agent(clock, journal, connection.send, access)
    await agent.start()
    task = asyncio.create_task(connection.run())
    try:
        yield Box(agent, journal, connection)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await agent.stop()


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Poll and beat faster than in life, so that the tests need not wait."""
    monkeypatch.setattr(doors, "IDLE_S", 0.02)
    monkeypatch.setattr(doors, "WATCHED_S", 0.01)
    monkeypatch.setattr("kiosk.bridge.doors.SILENT_AGAIN_S", (0.05, 0.1))
    monkeypatch.setattr("kiosk.bridge.commands.OPENS_WITHIN_S", 0.5)
    monkeypatch.setattr("kiosk.bridge.connection.HEARTBEAT_S", 0.1)
    monkeypatch.setattr("kiosk.bridge.connection.WAIT_S", (0.02, 0.1))


@pytest.fixture
async def server() -> AsyncIterator[ServerEnd]:
    end = ServerEnd(config())
    await end.start()
    yield end
    await end.stop()


@pytest.fixture
async def box(server: ServerEnd, tmp_path: Path) -> AsyncIterator[Box]:
    """A bridge that is connected and has read its doors closed."""
    async with running(server, tmp_path) as bridge:
        await server.until(lambda: set(server.doors().values()) == {"closed"})
        yield bridge
