"""When 10,000 batteries fail, said anew for all of them, beside SQL that reads the same rows."""

from __future__ import annotations

import datetime as dt
import time
from typing import Any

from django.db import connection

from tests.benchmarks import many_doors
from tests.benchmarks.figures import median
from tests.benchmarks.place import Place

# Each was replaced a year ago at most, read every week, and its door opened as often.
DAYS, READ_EVERY, OPENED_EVERY = 360, 7, 7
TIMES = 3
LOW_MV = 4800
_BATTERIES = """
INSERT INTO maintenance_battery (compartment_id, model_id, replaced_on, forecast_by, forecast_facts)
SELECT c.id, %(model)s, %(today)s::date - %(days)s + (c.id %% 90)::integer, '', '{}'
FROM lockers_compartment c WHERE c.bank_id = ANY(%(banks)s)
"""
_READINGS = """
INSERT INTO maintenance_batteryreading (compartment_id, millivolts, at)
SELECT b.compartment_id,
       6000 - (%(today)s::date - n - b.replaced_on) * (1 + b.compartment_id %% 4) - (n * 7) %% 13,
       %(at)s - n * interval '1 day' - interval '1 hour'
FROM generate_series(%(days)s, 1, -%(every)s) n JOIN maintenance_battery b
    ON b.replaced_on < %(today)s::date - n
ORDER BY n DESC, b.compartment_id
"""
_COMMANDS = """
INSERT INTO lockers_command (id, compartment_id, bridge_id, purpose, actor_kind, actor_id, status,
                             detail, requested_at, deadline, opened_at, ended_at)
SELECT gen_random_uuid(), b.compartment_id, %(bridge)s, 'claim', 'person', '1', 'closed', '', t.at,
       t.at + interval '5 seconds', t.at, t.at
FROM generate_series(%(days)s, 1, -%(every)s) n JOIN maintenance_battery b
    ON b.replaced_on < %(today)s::date - n,
    LATERAL (SELECT %(at)s - n * interval '1 day' - interval '2 hours' AS at) t
ORDER BY n DESC, b.compartment_id
"""
_FORGOTTEN = """
UPDATE maintenance_battery SET fails_on = NULL, forecast_by = '', forecast_facts = '{}'
"""
# The same readings and openings, summed up as plainly as SQL does it, and one update of all.
_RAW = """
WITH read AS (
    SELECT compartment_id, regr_slope(y, x) AS slope, regr_intercept(y, x) AS level
    FROM (SELECT r.compartment_id, (r.at AT TIME ZONE 'UTC')::date - b.replaced_on AS x,
                 min(r.millivolts) AS y
          FROM maintenance_batteryreading r JOIN maintenance_battery b USING (compartment_id)
          WHERE r.at > b.replaced_on AND r.at > %(since)s AND r.at <= %(at)s
          GROUP BY 1, 2) low GROUP BY 1),
opened AS (
    SELECT o.compartment_id, count(*) AS n
    FROM lockers_command o JOIN maintenance_battery b USING (compartment_id)
    WHERE o.requested_at >= b.replaced_on AND o.requested_at <= %(at)s
      AND (o.actuated_at IS NOT NULL OR o.opened_at IS NOT NULL) GROUP BY 1)
UPDATE maintenance_battery b
SET fails_on = b.replaced_on + ((%(low)s - r.level) / r.slope)::integer, forecast_by = 'voltage',
    forecast_facts = jsonb_build_object('low_mv', %(low)s::integer, 'openings', o.n)
FROM read r LEFT JOIN opened o USING (compartment_id)
WHERE r.compartment_id = b.compartment_id AND r.slope < 0
"""


def measure(place: Place) -> dict[str, Any]:
    """Return how long it takes when all is told anew, when nothing is, and by plain SQL."""
    from maintenance.services import battery_forecasts

    at = dt.datetime.now(dt.UTC)
    batteries = _build(place, at)
    ours, same, raw = [], [], []
    for _run in range(TIMES):
        _forget()
        took, said = _timed(lambda: battery_forecasts.forecast(at=at))
        ours.append(took)
        took, again = _timed(lambda: battery_forecasts.forecast(at=at))
        same.append(took)
        told = _told()
        _forget()
        took, plain = _timed(lambda: _raw(at))
        raw.append(took)
        if not said == plain == batteries or again:
            raise AssertionError(f"{said} said, {again} again, {plain} of {batteries} by plain SQL")
        _check(told, _told())
    return {
        "battery_forecast_ms": median(ours, 0),
        "battery_forecast_unchanged_ms": median(same, 0),
        "raw_battery_forecast_ms": median(raw, 0),
        "battery_forecast_ratio": median([a / b for a, b in zip(ours, raw, strict=True)]),
    }


def _build(place: Place, at: dt.datetime) -> int:
    from lockers.models import Bridge, Organisation
    from maintenance.models import Battery
    from tests.factories.upkeep import AssetModelFactory

    site, banks = many_doors.build(place)
    model = AssetModelFactory(
        organisation=Organisation.objects.get(pk=place.organisation), name="Of many batteries",
        battery_type="AA", battery_low_mv=LOW_MV, battery_cycles=100_000, battery_days=10_000,
    )  # fmt: skip
    bridge = Bridge.objects.create(site_id=site, name="Of batteries")
    named: dict[str, Any] = {
        "model": model.pk, "bridge": bridge.pk, "banks": banks, "days": DAYS, "at": at,
        "today": at.date(),
    }  # fmt: skip
    with connection.cursor() as cursor:
        # Of the days that daylight saving moves, only the raw words would know nothing.
        cursor.execute("UPDATE lockers_site SET time_zone = 'UTC' WHERE id = %s", [site])
        cursor.execute("TRUNCATE maintenance_battery, maintenance_batteryreading CASCADE")
        cursor.execute(_BATTERIES, named)
        cursor.execute(_READINGS, {**named, "every": READ_EVERY})
        cursor.execute(_COMMANDS, {**named, "every": OPENED_EVERY})
        cursor.execute("VACUUM ANALYZE lockers_command")
        cursor.execute("VACUUM ANALYZE maintenance_batteryreading")
    return Battery.objects.count()


def _forget() -> None:
    with connection.cursor() as cursor:
        cursor.execute(_FORGOTTEN)
        cursor.execute("VACUUM ANALYZE maintenance_battery")


def _timed(do: Any) -> tuple[float, int]:
    begun = time.perf_counter()
    done = do()
    return (time.perf_counter() - begun) * 1000, done


def _raw(at: dt.datetime) -> int:
    with connection.cursor() as cursor:
        cursor.execute(_RAW, {"at": at, "since": at - dt.timedelta(days=365), "low": LOW_MV})
        return cursor.rowcount


def _told() -> list[tuple[int, dt.date]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT compartment_id, fails_on FROM maintenance_battery ORDER BY 1")
        return cursor.fetchall()


def _check(ours: list[tuple[int, dt.date]], plain: list[tuple[int, dt.date]]) -> None:
    """Compare the days; ours are whole days that have passed, theirs the nearest."""
    far = [
        (door, said, raw)
        for (door, said), (_door, raw) in zip(ours, plain, strict=True)
        if said is None or raw is None or abs((said - raw).days) > 1
    ]
    if far:
        raise AssertionError(f"{len(far)} batteries fail on other days, such as {far[0]}")
