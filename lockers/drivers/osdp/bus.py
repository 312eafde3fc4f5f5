"""One wire with OSDP readers, watched so that whatever went away is used again when it returns."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from lockers.drivers.base import ReaderHealth
from lockers.drivers.errors import BadProfile
from lockers.drivers.osdp.channel import Channel, open_channel
from lockers.drivers.osdp.panel import Panel
from lockers.drivers.trouble import trouble
from lockers.drivers.wire import Line

if TYPE_CHECKING:
    from lockers.drivers.osdp.reader import OsdpReader

logger = logging.getLogger(__name__)

PERIOD_S = 7.0
# A connection to a box that was switched off looks well for many minutes.
_SILENT_PERIODS = 6
_LOOKS_S = 1.0
# Readers are asked twenty times a second; libosdp misses one only after more than eight seconds.
_HEARD_S = 3.0

# The readers that were given their keys: whoever asks for it again is not the reader.
_installed: set[tuple[str, int, bytes]] = set()


class Bus:
    """The readers that listen on one wire share one port and one panel.

    Every ``period`` a reader that is away is looked for again, and a port that is away opened.
    """

    def __init__(self, line: Line, *, period: float = PERIOD_S) -> None:
        self.line = line
        self._period = period
        self._units: set[int] = set()
        self._readers: dict[int, OsdpReader] = {}
        self._panel: Panel | None = None
        self._task: asyncio.Task[None] | None = None
        self._news = asyncio.Event()

    def take(self, unit: int, line: Line) -> None:
        """Keep a place on the wire for one reader; raises BadProfile when there is none."""
        if line != self.line:
            raise BadProfile("readers on one wire must agree about baudrate", field="baudrate")
        if unit in self._units:
            raise BadProfile(f"two readers are unit {unit} at {line.address}", field="unit")
        self._units.add(unit)

    def join(self, reader: OsdpReader) -> None:
        """Ask this reader too, from now on."""
        self._readers[reader.profile.unit] = reader
        self._news.set()
        if self._task is None:
            self._task = asyncio.create_task(self._run())

    async def leave(self, reader: OsdpReader) -> None:
        """Ask it no more; when nobody listens, the port is free on return."""
        self._readers.pop(reader.profile.unit, None)
        reader.health = ReaderHealth("connecting")
        self._news.set()
        if not self._readers and self._task is not None:
            task, self._task = self._task, None
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def show(self, unit: int, *, accepted: bool) -> None:
        """Let a reader light and beep, if it is there."""
        if self._panel is not None:
            await asyncio.to_thread(self._panel.show, unit, accepted=accepted)

    async def _run(self) -> None:
        while True:
            try:
                why = await self._listen()
                code = "connection_ended"
            except (OSError, ValueError) as error:
                why, code = str(error), trouble(error)
            # Whatever it was, these readers are needed: say it, and begin again.
            except Exception as error:
                logger.exception("readers at %s", self.line.address)
                why, code = str(error) or type(error).__name__, "failed"
            if why:
                logger.warning("readers at %s: %s", self.line.address, why)
                for reader in self._readers.values():
                    reader.health = ReaderHealth("offline", code, why)
                await asyncio.sleep(self._period)

    async def _listen(self) -> str:
        """Open the port and watch; return why it ended, "" when only to begin anew."""
        call = self._from_thread
        channel = await open_channel(self.line, call(self._news.set))
        try:
            readers = dict(self._readers)
            panel = Panel(
                channel,
                [reader.profile for reader in readers.values()],
                installing=[unit for unit, one in readers.items() if self._is_installing(one)],
                tell=call(lambda: self._take(panel, readers)),
            )
            panel.start()
            self._panel = panel
            try:
                return await self._watch(panel, channel, readers)
            finally:
                self._panel = None
                await asyncio.to_thread(panel.teardown)
                # What a reader was rid of before the end is nowhere else.
                self._take(panel, readers)
        finally:
            await asyncio.to_thread(channel.close)

    async def _watch(self, panel: Panel, channel: Channel, readers: dict[int, OsdpReader]) -> str:
        kicked = dict.fromkeys(readers, time.monotonic())
        opened = time.monotonic()
        while True:
            self._news.clear()
            if channel.why or not panel.is_alive:
                return channel.why or "libosdp stopped"
            if self._readers != readers:
                return ""
            secured = await asyncio.to_thread(panel.secured)
            if self._note_installed(panel.installing & secured, readers):
                return ""
            for unit, reader in readers.items():
                if unit in secured and time.monotonic() - channel.heard[unit] < _HEARD_S:
                    self._is_there(reader)
                elif time.monotonic() - kicked[unit] >= self._period:
                    reader.health = _away(
                        unit, is_heard=channel.heard.get(unit, 0.0) > kicked[unit]
                    )
                    await asyncio.to_thread(panel.kick, unit)
                    kicked[unit] = time.monotonic()
                elif reader.is_connected:
                    reader.health = _away(unit, is_heard=False)
            heard = max(channel.heard.values(), default=opened)
            if time.monotonic() - max(heard, opened) > _SILENT_PERIODS * self._period:
                return "nothing is heard"
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(min(_LOOKS_S, self._period)):
                    await self._news.wait()

    def _is_there(self, reader: OsdpReader) -> None:
        reader.seen()
        if reader.profile.secure == "install":
            told = "It has its key. Setting it up can be switched off."
            reader.health = ReaderHealth("ok", "installed", told)
        else:
            reader.health = ReaderHealth("ok")

    def _note_installed(self, units: frozenset[int], readers: dict[int, OsdpReader]) -> bool:
        for unit in units:
            logger.info("reader %s at %s was given its key", unit, self.line.address)
            _installed.add((self.line.address, unit, readers[unit].profile.key))
        return bool(units)

    def _is_installing(self, reader: OsdpReader) -> bool:
        place = (self.line.address, reader.profile.unit, reader.profile.key)
        return reader.profile.secure == "install" and place not in _installed

    def _take(self, panel: Panel, readers: dict[int, OsdpReader]) -> None:
        for unit, event in panel.events():
            # A reader may be believed once it has its key.
            if unit not in panel.installing:
                readers[unit].happened(event)
        self._news.set()

    def _from_thread(self, what: Callable[[], None]) -> Callable[[], None]:
        """Return a function that lets the loop do something, for libosdp's thread to call."""
        loop = asyncio.get_running_loop()

        def call() -> None:
            with contextlib.suppress(RuntimeError):  # the loop is gone, and so are the readers
                loop.call_soon_threadsafe(what)

        return call


def _away(unit: int, *, is_heard: bool) -> ReaderHealth:
    if is_heard:
        told = f"Unit {unit} answers, but not with its own key. If it is a new one, set it up."
        return ReaderHealth("offline", "insecure", told)
    told = f"Unit {unit} does not answer. Check its power, wiring, address and speed."
    return ReaderHealth("offline", "silent", told)
