"""The banks of a map: where they stand, whether they are reached, and openings under way."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import connection

from lockers import presence
from lockers.services import openings

# A confirmed opening is shown until its last door had its time.
_LAST_DOOR = dt.timedelta(seconds=15)


@dataclass(frozen=True, slots=True)
class MapOpening:
    """An opening of a whole bank that waits for its second person, or is under way."""

    id: int
    status: str
    reason: str
    requested_by: int
    by: str
    until: dt.datetime


@dataclass(frozen=True, slots=True)
class BankFacts:
    """One bank of a map. ``area`` is its path, outermost first."""

    id: int
    site_id: int
    name: str
    directions: str
    area: str
    plinth_mm: int
    bridge_id: int | None
    bridge_connected: bool
    bridge_seen_at: dt.datetime | None
    opening: MapOpening | None
    # Whether a wire, board or reader of it does not work; bridge and doors say it otherwise.
    has_fault: bool = False

    def is_online(self, at: dt.datetime) -> bool:
        """Say whether the bank's bridge is there; a bank without bridge has nothing to lose."""
        if self.bridge_id is None:
            return True
        return presence.is_online(self.bridge_connected, self.bridge_seen_at, at)

    def opening_at(self, at: dt.datetime) -> MapOpening | None:
        """Return the opening that is still to be shown."""
        return self.opening if self.opening is not None and at < self.opening.until else None


_BANKS = """
WITH RECURSIVE path AS (
    SELECT a.id, a.name::text AS words, ARRAY[to_char(a.position, 'FM00000') || a.name] AS place
    FROM lockers_area a
    WHERE a.parent_id IS NULL AND a.site_id IN (SELECT b.site_id FROM lockers_bank b WHERE {which})
    UNION ALL
    SELECT a.id, path.words || ' · ' || a.name,
           path.place || (to_char(a.position, 'FM00000') || a.name)
    FROM lockers_area a JOIN path ON a.parent_id = path.id)
SELECT b.id, b.site_id, b.name, b.directions, coalesce(path.words, ''), b.plinth_mm, b.bridge_id,
       coalesce(p.connection IS NOT NULL, false), p.last_seen_at,
       o.id, o.status, o.reason, o.requested_by,
       coalesce(nullif(trim(u.first_name || ' ' || u.last_name), ''), u.username, ''),
       o.requested_at, o.confirmed_at, o.stagger_ms,
       (SELECT count(*) FROM lockers_command m WHERE m.opening_id = o.id),
       EXISTS (
           SELECT FROM lockers_controller k
           WHERE k.bridge_id = b.bridge_id
             AND (k.state = 'offline' OR p.health -> 'buses' -> k.address ->> 'state' = 'down'
               OR p.health -> 'buses' -> k.address ->> 'code' IN ('noise', 'timeouts'))
             AND EXISTS (SELECT FROM lockers_compartment c
                         WHERE c.controller_id = k.id AND c.bank_id = b.id))
       OR EXISTS (
           SELECT FROM lockers_reader r
           WHERE r.bank_id = b.id AND r.transport = 'wired'
             AND p.health -> 'readers' -> r.id::text ->> 'state' IN ('offline', 'misconfigured'))
FROM lockers_bank b
LEFT JOIN path ON path.id = b.area_id
LEFT JOIN lockers_bridgepresence p ON p.bridge_id = b.bridge_id
LEFT JOIN LATERAL (
    SELECT * FROM lockers_bankopening o
    WHERE o.bank_id = b.id AND o.status IN ('requested', 'confirmed')
    ORDER BY o.id DESC LIMIT 1) o ON o.requested_at > %(at)s - interval '15 minutes'
LEFT JOIN access_user u ON u.id = o.requested_by
WHERE {which}
ORDER BY path.place NULLS FIRST, b.position, b.name, b.id
"""
_OF_BANKS = _BANKS.format(which="b.id = ANY(%(which)s)")
_OF_SITES = _BANKS.format(which="b.site_id = ANY(%(which)s)")


def banks_of(
    at: dt.datetime,
    *,
    bank_ids: Iterable[int] | None = None,
    site_ids: Iterable[int] | None = None,
) -> list[BankFacts]:
    """Return some banks, or every bank of some sites, in the order they are drawn."""
    by_site = site_ids is not None
    which = list(site_ids if site_ids is not None else bank_ids or ())
    with connection.cursor() as cursor:
        cursor.execute(_OF_SITES if by_site else _OF_BANKS, {"which": which, "at": at})
        return [_bank(row) for row in cursor.fetchall()]


def _bank(row: tuple[Any, ...]) -> BankFacts:
    *rest, has_fault = row
    facts = (*rest[:9], _opening(tuple(rest[9:])), has_fault)
    return BankFacts(*facts)


def _opening(row: tuple[Any, ...]) -> MapOpening | None:
    number, status, reason, by_id, by, requested_at, confirmed_at, stagger_ms, doors = row
    if number is None:
        return None
    until = requested_at + openings.CONFIRM_WITHIN
    if confirmed_at is not None:
        until = confirmed_at + doors * dt.timedelta(milliseconds=stagger_ms) + _LAST_DOOR
    return MapOpening(number, status, reason, by_id, by, until)
