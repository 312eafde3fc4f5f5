"""The file of an access list: what was signed, what counts no more, and what is on its way."""

from __future__ import annotations

import contextlib
import datetime as dt
import logging
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from access.access_list import proof
from access.back_off import Wrong

log = logging.getLogger(__name__)

_SCHEMA = """
CREATE TABLE IF NOT EXISTS about (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS entry (
    key TEXT PRIMARY KEY, bucket INTEGER NOT NULL, text BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS entry_by_bucket ON entry (bucket);
CREATE TABLE IF NOT EXISTS denied (key TEXT PRIMARY KEY);
CREATE TABLE IF NOT EXISTS coming (key TEXT PRIMARY KEY, text BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS used (key TEXT PRIMARY KEY);
CREATE TABLE IF NOT EXISTS wrong (
    whose TEXT PRIMARY KEY, failures INTEGER NOT NULL, failed_at_ms INTEGER NOT NULL);
"""


class Differs(Exception):
    """What came together is not what was signed."""


class ListFile:
    """The database; every call is made in one thread."""

    def __init__(self, path: Path) -> None:
        try:
            self._base = _opened(path)
        except sqlite3.DatabaseError as error:
            # All of it comes from the server again.
            log.error("the access list cannot be read (%s): a new one is begun", error)
            for end in ("", "-wal", "-shm"):
                with contextlib.suppress(FileNotFoundError):
                    Path(f"{path}{end}").unlink()
            self._base = _opened(path)
        self.about = dict(self._base.execute("SELECT name, value FROM about"))
        self.buckets = proof.of_buckets(
            {key: proof.fingerprint(key, text) for key, text in self.entries()}
        )

    def entries(self) -> list[tuple[str, bytes]]:
        """Return every entry with its key."""
        return list(self._base.execute("SELECT key, text FROM entry"))

    def denied(self) -> list[str]:
        """Return the keys that count no more."""
        return [key for (key,) in self._base.execute("SELECT key FROM denied")]

    def used(self) -> set[str]:
        """Return the keys of what was used up here."""
        return {key for (key,) in self._base.execute("SELECT key FROM used")}

    def wrong(self) -> dict[str, Wrong]:
        """Return the wrong PINs in a row of everybody and every reader."""
        rows = self._base.execute("SELECT whose, failures, failed_at_ms FROM wrong")
        return {whose: Wrong(failures, _instant(at)) for whose, failures, at in rows}

    def fingerprints(self, buckets: Iterable[int]) -> dict[str, bytes]:
        """Return the fingerprints of what is in some buckets, by key."""
        return {
            key: proof.fingerprint(key, text)
            for bucket in buckets
            for key, text in self._base.execute(
                "SELECT key, text FROM entry WHERE bucket = ?", (bucket,)
            )
        }

    def tell(self, **about: str) -> None:
        """Write down values about the list."""
        self._base.executemany("INSERT OR REPLACE INTO about VALUES (?, ?)", about.items())
        self.about |= about

    def use(self, key: str) -> None:
        """Write down that something for one use was used."""
        self._base.execute("INSERT OR IGNORE INTO used VALUES (?)", (key,))

    def count(self, whose: str, wrong: Wrong | None) -> None:
        """Write down somebody's wrong PINs; None forgets them."""
        if wrong is None:
            self._base.execute("DELETE FROM wrong WHERE whose = ?", (whose,))
        else:
            at = int(wrong.failed_at.timestamp() * 1000)
            values = (whose, wrong.failures, at)
            self._base.execute("INSERT OR REPLACE INTO wrong VALUES (?, ?, ?)", values)

    def forget_coming(self) -> None:
        """Forget what was on its way when a connection ended."""
        self._base.execute("DELETE FROM coming")

    def deny(self, keys: Iterable[str]) -> None:
        """Let these count no more."""
        with self._at_once():
            self._base.executemany(
                "INSERT OR IGNORE INTO denied VALUES (?)", [(key,) for key in keys]
            )

    def put(self, entries: Mapping[str, bytes]) -> None:
        """Keep these for the end."""
        with self._at_once():
            self._base.executemany("INSERT OR REPLACE INTO coming VALUES (?, ?)", entries.items())

    def finish(self, version: int, digest: bytes, signature: bytes, *, is_whole: bool) -> None:
        """Put everything in its place if it is what was signed; else raises Differs."""
        with self._at_once():
            gone = "SELECT key FROM entry" if is_whole else "SELECT key FROM denied"
            keys = {key for (key,) in self._base.execute(f"{gone} UNION SELECT key FROM coming")}
            self._base.execute(f"DELETE FROM entry WHERE key IN ({gone})")
            self._base.executemany(
                "INSERT OR REPLACE INTO entry (key, bucket, text) VALUES (?, ?, ?)",
                [(key, proof.bucket_of(key), text)
                 for key, text in self._base.execute("SELECT key, text FROM coming")],
            )  # fmt: skip
            buckets = list(self.buckets)
            found: defaultdict[int, list[bytes]] = defaultdict(list)
            touched = {proof.bucket_of(key) for key in keys}
            for key, one in self.fingerprints(touched).items():
                found[proof.bucket_of(key)].append(one)
            for place in touched:
                buckets[place] = proof.of_bucket(found[place])
            if proof.digest(buckets) != digest:
                raise Differs
            self._base.execute("DELETE FROM coming")
            self._base.execute("DELETE FROM denied")
            self._base.execute("DELETE FROM used WHERE key NOT IN (SELECT key FROM entry)")
            about = {"version": str(version), "signature": signature.hex()}
            self.tell(**about)
        self.buckets = buckets

    def close(self) -> None:
        self._base.close()

    @contextlib.contextmanager
    def _at_once(self) -> Iterator[None]:
        self._base.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._base.execute("ROLLBACK")
            raise
        self._base.execute("COMMIT")


def _opened(path: Path) -> sqlite3.Connection:
    base = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    try:
        base.execute("PRAGMA journal_mode = WAL")
        # Full: what counts no more must not come back with a power cut.
        base.execute("PRAGMA synchronous = FULL")
        base.executescript(_SCHEMA)
    except BaseException:
        base.close()
        raise
    return base


def _instant(milliseconds: int) -> dt.datetime:
    return dt.datetime.fromtimestamp(milliseconds / 1000, dt.UTC)
