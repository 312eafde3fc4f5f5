"""What the bridge of a bank has written down of claims, and who may be told of one.

Where a bank works alone, its bridge orders every change of holder: see lockers/authority.md. What
it does not have yet is pending; nobody is told of that.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from django.db import connection, transaction
from django.db.models import BooleanField, Func

from access.services import grants
from audit.actions import Action
from audit.services.events import Actor
from lockers.choices import CommandStatus
from lockers.models import Command
from lockers.services import commands
from occupancy.choices import ClosedHow
from occupancy.models import Assignment, Claim, Kept
from occupancy.services.claims import trail
from occupancy.services.ending import sweeping

# Whoever waited for it is gone: their process ended.
_LEFT_BEHIND = dt.timedelta(seconds=30)
_SWEEPS = dt.timedelta(days=1)

_STATE = """md5(concat_ws('|', x.compartment_id, coalesce(x.holder_id, 0), coalesce(x.role_id, 0),
    coalesce(x.department_id, 0), extract(epoch FROM x.starts_at),
    coalesce(extract(epoch FROM x.ends_at), 0), x.started_at IS NOT NULL,
    x.at_end = 'hold' OR x.recovery_at IS NOT NULL, g.id, g.starts_at, g.ends_at))"""
_LEASED = """
JOIN lockers_bank b ON b.id = c.bank_id
JOIN lockers_authority a ON a.bridge_id = b.bridge_id AND b.id = ANY(a.banks)
"""
_GRANT = """
LEFT JOIN LATERAL (
    SELECT g.id, g.starts_at, g.ends_at FROM access_grant g
    WHERE g.claim_id = x.id AND g.revoked_at IS NULL
      AND (g.person_id = x.holder_id OR g.role_id = x.role_id OR g.department_id = x.department_id)
    ORDER BY g.ends_at DESC NULLS FIRST, g.id DESC LIMIT 1) g ON true
"""
_OPEN = f"""
SELECT x.id, x.kind, x.compartment_id, x.holder_id, x.role_id, x.department_id, x.starts_at,
       x.ends_at, x.started_at IS NOT NULL AS has_begun,
       (SELECT coalesce(array_agg(q.policy_id ORDER BY q.policy_id), '{{}}')
        FROM occupancy_quota q WHERE q.claim_id = x.id) AS counts,
       x.at_end = 'hold' OR x.recovery_at IS NOT NULL AS stays, {_STATE} AS state,
       g.id AS grant_id, g.starts_at AS grant_from, g.ends_at AS grant_until
FROM occupancy_claim x
JOIN lockers_compartment c ON c.id = x.compartment_id AND c.controller_id IS NOT NULL
{_LEASED}{_GRANT}
WHERE x.closed_at IS NULL AND b.bridge_id = %(bridge)s
"""
_UNTOLD = f"""
SELECT told.* FROM ({_OPEN}) told LEFT JOIN occupancy_kept k ON k.claim_id = told.id
WHERE k.state IS DISTINCT FROM told.state ORDER BY told.id
"""
_GONE = f"""
SELECT had.id FROM (
    SELECT k.claim_id AS id FROM occupancy_kept k WHERE k.bridge_id = %(bridge)s
    UNION SELECT unnest(%(said)s::bigint[])) had
WHERE had.id NOT IN (SELECT id FROM ({_OPEN}) o) ORDER BY 1
"""
_PENDING = f"""
SELECT x.id FROM occupancy_claim x
JOIN lockers_compartment c ON c.id = x.compartment_id AND c.controller_id IS NOT NULL
{_LEASED}{_GRANT}
LEFT JOIN occupancy_kept k ON k.claim_id = x.id
WHERE x.id = ANY(%(claims)s) AND x.closed_at IS NULL AND k.state IS DISTINCT FROM {_STATE}
"""


@dataclass(frozen=True, slots=True)
class HeldGrant:
    """What lets a claim's holder open."""

    id: int
    starts_at: dt.datetime
    ends_at: dt.datetime | None


@dataclass(frozen=True, slots=True)
class Hold:
    """An open claim as its bridge is told of it."""

    claim_id: int
    kind: str
    compartment_id: int
    holder_id: int | None
    role_id: int | None
    department_id: int | None
    starts_at: dt.datetime
    ends_at: dt.datetime | None
    has_begun: bool
    # The policies under whose limits it counts.
    counts: list[int]
    # Whether it has the door after its end, until it is emptied.
    stays: bool
    state: str
    grant: HeldGrant | None = None


@dataclass(frozen=True, slots=True)
class Untold:
    """What a bridge does not have yet: claims that are open, and numbers of those that are not."""

    holds: list[Hold]
    gone: list[int]


def untold(*, bridge_id: int, said: Collection[int] = (), is_all: bool = False) -> Untold:
    """Return what a bridge is to be told, in two statements; ``is_all``: whatever it has.

    It may have claims that were ``said`` to it, although it has not answered.
    """
    with connection.cursor() as cursor:
        cursor.execute(_OPEN if is_all else _UNTOLD, {"bridge": bridge_id})
        holds = [_hold(row) for row in cursor.fetchall()]
        cursor.execute(_GONE, {"bridge": bridge_id, "said": list(said)})
        return Untold(holds, [row[0] for row in cursor.fetchall()])


