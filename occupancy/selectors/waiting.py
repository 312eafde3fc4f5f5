"""What people and staff see of waiting lists: position, expected wait, and what is offered."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import connection

from access.models import Person
from occupancy.allocation.waiting import LOOKS_BACK, expected_wait

# Looked at per door: enough for any rate, and bounded however old the door is.
_LATEST = 20


@dataclass(frozen=True, slots=True)
class Offered:
    """A door that is held for somebody until ``until``."""

    id: int
    claim_id: int
    compartment_id: int
    number: str
    bank_id: int
    bank: str
    directions: str
    until: dt.datetime


@dataclass(frozen=True, slots=True)
class Waiting:
    """A place on a waiting list: the position is from 1, and of no meaning beside an offer."""

    entry_id: int
    person_id: int
    site_id: int
    area_id: int | None
    # Where, in words: the area, or the site when the bank stands in none.
    place: str
    size_id: int
    size: str
    bank_id: int
    joined_at: dt.datetime
    position: int
    # None: not known yet.
    expected: dt.timedelta | None
    offer: Offered | None


@dataclass(frozen=True, slots=True)
class Listed:
    """A waiting list as somebody sees it before they join."""

    size_id: int
    size: str
    waiting: int
    expected: dt.timedelta | None


# A place with an offer that lapsed is over from that instant, whenever the job closes it. Those
# ahead are who still wait: an offer of which nobody was told yet may still be taken back.
_PLACES = """
SELECT w.id, w.person_id, w.site_id, w.area_id, coalesce(a.name, s.name), w.size_id, z.name,
       w.bank_id, w.joined_at,
       1 + (SELECT count(*) FROM occupancy_waitingentry f
            WHERE f.closed_at IS NULL AND f.site_id = w.site_id
              AND f.area_id IS NOT DISTINCT FROM w.area_id AND f.size_id = w.size_id
              AND (f.joined_at, f.id) < (w.joined_at, w.id)
              AND NOT EXISTS (SELECT FROM occupancy_offer o JOIN occupancy_claim x
                              ON x.id = o.claim_id AND x.starts_at <= %(at)s
                              WHERE o.entry_id = f.id AND o.closed_at IS NULL)),
       o.id, o.claim_id, c.id, c.number, b.id, b.name, b.directions, x.ends_at
FROM occupancy_waitingentry w
JOIN lockers_site s ON s.id = w.site_id
JOIN lockers_size z ON z.id = w.size_id
LEFT JOIN lockers_area a ON a.id = w.area_id
LEFT JOIN (occupancy_offer o JOIN occupancy_claim x ON x.id = o.claim_id
           JOIN lockers_compartment c ON c.id = x.compartment_id
           JOIN lockers_bank b ON b.id = c.bank_id)
       ON o.entry_id = w.id AND o.closed_at IS NULL AND x.starts_at <= %(at)s
WHERE w.closed_at IS NULL AND (x.ends_at IS NULL OR x.ends_at > %(at)s)
  AND (w.person_id = %(person)s OR w.id = ANY(%(entries)s))
ORDER BY w.joined_at, w.id
"""
_RELEASES = """
SELECT q.site, q.area, q.size, late.closed_at
FROM unnest(%(sites)s::bigint[], %(areas)s::bigint[], %(sizes)s::bigint[]) q(site, area, size)
JOIN lockers_bank b ON b.site_id = q.site AND b.area_id IS NOT DISTINCT FROM q.area
JOIN lockers_compartment c ON c.bank_id = b.id AND c.size_id = q.size
CROSS JOIN LATERAL (
    SELECT x.closed_at, x.started_at FROM occupancy_claim x WHERE x.compartment_id = c.id
    ORDER BY x.id DESC LIMIT %(latest)s) late
WHERE late.started_at IS NOT NULL AND late.closed_at BETWEEN %(since)s AND %(at)s
"""
_Key = tuple[int, int | None, int]


def waiting_for(person: Person, at: dt.datetime) -> list[Waiting]:
    """Return what somebody waits for, with position, expected wait and what is offered to them."""
    return _read({"person": person.pk, "entries": []}, at)


def places(entry_ids: Iterable[int], at: dt.datetime) -> dict[int, Waiting]:
    """Return places by number; one that is over is not among them."""
    found = _read({"person": None, "entries": list(entry_ids)}, at)
    return {one.entry_id: one for one in found}


def lists_at(bank_id: int, at: dt.datetime) -> list[Listed]:
    """Return the waiting lists that a bank's doors are on, one for each size, smallest first."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT b.site_id, b.area_id, z.id, z.name,"
            " (SELECT count(*) FROM occupancy_waitingentry w WHERE w.closed_at IS NULL"
            "   AND w.site_id = b.site_id AND w.area_id IS NOT DISTINCT FROM b.area_id"
            "   AND w.size_id = z.id AND NOT EXISTS (SELECT FROM occupancy_offer o"
            "     JOIN occupancy_claim x ON x.id = o.claim_id AND x.starts_at <= %(at)s"
            "     WHERE o.entry_id = w.id AND o.closed_at IS NULL))"
            " FROM lockers_bank b JOIN lockers_size z ON z.id IN"
            "  (SELECT c.size_id FROM lockers_compartment c WHERE c.bank_id = b.id)"
            " WHERE b.id = %(bank)s ORDER BY z.rank",
            {"bank": bank_id, "at": at},
        )
        rows = cursor.fetchall()
    released = _released([(site, area, size) for site, area, size, _name, _count in rows], at)
    return [
        Listed(
            size, name, count, expected_wait(count + 1, released.get((site, area, size), []), at)
        )
        for site, area, size, name, count in rows
    ]


def _read(which: dict[str, Any], at: dt.datetime) -> list[Waiting]:
    with connection.cursor() as cursor:
        cursor.execute(_PLACES, {**which, "at": at})
        rows = cursor.fetchall()
    released = _released({(row[2], row[3], row[5]) for row in rows}, at)
    return [_waiting(row, released.get((row[2], row[3], row[5]), []), at) for row in rows]


def _waiting(row: tuple[Any, ...], released: list[dt.datetime], at: dt.datetime) -> Waiting:
    position = row[9]
    offer = Offered(*row[10:]) if row[10] is not None else None
    expected = expected_wait(position, released, at)
    return Waiting(
        row[0], row[1], row[2], row[3], row[4], row[5], row[6], row[7], row[8],
        position, expected, offer,
    )  # fmt: skip


def _released(keys: Iterable[_Key], at: dt.datetime) -> dict[_Key, list[dt.datetime]]:
    """Return when the doors of some lists came free of late."""
    lists = list(keys)
    released: dict[_Key, list[dt.datetime]] = {}
    if not lists:
        return released
    with connection.cursor() as cursor:
        cursor.execute(
            _RELEASES,
            {
                "sites": [one[0] for one in lists],
                "areas": [one[1] for one in lists],
                "sizes": [one[2] for one in lists],
                "since": at - LOOKS_BACK,
                "at": at,
                "latest": _LATEST,
            },
        )
        for site, area, size, closed_at in cursor.fetchall():
            released.setdefault((site, area, size), []).append(closed_at)
    return released
