"""A cable that can be cut, frozen, slowed, filled with noise, or left hanging at one end."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Callable

_CHUNK = 65536


class _Carried:
    """One connection through the cable: ``near`` called, ``far`` is whom it reaches."""

    def __init__(self, near: asyncio.StreamWriter, far: asyncio.StreamWriter) -> None:
        self.near, self.far = near, far
        # Whoever called is gone, and the other end has not noticed.
        self.is_hanging = False

    def abort(self) -> None:
        for end in (self.near, self.far):
            end.transport.abort()


class Cable:
    """A TCP proxy on loopback. ``loses`` what it carries while frozen, as a serial wire does."""

    def __init__(self, to: Callable[[], int], chance: random.Random, *, loses: bool) -> None:
        self._to, self._chance, self._loses = to, chance, loses
        self.port = 0
        self.is_cut = False
        self.frozen: set[str] = set()
        self.delay_s = 0.0
        self.is_noisy = False
        self._thawed = asyncio.Event()
        self._carried: set[_Carried] = set()
        self._serving: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Listen."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """End it and everything in it."""
        self._server.close()
        self.mend()
        self.cut()
        if self._serving:
            await asyncio.wait(self._serving, timeout=5)

    def cut(self) -> None:
        """Break what is connected, and let nobody connect."""
        self.is_cut = True
        for carried in list(self._carried):
            carried.abort()

    def drop(self) -> None:
        """Break what is connected; whoever connects again may be led elsewhere."""
        self.cut()
        self.is_cut = False

    def freeze(self, *ways: str) -> None:
        """Let nothing pass ``up`` (from who called), ``down``, or both."""
        self._thawed.clear()
        self.frozen = set(ways)

    def thaw(self) -> None:
        """Let everything pass again, what was held back first."""
        self.frozen = set()
        self._thawed.set()

    def hang(self) -> None:
        """Break the near ends only: the far end keeps a line to somebody who calls again."""
        for carried in list(self._carried):
            carried.is_hanging = True
            carried.near.transport.abort()

    def mend(self) -> None:
        """Be a good cable again; what hung at one end is let go."""
        self.is_cut, self.delay_s, self.is_noisy = False, 0.0, False
        self.thaw()
        for carried in list(self._carried):
            if carried.is_hanging:
                carried.far.transport.abort()

    async def _accept(self, reader: asyncio.StreamReader, near: asyncio.StreamWriter) -> None:
        if self.is_cut:
            near.transport.abort()
            return
        try:
            answers, far = await asyncio.open_connection("127.0.0.1", self._to())
        except OSError:
            near.transport.abort()
            return
        carried = _Carried(near, far)
        self._carried.add(carried)
        serving = asyncio.current_task()
        assert serving is not None
        self._serving.add(serving)
        serving.add_done_callback(self._serving.discard)
        ways = [
            asyncio.create_task(self._carry("up", reader, far, carried)),
            asyncio.create_task(self._carry("down", answers, near, carried)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            if carried.is_hanging:
                await asyncio.wait(ways)
        finally:
            carried.abort()
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            self._carried.discard(carried)

    async def _carry(
        self,
        way: str,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        carried: _Carried,
    ) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(_CHUNK):
                if way in self.frozen:
                    if self._loses:
                        continue
                    while way in self.frozen:
                        await self._thawed.wait()
                if self.delay_s:
                    await asyncio.sleep(self.delay_s)
                if self.is_noisy and self._chance.random() < 0.4:
                    data = self._with_noise(data)
                if way == "down" and carried.is_hanging:
                    continue
                writer.write(data)
                await writer.drain()
        while way == "up" and carried.is_hanging and not carried.far.transport.is_closing():
            await asyncio.sleep(0.1)

    def _with_noise(self, data: bytes) -> bytes:
        place = self._chance.randrange(len(data) + 1)
        return data[:place] + self._chance.randbytes(self._chance.randint(1, 4)) + data[place:]
