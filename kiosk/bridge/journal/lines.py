"""Lines to rows of the journal's tables and back."""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from kiosk.bridge.protocol import Event

_COLUMNS = "seq, kind, occurred_at_ms, clock_ok, compartment_id, controller_id, command_id, detail"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line to write; ``begins`` says that it is the intent to carry out its command."""

    line: Event
    begins: bool = False


def write(base: sqlite3.Connection, boot_id: uuid.UUID, entries: Sequence[Entry]) -> None:
    """Write entries and what they mean for their commands: all of them or none."""
    base.execute("BEGIN IMMEDIATE")
    insert(base, boot_id, entries)
    base.execute("COMMIT")


def insert(base: sqlite3.Connection, boot_id: uuid.UUID, entries: Sequence[Entry]) -> None:
    """Write entries into the transaction that runs."""
    for entry in entries:
        line = entry.line
        command = str(line.command_id) if line.command_id else None
        base.execute(
            f"INSERT INTO line (boot_id, {_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                str(boot_id),
                line.seq,
                line.kind,
                line.occurred_at_ms,
                int(line.clock_ok),
                line.compartment_id,
                line.controller_id,
                command,
                line.detail,
            ),  # fmt: skip
        )
        if entry.begins:
            base.execute(
                "INSERT INTO command VALUES (?, ?, ?, ?)",
                (command, line.compartment_id, line.occurred_at_ms, line.kind),
            )
        elif command is not None:
            base.execute("UPDATE command SET last_kind = ? WHERE id = ?", (line.kind, command))


def read(base: sqlite3.Connection, *, after: int, limit: int) -> list[Event]:
    """Return the lines behind a number, in order."""
    rows = base.execute(
        f"SELECT {_COLUMNS} FROM line WHERE seq > ? ORDER BY seq LIMIT ?", (after, limit)
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
