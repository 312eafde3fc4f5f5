"""What happened here, on disk before it is told: SQLite, numbered, kept until acknowledged."""

from __future__ import annotations

import asyncio
import sqlite3
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from kiosk.bridge.clock import ServerClock
from kiosk.bridge.protocol import Event, EventKind

# Acknowledged lines are kept for support, and executed commands for much longer than any expiry.
KEPT_LINES = 5_000
KEPT_COMMANDS_MS = 48 * 3600 * 1000

_SCHEMA = """
CREATE TABLE IF NOT EXISTS about (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS line (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, boot_id TEXT NOT NULL, kind TEXT NOT NULL,
    occurred_at_ms INTEGER NOT NULL, clock_ok INTEGER NOT NULL, compartment_id INTEGER,
    controller_id INTEGER, command_id TEXT, detail TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS command (
    id TEXT PRIMARY KEY, compartment_id INTEGER NOT NULL, begun_at_ms INTEGER NOT NULL,
    last_kind TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS used_pass (id TEXT PRIMARY KEY, ends_at_ms INTEGER NOT NULL);
"""
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
    """The bridge's memory. Written in order by one thread; a returned line is on the disk."""

    def __init__(self, path: Path, clock: ServerClock) -> None:
        self._path, self._clock = path, clock
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="journal")
        self.boot_id = uuid.uuid4()
        self.journal_id = uuid.UUID(int=0)
        self.last_seq = 0
        self.acknowledged = 0
        # Passes for one use that were used here.
        self.used_passes: set[uuid.UUID] = set()
        self.appended = asyncio.Event()

    async def open(self) -> list[uuid.UUID]:
        """Open the file; return commands that an earlier run began and never ended."""
        return await self._run(self._open)

    def _open(self) -> list[uuid.UUID]:
        self._base = sqlite3.connect(self._path, isolation_level=None)
        self._base.execute("PRAGMA journal_mode = WAL")
        # Full: a line must survive a power cut, for the pulse that follows it cannot be taken back.
        self._base.execute("PRAGMA synchronous = FULL")
        self._base.executescript(_SCHEMA)
        row = self._base.execute("SELECT value FROM about WHERE name = 'journal'").fetchone()
        self.journal_id = uuid.UUID(row[0]) if row else self._name_anew()
        row = self._base.execute("SELECT value FROM about WHERE name = 'acknowledged'").fetchone()
        self.acknowledged = int(row[0]) if row else 0
        row = self._base.execute("SELECT seq FROM sqlite_sequence WHERE name = 'line'").fetchone()
        self.last_seq = row[0] if row else 0
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

    async def rename(self) -> None:
        """Take a new identity: the server remembers a later number than we do (an old disk)."""

        def rename() -> None:
            self.journal_id = self._name_anew()
            self.acknowledged = 0
            self._base.execute("DELETE FROM about WHERE name = 'acknowledged'")

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
        """Write one line; it is on the disk when this returns. Raises JournalFull."""
        values = (
            str(self.boot_id), kind, self._clock.now_ms(), int(self._clock.is_set),
            compartment_id, controller_id, str(command_id) if command_id else None, detail,
        )  # fmt: skip

        def write() -> int:
            self._base.execute("BEGIN IMMEDIATE")
            seq = self._base.execute(
                "INSERT INTO line (boot_id, kind, occurred_at_ms, clock_ok, compartment_id,"
                " controller_id, command_id, detail) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                values,
            ).lastrowid
            if command_id is not None:
                self._base.execute(
                    "UPDATE command SET last_kind = ? WHERE id = ?", (kind, str(command_id))
                )
            self._base.execute("COMMIT")
            assert seq is not None  # an insert has a row number
            return seq

        self.last_seq = await self._run(write)
        self.appended.set()

    async def begin(self, command_id: uuid.UUID, compartment_id: int) -> bool:
        """Write the intent to open before any pulse; False when this command was begun before."""
        now, ok = self._clock.now_ms(), int(self._clock.is_set)

        def write() -> int:
            self._base.execute("BEGIN IMMEDIATE")
            fresh = self._base.execute(
                "INSERT OR IGNORE INTO command VALUES (?, ?, ?, 'command_accepted')",
                (str(command_id), compartment_id, now),
            ).rowcount
            seq = 0
            if fresh:
                seq = (
                    self._base.execute(
                        "INSERT INTO line (boot_id, kind, occurred_at_ms, clock_ok, compartment_id,"
                        " command_id, detail) VALUES (?, 'command_accepted', ?, ?, ?, ?, '')",
                        (str(self.boot_id), now, ok, compartment_id, str(command_id)),
                    ).lastrowid
                    or 0
                )
            self._base.execute("COMMIT")
            return seq

        seq = await self._run(write)
        if seq:
            self.last_seq = seq
            self.appended.set()
        return bool(seq)

    async def use_pass(self, pass_id: uuid.UUID, ends_at_ms: int) -> None:
        """Remember that a pass for one use was used. Raises JournalFull."""
        self.used_passes.add(pass_id)
        await self._run(
            lambda: self._base.execute(
                "INSERT OR IGNORE INTO used_pass VALUES (?, ?)", (str(pass_id), ends_at_ms)
            )
        )

    async def after(self, seq: int, limit: int) -> list[Event]:
        """Return the lines behind a number, in order."""

        def read() -> list[Event]:
            rows = self._base.execute(
                "SELECT seq, kind, occurred_at_ms, clock_ok, compartment_id, controller_id,"
                " command_id, detail FROM line WHERE seq > ? ORDER BY seq LIMIT ?",
                (seq, limit),
            )
            return [
                Event(
                    seq=row[0],
                    kind=row[1],
                    occurred_at_ms=row[2],
                    clock_ok=bool(row[3]),
                    compartment_id=row[4],
                    controller_id=row[5],
                    command_id=uuid.UUID(row[6]) if row[6] else None,
                    detail=row[7],
                )
                for row in rows
            ]

        return await self._run(read)

    async def acknowledge(self, seq: int) -> None:
        """Note what the server has stored, and forget what is long past."""

        def write() -> None:
            self._base.execute(
                "INSERT OR REPLACE INTO about VALUES ('acknowledged', ?)", (str(seq),)
            )
            if seq % 500 == 0:
                self._base.execute("DELETE FROM line WHERE seq < ?", (seq - KEPT_LINES,))
                self._base.execute(
                    "DELETE FROM command WHERE begun_at_ms < ?",
                    (self._clock.now_ms() - KEPT_COMMANDS_MS,),
                )
                # Long over: refused for that from now on.
                self._base.execute(
                    "DELETE FROM used_pass WHERE ends_at_ms < ?",
                    (self._clock.now_ms() - KEPT_COMMANDS_MS,),
                )

        if seq > self.acknowledged:
            self.acknowledged = seq
            await self._run(write)

    async def close(self) -> None:
        """Close the file when everything handed over is written."""
        await self._run(lambda: self._base.close())
        self._thread.shutdown(wait=True)

    async def _run(self, work: Callable[[], _T]) -> _T:
        def guarded() -> _T:
            try:
                return work()
            except sqlite3.OperationalError as error:
                if self._base.in_transaction:
                    self._base.execute("ROLLBACK")
                raise JournalFull(str(error)) from error

        return await asyncio.get_running_loop().run_in_executor(self._thread, guarded)
