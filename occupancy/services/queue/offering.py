"""Offering a door that is free to whoever is next: one insert that the constraints judge.

An offer is a claim of its own kind: the exclusion constraint keeps everybody else away until it
lapses, and from that very instant it keeps nobody away, whenever a job closes it. It is none of
the bookings: no check-in, no no-show and no move applies to it.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, connection, transaction

from access.choices import NoticeKind
from access.decisions import decide
from audit.actions import Action
from audit.errors import Again
from audit.services import events
from audit.services.events import Actor
from occupancy.allocation import engine
from occupancy.allocation.engine import Ask, Choice
from occupancy.allocation.ranking import Wish
from occupancy.services.claims import bank_doors, situations
from occupancy.services.claims.situations import Situation
from occupancy.services.claims.taking import FREE, FREE_NOW
from occupancy.services.ending import sweeping
from occupancy.services.queue.offer_letters import tell

_ACTOR = Actor.job("waiting lists")
LASTS = dt.timedelta(minutes=15)
# While the holder before may still undo, nobody is told; an offer begins when that is over.
UNDO_WITHIN = dt.timedelta(seconds=60)


@dataclass(frozen=True, order=True)
class Queue:
    """One waiting list: of an area, or (0) of all banks of a site in no area; and of a size."""

    site_id: int
    area_id: int
    size_id: int


@dataclass(frozen=True)
class _Next:
    entry_id: int
    person_id: int
    bank_id: int


def freed(*, compartment_id: int, at: dt.datetime) -> int:
    """Offer what came free, in the transaction that freed it; return how many offers were made.

    What it misses (a door that still stands open, a bank that is offline) the sweep offers.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT b.site_id, coalesce(b.area_id, 0), c.size_id FROM lockers_compartment c"
            " JOIN lockers_bank b ON b.id = c.bank_id"
            " WHERE c.id = %s AND EXISTS (SELECT FROM occupancy_waitingentry w"
            "  WHERE w.closed_at IS NULL AND w.site_id = b.site_id"
            "    AND w.area_id IS NOT DISTINCT FROM b.area_id AND w.size_id = c.size_id)",
            (compartment_id,),
        )
        row = cursor.fetchone()
    return offer_in(Queue(*row), at) if row else 0


