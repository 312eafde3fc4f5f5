"""How doors stand, by what is read now and by lines, of which older ones may come later."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from django.db import connection, transaction

from audit.actions import Action
from lockers.choices import BoardState, DoorState
from lockers.models import Bridge, Controller, Door
from lockers.services.journal.lines import Line

# What a line says of its door, whether nobody had asked, and what the trail calls it.
SAYS: dict[str, tuple[DoorState, Action | None]] = {
    "door_opened": (DoorState.OPEN, Action.OPENED),
    "door_closed": (DoorState.CLOSED, Action.CLOSED),
    "door_forced": (DoorState.OPEN, Action.FORCED),
    "door_unknown": (DoorState.UNKNOWN, Action.UNREADABLE),
    "command_opened": (DoorState.OPEN, None),
    "command_closed": (DoorState.CLOSED, None),
}

_LOCK = """
SELECT compartment_id, state, changed_at, is_forced, failed_opens, journal, seq
FROM lockers_door WHERE compartment_id = ANY(%s) ORDER BY compartment_id FOR NO KEY UPDATE
"""
_WRITE = """
INSERT INTO lockers_door (compartment_id, state, changed_at, is_forced, failed_opens, journal, seq)
SELECT * FROM unnest(%s::bigint[], %s::text[], %s::timestamptz[], %s::boolean[], %s::smallint[],
                     %s::uuid[], %s::bigint[])
ON CONFLICT (compartment_id) DO UPDATE SET state = excluded.state,
    changed_at = excluded.changed_at, is_forced = excluded.is_forced,
    failed_opens = excluded.failed_opens, journal = excluded.journal, seq = excluded.seq
"""


@dataclass(frozen=True, slots=True)
class Standing:
    """One door as it is stored; ``seq`` of ``journal`` is the last line that its state knows of."""

    state: str
    changed_at: dt.datetime
    is_forced: bool = False
    failed_opens: int = 0
    journal: uuid.UUID | None = None
    seq: int = 0

    def after(self, line: Line, journal: uuid.UUID) -> Standing:
        """Return how the door stands once a line is taken.

        A line that its state knows of already moves nothing; what it left for staff to see stays.
        """
        state = SAYS[line.kind][0]
        is_news = journal != self.journal or line.seq > self.seq
        now = state.value if is_news else self.state
        forced, failed = self.is_forced, self.failed_opens
        if state != DoorState.UNKNOWN:
            # One that cannot be read just now is still as it was left.
            forced = line.kind == "door_forced"
        if state == DoorState.OPEN:
            failed = 0
        changed = replace(
            self,
            state=now,
            is_forced=forced and now != DoorState.CLOSED,
            failed_opens=failed,
        )
        if is_news:
            changed = replace(changed, journal=journal, seq=line.seq)
            if (changed.state, changed.is_forced) != (self.state, self.is_forced):
                changed = replace(changed, changed_at=line.occurred_at)
        return changed

    def not_opened(self) -> Standing:
        """Return it with one more command that did not open it."""
        if self.state == DoorState.OPEN:
            return self
        return replace(self, failed_opens=min(self.failed_opens + 1, 30_000))

    def read(self, state: DoorState, journal: uuid.UUID, seq: int, at: dt.datetime) -> Standing:
        """Return how it stands when it reads so, behind a line; a later line knows better."""
        if journal == self.journal and seq < self.seq:
            return self
        changed = replace(
            self,
            state=state.value,
            # A bridge that was away for a moment makes a forced door no better.
            is_forced=self.is_forced and state != DoorState.CLOSED,
            failed_opens=0 if state == DoorState.OPEN else self.failed_opens,
            journal=journal,
            seq=seq,
        )
        return changed if state == self.state else replace(changed, changed_at=at)


def read_doors(
    *,
    bridge: Bridge,
    journal: uuid.UUID,
    seq: int,
    readings: Mapping[int, DoorState],
    at: dt.datetime,
) -> None:
    """Take what every door reads now (the answer to "how do you stand", not an event)."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.id FROM lockers_compartment c JOIN lockers_bank b ON b.id = c.bank_id"
            " WHERE c.id = ANY(%s) AND b.bridge_id = %s",
            (list(readings), bridge.pk),
        )
        mine = [door for (door,) in cursor.fetchall()]
        change(
            mine,
            lambda door, standing: standing.read(readings[door], journal, seq, at),
            at,
        )


def change(doors: Iterable[int], how: Callable[[int, Standing], Standing], at: dt.datetime) -> None:
    """Change doors in one read and one write, locked in one order; inside a transaction."""
    ids = sorted(doors)
    if not ids:
        return
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, (ids,))
        were = {row[0]: Standing(*row[1:]) for row in cursor.fetchall()}
        unseen = Standing(DoorState.UNKNOWN, at)
        now = {door: how(door, were.get(door, unseen)) for door in ids}
        changed = [(door, is_) for door, is_ in now.items() if is_ != were.get(door)]
        if changed:
            cursor.execute(_WRITE, _columns(changed))


def _columns(changed: Sequence[tuple[int, Standing]]) -> list[list[object]]:
    rows = [
        (door, one.state, one.changed_at, one.is_forced, one.failed_opens, one.journal, one.seq)
        for door, one in changed
    ]
    return [list(column) for column in zip(*rows, strict=True)]


def set_board_state(
    *, bridge: Bridge, controller_id: int, state: BoardState, detail: str, at: dt.datetime
) -> None:
    """Note a board's health; the map shows its doors as unknown while it is silent."""
    changed = (
        Controller.objects.filter(pk=controller_id, bridge=bridge)
        .exclude(state=state, state_detail=detail)
        .update(state=state, state_detail=detail[:200], state_at=at)
    )
    if changed and state == BoardState.OFFLINE:
        Door.objects.filter(compartment__controller_id=controller_id).exclude(
            state=DoorState.UNKNOWN
        ).update(state=DoorState.UNKNOWN, changed_at=at)