def _hold(row: tuple[Any, ...]) -> Hold:
    grant_id, starts_at, ends_at = row[-3:]
    grant = HeldGrant(grant_id, starts_at, ends_at) if grant_id is not None else None
    return replace(Hold(*row[:-3]), grant=grant)


def kept(
    *, bridge_id: int, states: Mapping[int, str], gone: Iterable[int], is_all: bool = False
) -> None:
    """Note what a bridge has written down; ``is_all``: and that it has nothing else."""
    Kept.objects.bulk_create(
        [Kept(claim_id=pk, bridge_id=bridge_id, state=state) for pk, state in states.items()],
        update_conflicts=True,
        unique_fields=["claim_id"],
        update_fields=["bridge", "state"],
    )
    others = Kept.objects.filter(bridge_id=bridge_id)
    if is_all:
        others.exclude(claim_id__in=list(states)).delete()
    else:
        others.filter(claim_id__in=list(gone)).delete()


def to_open(*, bridge_id: int) -> tuple[list[uuid.UUID], set[int]]:
    """Return the commands that may be sent, and the claims that their bridge must have before."""
    queued = dict(
        Command.objects.filter(bridge_id=bridge_id, status=CommandStatus.QUEUED)
        .order_by("requested_at")
        .values_list("pk", "claim_id")
    )
    without = pending(claim_id for claim_id in queued.values() if claim_id is not None)
    return [pk for pk, claim_id in queued.items() if claim_id not in without], without


def pending(claim_ids: Iterable[int]) -> set[int]:
    """Return which of these open claims their bridge does not have yet."""
    wanted = list(claim_ids)
    if not wanted:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(_PENDING, {"claims": wanted})
        return {row[0] for row in cursor.fetchall()}


def deciding_alone(bank_ids: Iterable[int]) -> dict[int, dt.datetime | None]:
    """Return which banks' bridges may be giving their doors now, and when each was last heard."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT b.id, p.last_seen_at FROM lockers_bank b"
            " LEFT JOIN lockers_bridgepresence p ON p.bridge_id = b.bridge_id"
            " WHERE b.id = ANY(%s) AND NOT lockers_may_give(b.id)",
            [list(bank_ids)],
        )
        return dict(cursor.fetchall())


def terms(bank_ids: Iterable[int]) -> dict[int, int]:
    """Return the term of each bank that the server may tell people of now.

    What was read between two equal answers is so: no bridge gave a door of it in between.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT b.id, coalesce(a.term, 0) FROM lockers_bank b"
            " LEFT JOIN lockers_authority a ON a.bridge_id = b.bridge_id"
            " WHERE b.id = ANY(%s) AND lockers_may_give(b.id)",
            [list(bank_ids)],
        )
        return dict(cursor.fetchall())


class MayTell(Func):
    """Whether people may be told of a bank as it stands in the very rows that are read with it."""

    function = "lockers_may_give"
    output_field = BooleanField()


@contextmanager
def beyond_authority() -> Iterator[None]:
    """Let doors be given, inside a transaction, although their bridge may be giving them."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL lockwright.beyond_authority = 'on'")
        yield
        cursor.execute("SET LOCAL lockwright.beyond_authority = 'off'")


def withdraw_due(*, at: dt.datetime, aside: list[str] | None = None) -> int:
    """Withdraw what its bridge never had and nobody waits for any more; return how many."""
    begun = Claim.objects.filter(
        started_at__lte=at - _LEFT_BEHIND, started_at__gt=at - _SWEEPS, closed_at__isnull=True
    ).exclude(pk__in=Kept.objects.values("claim_id"))
    ids = list(begun.order_by("started_at", "pk").values_list("pk", flat=True))
    without = pending(ids)
    return sweeping.each(
        [claim_id for claim_id in ids if claim_id in without],
        lambda claim_id: withdraw_unkept(claim_id, at),
        lambda claim_id: f"claim {claim_id}",
        aside,
    )


def was_told(*, claim_id: int, bridge_id: int) -> None:
    """Note that somebody was told of a claim although its bridge does not have it as it is here.

    It stays pending until the bridge has it, and is never withdrawn for want of its word.
    """
    Kept.objects.get_or_create(claim_id=claim_id, defaults={"bridge_id": bridge_id, "state": ""})


def withdraw_unkept(claim_id: int, at: dt.datetime) -> bool:
    """End a use that its bridge never had, and say so; one that goes on from another stays."""
    with transaction.atomic():
        claim = (
            Assignment.objects.select_for_update(no_key=True, of=("self",))
            .select_related("compartment__bank__site")
            .filter(pk=claim_id, started_at__isnull=False, closed_at__isnull=True)
            .exclude(pk__in=Kept.objects.values("claim_id"))
            .first()
        )
        if claim is None or claim.follows_id is not None:
            return False
        withdraw(claim, max(at, claim.starts_at))
    return True


def withdraw(claim: Assignment, at: dt.datetime) -> None:
    """End a use that its bridge never had, and nobody was told of."""
    Claim.objects.filter(pk=claim.pk, closed_at__isnull=True).update(
        closed_at=at, closed_how=ClosedHow.WITHDRAWN
    )
    grants.revoke(claim_id=claim.pk, at=at)
    commands.withdraw(claim_id=claim.pk, at=at)
    trail.record(Action.WITHDRAWN, claim, Actor.job("keeping"), at)
