"""The facts of every compartment of a map in one statement, however many there are."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db import connection

from lockers import presence
from occupancy import state
from occupancy.state import Facts, State

# A reservation or closure is shown this long before it begins.
SHOWN_AHEAD = dt.timedelta(hours=2)
# Read further ahead than shown: what is kept in memory stays right without another query.
_READ_AHEAD = SHOWN_AHEAD + dt.timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class MapDoor:
    """One compartment: where and what it is, and every fact its displayed state comes from."""

    id: int
    bank_id: int
    number: str
    size_id: int
    size: str
    size_rank: int
    column: int
    row: int
    x_mm: int
    y_mm: int
    width_mm: int
    height_mm: int
    floor_mm: int
    hinge: str
    is_accessible: bool
    is_wide: bool
    has_charging: bool
    is_ventilated: bool
    is_ppe: bool
    lock_kind: str
    is_wired: bool
    has_sensor: bool
    service_status: str
    service_note: str
    board_state: str
    door_state: str
    door_changed_at: dt.datetime | None
    door_forced: bool
    bridge_id: int | None
    bridge_connected: bool
    bridge_seen_at: dt.datetime | None
    claim_id: int | None
    claim_kind: str | None
    claim_started: bool
    claim_starts_at: dt.datetime | None
    claim_ends_at: dt.datetime | None
    claim_at_end: str
    # Since when, or from when on by what the policy says, whether a job has run or not.
    claim_recovery_at: dt.datetime | None
    holder_id: int | None
    claim_lapses_at: dt.datetime | None = None
    failed_opens: int = 0

    def facts(self, at: dt.datetime, *, online: bool | None = None) -> Facts:
        """Return what the ladder looks at; ``online`` overrules what was read of the bridge."""
        if online is None:
            online = presence.is_online(self.bridge_connected, self.bridge_seen_at, at)
        near = self.claim_started or (
            self.claim_starts_at is not None and self.claim_starts_at - at <= SHOWN_AHEAD
        )
        return Facts(
            service_status=self.service_status,
            is_wired=self.is_wired,
            bridge_online=online,
            board_state=self.board_state,
            door_state=self.door_state,
            door_changed_at=self.door_changed_at,
            door_forced=self.door_forced,
            failed_opens=self.failed_opens,
            has_sensor=self.has_sensor,
            claim_kind=self.claim_kind if near else None,
            claim_started=self.claim_started,
            claim_starts_at=self.claim_starts_at,
            claim_ends_at=self.claim_ends_at,
            claim_at_end=self.claim_at_end,
            claim_in_recovery=self.claim_recovery_at is not None and self.claim_recovery_at <= at,
            claim_lapses_at=self.claim_lapses_at,
        )

    def state(self, at: dt.datetime, *, online: bool | None = None) -> State:
        """Return the displayed state at an instant."""
        return state.shown(self.facts(at, online=online), at)

    def is_claimable(self, at: dt.datetime) -> bool:
        """Say whether somebody at the kiosk could get this door now."""
        now = self.state(at)
        return now.shown == "free" and self.is_wired and now.door != "open"

    def next_change_at(self, at: dt.datetime) -> dt.datetime | None:
        """Return the next instant at which time alone may change the state, silence apart."""
        instants = [self.claim_ends_at, self.claim_starts_at, self.claim_recovery_at,
                    self.claim_lapses_at]  # fmt: skip
        if self.claim_starts_at is not None:
            instants.append(self.claim_starts_at - SHOWN_AHEAD)
        if self.door_state == "open" and self.door_changed_at is not None:
            instants.append(self.door_changed_at + state.LEFT_OPEN_AFTER)
        return min((one for one in instants if one is not None and one > at), default=None)


@dataclass(frozen=True)
class SizeCount:
    """How many doors of one size a bank has, and how many of them are free."""

    size_id: int
    size: str
    free: int
    total: int


# A recovery that was called off does not begin again by itself.
# The started claim comes from its partial unique index, unless it went back by itself at its end,
# tidied up or not: then it hides no booking that comes after it. The next one from the exclusion
# constraint's index, and only where nobody has the door.
_DOORS = """
SELECT c.id, c.bank_id, c.number, c.size_id, z.name, z.rank, c."column", c.row,
       c.x_mm, c.y_mm, c.width_mm, c.height_mm, c.floor_mm, c.hinge,
       c.is_accessible, c.is_wide, c.has_charging, c.is_ventilated, c.is_ppe,
       c.lock_kind, c.controller_id IS NOT NULL, c.has_sensor, c.service_status, c.service_note,
       coalesce(k.state, 'ok'), coalesce(d.state, 'unknown'), d.changed_at,
       coalesce(d.is_forced, false),
       b.bridge_id, coalesce(p.connection IS NOT NULL, false), p.last_seen_at,
       coalesce(x.id, n.id), coalesce(x.kind, n.kind), x.id IS NOT NULL,
       coalesce(x.starts_at, n.starts_at), CASE WHEN x.id IS NULL THEN n.ends_at ELSE x.ends_at END,
       coalesce(x.at_end, n.at_end, 'release'),
       coalesce(x.recovery_at, CASE WHEN x.at_end = 'hold' AND NOT EXISTS (
           SELECT FROM occupancy_recovery r WHERE r.claim_id = x.id
       ) THEN x.ends_at + o.recovers_after END),
       coalesce(x.holder_id, n.holder_id), n.lapses_at,
       coalesce(d.failed_opens, 0)
