"""Whose turn it is on a wire that carries one conversation at a time."""

from __future__ import annotations

import asyncio
import enum
import heapq
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from lockers.drivers.errors import DeadlinePassed


class Priority(enum.IntEnum):
    """Smaller goes first: ending a pulse is never kept waiting, an open passes every poll."""

    SAFETY = 0
    OPEN = 1
    READ = 2


class Turns:
    """Hand a bus to one caller at a time, the most urgent first, then in order of arrival."""

    def __init__(self) -> None:
        self._is_taken = False
        self._waiting: list[tuple[int, int, asyncio.Future[None]]] = []
        self._arrivals = itertools.count()

    @asynccontextmanager
    async def take(self, priority: Priority, *, deadline: float) -> AsyncIterator[None]:
        """Hold the bus inside the block; raises DeadlinePassed when the turn comes too late."""
        loop = asyncio.get_running_loop()
        if loop.time() >= deadline:
            raise DeadlinePassed("the deadline passed before the bus was asked for")
        if self._is_taken:
            await self._wait(priority, deadline)
        else:
            self._is_taken = True
        try:
            yield
        finally:
            self._pass_on()

    async def _wait(self, priority: Priority, deadline: float) -> None:
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (priority, next(self._arrivals), turn))
        try:
            async with asyncio.timeout_at(deadline):
                await turn
        except BaseException as error:
            # The turn may have been handed over in the very moment we gave up on it.
            if turn.done() and not turn.cancelled():
                self._pass_on()
            if isinstance(error, TimeoutError):
                raise DeadlinePassed("the bus was busy until the deadline") from error
            raise

    def _pass_on(self) -> None:
        while self._waiting:
            _, _, turn = heapq.heappop(self._waiting)
            if not turn.done():
                turn.set_result(None)
                return
        self._is_taken = False
