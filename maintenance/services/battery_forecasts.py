"""The forecast of every battery: the database sums up, a pure function says when, one update."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence

from django.db import connection, transaction

from audit.actions import Action
from audit.services import events
from audit.services.events import Actor
from maintenance.batteries import Limits, Voltages
from maintenance.batteries import forecast as forecast_one

_JOB = Actor.job("batteries")
# What a battery did longer ago says less about how it sinks now.
_LOOKS_BACK = dt.timedelta(days=365)

_FACTS = """
WITH battery AS (
    SELECT b.compartment_id, b.replaced_on, b.fails_on, b.forecast_by, b.forecast_facts,
           s.time_zone, (%(at)s AT TIME ZONE s.time_zone)::date AS today,
           coalesce(b.replaced_at, b.replaced_on::timestamp AT TIME ZONE s.time_zone) AS since,
           m.battery_low_mv, m.battery_cycles, m.battery_days
    FROM maintenance_battery b
    JOIN lockers_compartment c ON c.id = b.compartment_id
    JOIN lockers_bank k ON k.id = c.bank_id
    JOIN lockers_site s ON s.id = k.site_id
    LEFT JOIN maintenance_asset a ON a.compartment_id = c.id AND a.state = 'installed'
    LEFT JOIN maintenance_assetmodel m ON m.id = coalesce(b.model_id, a.model_id)
    WHERE %(doors)s::bigint[] IS NULL OR b.compartment_id = ANY(%(doors)s::bigint[])),
low AS (
    SELECT b.compartment_id, (r.at AT TIME ZONE b.time_zone)::date - b.replaced_on AS x,
           min(r.millivolts)::bigint AS y
    FROM battery b JOIN maintenance_batteryreading r ON r.compartment_id = b.compartment_id
        AND r.at > b.since AND r.at > %(since)s AND r.at <= %(at)s
    GROUP BY 1, 2),
voltages AS (
    SELECT compartment_id, count(*) AS n, min(x) AS first_x, max(x) AS last_x,
           (array_agg(y ORDER BY x DESC))[1] AS last_y, sum(x)::bigint AS sx, sum(y)::bigint AS sy,
           sum(x::bigint * x)::bigint AS sxx, sum(x * y)::bigint AS sxy
    FROM low GROUP BY 1),
opened AS (
    SELECT b.compartment_id, count(*) AS n
    FROM battery b JOIN lockers_command o ON o.compartment_id = b.compartment_id
        AND o.requested_at >= b.since AND o.requested_at <= %(at)s
        AND (o.actuated_at IS NOT NULL OR o.opened_at IS NOT NULL)
    GROUP BY 1)
SELECT b.compartment_id, b.replaced_on, b.today, b.fails_on, b.forecast_by, b.forecast_facts::text,
       b.battery_low_mv, b.battery_cycles, b.battery_days, coalesce(o.n, 0),
       v.n, v.first_x, v.last_x, v.last_y, v.sx, v.sy, v.sxx, v.sxy
FROM battery b LEFT JOIN voltages v USING (compartment_id) LEFT JOIN opened o USING (compartment_id)
ORDER BY b.compartment_id
"""
_WRITE = """
UPDATE maintenance_battery b
SET fails_on = n.fails_on, forecast_by = n.forecast_by, forecast_facts = n.facts::jsonb
FROM unnest(%s::bigint[], %s::date[], %s::text[], %s::text[])
    AS n (id, fails_on, forecast_by, facts)
WHERE b.compartment_id = n.id
"""
# Whoever installs a lock with a battery has put one in.
_ADOPT = """
INSERT INTO maintenance_battery (compartment_id, replaced_on, forecast_by, forecast_facts)
SELECT a.compartment_id, a.installed_on, '', '{}'
FROM maintenance_asset a JOIN maintenance_assetmodel m ON m.id = a.model_id
WHERE a.state = 'installed' AND a.compartment_id IS NOT NULL AND a.installed_on IS NOT NULL
  AND m.kind = 'lock' AND (m.battery_type <> '' OR m.battery_low_mv IS NOT NULL
    OR m.battery_days IS NOT NULL OR m.battery_cycles IS NOT NULL)
ON CONFLICT (compartment_id) DO NOTHING
RETURNING compartment_id
"""


def forecast(*, at: dt.datetime, compartment_ids: Sequence[int] | None = None) -> int:
    """Say of some batteries, or of all, when they fail; return how many are told otherwise now.

    Two statements, however many there are.
    """
    doors = list(compartment_ids) if compartment_ids is not None else None
    changed: list[tuple[int, dt.date | None, str, str]] = []
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_FACTS, {"at": at, "since": at - _LOOKS_BACK, "doors": doors})
        for row in cursor.fetchall():
            door, replaced_on, today, was_on, was_by, was_facts, low, cycles, days, openings = row[
                :10
            ]
            said = forecast_one(
                replaced_on=replaced_on, today=today, openings=openings,
                voltages=Voltages(*row[10:]) if row[10] else Voltages(),
                limits=Limits(low_mv=low, openings=cycles, days=days),
            )  # fmt: skip
            now = (said.fails_on, said.by.value, said.facts) if said else (None, "", {})
            if now != (was_on, was_by, json.loads(was_facts)):
                changed.append((door, now[0], now[1], json.dumps(now[2])))
        if changed:
            cursor.execute(_WRITE, [list(column) for column in zip(*changed, strict=True)])
    return len(changed)


def adopt(*, at: dt.datetime) -> int:
    """Begin to follow the batteries of locks that were installed; return how many."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_ADOPT)
            doors = [door for (door,) in cursor.fetchall()]
            cursor.execute(
                "SELECT c.id, k.id, s.id, s.organisation_id FROM lockers_compartment c"
                " JOIN lockers_bank k ON k.id = c.bank_id JOIN lockers_site s ON s.id = k.site_id"
                " WHERE c.id = ANY(%s) ORDER BY c.id",
                (doors,),
            )
            places = cursor.fetchall()
        events.record_many(
            events.Line(
                action=Action.ADDED, actor=_JOB, at=at, organisation_id=organisation, site_id=site,
                bank_id=bank, compartment_id=door, subject=f"battery:{door}",
            )
            for door, bank, site, organisation in places
        )  # fmt: skip
    return len(doors)
