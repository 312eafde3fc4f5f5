"""Giving all doors of a draw at once, or none of them: a few statements for thousands."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, connection, transaction

from access.choices import PersonStatus
from access.models import Person
from audit.actions import Action
from audit.services import events
from audit.services.events import Actor, Line
from lockers.errors import BankDecidesAlone
from lockers.models import Compartment
from occupancy.allotment.problem import NONE, Problem
from occupancy.allotment.run import Outcome
from occupancy.choices import ClosedHow
from occupancy.errors.allotments import AppliedAlready, DoorsChanged, NotFrozen
from occupancy.models import Allotment, Claim, Entry
from occupancy.services import keeping
from occupancy.services.allotting import drawing, facts

_END = """
UPDATE occupancy_claim SET closed_at = %(at)s, closed_how = %(how)s
WHERE id = ANY(%(claims)s) AND closed_at IS NULL
"""
_REVOKE = """
UPDATE access_grant SET revoked_at = %(at)s WHERE claim_id = ANY(%(claims)s) AND revoked_at IS NULL
"""
_LENGTHEN = """
WITH claims AS (
    UPDATE occupancy_claim SET due_at = %(due_at)s, ends_at = %(ends_at)s, policy_id = %(policy)s,
                               at_end = %(at_end)s
    WHERE id = ANY(%(claims)s) AND closed_at IS NULL RETURNING id)
UPDATE access_grant SET ends_at = %(ends_at)s FROM claims
WHERE claim_id = claims.id AND revoked_at IS NULL
"""
_GIVE = """
WITH row AS (
    SELECT * FROM jsonb_to_recordset(%(rows)s) one(person bigint, door bigint)),
given AS (
    INSERT INTO occupancy_claim (compartment_id, kind, holder_id, policy_id, starts_at, due_at,
                                 ends_at, started_at, closed_how, at_end, renewals)
    SELECT door, 'assignment', person, %(policy)s, %(at)s, %(due_at)s, %(ends_at)s, %(at)s, '',
           %(at_end)s, 0
    FROM row RETURNING id, compartment_id, holder_id),
granted AS (
    INSERT INTO access_grant (person_id, compartment_id, claim_id, starts_at, ends_at)
    SELECT holder_id, compartment_id, id, %(at)s, %(ends_at)s FROM given)
SELECT id, compartment_id FROM given
"""
# The lowest number that each holder has free under the policy; the constraint has the last word.
_COUNT = """
INSERT INTO occupancy_quota (claim_id, policy_id, holder_id, slot, is_booking, is_open)
SELECT c.id, c.policy_id, c.holder_id,
       (SELECT min(n) FROM generate_series(1, 21) n WHERE NOT EXISTS (
            SELECT FROM occupancy_quota q WHERE q.holder_id = c.holder_id AND q.is_open
            AND q.policy_id = c.policy_id AND NOT q.is_booking AND q.slot = n)),
       false, true
FROM occupancy_claim c WHERE c.id = ANY(%(claims)s)
"""
_RESULT = """
INSERT INTO occupancy_allotted (entry_id, place, compartment_id, claim_id, waiting, because)
SELECT entry, place, door, claim, waiting, because
FROM jsonb_to_recordset(%(rows)s) one(
    entry bigint, place integer, door bigint, claim bigint, waiting integer, because jsonb)
