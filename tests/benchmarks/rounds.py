"""Planning a round of 10,000 free doors, closures included, against the same rows in plain SQL.

The plain SQL is one transaction and locks no door; the service closes bank by bank, so that
nobody at a kiosk waits for ten thousand doors, and finds out first who has what.
"""

from __future__ import annotations

import datetime as dt
import time
from typing import Any

from django.db import connection, transaction

from tests.benchmarks import many_doors
from tests.benchmarks.figures import median
from tests.benchmarks.many_doors import BANKS, DOORS
from tests.benchmarks.place import Place

_MINUTES, TIMES = 1, 3
_ROUND = """
INSERT INTO maintenance_round (site_id, kind, name, day, starts_at, due_at, closes_doors,
                               is_cancelled, report, plan_id)
SELECT %(site)s, 'cleaning', 'Clean', %(day)s, %(starts)s, max(ends), true, false, '{{}}', NULL
FROM ({doors}) door
RETURNING id
"""
# Bank by bank, each as long as its doors take, as ``maintenance/rounds/route.py`` says.
_DOORS = """
SELECT c.id, c.bank_id, row_number() OVER way AS place,
       %(starts)s + %(minutes)s * interval '1 minute' * (rank() OVER banks - 1) AS starts,
       %(starts)s + %(minutes)s * interval '1 minute'
           * (rank() OVER banks - 1 + count(*) OVER (PARTITION BY c.bank_id)) AS ends
FROM lockers_compartment c JOIN lockers_bank b ON b.id = c.bank_id
WHERE b.site_id = %(site)s
WINDOW way AS (ORDER BY b.position, c.bank_id, c."column", c.row),
       banks AS (ORDER BY b.position, c.bank_id)
"""
_ROWS = """
WITH door AS MATERIALIZED ({doors}),
closed AS (
    INSERT INTO occupancy_claim (compartment_id, kind, starts_at, ends_at, booked_by, closed_how,
                                 at_end, renewals)
    SELECT id, 'closure', starts, ends, 'job:rounds', '', 'release', 0 FROM door
    ON CONFLICT DO NOTHING
    RETURNING id, compartment_id),
told AS (
    INSERT INTO audit_event (occurred_at, action, actor_kind, actor_id, organisation_id, site_id,
                             bank_id, compartment_id, subject, reason, data)
    SELECT %(at)s, 'closure.planned', 'job', 'rounds', %(organisation)s, %(site)s, door.bank_id,
           door.id, '', 'Clean', jsonb_build_object('claim', closed.id, 'starts', door.starts,
                                                    'until', door.ends, 'is_visit', false)
    FROM door JOIN closed ON closed.compartment_id = door.id)
INSERT INTO maintenance_roundstop (round_id, compartment_id, position, planned_from, planned_until,
                                   is_visit, hindrance, result, note, closure_id)
SELECT %(round)s, door.id, door.place, door.starts, door.ends, false, '', '', '', closed.id
FROM door JOIN closed ON closed.compartment_id = door.id
"""
# All that was written, but for numbers that differ each time, and for the words of an instant.
_WRITTEN = """
SELECT count(*), md5(string_agg(row(
    s.compartment_id, s.position, s.planned_from, s.planned_until, s.is_visit, s.hindrance,
    s.result, s.note, s.done_at, r.site_id, r.kind, r.name, r.day, r.starts_at, r.due_at,
    r.closes_doors, c.compartment_id, c.kind, c.starts_at, c.ends_at, c.booked_by, c.started_at,
    c.closed_at, c.at_end, e.actor_kind, e.actor_id, e.organisation_id, e.site_id, e.bank_id,
    e.compartment_id, e.subject, e.reason, (e.data ->> 'claim')::bigint = c.id,
    (e.data ->> 'starts')::timestamptz, (e.data ->> 'until')::timestamptz, e.data -> 'is_visit'
    )::text, ';' ORDER BY s.position))
FROM maintenance_roundstop s JOIN maintenance_round r ON r.id = s.round_id
JOIN occupancy_claim c ON c.id = s.closure_id
JOIN audit_event e ON e.action = 'closure.planned' AND e.compartment_id = s.compartment_id
    AND e.id > %s
"""


def measure(place: Place) -> dict[str, Any]:
    """Return how long the service takes for 10,000 doors, and how long the bare rows take."""
    site, banks = many_doors.build(place)
    ours, raw = [], []
    for _time in range(TIMES):
        _forget()
        known = _last_event()
        took, starts = _ours(site, banks)
        ours.append(took)
        written = _written(known)
        _forget()
        known = _last_event()
        raw.append(_raw(place, site, starts))
        if not written[0] == BANKS * DOORS or written != _written(known):
            raise AssertionError(f"not the same rows: {written}, plain {_written(known)}")
    _forget()
    return {
        "plan_rounds_ms": median([one * 1000 for one in ours], 0),
        "raw_plan_rounds_ms": median([one * 1000 for one in raw], 0),
        "plan_rounds_ratio": median([a / b for a, b in zip(ours, raw, strict=True)]),
    }


def _ours(site: int, banks: list[int]) -> tuple[float, dt.datetime]:
    from maintenance.models import Round, RoundPlan
    from maintenance.services.rounds import planning

    at = dt.datetime.now(dt.UTC)
    tomorrow = (at + dt.timedelta(days=1)).date()
    plan = RoundPlan.objects.create(
        site_id=site, name="Clean", kind="cleaning", rule="FREQ=DAILY;COUNT=1",
        first_day=tomorrow, starts_at=dt.time(6), minutes_per_door=_MINUTES, days_ahead=2,
    )  # fmt: skip
    plan.banks.set(banks)
    begun = time.perf_counter()
    made = planning.plan_due(at)
    took = time.perf_counter() - begun
    if made != 1:
        raise AssertionError(f"the planning went differently: {made} rounds")
    return took, Round.objects.get(plan=plan).starts_at


def _raw(place: Place, site: int, starts: dt.datetime) -> float:
    values: dict[str, Any] = {
        "site": site, "organisation": place.organisation, "day": starts.date(), "starts": starts,
        "minutes": _MINUTES, "at": dt.datetime.now(dt.UTC),
    }  # fmt: skip
    begun = time.perf_counter()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_ROUND.format(doors=_DOORS), values)
        values["round"] = cursor.fetchone()[0]
        cursor.execute(_ROWS.format(doors=_DOORS), values)
        if cursor.rowcount != BANKS * DOORS:
            raise AssertionError(f"{cursor.rowcount} doors by plain SQL")
    return time.perf_counter() - begun


def _last_event() -> int:
    from audit.models import Event

    last = Event.objects.order_by("-pk").first()
    return last.pk if last is not None else 0


def _written(after: int) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(_WRITTEN, [after])
        return cursor.fetchone()


def _forget() -> None:
    """Leave no row, nor what a deleted one leaves in an index that judges the next."""
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE maintenance_roundplan, maintenance_round CASCADE")
        cursor.execute("DELETE FROM occupancy_claim WHERE kind = 'closure'")
        cursor.execute("VACUUM ANALYZE occupancy_claim")
        cursor.execute("VACUUM ANALYZE maintenance_roundstop")