FROM lockers_compartment c
JOIN lockers_bank b ON b.id = c.bank_id
JOIN lockers_size z ON z.id = c.size_id
LEFT JOIN lockers_controller k ON k.id = c.controller_id
LEFT JOIN lockers_door d ON d.compartment_id = c.id
LEFT JOIN lockers_bridgepresence p ON p.bridge_id = b.bridge_id
LEFT JOIN occupancy_claim x
       ON x.compartment_id = c.id AND x.closed_at IS NULL AND x.started_at IS NOT NULL
       AND (x.ends_at IS NULL OR x.ends_at > %(at)s OR x.at_end = 'hold')
LEFT JOIN occupancy_policy o ON o.id = x.policy_id
LEFT JOIN LATERAL (
    SELECT y.id, y.kind, y.starts_at, y.ends_at, y.at_end, y.holder_id, y.lapses_at
    FROM occupancy_claim y
    WHERE x.id IS NULL AND y.closed_at IS NULL AND y.started_at IS NULL
      AND (y.lapses_at IS NULL OR y.lapses_at > %(at)s)
      AND int8range(y.compartment_id, y.compartment_id, '[]') && int8range(c.id, c.id, '[]')
      AND tstzrange(y.starts_at, y.ends_at) && tstzrange(%(at)s, %(until)s)
    ORDER BY y.starts_at LIMIT 1) n ON true
WHERE {which}
ORDER BY b.position, b.name, b.id, c."column", c.row
"""
_OF_BANKS = _DOORS.format(which="c.bank_id = ANY(%(which)s)")
_OF_SITES = _DOORS.format(which="b.site_id = ANY(%(which)s)")


def bank_states(bank_ids: Iterable[int], at: dt.datetime) -> list[MapDoor]:
    """Return every compartment of some banks as it stands: one statement."""
    return _read(_OF_BANKS, list(bank_ids), at)


def site_states(site_ids: Iterable[int], at: dt.datetime) -> list[MapDoor]:
    """Return every compartment of some sites as it stands: one statement."""
    return _read(_OF_SITES, list(site_ids), at)


def counts(doors: Iterable[MapDoor], at: dt.datetime) -> Counter[str]:
    """Return how many compartments are in each displayed state."""
    return Counter(door.state(at).shown for door in doors)


def free_by_size(doors: Sequence[MapDoor], at: dt.datetime) -> list[SizeCount]:
    """Return free and total per size, smallest first: free means that a claim would get it."""
    total: Counter[tuple[int, int, str]] = Counter()
    free: Counter[tuple[int, int, str]] = Counter()
    for door in doors:
        size = (door.size_rank, door.size_id, door.size)
        total[size] += 1
        free[size] += door.is_claimable(at)
    return [SizeCount(size[1], size[2], free[size], total[size]) for size in sorted(total)]


def _read(statement: str, which: list[int], at: dt.datetime) -> list[MapDoor]:
    with connection.cursor() as cursor:
        cursor.execute(statement, {"which": which, "at": at, "until": at + _READ_AHEAD})
        return [MapDoor(*row) for row in cursor.fetchall()]