def queues(*, bank_id: int | None = None, size_id: int | None = None) -> list[Queue]:
    """Return the lists on which somebody is, or those of a bank's doors."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT w.site_id, coalesce(w.area_id, 0), w.size_id"
            " FROM occupancy_waitingentry w WHERE w.closed_at IS NULL"
            " AND (%(size)s::bigint IS NULL OR w.size_id = %(size)s)"
            " AND (%(bank)s::bigint IS NULL OR EXISTS (SELECT FROM lockers_bank b"
            "  WHERE b.id = %(bank)s AND b.site_id = w.site_id"
            "    AND b.area_id IS NOT DISTINCT FROM w.area_id))",
            {"bank": bank_id, "size": size_id},
        )
        return sorted(Queue(*row) for row in cursor.fetchall())


def offer_in(queue: Queue, at: dt.datetime, aside: list[str] | None = None) -> int:
    """Offer the free doors of a list to those who wait, in their order; return how many.

    Whoever cannot use a door (their needs, their limit, on hold) is passed over and keeps their
    place; so does one whose offer cannot be written, named in ``aside``. While another
    transaction offers from this list, nothing is offered here: the next sweep sees to the rest.
    """
    return _offer_in(queue, _free(queue, at), at, aside)


def left_in(queue: Queue, at: dt.datetime, door_id: int | None) -> frozenset[int]:
    """Offer as ``offer_in`` does; return the doors that nobody who waits can use.

    ``door_id`` is what the claimant asked for by name, and may have although it stands open.
    Raises Again while another transaction offers from this list.
    """
    if not _is_alone(queue):
        raise Again
    free = _free(queue, at, door_id=door_id)
    _offer_in(queue, free, at, None)
    return frozenset(free)


def _offer_in(queue: Queue, free: dict[int, int], at: dt.datetime, aside: list[str] | None) -> int:
    def offer(one: _Next) -> int:
        if not _is_alone(queue):
            free.clear()
            return 0
        door_id = _offer_to(one, queue, free, at)
        if door_id is None:
            return 0
        del free[door_id]
        return 1

    waiting = _waiting(queue) if free else []
    # As long as there is anything left to offer.
    left = itertools.takewhile(lambda _one: free, waiting)
    return sweeping.each(left, offer, lambda one: f"waiting:{one.entry_id}", aside)


def _is_alone(queue: Queue) -> bool:
    """Be the only one that offers from a list, to the end of the transaction, or say no at once.

    Of two at once, each passing over whom the other is about to serve, one could give the door to
    somebody further back, and the other then give up.
    """
    name = f"waiting:{queue.site_id}:{queue.area_id}:{queue.size_id}"
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", (name,))
        return bool(cursor.fetchone()[0])


def would_hold(queue: Queue, at: dt.datetime) -> dict[int, int]:
    """Return which doors would be offered to whom at this instant, without offering them."""
    free = _free(queue, at, FREE_NOW)
    held: dict[int, int] = {}
    for one in _waiting(queue) if free else ():
        if not free:
            break
        best = next((choices[0] for _at, choices in _for(one, queue, free, at)), None)
        if best is not None:
            del free[best.door.id]
            held[best.door.id] = one.person_id
    return held


def _free(
    queue: Queue, at: dt.datetime, which: str = FREE, door_id: int | None = None
) -> dict[int, int]:
    """Return the doors of a list that nobody has now, with their banks."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.id, c.bank_id FROM lockers_compartment c"
            " JOIN lockers_bank b ON b.id = c.bank_id"
            " WHERE b.site_id = %(site)s AND coalesce(b.area_id, 0) = %(area)s"
            f" AND c.size_id = %(size)s AND {which}",
            {"site": queue.site_id, "area": queue.area_id, "size": queue.size_id,
             "at": at, "ends_at": at + LASTS, "door": door_id},
        )  # fmt: skip
        return dict(cursor.fetchall())


def _waiting(queue: Queue) -> list[_Next]:
    """Return those who wait and have no offer: also who let one lapse has had their turn."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT w.id, w.person_id, w.bank_id FROM occupancy_waitingentry w"
            " WHERE w.closed_at IS NULL AND w.site_id = %s"
            " AND w.area_id IS NOT DISTINCT FROM nullif(%s, 0) AND w.size_id = %s"
            " AND NOT EXISTS (SELECT FROM occupancy_offer o"
            "  WHERE o.entry_id = w.id AND o.closed_at IS NULL)"
            " ORDER BY w.joined_at, w.id",
            (queue.site_id, queue.area_id, queue.size_id),
        )
        return [_Next(*row) for row in cursor.fetchall()]


def _offer_to(one: _Next, queue: Queue, free: dict[int, int], at: dt.datetime) -> int | None:
    """Offer the best of the doors that somebody may have; return it, or None.

    Doors that were taken at this moment are left to them: nobody further back is offered those.
    """
    missed: set[int] = set()
    for situation, choices in _for(one, queue, free, at):
        still_waits, door_id = _write(one, choices, situation, at)
        if door_id is not None or not still_waits:
            return door_id
        missed |= {choice.door.id for choice in choices}
    for door_id in missed:
        del free[door_id]
    return None


def _for(
    one: _Next, queue: Queue, free: dict[int, int], at: dt.datetime
) -> Iterator[tuple[Situation, Sequence[Choice]]]:
    """Yield which of the doors somebody may have, where they asked first, then bank by bank."""
    banks = sorted(set(free.values()), key=lambda bank_id: (bank_id != one.bank_id, bank_id))
    for bank_id in banks:
        situation = situations.read(one.person_id, bank_id, at)
        if situation.cut_off or not decide(situation.facts(), at).allowed:
            continue
        choices = [
            choice for choice in _choices(situation, queue.size_id, at) if choice.door.id in free
        ]
        if choices:
            yield situation, choices


def _choices(situation: Situation, size_id: int, at: dt.datetime) -> Sequence[Choice]:
    """Return the doors that a claim of theirs would get now and that have all they need."""
    plan = engine.plan(
        situation.rulebook.policies,
        Ask(
            who=situation.who,
            at=at,
            zone=situation.zone,
            wish=Wish(situation.needs),
            size_id=size_id,
            access_until=situation.access_until if situation.needs_access else None,
            leaves_at=situation.leaves_at,
        ),
        situation.place,
        bank_doors.of_bank(situation, at),
        situations.by_clock(situation, at).held,
    )
    return [one for one in plan.choices if situation.needs <= one.door.offers]


# A place that is being left and a door that is being taken at this moment are passed over: nobody
# waits for anybody's lock.
_OFFER = f"""
WITH entry AS (
    SELECT w.id, w.person_id FROM occupancy_waitingentry w
    WHERE w.id = %(entry)s AND w.closed_at IS NULL
      AND NOT EXISTS (SELECT FROM occupancy_offer o
                      WHERE o.entry_id = w.id AND o.closed_at IS NULL)
    FOR NO KEY UPDATE OF w SKIP LOCKED),
