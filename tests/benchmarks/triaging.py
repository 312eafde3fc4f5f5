"""Making tickets of lock events, against the same rows in plain SQL."""

from __future__ import annotations

import datetime as dt
import json
import os
import time
import uuid
from typing import Any

import psycopg
from django.db import connection

from tests.benchmarks.figures import RUNS, median
from tests.benchmarks.place import Place

# Doors with a fault, and the events of each: one that is new, the others seen again; besides
# them failures that are none by themselves, as most are.
DOORS, EACH, OTHERS = 250, 2, 500
FAULTS = DOORS * EACH
_KEPT = "maintenance_finding, maintenance_ticketentry, maintenance_ticket, lockers_lockevent"

_EVENTS = """
INSERT INTO lockers_lockevent (bridge_id, journal, seq, kind, compartment_id, detail, occurred_at,
                               clock_ok)
SELECT (SELECT min(id) FROM lockers_bridge), %s, row_number() OVER (), k.kind, d.id, k.detail, %s,
       true
FROM (SELECT id, row_number() OVER (ORDER BY id) AS place FROM lockers_compartment) d
JOIN (VALUES ('door_forced', ''), ('door_forced', ''),
             ('command_failed', 'board_silent'), ('command_failed', 'board_silent'))
     AS k (kind, detail) ON true
WHERE d.place <= %s
"""
_DOORS = """
SELECT e.id, e.kind, c.id, c.bank_id, b.site_id, s.organisation_id
FROM lockers_lockevent e
JOIN lockers_compartment c ON c.id = e.compartment_id
JOIN lockers_bank b ON b.id = c.bank_id
JOIN lockers_site s ON s.id = b.site_id
ORDER BY e.id
"""
_LOCK = "SELECT 1 FROM lockers_compartment WHERE id = %s FOR NO KEY UPDATE"
_COUNT = """
UPDATE maintenance_ticket SET occurrences = occurrences + 1, last_seen_at = %s
WHERE compartment_id = %s AND category = 'forced' AND closed_at IS NULL RETURNING id, occurrences
"""
_TICKET = """
INSERT INTO maintenance_ticket (site_id, bank_id, compartment_id, category, priority, status,
    summary, source, occurrences, opened_at, last_seen_at, due_at, reopened, resolution, door_was,
    reference)
VALUES (%s, %s, %s, 'forced', 1, 'open', %s, 'system', 1, %s, %s, %s, 0, '', '', '')
RETURNING id, occurrences
"""
_ENTRY = """
INSERT INTO maintenance_ticketentry (ticket_id, kind, at, actor_kind, actor_id, text)
VALUES (%s, %s, %s, 'job', 'triage', '')
"""
_FINDING = "INSERT INTO maintenance_finding (event_id, ticket_id, judged_at) VALUES (%s, %s, %s)"
_EVENT = """
INSERT INTO audit_event (occurred_at, action, actor_kind, actor_id, organisation_id, site_id,
                         bank_id, compartment_id, subject, reason, data)
VALUES (%s, %s, 'job', 'triage', %s, %s, %s, %s, %s, '', %s)
"""
# All that was written, but for numbers that differ each time and for when it was written.
_WRITTEN = """
SELECT (SELECT count(*) FROM maintenance_ticket), (SELECT sum(occurrences) FROM maintenance_ticket),
       (SELECT count(*) FROM maintenance_finding WHERE ticket_id IS NULL),
       (SELECT count(*) FROM maintenance_finding WHERE ticket_id IS NOT NULL),
       (SELECT md5(string_agg(row(
            t.site_id, t.bank_id, t.compartment_id, t.category, t.priority, t.status, t.summary,
            t.source, t.occurrences, t.opened_at, t.last_seen_at, t.due_at, t.escalates_at,
            t.closed_at, t.team_id, t.assignee_id, t.resolution, t.door_was, t.reference,
            (SELECT array_agg(row(y.kind, y.at, y.actor_kind, y.actor_id, y.text) ORDER BY y.id)
             FROM maintenance_ticketentry y WHERE y.ticket_id = t.id),
            (SELECT array_agg(row(f.judged_at, e.kind, e.detail) ORDER BY e.id)
             FROM maintenance_finding f JOIN lockers_lockevent e ON e.id = f.event_id
             WHERE f.ticket_id = t.id),
            (SELECT array_agg(row(
                a.occurred_at, a.action, a.actor_kind, a.actor_id, a.organisation_id, a.site_id,
                a.bank_id, a.compartment_id, a.person_id, a.reason,
                (a.data - 'ticket' - 'due_at')::text, (a.data ->> 'ticket')::bigint = t.id,
                date_trunc('millisecond', t.due_at) = (a.data ->> 'due_at')::timestamptz)
                ORDER BY a.id)
             FROM audit_event a WHERE a.subject = 'ticket:' || t.id AND a.id > %s)
            )::text, ';' ORDER BY t.compartment_id)) FROM maintenance_ticket t)
"""


