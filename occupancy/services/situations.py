"""What is true for a person at a bank when they ask for a door: one statement reads it all."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db import connection

from lockers import presence
from occupancy.errors import NoSuchCompartment


@dataclass(frozen=True)
class Situation:
    """What is true for this person at this bank when they ask."""

    organisation_id: int
    site_id: int
    bank_id: int
    person_id: int
    time_zone: str
    person_status: str
    is_held: bool
    needs_access: bool
    access_from: dt.datetime | None
    access_until: dt.datetime | None
    curfew_from: dt.time | None
    curfew_until: dt.time | None
    needs_low_door: bool
    needs_wide_door: bool
    needs_charging: bool
    online: bool
    policy_id: int | None
    ends_at_time: dt.time | None
    at_end: str | None
    limit: int | None
    slots: list[int]
    stale: int


_READ = """
SELECT s.organisation_id, s.id, b.id, p.id, s.time_zone, p.status,
       EXISTS (SELECT FROM access_hold h WHERE h.person_id = p.id AND h.lifted_at IS NULL
         AND h.starts_at <= %(at)s AND (h.ends_at IS NULL OR h.ends_at > %(at)s)),
       p.kind IN ('visitor', 'contractor'), given.starts_at, given.ends_at,
       b.curfew_from, b.curfew_until, p.needs_low_door,
       p.needs_wide_door, p.needs_charging,
       coalesce(bp.connection IS NOT NULL AND bp.last_seen_at > %(silent_since)s, false),
       o.id, o.ends_at_time, o.at_end, o.limit_per_person, used.slots, used.stale
FROM lockers_bank b
JOIN lockers_site s ON s.id = b.site_id
JOIN access_person p ON p.id = %(person)s AND p.organisation_id = s.organisation_id
LEFT JOIN LATERAL (
    SELECT t.starts_at, t.ends_at FROM access_temporaryaccess t
    WHERE p.kind IN ('visitor', 'contractor') AND t.person_id = p.id AND t.site_id = s.id
      AND (t.bank_id IS NULL OR t.bank_id = b.id) AND t.revoked_at IS NULL
    ORDER BY t.starts_at <= %(at)s AND t.ends_at > %(at)s DESC, t.ends_at DESC
    LIMIT 1) given ON true
LEFT JOIN lockers_bridgepresence bp ON bp.bridge_id = b.bridge_id
LEFT JOIN LATERAL (
    SELECT * FROM occupancy_policy o
    WHERE o.organisation_id = s.organisation_id
      AND (o.bank_id = b.id OR o.bank_id IS NULL AND (o.site_id = s.id OR o.site_id IS NULL))
    ORDER BY o.bank_id IS NULL, o.site_id IS NULL LIMIT 1) o ON true
LEFT JOIN LATERAL (
    SELECT coalesce(array_agg(x.slot), '{}') AS slots,
           count(*) FILTER (WHERE x.ends_at <= %(at)s AND x.at_end = 'release') AS stale
    FROM occupancy_claim x
    WHERE x.holder_id = p.id AND x.policy_id = o.id AND x.closed_at IS NULL) used ON true
WHERE b.id = %(bank)s
"""


def read(person_id: int, bank_id: int, at: dt.datetime) -> Situation:
    """Read it in one statement; raises NoSuchCompartment where there is no such bank or person."""
    from_presence = at - presence.SILENT_AFTER
    with connection.cursor() as cursor:
        cursor.execute(
            _READ,
            {"person": person_id, "bank": bank_id, "at": at, "silent_since": from_presence},
        )
        row = cursor.fetchone()
    if row is None:
        raise NoSuchCompartment
    return Situation(*row)
