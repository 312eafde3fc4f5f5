"""Judging lock events, each once: by the signal as they come, and by the sweep after it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass

from django.db import connection

from audit.services.events import Actor
from lockers.choices import FAULT_EVENTS, ServiceStatus
from lockers.health import STUCK_AFTER
from lockers.models import Compartment
from maintenance import triage
from maintenance.choices import Category, Source
from maintenance.models import Finding
from maintenance.services.tickets import reporting
from maintenance.services.tickets.subjects import Subject
from occupancy.services.ending import sweeping

TRIAGE = Actor.job("triage")
# What came before somebody ran this for the first time is history.
LOOKED_BACK = dt.timedelta(days=14)
AT_ONCE = 1_000

# Judged once: the index lockers_event_of_fault finds them, and a row of the room says "judged".
_UNJUDGED = """
SELECT e.id FROM lockers_lockevent e
WHERE e.kind IN ('command_failed', 'door_forced') AND e.received_at > %s AND e.id > %s
  AND NOT EXISTS (SELECT 1 FROM maintenance_finding f WHERE f.event_id = e.id)
ORDER BY e.id LIMIT %s
"""
# How often in a row the door did not open is counted from what is stored, back from the event:
# so it comes out the same whoever judges, when, in which order and how often.
_READ = """
SELECT e.id, e.kind, e.detail, e.compartment_id, e.occurred_at, e.received_at, e.clock_ok,
       COALESCE((SELECT count(*) FILTER (WHERE NOT was_seen_open) FROM (
           SELECT bool_or(before.kind <> 'command_failed') OVER (
                      ORDER BY before.occurred_at DESC, before.id DESC) AS was_seen_open
           FROM (SELECT b.kind, b.occurred_at, b.id FROM lockers_lockevent b
                 WHERE b.compartment_id = e.compartment_id AND b.occurred_at <= e.occurred_at
                   AND (b.occurred_at, b.id) <= (e.occurred_at, e.id)
                   AND (b.kind IN ('command_opened', 'door_opened', 'door_forced')
                        OR b.kind = 'command_failed' AND b.detail = 'did_not_open')
                 ORDER BY b.occurred_at DESC, b.id DESC LIMIT %s) before) counted), 0)
FROM lockers_lockevent e
WHERE e.id = ANY(%s) AND e.kind = ANY(%s)
  AND NOT EXISTS (SELECT 1 FROM maintenance_finding f WHERE f.event_id = e.id)
ORDER BY e.id
"""


@dataclass(frozen=True, slots=True)
class _Row:
    id: int
    kind: str
    detail: str
    compartment_id: int | None
    occurred_at: dt.datetime
    received_at: dt.datetime
    clock_ok: bool
    failures: int

    def seen_at(self, at: dt.datetime) -> dt.datetime:
        """Return when it was, as well as we know."""
        return min(at, self.occurred_at if self.clock_ok else self.received_at)


def judge(*, event_ids: Collection[int], at: dt.datetime, aside: list[str] | None = None) -> int:
    """Judge lock events that nobody judged yet; return how many are faults, now on a ticket."""
    rows = _read(event_ids)
    if not rows:
        return 0
    doors = Compartment.objects.select_related("bank__site").in_bulk(
        {row.compartment_id for row in rows if row.compartment_id is not None}
    )
    faults: list[tuple[_Row, Compartment, Category]] = []
    fine: list[_Row] = []
    for row in rows:
        door = doors.get(row.compartment_id or 0)
        fault = triage.of_event(row.kind, row.detail, row.failures)
        if fault is None or door is None or _is_not_in_use(door):
            fine.append(row)
        else:
            faults.append((row, door, Category(fault)))
    Finding.objects.bulk_create(
        [Finding(event_id=row.id, judged_at=at) for row in fine], ignore_conflicts=True
    )

    def one(found: tuple[_Row, Compartment, Category]) -> int:
        row, door, category = found
        reporting.report(
            subject=Subject.of_door(door), category=category, source=Source.SYSTEM, actor=TRIAGE,
            at=at, event_id=row.id, seen_at=row.seen_at(at),
            # A door that does not open is no door for the next one.
            needs_out=category == Category.JAMMED,
        )  # fmt: skip
        return 1

    return sweeping.each(faults, one, lambda found: f"event:{found[0].id}", aside)


def sweep(*, at: dt.datetime, aside: list[str] | None = None) -> int:
    """Judge what no signal told of; return how many are faults."""
    found, last = 0, 0
    while True:
        with connection.cursor() as cursor:
            cursor.execute(_UNJUDGED, (at - LOOKED_BACK, last, AT_ONCE))
            ids = [number for (number,) in cursor.fetchall()]
        if not ids:
            return found
        # One that is set aside stays unjudged: the others come after it all the same.
        last = ids[-1]
        found += judge(event_ids=ids, at=at, aside=aside)


def _read(event_ids: Collection[int]) -> list[_Row]:
    with connection.cursor() as cursor:
        cursor.execute(_READ, (STUCK_AFTER, list(event_ids), FAULT_EVENTS))
        return [_Row(*row) for row in cursor.fetchall()]


def _is_not_in_use(door: Compartment) -> bool:
    # Somebody may be working on it, with a key and a screwdriver.
    return door.service_status in (ServiceStatus.OUT_OF_SERVICE, ServiceStatus.DECOMMISSIONED)
