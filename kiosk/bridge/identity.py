"""Who this box is: its key, its number, and the keys by which it knows its server; in one file."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import TypeVar

import msgspec

from kiosk.bridge.protocol.values import Bytes32

FILE = "identity.json"
_Struct = TypeVar("_Struct", bound=msgspec.Struct)


class Unreadable(Exception):
    """A file that says nothing we understand."""


class Identity(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """All that makes this box this bridge. Whoever has it is this bridge."""

    bridge_id: int
    key: Bytes32
    server_keys: list[Bytes32]
    # Made for a roll, and kept beside the old one until the server greets us by it.
    next_key: Bytes32 | None = None
    # The public half of the one-time code it was enrolled with.
    code_key: bytes = b""


class Enrolling(msgspec.Struct, frozen=True, kw_only=True):
    """A key that was made for a one-time code, whose answer may be lost on its way."""

    code_key: bytes
    key: Bytes32


class Kept:
    """The identity of this box, in memory and on the disk."""

    def __init__(self, state: Path, told: Identity) -> None:
        self._state, self.told = state, told

    @property
    def keys(self) -> list[bytes]:
        """The keys by which the server may know us, the newest first."""
        newest = [self.told.next_key] if self.told.next_key else []
        return [*newest, self.told.key]

    def roll(self, drawn: bytes) -> bytes:
        """Return the next key, on the disk by now: one that was made before, or ``drawn``."""
        # The server may have taken an earlier one already, without our knowing.
        if self.told.next_key is None:
            self._write(msgspec.structs.replace(self.told, next_key=drawn))
        assert self.told.next_key is not None
        return self.told.next_key

    def greeted(self, by: bytes, server_keys: list[bytes]) -> None:
        """Forget the old key when the server greeted us by the next; take its own keys."""
        told = msgspec.structs.replace(self.told, server_keys=server_keys)
        if by == told.next_key:
            told = msgspec.structs.replace(told, key=by, next_key=None)
        if told != self.told:
            self._write(told)

    def _write(self, told: Identity) -> None:
        save(self._state / FILE, told)
        self.told = told


def load(path: Path, kind: type[_Struct]) -> _Struct | None:
    """Return what is kept in a file, None without one; raises Unreadable."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except FileNotFoundError:
        return None
    except (msgspec.DecodeError, OSError) as error:
        raise Unreadable(f"{path} cannot be read: {error}") from error


def save(path: Path, kept: msgspec.Struct) -> None:
    """Put a secret into a file that only we read: all of it or, after a power cut, none of it."""
    new = path.with_name(f"{path.name}.new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(msgspec.json.encode(kept))
        file.flush()
        os.fsync(file.fileno())
    new.rename(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def remove(path: Path) -> None:
    """Remove a file that may not be there."""
    with contextlib.suppress(FileNotFoundError):
        path.unlink()
