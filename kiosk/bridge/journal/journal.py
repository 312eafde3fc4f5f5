"""The bridge's memory: one thread writes in order, and a full disk does not make it forget."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sqlite3
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import msgspec

from kiosk.bridge.clock import ServerClock
from kiosk.bridge.journal import file, lines
from kiosk.bridge.journal.lines import Entry
from kiosk.bridge.protocol import Event, EventKind, JournalState

log = logging.getLogger(__name__)

# Acknowledged lines are kept for support, and executed commands for much longer than any expiry.
KEPT_LINES = 5_000
PRUNED_EVERY = 500
KEPT_COMMANDS_MS = 48 * 3600 * 1000
# Lines that wait in memory for room on the disk, at most; a few megabytes.
WAITING_LINES = 10_000
TRIED_AGAIN_S = 2.0

_ENDS = {
    "command_opened",
    "command_closed",
    "command_failed",
    "command_expired",
    "command_unknown",
    "command_cancelled",
}
_T = TypeVar("_T")


class JournalFull(Exception):
    """The disk takes no more: better not to open than to open unrecorded."""


class Journal:
    """What happened, numbered. A returned line is on the disk, or waits for room if there is none.

    Numbers are given in the order of writing and only here, so a line that waits has its own.
    """

    def __init__(self, path: Path, clock: ServerClock) -> None:
        self._path, self._clock = path, clock
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="journal")
        self._reserve = file.Reserve(path)
        self.boot_id = uuid.uuid4()
        self.journal_id = uuid.UUID(int=0)
        self.state: JournalState = "ok"
        # The last line on the disk, and the last number that was given.
        self.last_seq = self.numbered = 0
        self.acknowledged = 0
        # Set when the journal was named anew: it begins behind this number.
        self.starts_after: int | None = None
        # The name under which a damaged file was put aside at the start.
        self.put_aside = ""
        # Passes for one use that were used here.
        self.used_passes: set[uuid.UUID] = set()
        self.appended = asyncio.Event()
        self._waiting: list[Entry] = []
        self._lost = 0
        self._is_stuck = False
        self._recovering: asyncio.Task[None] | None = None

    async def open(self) -> list[uuid.UUID]:
        """Open the file; return commands that an earlier run began and never ended."""
        return await self._run(self._open)

    def _open(self) -> list[uuid.UUID]:
        try:
            self._base, self.put_aside = file.opened(self._path)
        except sqlite3.Error:
            if not self._reserve.give_up():
                raise
            self._base, self.put_aside = file.opened(self._path)
        if not self._reserve.keep():
            self.state = "full"
        about = dict(self._base.execute("SELECT name, value FROM about"))
        self.journal_id = uuid.UUID(about["journal"]) if "journal" in about else self._name_anew()
        self.acknowledged = int(about.get("acknowledged", 0))
        if "starts_after" in about:
            self.starts_after = int(about["starts_after"])
        row = self._base.execute("SELECT seq FROM sqlite_sequence WHERE name = 'line'").fetchone()
        self.last_seq = self.numbered = row[0] if row else 0
        rows = self._base.execute("SELECT id FROM used_pass")
        self.used_passes = {uuid.UUID(row[0]) for row in rows}
        marks = ",".join("?" * len(_ENDS))
        unfinished = self._base.execute(
            f"SELECT id FROM command WHERE last_kind NOT IN ({marks})", tuple(_ENDS)
        )
        return [uuid.UUID(row[0]) for row in unfinished]

    def _name_anew(self) -> uuid.UUID:
        name = uuid.uuid4()
        self._base.execute("INSERT OR REPLACE INTO about VALUES ('journal', ?)", (str(name),))
        return name

    async def is_continued(self, seq: int, written_at_ms: int) -> bool:
        """Say whether the server's last line is ours: else our disk is older than its memory."""
        if seq > self.last_seq:
            return False

        for line in await self.after(seq - 1, 1):
            if line.seq == seq and written_at_ms:
                return line.occurred_at_ms == written_at_ms
        return True

    async def rename(self) -> None:
        """Take a new identity, behind what the server is known to have under the old one."""

        def rename() -> None:
            self._base.execute("BEGIN IMMEDIATE")
            name = self._name_anew()
            self._base.execute(
                "INSERT OR REPLACE INTO about VALUES ('starts_after', ?)", (str(self.acknowledged),)
            )
            self._base.execute("COMMIT")
            self.journal_id, self.starts_after = name, self.acknowledged

        await self._run(rename)

    async def append(
        self,
        kind: EventKind,
        *,
        compartment_id: int | None = None,
        controller_id: int | None = None,
        command_id: uuid.UUID | None = None,
        detail: str = "",
    ) -> None:
        """Write one line; it is on the disk when this returns, or waits while the disk is full."""
        line = Event(
            seq=0, kind=kind, occurred_at_ms=self._clock.now_ms(), clock_ok=self._clock.is_set,
            compartment_id=compartment_id, controller_id=controller_id, command_id=command_id,
            detail=detail,
        )  # fmt: skip
        await self._run(lambda: self._add(Entry(line)))
        self._was_written()

    async def change(
        self,
        work: Callable[[sqlite3.Connection], None],
        kind: EventKind | None = None,
        *,
        compartment_id: int | None = None,
        detail: str = "",
    ) -> None:
        """Write something of ours, and the line that tells of it: both or none of them.

        Raises JournalFull while the disk takes no more; then nothing was changed.
        """
        line = None
        if kind is not None:
            line = Event(
                seq=0, kind=kind, occurred_at_ms=self._clock.now_ms(), clock_ok=self._clock.is_set,
                compartment_id=compartment_id, detail=detail,
            )  # fmt: skip
        await self._run(lambda: self._change(work, line))
        self._was_written()

    def _change(self, work: Callable[[sqlite3.Connection], None], line: Event | None) -> None:
        if self.state != "ok" or self._waiting:
            raise JournalFull(f"the journal is {self.state}")
        self._base.execute("BEGIN IMMEDIATE")
        if line is not None:
            line = msgspec.structs.replace(line, seq=self.numbered + 1)
            lines.insert(self._base, self.boot_id, [Entry(line)])
        work(self._base)
        self._base.execute("COMMIT")
        if line is not None:
            self.last_seq = self.numbered = line.seq

    async def read(self, work: Callable[[sqlite3.Connection], _T]) -> _T:
        """Return what ``work`` finds in the file. Raises JournalFull when it cannot be read."""
        return await self._run(lambda: work(self._base))

    async def begin(
        self, command_id: uuid.UUID, compartment_id: int, *, staff: bool = False, told: str = ""
    ) -> bool:
        """Write the intent to open before any pulse; False when this command was begun before.

        One of our own says for whom and why (``told``). Raises JournalFull while the disk takes no
        more, except when staff asked for it.
        """
        line = Event(
            seq=0, kind="open_alone" if told else "command_accepted",
            occurred_at_ms=self._clock.now_ms(), clock_ok=self._clock.is_set,
            compartment_id=compartment_id, command_id=command_id, detail=told,
        )  # fmt: skip
        try:
            return await self._run(lambda: self._begin(Entry(line, begins=True), staff))
        finally:
            self._was_written()

    def _begin(self, entry: Entry, staff: bool) -> bool:
        if self._is_begun(entry.line.command_id, staff):
            return False
        if not staff and self.state != "ok":
            raise JournalFull(f"the journal is {self.state}")
        if len(self._waiting) >= WAITING_LINES:
            raise JournalFull("too many lines wait for room already")
        self._add(entry)
        if self._waiting and not staff:
            self._waiting.pop()
            self.numbered -= 1
            raise JournalFull(f"the journal is {self.state}")
        return True

    def _is_begun(self, command_id: uuid.UUID | None, staff: bool) -> bool:
        if any(entry.begins and entry.line.command_id == command_id for entry in self._waiting):
            return True
        try:
            found = self._base.execute("SELECT 1 FROM command WHERE id = ?", (str(command_id),))
            return found.fetchone() is not None
        except sqlite3.Error as error:
            if not staff:
                raise
            # A disk that cannot be read: whoever is locked in matters more than a repeat.
            log.error("it cannot be seen whether command %s was begun: %s", command_id, error)
            return False

    def _add(self, entry: Entry) -> None:
        """Number an entry and write it; it waits when it cannot be written. In the thread."""
        if len(self._waiting) >= WAITING_LINES:
            self._lost += 1
            return
        self._number(entry)
        if not self._is_stuck:
            self._flush()

    def _number(self, entry: Entry) -> None:
        self.numbered += 1
        line = msgspec.structs.replace(entry.line, seq=self.numbered)
        self._waiting.append(Entry(line, entry.begins))

    def _flush(self) -> None:
        """Write all that waits, giving up the reserve for it; in the thread."""
        try:
            self._write_waiting()
        except sqlite3.Error as error:
            self._note(error)
            with contextlib.suppress(sqlite3.Error):
                if self._reserve.give_up():
                    self._write_waiting()
        self._is_stuck = bool(self._waiting)

    def _write_waiting(self) -> None:
        if not self._waiting:
            return
        try:
            lines.write(self._base, self.boot_id, self._waiting)
        except sqlite3.Error:
            self._roll_back()
            raise
        self.last_seq = self._waiting[-1].line.seq
        self._waiting.clear()

    def _roll_back(self) -> None:
        with contextlib.suppress(sqlite3.Error):
            if self._base.in_transaction:
                self._base.execute("ROLLBACK")

    def _note(self, error: sqlite3.Error) -> None:
        is_full = getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_FULL
        state: JournalState = "full" if is_full else "failing"
        if self.state != state:
            self.state = state
            log.error("the journal is %s (%s): only staff open doors now", state, error)

    def _was_written(self) -> None:
        """Let the connection look, and see to it that a full disk is noticed to have room again."""
        self.appended.set()
        if self.state != "ok" and (self._recovering is None or self._recovering.done()):
            self._recovering = asyncio.create_task(self._recover())

    async def _recover(self) -> None:
        while self.state != "ok":
            await asyncio.sleep(TRIED_AGAIN_S)
            await self._run(self._try_again)
            self.appended.set()

    def _try_again(self) -> None:
        if self._waiting:
            self._flush()
        if self._waiting or not self._reserve.keep():
            return
        lost, self._lost = self._lost, 0
        self.state = "ok"
        log.warning("the journal can be written again; %d lines were lost", lost)
        if lost:
            now = self._clock.now_ms()
            self._add(Entry(Event(seq=0, kind="lines_lost", occurred_at_ms=now, detail=str(lost))))

    @property
    def is_waiting(self) -> bool:
        """Whether lines are not on the disk because it takes none."""
        return self._is_stuck

    async def news(self, seq: int, limit: int) -> list[Event]:
        """Return the lines behind a number, in order, and with them those that are not on the disk.

        What waits is lost with this process: it is told, and never to be stored under its number.
        """

        def read() -> list[Event]:
            found = self._read(seq, limit)
            found += (entry.line for entry in self._waiting if entry.line.seq > seq)
            return found[:limit]

        return await self._run(read)

    async def use_pass(self, pass_id: uuid.UUID, ends_at_ms: int) -> None:
        """Remember that a pass for one use was used. Raises JournalFull."""
        self.used_passes.add(pass_id)
        await self._run(
            lambda: self._base.execute(
                "INSERT OR IGNORE INTO used_pass VALUES (?, ?)", (str(pass_id), ends_at_ms)
            )
        )

    async def after(self, seq: int, limit: int) -> list[Event]:
        """Return the lines on the disk behind a number, in order; none while it cannot be read."""
        return await self._run(lambda: self._read(seq, limit))

    def _read(self, seq: int, limit: int) -> list[Event]:
        try:
            return lines.read(self._base, after=seq, limit=limit)
        except sqlite3.Error as error:
            self._note(error)
            return []

    async def acknowledge(self, seq: int) -> None:
        """Note what the server has stored, and forget what is long past.

        It is less than before when the server was set back to an older backup.
        """
        before = self.acknowledged
        if seq == before:
            return
        with contextlib.suppress(JournalFull):
            await self._run(lambda: self._acknowledge(before, seq))
        self.acknowledged = seq

    def _acknowledge(self, before: int, seq: int) -> None:
        self._base.execute("INSERT OR REPLACE INTO about VALUES ('acknowledged', ?)", (str(seq),))
        if seq // PRUNED_EVERY > before // PRUNED_EVERY:
            past = self._clock.now_ms() - KEPT_COMMANDS_MS
            self._base.execute("DELETE FROM line WHERE seq <= ?", (seq - KEPT_LINES,))
            self._base.execute("DELETE FROM command WHERE begun_at_ms < ?", (past,))
            # Long over: refused for that from now on.
            self._base.execute("DELETE FROM used_pass WHERE ends_at_ms < ?", (past,))

    async def breathe(self) -> None:
        """Return once the thread that writes is free: nothing hangs there."""
        await self._run(lambda: None)

    async def close(self) -> None:
        """Close the file when everything handed over is written, if it can be."""
        if self._recovering is not None:
            self._recovering.cancel()
            await asyncio.gather(self._recovering, return_exceptions=True)
        if self._waiting:
            await self._run(self._flush)
        await self._run(lambda: self._base.close())
        self._thread.shutdown(wait=True)

    async def _run(self, work: Callable[[], _T]) -> _T:
        def guarded() -> _T:
            try:
                return work()
            except sqlite3.Error as error:
                self._roll_back()
                raise JournalFull(str(error)) from error

        return await asyncio.get_running_loop().run_in_executor(self._thread, guarded)
