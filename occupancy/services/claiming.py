"""Getting a compartment: one read of the facts, one insert that the constraints judge.

``INSERT ... ON CONFLICT DO NOTHING`` against the exclusion constraint was both the safe and the
fastest of the methods tried. SKIP LOCKED only keeps simultaneous claimants from wanting the same
door; alone it would not be safe.
"""

from __future__ import annotations

import datetime as dt
import uuid
import zoneinfo
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction

from access.decisions import Decision, Facts, decide
from access.errors.decisions import NotAllowed
from access.services import grants
from audit.actions import Action
from audit.errors import Again, Refusal
from audit.services import events
from audit.services.events import Actor
from lockers.choices import CommandStatus
from lockers.errors import BridgeOffline
from lockers.services import commands
from occupancy import periods
from occupancy.errors import (
    CompartmentTaken,
    LimitReached,
    NoCompartmentAvailable,
    NoPolicy,
    NoSuchCompartment,
)
from occupancy.services import expiry, situations
from occupancy.services.situations import Situation

# Within one transaction; then it begins anew.
_TRIES = 5
# A door that did not open a moment ago is the last to be offered.
DOUBTFUL_FOR = dt.timedelta(minutes=10)
DOUBTFUL = (CommandStatus.FAILED, CommandStatus.UNKNOWN)


@dataclass(frozen=True)
class Wanted:
    """What the person asked for: nothing (any), a size, or one very door."""

    size_id: int | None = None
    compartment_id: int | None = None


@dataclass(frozen=True)
class Claimed:
    """What the person got."""

    claim_id: int
    compartment_id: int
    number: str
    ends_at: dt.datetime
    command_id: uuid.UUID


_WISHED = """
    c.bank_id = %(bank)s
    AND (%(size)s::bigint IS NULL OR c.size_id = %(size)s)
    AND (%(wanted)s::bigint IS NULL OR c.id = %(wanted)s)
"""
# Sub-selects that stay so (LIMIT): each door is a few probes of small indexes. As joins the plan is
# kept from when the tables were small, and costs seconds when they have grown.
_FREE = """
    (SELECT x.id FROM occupancy_claim x
     WHERE x.compartment_id = c.id AND x.closed_at IS NULL AND x.started_at IS NOT NULL
     LIMIT 1) IS NULL
    AND (SELECT x.id FROM occupancy_claim x
         WHERE x.compartment_id = c.id AND x.closed_at IS NULL AND x.started_at IS NULL
           AND x.starts_at < %(ends_at)s AND (x.ends_at IS NULL OR x.ends_at > %(at)s)
         LIMIT 1) IS NULL
    AND c.service_status = 'in_service'
    AND (SELECT k.state FROM lockers_controller k WHERE k.id = c.controller_id) <> 'offline'
    AND (%(wanted)s::bigint IS NOT NULL OR (SELECT d.state FROM lockers_door d
         WHERE d.compartment_id = c.id) IS DISTINCT FROM 'open')
    AND (%(doubtful)s OR coalesce((SELECT m.status FROM lockers_command m
         WHERE m.compartment_id = c.id AND m.requested_at > %(doubtful_since)s
         ORDER BY m.requested_at DESC LIMIT 1), '') <> ALL(%(doubtful_ends)s))
"""
# The doors are put in order first, then asked one after another until one is free: LATERAL and
# OFFSET keep the planner from asking all of them. Doors kept for those who need them go last; then
# the smallest, then as they stand.
_TAKE = f"""
WITH door AS (
    SELECT free.id, free.number FROM (
        SELECT c.id, z.rank, (c.is_accessible <> %(low)s)::int * 4
               + (%(wide)s AND NOT c.is_wide)::int * 2
               + (%(charging)s AND NOT c.has_charging)::int AS misfit
        FROM lockers_compartment c JOIN lockers_size z ON z.id = c.size_id
        WHERE {_WISHED} ORDER BY misfit, z.rank, c.id OFFSET 0) ranked
    CROSS JOIN LATERAL (
        SELECT c.id, c.number FROM lockers_compartment c WHERE c.id = ranked.id AND {_FREE}
        FOR NO KEY UPDATE OF c SKIP LOCKED) free
    ORDER BY ranked.misfit, ranked.rank, ranked.id LIMIT 1),
taken AS (
    INSERT INTO occupancy_claim (compartment_id, kind, holder_id, policy_id, slot, starts_at,
                                 ends_at, started_at, closed_how, at_end)
    SELECT door.id, 'assignment', %(person)s, %(policy)s, %(slot)s, %(at)s, %(ends_at)s, %(at)s,
           '', %(at_end)s
    FROM door
    ON CONFLICT DO NOTHING
    RETURNING id)
SELECT taken.id, door.id, door.number FROM door LEFT JOIN taken ON true
"""

