"""The list that decides while alone: in memory, and on the disk behind it."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import logging
import sqlite3
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import msgspec

from access import back_off
from access.access_list import entries, proof
from access.access_list.index import AccessList
from access.back_off import Wrong
from kiosk.bridge.access_list.file import Differs, ListFile
from kiosk.bridge.clock import ServerClock
from kiosk.bridge.identity import Kept
from kiosk.bridge.protocol import (
    Config,
    Configure,
    ListSigned,
    ListState,
    MalformedMessage,
    decode_from_server,
)

log = logging.getLogger(__name__)

# How often the time is written down. After a power cut so much of the time alone may count twice.
TOLD_EVERY_S = 60.0
_T = TypeVar("_T")


class ListFailing(Exception):
    """The disk does not take what has to be remembered."""


class KeptList:
    """Who may open what. A list that is not as the server signed it opens nothing at all."""

    def __init__(self, path: Path, me: Kept, clock: ServerClock) -> None:
        self._path, self._me, self._clock = path, me, clock
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="list")
        self.known = AccessList()
        # Adds to a list what only this box knows of who has which door.
        self.completes: Callable[[AccessList], None] | None = None
        self.state: ListState = "none"
        self.version = 0
        # When the server was last heard, and the latest time that is known to have been.
        self._contact_ms = self._latest_ms = 0
        self._wrong: dict[str, Wrong] = {}
        self._coming: list[entries.Entry] = []
        self._told: set[str] = set()
        self._telling: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Read the file, and believe it if the server signed it."""
        try:
            await self._run(self._open)
        except ListFailing as error:
            log.error("the access list cannot be kept on the disk: %s", error)
            self._path = Path(":memory:")
            await self._run(self._open)
        self._telling = asyncio.create_task(self._tell_times())

    def _open(self) -> None:
        self._file = ListFile(self._path)
        about = self._file.about
        self._contact_ms = int(about.get("contact_ms", 0))
        self._latest_ms = int(about.get("latest_ms", 0))
        self._wrong = self._file.wrong()
        version = int(about.get("version", 0))
        if not version:
            return
        signature = bytes.fromhex(about.get("signature", ""))
        if not self._is_signed(signature, version, proof.digest(self._file.buckets)):
            self.state = "refused"
            log.error("the access list is not as the server signed it: it opens nothing")
            return
        read = (entries.read(text) for _key, text in self._file.entries())
        self.known = AccessList(entry for entry in read if entry is not None)
        self.known.used = self._file.used()
        for key in self._file.denied():
            self.known.deny(key)
        self.state, self.version = "ok", version
        self.complete()

    def complete(self) -> None:
        """Let the list say what this box knows besides."""
        if self.completes is not None:
            self.completes(self.known)

    def _is_signed(self, signature: bytes, version: int, digest: bytes) -> bool:
        told = self._me.told
        return proof.is_signed(
            signature, told.server_keys, bridge_id=told.bridge_id, version=version, digest=digest
        )

    async def close(self) -> None:
        """Write down the time, and close the file."""
        if self._telling is not None:
            self._telling.cancel()
            await asyncio.gather(self._telling, return_exceptions=True)
            await self._run(self._write_times)
            await self._run(lambda: self._file.close())
        self._thread.shutdown(wait=True)

    # ---- time ---------------------------------------------------------------------------------

    def heard(self) -> None:
        """Note that the server is there."""
        self._contact_ms = self.now_ms

    @property
    def now_ms(self) -> int:
        """The server's time; before it is known, this box's, never before one that was known."""
        now = self._clock.now_ms()
        self._latest_ms = now if self._clock.is_set else max(self._latest_ms, now)
        return self._latest_ms

    @property
    def at(self) -> dt.datetime:
        """The time."""
        return dt.datetime.fromtimestamp(self.now_ms / 1000, dt.UTC)

    def is_over(self, bank_id: int) -> bool:
        """Say whether only staff may open a bank's doors: too long alone, or nobody knows how long.

        After a start without the server the wall clock has to do. It may be late only when it is
        not before what was known when this box went off: a clock that lost its battery says some
        time long past, and a grant that is over must not come to life by that. How long it was off
        is believed, for nothing else here could tell.
        """
        if not self._clock.is_set and time.time() * 1000 < self._latest_ms - TOLD_EVERY_S * 1000:
            return True
        hours = self.known.bank(bank_id).max_offline_h
        return self.now_ms - self._contact_ms > hours * 3_600_000

    async def _tell_times(self) -> None:
        while True:
            await asyncio.sleep(TOLD_EVERY_S)
            await self._run(self._write_times)

    def _write_times(self) -> None:
        with contextlib.suppress(sqlite3.Error):
            self._file.tell(contact_ms=str(self._contact_ms), latest_ms=str(self.now_ms))

    # ---- the configuration to start by --------------------------------------------------------

    @property
    def config(self) -> Config | None:
        """What to drive when nobody tells it."""
        try:
            told = decode_from_server(self.known.wiring or "")
        except MalformedMessage:
            return None
        return told.config if isinstance(told, Configure) else None

    # ---- a new list ---------------------------------------------------------------------------

    async def begin(self) -> list[bytes]:
        """Forget what was on its way; return the hashes of the buckets, none of a bad list."""
        self._coming, self._told = [], set()
        self.heard()
        await self._run(self._write_times)
        await self._run(lambda: self._file.forget_coming())
        return self._file.buckets if self.state == "ok" else []

    async def fingerprints(self, buckets: Iterable[int]) -> dict[str, bytes]:
        """Return what is in some buckets."""
        return await self._run(lambda: self._file.fingerprints(buckets))

    async def deny(self, keys: list[str]) -> None:
        """Let these count no more: here at once, and on the disk when this returns."""
        for key in keys:
            self.known.deny(key)
        self._told |= set(keys)
        await self._run(lambda: self._file.deny(keys))

    async def put(self, came: Mapping[str, msgspec.Raw]) -> None:
        """Keep entries for the end."""
        texts = {key: bytes(text) for key, text in came.items()}

        def keep() -> list[entries.Entry]:
            self._file.put(texts)
            read = (entries.read(text) for text in texts.values())
            return [entry for entry in read if entry is not None]

        self._coming += await self._run(keep)

    async def finish(self, signed: ListSigned) -> bool:
        """Let everything count that came, if it is what was signed; else nothing of it does."""
        if not self._is_signed(signed.signature, signed.version, signed.digest):
            log.error("the access list was signed by somebody else")
            return False
        try:
            await self._run(
                lambda: self._file.finish(
                    signed.version, signed.digest, signed.signature, is_whole=signed.is_whole
                )
            )
        except Differs:
            log.warning("the access list is not what was signed")
            return False
        if signed.is_whole:
            used = self._file.used
            self.known = AccessList(self._coming)
            self.known.used = await self._run(used)
        else:
            came = {entry.key for entry in self._coming}
            for key in self._told - came:
                self.known.remove(key)
            for entry in self._coming:
                self.known.put(entry)
        self._coming, self._told = [], set()
        self.state, self.version = "ok", signed.version
        self.complete()
        return True

    # ---- what is used up, and wrong PINs ------------------------------------------------------

    async def use(self, key: str) -> None:
        """Use up what is for one use."""
        self.known.used.add(key)
        await self._run(lambda: self._file.use(key))

    def must_wait(self, person_id: int | None, reader_id: int | None) -> bool:
        """Say whether no PIN of somebody (None: nobody known) is looked at now, there."""
        return self.is_disabled(person_id) or self.wait_s(person_id, reader_id) > 0

    def is_disabled(self, person_id: int | None) -> bool:
        """Say whether somebody's PINs were guessed at so often that none counts any more."""
        return self._wrong.get(_person(person_id), Wrong()).failures >= back_off.DISABLED_AT

    def wait_s(self, person_id: int | None, reader_id: int | None) -> float:
        """Return for how long no PIN of somebody is looked at, there."""
        whose = _person(person_id), _reader(reader_id)
        until = max(self._wrong.get(one, Wrong()).blocked_until for one in whose)
        return max(0.0, (until - self.at).total_seconds())

    async def count_wrong(self, person_id: int | None, reader_id: int | None) -> None:
        """Count a wrong PIN against person and reader, or the screen (None)."""
        if person_id is not None:
            await self._count(_person(person_id), back_off.FORGOTTEN_AFTER)
        await self._count(_reader(reader_id), back_off.DEVICE_FORGETS_AFTER)

    async def _count(self, whose: str, forgotten_after: dt.timedelta) -> None:
        wrong = self._wrong.get(whose, Wrong()).and_one(self.at, forgotten_after=forgotten_after)
        self._wrong[whose] = wrong
        await self._run(lambda: self._file.count(whose, wrong))

    async def forgive(self, person_id: int) -> None:
        """Forget somebody's wrong PINs after a right one."""
        if self._wrong.pop(_person(person_id), None) is not None:
            await self._run(lambda: self._file.count(_person(person_id), None))

    async def _run(self, work: Callable[[], _T]) -> _T:
        def guarded() -> _T:
            try:
                return work()
            except sqlite3.Error as error:
                raise ListFailing(str(error)) from error

        return await asyncio.get_running_loop().run_in_executor(self._thread, guarded)


def _person(person_id: int | None) -> str:
    return f"person:{person_id}"


def _reader(reader_id: int | None) -> str:
    return f"reader:{reader_id}" if reader_id is not None else "screen"
