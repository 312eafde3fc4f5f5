"""The journal's file: whole when it is opened, or put aside; and room kept for the last lines."""

from __future__ import annotations

import contextlib
import logging
import os
import sqlite3
import time
from pathlib import Path

log = logging.getLogger(__name__)

RESERVE_BYTES = 1_000_000

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
CREATE TABLE IF NOT EXISTS hold (claim TEXT PRIMARY KEY, body TEXT NOT NULL);
"""
_DAMAGE = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


def opened(path: Path) -> tuple[sqlite3.Connection, str]:
    """Return the database, and the name under which a damaged one was put aside ("": none was)."""
    try:
        return _opened(path), ""
    except sqlite3.DatabaseError as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF not in _DAMAGE:
            raise
        log.error("the journal is damaged (%s): it is put aside and a new one begun", error)
    aside = _put_aside(path)
    return _opened(path), aside


def _opened(path: Path) -> sqlite3.Connection:
    base = sqlite3.connect(path, isolation_level=None)
    try:
        base.execute("PRAGMA journal_mode = WAL")
        # Full: a line must survive a power cut, for the pulse after it cannot be taken back.
        base.execute("PRAGMA synchronous = FULL")
        base.executescript(_SCHEMA)
        (found,) = base.execute("PRAGMA quick_check(1)").fetchone()
        if found != "ok":
            raise Damaged(found)
    except BaseException:
        base.close()
        raise
    return base


class Damaged(sqlite3.DatabaseError):
    """The file can be read, and what stands in it contradicts itself."""

    sqlite_errorcode = sqlite3.SQLITE_CORRUPT


def _put_aside(path: Path) -> str:
    """Rename the file, and what SQLite keeps beside it, for whoever wants to look at it."""
    kept = path.with_name(f"{path.stem}.damaged-{time.strftime('%Y%m%d-%H%M%S')}{path.suffix}")
    for end in ("", "-wal", "-shm"):
        with contextlib.suppress(FileNotFoundError):
            Path(f"{path}{end}").rename(f"{kept}{end}")
    return kept.name


class Reserve:
    """A file of no use, given up when the disk is full so that the last lines find room."""

    def __init__(self, journal: Path) -> None:
        self._path = journal.with_name("journal.reserve")

    def keep(self) -> bool:
        """Take the room if there is any; False when there is not."""
        if self._path.exists() and self._path.stat().st_size == RESERVE_BYTES:
            return True
        try:
            with self._path.open("wb") as file:
                os.posix_fallocate(file.fileno(), 0, RESERVE_BYTES)
        except OSError:
            self.give_up()
            return False
        return True

    def give_up(self) -> bool:
        """Leave the room to the journal; False when there was none."""
        try:
            self._path.unlink()
        except OSError:
            return False
        return True
