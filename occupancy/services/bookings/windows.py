"""Windows to come: which doors are free in one, and one insert that the constraints judge."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from django.db import IntegrityError, connection

from audit.errors import Again
from occupancy.allocation.engine import Choice
from occupancy.allocation.hours import Hours, Span
from occupancy.allocation.ranking import Door
from occupancy.services.claims.bank_doors import NOBODY_HAS_IT, features
from occupancy.services.claims.situations import Situation

# Within one transaction; then it begins anew.
_TRIES = 5
# What is dirty or still unwired today may be booked for a later day; what staff took away may not.
# A door that somebody is overdue with is nobody's to book, however far ahead. Sub-selects that stay
# so (LIMIT): each is a probe of a small index.
_DOORS = """
SELECT c.id, c.number, c.size_id, z.rank, c.is_accessible, c.is_wide, c.has_charging,
       c.service_status IN ('in_service', 'needs_cleaning') AND c.controller_id IS NOT NULL
       AND (SELECT x.id FROM occupancy_claim x
            WHERE x.compartment_id = c.id AND x.closed_at IS NULL AND x.started_at IS NOT NULL
              AND (x.ends_at IS NULL OR x.ends_at > %(starts)s OR x.recovery_at IS NOT NULL
                   OR x.at_end = 'hold' AND x.ends_at <= %(now)s)
            LIMIT 1) IS NULL
       AND (SELECT x.id FROM occupancy_claim x
            WHERE x.compartment_id = c.id AND x.closed_at IS NULL AND x.started_at IS NULL
              AND x.id IS DISTINCT FROM %(besides)s::bigint
              AND x.starts_at <= %(starts)s AND (x.ends_at IS NULL OR x.ends_at > %(starts)s)
              AND (x.lapses_at IS NULL OR x.lapses_at > %(now)s)
            LIMIT 1) IS NULL,
       (SELECT min(x.starts_at) FROM occupancy_claim x
        WHERE x.compartment_id = c.id AND x.closed_at IS NULL AND x.started_at IS NULL
          AND x.id IS DISTINCT FROM %(besides)s::bigint AND x.starts_at > %(starts)s
          AND (x.lapses_at IS NULL OR x.lapses_at > %(now)s)),
       coalesce(u.uses, 0)
FROM lockers_compartment c
JOIN lockers_size z ON z.id = c.size_id
LEFT JOIN occupancy_dooruse u ON u.compartment_id = c.id
WHERE c.bank_id = %(bank)s AND (%(door)s::bigint IS NULL OR c.id = %(door)s)
"""
# As in taking.py: LATERAL keeps the planner from asking every door, SKIP LOCKED keeps simultaneous
# bookers from wanting the same one, and the exclusion constraint alone makes it safe.
_BOOK = """
WITH door AS (
    SELECT free.id
    FROM unnest(%(doors)s::bigint[]) WITH ORDINALITY ranked(id, place)
    CROSS JOIN LATERAL (
        SELECT c.id FROM lockers_compartment c
        WHERE c.id = ranked.id
          AND (SELECT x.id FROM occupancy_claim x
               WHERE x.closed_at IS NULL
                 AND int8range(x.compartment_id, x.compartment_id, '[]')
                     && int8range(c.id, c.id, '[]')
                 AND tstzrange(x.starts_at, x.ends_at) && tstzrange(%(starts)s, %(ends)s)
               LIMIT 1) IS NULL
        FOR NO KEY UPDATE OF c SKIP LOCKED) free
    ORDER BY ranked.place LIMIT 1),
taken AS (
    INSERT INTO occupancy_claim (compartment_id, kind, holder_id, policy_id, starts_at, due_at,
                                 ends_at, lapses_at, booked_by, closed_how, at_end, renewals)
    SELECT door.id, 'reservation', %(person)s, %(policy)s, %(starts)s, %(due)s, %(ends)s,
           %(lapses)s, %(booked_by)s, '', %(at_end)s, 0
    FROM door
    ON CONFLICT DO NOTHING
    RETURNING id),
counted AS (
    INSERT INTO occupancy_quota (claim_id, policy_id, holder_id, slot, is_booking, is_open)
    SELECT taken.id, n.policy_id, %(person)s, n.slot, true, true
    FROM taken, unnest(%(limiting)s::bigint[], %(slots)s::int[]) n(policy_id, slot))
