"""What systemd hears of a bridge: that it is ready, and that every worker makes progress."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from kiosk.bridge import watchdog
from kiosk.bridge.agent import Agent
from kiosk.bridge.watchdog import Watchdog
from tests.bridge.conftest import Box


class Manager:
    """The socket that a service manager listens on."""

    def __init__(self, path: Path) -> None:
        self._line = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._line.bind(str(path))
        self._line.setblocking(False)

    async def hears(self, within_s: float = 5) -> str:
        async with asyncio.timeout(within_s):
            return (await asyncio.get_running_loop().sock_recv(self._line, 100)).decode()

    def forget(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while True:
                self._line.recv(100)

    def close(self) -> None:
        self._line.close()


@pytest.fixture
async def manager(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Manager]:
    found = Manager(tmp_path / "notify")
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
    monkeypatch.setenv("WATCHDOG_USEC", "60000")
    yield found
    found.close()


@pytest.fixture
def agent(box: Box) -> Agent:
    return box.agent


@contextlib.asynccontextmanager
async def feeding(dog: Watchdog) -> AsyncIterator[None]:
    task = asyncio.create_task(dog.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_it_is_fed_while_the_box_waits_to_be_enrolled(manager: Manager) -> None:
    async with feeding(Watchdog()):
        assert await manager.hears() == "READY=1"
        assert await manager.hears() == "WATCHDOG=1"


async def test_it_is_fed_while_every_board_is_read(
    manager: Manager, agent: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watchdog, "STALLED_AFTER_S", 0.5)
    dog = Watchdog()
    dog.agent = agent
    async with feeding(dog):
        assert await manager.hears() == "READY=1"
        # Far more of them than fit into the time after which a board counts as stalled.
        assert [await manager.hears() for _ in range(60)] == ["WATCHDOG=1"] * 60


async def test_it_starves_when_one_board_is_not_read_any_more(
    manager: Manager, agent: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watchdog, "STALLED_AFTER_S", 0.2)
    hangs = asyncio.Event()

    async def hang(*, deadline: float) -> None:
        await hangs.wait()

    board = agent.pollers[2].board
    monkeypatch.setattr(board, "read", hang)
    dog = Watchdog()
    dog.agent = agent
    async with feeding(dog):
        async with asyncio.timeout(5):
            while not agent.stalled(before=asyncio.get_running_loop().time() - 0.2):
                await asyncio.sleep(0.01)
        manager.forget()
        with pytest.raises(TimeoutError):
            await manager.hears(within_s=0.3)


async def test_it_starves_when_the_journal_cannot_be_written(
    manager: Manager, agent: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    hangs = asyncio.Event()
    monkeypatch.setattr(agent.journal, "breathe", hangs.wait)
    dog = Watchdog()
    dog.agent = agent
    async with feeding(dog):
        assert await manager.hears() == "READY=1"
        with pytest.raises(TimeoutError):
            await manager.hears(within_s=0.3)


async def test_without_a_service_manager_nothing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    monkeypatch.delenv("WATCHDOG_USEC", raising=False)
    await asyncio.wait_for(Watchdog().run(), 1)
