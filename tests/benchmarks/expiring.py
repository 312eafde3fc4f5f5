"""Ending what is over, one row per transaction, against the same rows in plain SQL."""

from __future__ import annotations

import datetime as dt
import json
import os
import time
from typing import Any

import psycopg
from django.db import connection

from tests.benchmarks.figures import RUNS, median
from tests.benchmarks.place import Place

ROWS = 1000

# The service's own rows, by the shortest way there is: read once, then one transaction each.
_DUE = """
SELECT x.id, x.compartment_id, x.holder_id, x.ends_at, c.bank_id, b.site_id, s.organisation_id,
       h.email
FROM occupancy_claim x
JOIN lockers_compartment c ON c.id = x.compartment_id
JOIN lockers_bank b ON b.id = c.bank_id
JOIN lockers_site s ON s.id = b.site_id
JOIN access_person h ON h.id = x.holder_id
WHERE x.closed_at IS NULL AND x.ends_at <= %s AND x.at_end = 'release'
ORDER BY x.ends_at, x.id
"""
_CLOSE = (
    "UPDATE occupancy_claim SET closed_at = ends_at, closed_how = 'expired'"
    " WHERE id = %s AND closed_at IS NULL AND ends_at = %s"
)
_REVOKE = "UPDATE access_grant SET revoked_at = %s WHERE claim_id = %s AND revoked_at IS NULL"
_EVENT = """
INSERT INTO audit_event (occurred_at, action, actor_kind, actor_id, organisation_id, site_id,
                         bank_id, compartment_id, person_id, subject, reason, data)
VALUES (%s, 'assignment.expired', 'job', 'expiry', %s, %s, %s, %s, %s, '', '', %s)
"""
_NOTICE = """
INSERT INTO access_notice (kind, channel, "to", site_id, subject, facts, person_id, made_at, try_at,
                           useful_until, tries)
VALUES ('claim_ended', 'email', %s, %s, %s, %s, %s, %s, %s, %s, 0)
"""


def measure(place: Place) -> dict[str, Any]:
    """Return releases a second by the service and raw, and their ratio."""
    from occupancy.services.ending import expiry

    at = dt.datetime.now(dt.UTC)
    _give_addresses(place)
    ours: list[float] = []
    raw: list[float] = []
    for _run in range(RUNS):
        _hold(place, at)
        began = time.perf_counter()
        done = expiry.expire_due(at=at)
        ours.append(done / (time.perf_counter() - began))
        _check(done)
        _hold(place, at)
        raw.append(_raw(at))
        _check(ROWS)
    _clean()
    return {
        "expire_per_s": median(ours, 0),
        "raw_expire_per_s": median(raw, 0),
        "expire_ratio": median([a / b for a, b in zip(ours, raw, strict=True)]),
    }


def _give_addresses(place: Place) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE access_person SET email = 'person' || id || '@measured.example'"
            " WHERE organisation_id = %s",
            [place.organisation],
        )


def _clean() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "TRUNCATE occupancy_claim, occupancy_quota, access_grant, access_notice CASCADE"
        )


def _hold(place: Place, at: dt.datetime) -> None:
    """Let somebody have each of ROWS doors until a moment ago."""
    _clean()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO occupancy_claim (compartment_id, kind, holder_id, policy_id, starts_at,"
            " due_at, ends_at, started_at, closed_how, at_end, renewals)"
            " SELECT c.id, 'assignment', %s + row_number() OVER (ORDER BY c.id), %s, %s, %s, %s,"
            " %s, '', 'release', 0 FROM lockers_compartment c ORDER BY c.id LIMIT %s",
            [place.first_person - 1, place.policy, at - dt.timedelta(hours=8),
             at - dt.timedelta(minutes=1), at - dt.timedelta(minutes=1),
             at - dt.timedelta(hours=8), ROWS],
        )  # fmt: skip
        cursor.execute(
            "INSERT INTO access_grant (person_id, compartment_id, claim_id, starts_at, ends_at)"
            " SELECT holder_id, compartment_id, id, starts_at, ends_at FROM occupancy_claim"
        )
        cursor.execute(
            "INSERT INTO occupancy_quota (claim_id, policy_id, holder_id, slot, is_booking,"
            " is_open) SELECT id, policy_id, holder_id, 1, false, true FROM occupancy_claim"
        )
        cursor.execute("ANALYZE occupancy_claim, access_grant, occupancy_quota")


def _raw(at: dt.datetime) -> float:
    """End the same rows with the same transactions, and nothing between."""
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as raw:
        began = time.perf_counter()
        due = raw.execute(_DUE, (at,)).fetchall()
        for claim, door, person, ended, bank, site, organisation, email in due:
            with raw.transaction(), raw.cursor() as cursor:
                cursor.execute(_CLOSE, (claim, ended))
                cursor.execute(_REVOKE, (ended, claim))
                cursor.execute(
                    _EVENT,
                    (ended, organisation, site, bank, door, person, json.dumps({"claim": claim})),
                )
                cursor.execute(
                    _NOTICE,
                    (email, site, f"claim:{claim}", "{}", person, at, at,
                     ended + dt.timedelta(days=2)),
                )  # fmt: skip
        return len(due) / (time.perf_counter() - began)


def _check(done: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (SELECT count(*) FROM occupancy_claim WHERE closed_at IS NOT NULL),"
            " (SELECT count(*) FROM access_notice),"
            " (SELECT count(*) FROM access_grant WHERE revoked_at IS NOT NULL)"
        )
        found = cursor.fetchone()
    if done != ROWS or found != (ROWS, ROWS, ROWS):
        raise AssertionError(f"not everything ended: {done}, {found}")