"""


@dataclass(frozen=True)
class Applied:
    """What was done: how many got a door, kept theirs, gave theirs up, and wait."""

    given: int
    kept: int
    ended: int
    waiting: int


def apply(*, allotment: Allotment, actor: Actor, at: dt.datetime) -> Applied:
    """Give everybody the door that the draw gave them, in one transaction.

    Whoever keeps the door they have goes on with it, until the end of the new year; what others
    had ends. The door of somebody who left since the draw stays free for who waits. Raises
    NotFrozen, AppliedAlready, DoorsChanged and BankDecidesAlone.
    """
    with transaction.atomic():
        locked = drawing.locked(allotment)
        if locked.frozen_at is None:
            raise NotFrozen
        if locked.applied_at is not None:
            raise AppliedAlready
        problem, outcome = drawing.drawn(locked)
        entries = {
            one.ticket: one for one in Entry.objects.filter(allotment=locked).only(
                "pk", "ticket", "person_id"
            )
        }  # fmt: skip
        read = facts.read(locked, at)
        claim_of = {claim.holder_id: claim for claim in read.claims.values()}
        here = set(
            Person.objects.filter(
                allotment_entries__allotment=locked, status=PersonStatus.ACTIVE
            ).values_list("pk", flat=True)
        )
        kept: dict[int, Claim] = {}
        new: list[dict[str, int]] = []
        free = {door.pk for door in read.doors}
        gone = [one.door for one in outcome.given if one.door != NONE and one.door not in free]
        if gone:
            raise DoorsChanged(doors=_numbers(gone))
        if keeping.deciding_alone(locked.banks.values_list("pk", flat=True)):
            raise BankDecidesAlone
        for one in outcome.given:
            entry = entries[one.ticket]
            claim = claim_of.get(entry.person_id)
            if claim is not None and claim.compartment_id == one.door:
                kept[entry.pk] = claim
            elif one.door != NONE and entry.person_id in here:
                new.append({"person": entry.person_id, "door": one.door})
        stays = {claim.pk for claim in kept.values()} | {
            read.claims[door].pk for door in read.keeping.values()
        }
        ended = [claim for claim in read.claims.values() if claim.pk not in stays]
        with connection.cursor() as cursor:
            over: dict[str, Any] = {
                "at": at,
                "how": ClosedHow.RELEASED_BY_STAFF,
                "claims": [one.pk for one in ended],
            }
            cursor.execute(_END, over)
            cursor.execute(_REVOKE, over)
            cursor.execute(_LENGTHEN, _values(locked, at) | {"claims": sorted(stays)})
        claims = hand_over(allotment=locked, rows=new, at=at)
        _results(problem, outcome, entries, kept, claims)
        Allotment.objects.filter(pk=locked.pk).update(applied_at=at)
        allotment.applied_at = at
        _record(locked, new, claims, ended, actor, at)
    return Applied(len(new), len(stays), len(ended), len(outcome.waiting))


def hand_over(
    *, allotment: Allotment, rows: list[dict[str, int]], at: dt.datetime
) -> dict[int, int]:
    """Make the uses of the year, each with its grant; return the claim of each door.

    ``rows`` name ``person`` and ``door``. The transaction is the caller's. Raises DoorsChanged.
    """
    claims = _given(rows, _values(allotment, at))
    if allotment.policy.limit_per_person is not None:
        with connection.cursor() as cursor:
            cursor.execute(_COUNT, {"claims": sorted(claims.values())})
    return claims


def _values(allotment: Allotment, at: dt.datetime) -> dict[str, Any]:
    due = facts.ends_at(allotment)
    return {
        "at": at,
        "due_at": due,
        "ends_at": due + allotment.policy.grace,
        "policy": allotment.policy_id,
        "at_end": allotment.policy.at_end,
    }


def _given(rows: list[dict[str, int]], values: dict[str, Any]) -> dict[int, int]:
    """Insert the claims; return the claim of each door. Raises DoorsChanged."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_GIVE, {**values, "rows": json.dumps(rows)})
            return {door: claim for claim, door in cursor.fetchall()}
    except IntegrityError as error:
        if "occupancy_one_" not in str(error):
            raise
        taken = Claim.objects.filter(
            compartment__in=[row["door"] for row in rows], closed_at__isnull=True
        )
        raise DoorsChanged(
            doors=_numbers(taken.values_list("compartment_id", flat=True))
        ) from error


def _results(
    problem: Problem,
    outcome: Outcome,
    entries: dict[str, Entry],
    kept: dict[int, Claim],
    claims: dict[int, int],
) -> None:
    place = {ticket: at for at, ticket in enumerate(outcome.waiting, 1)}
    rows = [
        {
            "entry": entries[one.ticket].pk,
            "place": one.place,
            "door": one.door if one.door != NONE else None,
            "claim": _claim_of(entries[one.ticket].pk, one.door, kept, claims),
            "waiting": place.get(one.ticket),
            "because": {
                "method": problem.method.value,
                "rank": one.rank,
                "wish": one.wish,
                "wishes": len(asked.wishes),
                "of": len(outcome.given),
                "keeps": asked.present != NONE and asked.present == one.door,
                "can": bool(problem.profiles[asked.profile].pools),
            },
        }
        for asked, one in zip(problem.applicants, outcome.given, strict=True)
    ]
    with connection.cursor() as cursor:
        cursor.execute(_RESULT, {"rows": json.dumps(rows)})


def _claim_of(entry: int, door: int, kept: dict[int, Claim], claims: dict[int, int]) -> int | None:
    return kept[entry].pk if entry in kept else claims.get(door)


def _record(
    allotment: Allotment,
    new: list[dict[str, int]],
    claims: dict[int, int],
    ended: list[Claim],
    actor: Actor,
    at: dt.datetime,
) -> None:
    """Write one event for the whole, and one for each door that somebody got or gave up."""
    where: dict[str, Any] = {
        "actor": actor,
        "at": at,
        "organisation_id": allotment.site.organisation_id,
        "site_id": allotment.site_id,
    }
    doors = [row["door"] for row in new] + [claim.compartment_id for claim in ended]
    bank_of = dict(Compartment.objects.filter(pk__in=doors).values_list("pk", "bank_id"))
    events.record_many(
        [
            *(
                Line(
                    action=Action.RELEASED_BY_STAFF, compartment_id=claim.compartment_id,
                    bank_id=bank_of[claim.compartment_id], person_id=claim.holder_id,
                    reason=str(allotment), data={"claim": claim.pk}, **where,
                )
                for claim in ended
            ),
            *(
                Line(
                    action=Action.ALLOTTED, compartment_id=row["door"],
                    bank_id=bank_of[row["door"]], person_id=row["person"],
                    data={"claim": claims[row["door"]], "allotment": allotment.pk}, **where,
                )
                for row in new
            ),
            Line(
                action=Action.ALLOTMENT_APPLIED, subject=f"allotment:{allotment.pk}",
                data={"allotment": allotment.name, "given": len(new), "ended": len(ended)},
                **where,
            ),
        ]
    )  # fmt: skip


def _numbers(doors: Iterable[int]) -> str:
    found = Compartment.objects.filter(pk__in=list(doors)).select_related("bank")[:10]
    return ", ".join(f"{one.bank.name} {one.number}" for one in found)