def measure(place: Place) -> dict[str, Any]:
    """Return events a second by the sweep and raw, and their ratio."""
    from maintenance.services.triaging import lock_events

    at = dt.datetime.now(dt.UTC)
    ours: list[float] = []
    raw: list[float] = []
    for _run in range(RUNS):
        events, known = _break(at), _last_event()
        began = time.perf_counter()
        done = lock_events.sweep(at=at)
        ours.append(events / (time.perf_counter() - began))
        written = _written(known)
        events, known = _break(at), _last_event()
        raw.append(events / _raw(at))
        if (done, *written[:4]) != (FAULTS, DOORS, FAULTS, OTHERS, FAULTS):
            raise AssertionError(f"not everything was judged: {done}, {written}")
        if written != _written(known):
            raise AssertionError(f"not the same rows: {written}, plain {_written(known)}")
    _clean()
    return {
        "triage_events_per_s": median(ours, 0),
        "raw_triage_events_per_s": median(raw, 0),
        "triage_ratio": median([a / b for a, b in zip(ours, raw, strict=True)]),
    }


def _clean() -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {_KEPT} CASCADE")


def _break(at: dt.datetime) -> int:
    """Store the events, as if no signal had told of them; return how many."""
    _clean()
    with connection.cursor() as cursor:
        cursor.execute(_EVENTS, [uuid.uuid4(), at, DOORS])
        stored = cursor.rowcount
        cursor.execute(f"ANALYZE {_KEPT}")
    return stored


def _raw(at: dt.datetime) -> float:
    """Write the same rows, each fault in a transaction, and nothing between; return the seconds."""
    due = at + dt.timedelta(hours=4)
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as raw:
        began = time.perf_counter()
        rows = raw.execute(_DOORS).fetchall()
        with raw.transaction(), raw.cursor() as cursor:
            cursor.executemany(
                _FINDING, [(row[0], None, at) for row in rows if row[1] != "door_forced"]
            )
        for event, kind, door, bank, site, organisation in rows:
            if kind != "door_forced":
                continue
            with raw.transaction(), raw.cursor() as cursor:
                cursor.execute(_LOCK, (door,))
                found = cursor.execute(_COUNT, (at, door)).fetchone()
                is_new = found is None
                if found is None:
                    cursor.execute(_TICKET, (site, bank, door, "forced open", at, at, due))
                    found = cursor.fetchone()
                assert found is not None
                ticket, occurrences = found
                entry = "reported" if is_new else "seen_again"
                more = {} if is_new else {"occurrences": occurrences}
                cursor.execute(_ENTRY, (ticket, entry, at))
                cursor.execute(_FINDING, (event, ticket, at))
                told = {
                    "ticket": ticket, "entry": entry, "category": "forced", "priority": 1,
                    "status": "open", "due_at": due.isoformat(timespec="milliseconds"),
                    "assignee": None, "team": None, "reference": "", "source": "system", **more,
                }  # fmt: skip
                cursor.execute(
                    _EVENT,
                    (
                        at, "ticket.opened" if is_new else "ticket.seen_again", organisation, site,
                        bank, door, f"ticket:{ticket}", json.dumps(told),
                    ),
                )  # fmt: skip
        return time.perf_counter() - began


def _last_event() -> int:
    from audit.models import Event

    last = Event.objects.order_by("-pk").first()
    return last.pk if last is not None else 0


def _written(after: int) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(_WRITTEN, [after])
        return cursor.fetchone()
