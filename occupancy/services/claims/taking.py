"""One insert that the constraints judge.

``INSERT ... ON CONFLICT DO NOTHING`` against the exclusion constraint was both the safe and the
fastest of the methods tried. SKIP LOCKED only keeps simultaneous claimants from wanting the same
door; alone it would not be safe.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from django.db import IntegrityError, connection

from audit.errors import Again
from occupancy.allocation.engine import Choice, Offer
from occupancy.services.claims.bank_doors import IS_TO_BE_HAD, NOBODY_HAS_IT

# Within one transaction; then it begins anew.
_TRIES = 5
_FREE = """
    {held}
    AND (SELECT x.id FROM occupancy_claim x
         WHERE x.compartment_id = c.id AND x.closed_at IS NULL AND x.started_at IS NULL
           AND (%(ends_at)s::timestamptz IS NULL OR x.starts_at < %(ends_at)s)
           AND (x.ends_at IS NULL OR x.ends_at > %(at)s) {planned}
         LIMIT 1) IS NULL
"""
# As the constraints will judge; and by the clock, whether what is over was written down or not.
FREE = _FREE.format(held=NOBODY_HAS_IT, planned="")
FREE_NOW = _FREE.format(
    held=IS_TO_BE_HAD, planned="AND (x.lapses_at IS NULL OR x.lapses_at > %(at)s)"
)
# The doors come in order and are asked one after another until one is free: LATERAL keeps the
# planner from asking all of them. The numbers under the limits are inserted without ON CONFLICT:
# the person's own twin request, if it was faster, makes this one begin anew.
_TAKE = f"""
WITH door AS (
    SELECT free.id, free.number
    FROM unnest(%(doors)s::bigint[]) WITH ORDINALITY ranked(id, place)
    CROSS JOIN LATERAL (
        SELECT c.id, c.number FROM lockers_compartment c WHERE c.id = ranked.id AND {FREE}
        FOR NO KEY UPDATE OF c SKIP LOCKED) free
    ORDER BY ranked.place LIMIT 1),
taken AS (
    INSERT INTO occupancy_claim (compartment_id, kind, holder_id, policy_id, starts_at, due_at,
                                 ends_at, started_at, closed_how, at_end, renewals)
    SELECT door.id, 'assignment', %(person)s, %(policy)s, %(at)s, %(due_at)s, %(ends_at)s, %(at)s,
           '', %(at_end)s, 0
    FROM door
    ON CONFLICT DO NOTHING
    RETURNING id),
counted AS (
    INSERT INTO occupancy_quota (claim_id, policy_id, holder_id, slot, is_booking, is_open)
    SELECT taken.id, n.policy_id, %(person)s, n.slot, false, true
    FROM taken, unnest(%(limiting)s::bigint[], %(slots)s::int[]) n(policy_id, slot))
SELECT taken.id, door.id FROM door LEFT JOIN taken ON true
"""


@dataclass(frozen=True)
class Taken:
    """The claim that was written, and the choice it was."""

    claim_id: int
    choice: Choice

    @property
    def ends_at(self) -> dt.datetime | None:
        """Until when the door is held, grace included."""
        return self.choice.offer.term.ends_at


def take(
    choices: Sequence[Choice], *, person_id: int, at: dt.datetime, door_id: int | None
) -> Taken | None:
    """Take the best door that is still free; None when none is left, Again at a lost race."""
    for _key, group in groupby(choices, key=lambda choice: id(choice.offer)):
        run = list(group)
        taken = _try(run, person_id, at, door_id)
        if taken is not None:
            return taken
    return None


def _try(
    run: Sequence[Choice], person_id: int, at: dt.datetime, door_id: int | None
) -> Taken | None:
    """Take the first free door of those on the same terms, or the next when somebody was faster.

    Trying again here is safe: whoever lost keeps a lock that nobody waits for (SKIP LOCKED), and
    has inserted nothing that anybody could wait for.
    """
    values = {**_values(run[0].offer, person_id, at), "door": door_id}
    values["doors"] = [choice.door.id for choice in run]
    by_door = {choice.door.id: choice for choice in run}
    with connection.cursor() as cursor:
        for _attempt in range(_TRIES):
            try:
                cursor.execute(_TAKE, values)
            except IntegrityError as error:
                if "occupancy_no_more_than_the_limit" not in str(error):
                    raise
                raise Again from error
            row: tuple[int | None, int] | None = cursor.fetchone()
            if row is None:
                return None
            claim_id, compartment_id = row
            if claim_id is not None:
                return Taken(claim_id, by_door[compartment_id])
    return None


def _values(offer: Offer, person_id: int, at: dt.datetime) -> dict[str, Any]:
    return {
        "person": person_id,
        "policy": offer.rules.policy_id,
        "at": at,
        "due_at": offer.term.due_at,
        "ends_at": offer.term.ends_at,
        "at_end": offer.at_end.value,
        "limiting": list(offer.counts.keys()),
        "slots": list(offer.counts.values()),
    }
