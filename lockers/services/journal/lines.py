"""Lines of a journal, and their rows."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from lockers.models import Bridge

# By the ORM the same costs three times as much, and a day alone is a hundred thousand lines.
_STORE = """
INSERT INTO lockers_lockevent (bridge_id, journal, seq, kind, compartment_id, command_id, detail,
                               occurred_at, clock_ok)
SELECT %s, %s, n.* FROM unnest(%s::bigint[], %s::text[], %s::bigint[], %s::uuid[], %s::text[],
                               %s::timestamptz[], %s::boolean[]) AS n
RETURNING id
"""


@dataclass(frozen=True)
class Line:
    """One journal line as the bridge sent it."""

    seq: int
    kind: str
    occurred_at: dt.datetime
    clock_ok: bool = True
    compartment_id: int | None = None
    controller_id: int | None = None
    command_id: uuid.UUID | None = None
    detail: str = ""
    # What it tells an app on the right, which receive() hands it to.
    about: Any = None


class LinesMissing(Exception):
    """Lines came whose predecessors did not: they were lost on the way, and are to come again."""


def store(
    bridge: Bridge, journal: uuid.UUID, lines: Sequence[Line], doors: Collection[int]
) -> list[int]:
    """Store lines, a door of another bridge left out; return the numbers of their rows."""
    rows = [
        (
            line.seq,
            line.kind,
            line.compartment_id if line.compartment_id in doors else None,
            line.command_id,
            line.detail[:200],
            line.occurred_at,
            line.clock_ok,
        )
        for line in lines
    ]
    if not rows:
        return []
    with connection.cursor() as cursor:
        columns = [list(column) for column in zip(*rows, strict=True)]
        cursor.execute(_STORE, [bridge.pk, journal, *columns])
        return [number for (number,) in cursor.fetchall()]