_ANY_FREE = f"""
SELECT EXISTS (SELECT FROM lockers_compartment c WHERE {_WISHED} AND {_FREE})
"""


def claim(
    *,
    person_id: int,
    bank_id: int,
    wanted: Wanted,
    actor: Actor,
    at: dt.datetime,
    via: dict[str, Any] | None = None,
) -> Claimed:
    """Give a person a free compartment of a bank and ask its door to open.

    Writes claim, grant, command and audit events in one transaction. ``via`` goes into the audit
    facts (terminal, scan). Raises NotAllowed, NoPolicy, LimitReached, NoCompartmentAvailable,
    CompartmentTaken, NoSuchCompartment and BridgeOffline; Again when it is to be rolled back and
    asked once more, which ``idempotency.once`` does.
    """
    situation: Situation | None = None
    try:
        with transaction.atomic(savepoint=False):
            situation = situations.read(person_id, bank_id, at)
            if situation.stale:
                expiry.expire_due(at=at, holder_id=person_id)
                situation = situations.read(person_id, bank_id, at)
            slot, decision = _admit(situation, at)
            taken = _take(situation, slot, wanted, at)
            grants.issue(
                person_id=person_id,
                compartment_id=taken.compartment_id,
                claim_id=taken.claim_id,
                starts_at=at,
                ends_at=taken.ends_at,
            )
            command_id = commands.request_open(
                compartment_id=taken.compartment_id,
                purpose="claim",
                actor=actor,
                at=at,
                person_id=person_id,
                claim_id=taken.claim_id,
            )
            _record(
                situation,
                Action.CLAIMED,
                actor,
                at,
                compartment_id=taken.compartment_id,
                claim=taken.claim_id,
                policy=situation.policy_id,
                decision=decision.log(),
                **(via or {}),
            )
    except Refusal as refusal:
        told = situation
        if told is not None:
            why = {"code": refusal.code, **(via or {})}
            if isinstance(refusal, NotAllowed):
                why["decision"] = refusal.decision.log()
            refusal.keep(lambda: _record(told, Action.REFUSED, actor, at, **why))
        raise
    return Claimed(taken.claim_id, taken.compartment_id, taken.number, taken.ends_at, command_id)


@dataclass(frozen=True)
class _Taken:
    claim_id: int
    compartment_id: int
    number: str
    ends_at: dt.datetime


def _admit(situation: Situation, at: dt.datetime) -> tuple[int, Decision]:
    """Return the number of the person's next claim, and why they may have it.

    Raises what keeps them from having one.
    """
    curfew = None
    if situation.curfew_from is not None and situation.curfew_until is not None:
        curfew = situation.curfew_from, situation.curfew_until
    decision = decide(
        Facts(
            person_status=situation.person_status,
            is_held=situation.is_held,
            needs_access=situation.needs_access,
            access_from=situation.access_from,
            access_until=situation.access_until,
            curfew=curfew,
            time_zone=situation.time_zone,
        ),
        at,
    )
    if not decision.allowed:
        raise NotAllowed(decision)
    if situation.policy_id is None or situation.limit is None:
        raise NoPolicy
    left = sorted(set(range(1, situation.limit + 1)) - set(situation.slots))
    if not left:
        raise LimitReached(limit=situation.limit)
    if not situation.online:
        raise BridgeOffline
    return left[0], decision