SELECT taken.id, door.id FROM door LEFT JOIN taken ON true
"""
_HOURS = """
SELECT weekday, NULL::date, opens_at, closes_at FROM lockers_openinghours WHERE site_id = %(site)s
UNION ALL
SELECT NULL, date, opens_at, closes_at FROM lockers_specialday
WHERE site_id = %(site)s AND date BETWEEN %(first)s AND %(last)s
"""


@dataclass(frozen=True)
class Window:
    """From when to when; ``at`` is when it is asked for, ``besides`` a booking that is changed."""

    starts_at: dt.datetime
    ends_at: dt.datetime
    at: dt.datetime
    besides: int | None = None
    # That booking begins as it did: it may have begun, and no notice is asked for.
    keeps_start: bool = False


@dataclass(frozen=True)
class Booked:
    """The claim that was written, and the choice it was."""

    claim_id: int
    choice: Choice


def hours(site_id: int, first: dt.datetime, last: dt.datetime) -> Hours:
    """Return when a site is open between two instants."""
    day = dt.timedelta(days=1)
    weekly: dict[int, list[Span]] = {}
    special: dict[dt.date, Span | None] = {}
    with connection.cursor() as cursor:
        cursor.execute(
            _HOURS, {"site": site_id, "first": (first - day).date(), "last": (last + day).date()}
        )
        for weekday, date, opens_at, closes_at in cursor.fetchall():
            if date is not None:
                special[date] = None if opens_at is None else (opens_at, closes_at)
            else:
                weekly.setdefault(weekday, []).append((opens_at, closes_at))
    return Hours(weekly, special)


def doors(situation: Situation, window: Window, door_id: int | None = None) -> list[Door]:
    """Return the bank's doors as they stand in a window, or that very one."""
    groups = situation.rulebook.groups
    with connection.cursor() as cursor:
        cursor.execute(
            _DOORS,
            {
                "bank": situation.bank_id,
                "door": door_id,
                "starts": window.starts_at,
                "now": window.at,
                "besides": window.besides,
            },
        )
        return [
            Door(
                id=row[0],
                number=row[1],
                size_id=row[2],
                size_rank=row[3],
                offers=features(row[4], row[5], row[6], situation.is_near_entrance),
                areas=tuple(situation.areas),
                groups=groups.get(row[0], frozenset()),
                is_free=bool(row[7]),
                free_until=row[8],
                uses=row[9],
            )
            for row in cursor.fetchall()
        ]


def usable(door_ids: Sequence[int]) -> list[int]:
    """Return those doors, in their order, that somebody could use at this moment."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT c.id FROM lockers_compartment c WHERE c.id = ANY(%(ids)s) AND {NOBODY_HAS_IT}",
            {"ids": list(door_ids), "door": None},
        )
        ready = {row[0] for row in cursor.fetchall()}
    return [door_id for door_id in door_ids if door_id in ready]


def lapses_at(choice: Choice, window: Window) -> dt.datetime:
    """Return from when a booking that nobody checked in to is a no-show."""
    ahead, ends_at = choice.offer.rules.ahead, choice.offer.term.ends_at
    assert ahead is not None and ends_at is not None  # only such choices are booked
    return min(max(window.starts_at, window.at) + ahead.no_show_after, ends_at)


def book(
    choices: Sequence[Choice], window: Window, *, person_id: int, booked_by: str
) -> Booked | None:
    """Book the best door that is still free; None when none is, Again at a lost race."""
    for _key, group in groupby(choices, key=lambda choice: id(choice.offer)):
        run = list(group)
        booked = _try(run, _values(run[0], window, person_id, booked_by))
        if booked is not None:
            return booked
    return None


def _try(run: Sequence[Choice], values: dict[str, Any]) -> Booked | None:
    by_door = {choice.door.id: choice for choice in run}
    values = {**values, "doors": list(by_door)}
    with connection.cursor() as cursor:
        for _attempt in range(_TRIES):
            try:
                cursor.execute(_BOOK, values)
            except IntegrityError as error:
                if "occupancy_no_more_than_the_limit" not in str(error):
                    raise
                raise Again from error
            row: tuple[int | None, int] | None = cursor.fetchone()
            if row is None:
                return None
            if row[0] is not None:
                return Booked(row[0], by_door[row[1]])
    return None


def _values(choice: Choice, window: Window, person_id: int, booked_by: str) -> dict[str, Any]:
    offer = choice.offer
    return {
        "person": person_id,
        "policy": offer.rules.policy_id,
        "starts": window.starts_at,
        "due": offer.term.due_at,
        "ends": offer.term.ends_at,
        "lapses": lapses_at(choice, window),
        "booked_by": booked_by,
        "at_end": offer.at_end.value,
        "limiting": list(offer.counts.keys()),
        "slots": list(offer.counts.values()),
    }