door AS (
    SELECT free.id, free.starts_at, entry.id AS entry_id, entry.person_id
    FROM entry, unnest(%(doors)s::bigint[]) WITH ORDINALITY ranked(id, place)
    CROSS JOIN LATERAL (
        SELECT c.id, greatest(%(at)s, (
            SELECT CASE WHEN late.closed_how = 'finished'
                        THEN late.closed_at + %(undo)s::interval END
            FROM occupancy_claim late
            WHERE late.compartment_id = c.id AND late.started_at IS NOT NULL
            ORDER BY late.id DESC LIMIT 1)) AS starts_at
        FROM lockers_compartment c WHERE c.id = ranked.id AND {FREE}
        FOR NO KEY UPDATE OF c SKIP LOCKED) free
    ORDER BY ranked.place LIMIT 1),
held AS (
    INSERT INTO occupancy_claim (compartment_id, kind, holder_id, starts_at, due_at, ends_at,
                                 closed_how, at_end, renewals)
    SELECT door.id, 'offer', door.person_id, door.starts_at, door.starts_at + %(lasts)s::interval,
           door.starts_at + %(lasts)s::interval, '', 'release', 0
    FROM door
    ON CONFLICT DO NOTHING
    RETURNING id, compartment_id, starts_at, ends_at),
made AS (
    INSERT INTO occupancy_offer (entry_id, claim_id, made_at, closed_how)
    SELECT %(entry)s, held.id, %(at)s, '' FROM held
    RETURNING id)
SELECT made.id, held.id, held.compartment_id, held.starts_at, held.ends_at
FROM entry LEFT JOIN (made CROSS JOIN held) ON true
"""


def _write(
    one: _Next, choices: Sequence[Choice], situation: Situation, at: dt.datetime
) -> tuple[bool, int | None]:
    """Write offer, claim, event and letter together; return if they still wait, and the door."""
    values: dict[str, Any] = {
        "entry": one.entry_id,
        "doors": [choice.door.id for choice in choices],
        "at": at,
        "ends_at": at + LASTS,
        "door": None,
        "undo": UNDO_WITHIN,
        "lasts": LASTS,
    }
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_OFFER, values)
            row = cursor.fetchone()
    except IntegrityError as error:
        if "occupancy_one_open_offer_at_a_time" not in str(error):
            raise
        return False, None  # between our look and our lock another transaction had offered one
    if row is None or row[0] is None:
        return row is not None, None
    offer_id, claim_id, door_id, starts_at, lapses_at = row
    events.record(
        action=Action.OFFER_MADE,
        actor=_ACTOR,
        at=at,
        organisation_id=situation.organisation_id,
        site_id=situation.site_id,
        bank_id=situation.bank_id,
        compartment_id=door_id,
        person_id=one.person_id,
        subject=f"offer:{offer_id}",
        data={"claim": claim_id, "entry": one.entry_id, "from": starts_at, "until": lapses_at},
    )
    tell(NoticeKind.DOOR_OFFERED, offer_id, at=at, not_before=starts_at, useful_until=lapses_at)
    return True, int(door_id)