def _take(situation: Situation, slot: int, wanted: Wanted, at: dt.datetime) -> _Taken:
    assert situation.ends_at_time is not None  # a situation with a policy has its columns
    ends_at = periods.next_local(at, situation.ends_at_time, zoneinfo.ZoneInfo(situation.time_zone))
    if situation.needs_access and situation.access_until is not None:
        # Nobody has a door longer than they may be here.
        ends_at = min(ends_at, situation.access_until)
    values = {
        "bank": situation.bank_id,
        "size": wanted.size_id,
        "wanted": wanted.compartment_id,
        "low": situation.needs_low_door,
        "wide": situation.needs_wide_door,
        "charging": situation.needs_charging,
        "person": situation.person_id,
        "policy": situation.policy_id,
        "slot": slot,
        "at": at,
        "ends_at": ends_at,
        "at_end": situation.at_end,
        # Whoever wants that very door gets it.
        "doubtful": wanted.compartment_id is not None,
        "doubtful_since": at - DOUBTFUL_FOR,
        "doubtful_ends": [end.value for end in DOUBTFUL],
    }
    with connection.cursor() as cursor:
        row = _try(cursor, values)
        if row is None and expiry.expire_due(at=at, bank_id=situation.bank_id):
            row = _try(cursor, values)
        if row is None and not values["doubtful"]:
            values["doubtful"] = True
            row = _try(cursor, values)
        if row is None:
            raise _why_nothing(cursor, values, situation, wanted, at)
    return _Taken(row[0], row[1], row[2], ends_at)


def _try(cursor: Any, values: dict[str, Any]) -> tuple[int, int, str] | None:
    """Take the best free door, or the next one when somebody was faster; None when none is left.

    Trying again here is safe: whoever lost keeps a lock that nobody waits for (SKIP LOCKED), and
    has inserted nothing that anybody could wait for.
    """
    for _attempt in range(_TRIES):
        cursor.execute(_TAKE, values)
        row: tuple[int | None, int, str] | None = cursor.fetchone()
        if row is None:
            return None
        claim_id, compartment_id, number = row
        if claim_id is not None:
            return claim_id, compartment_id, number
    return None


def _why_nothing(
    cursor: Any, values: dict[str, Any], situation: Situation, wanted: Wanted, at: dt.datetime
) -> Exception:
    """Return why nothing was inserted: a refusal, or Again when others were only faster.

    Again rolls back first: a claimant that waited while it held the lock of a door it had lost
    could wait for one that waits for it.
    """
    now = situations.read(situation.person_id, situation.bank_id, at)
    if values["slot"] in now.slots:
        # The person's own twin request was faster; with a higher limit there may be another slot.
        _admit(now, at)
        return Again()
    cursor.execute(_ANY_FREE, values)
    if cursor.fetchone()[0]:
        return Again()
    return _nothing_left(cursor, values, wanted)


def _nothing_left(cursor: Any, values: dict[str, Any], wanted: Wanted) -> Refusal:
    if wanted.compartment_id is not None:
        cursor.execute(
            "SELECT c.number, c.service_status = 'in_service' AND k.state <> 'offline'"
            " FROM lockers_compartment c LEFT JOIN lockers_controller k ON k.id = c.controller_id"
            " WHERE c.id = %s AND c.bank_id = %s",
            (wanted.compartment_id, values["bank"]),
        )
        row = cursor.fetchone()
        if row is None or not row[1]:
            return NoSuchCompartment(number=row[0] if row else None)
        return CompartmentTaken(number=row[0])
    free_sizes: list[str] = []
    if wanted.size_id is not None:
        cursor.execute(
            "SELECT DISTINCT z.name, z.rank FROM lockers_compartment c"
            " JOIN lockers_size z ON z.id = c.size_id"
            f" WHERE {_WISHED} AND {_FREE} ORDER BY z.rank",
            {**values, "size": None},
        )
        free_sizes = [name for name, _rank in cursor.fetchall()]
    return NoCompartmentAvailable(free_sizes=free_sizes)


def _record(
    situation: Situation,
    action: Action,
    actor: Actor,
    at: dt.datetime,
    compartment_id: int | None = None,
    **data: Any,
) -> None:
    events.record(
        action=action,
        actor=actor,
        at=at,
        organisation_id=situation.organisation_id,
        site_id=situation.site_id,
        bank_id=situation.bank_id,
        compartment_id=compartment_id,
        person_id=situation.person_id,
        data=data,
    )
