"""Closing many doors of a bank at once, and lifting many closures: few statements for all of them.

The rules are those of ``closures``. What is free and not booked is closed by one insert that the
constraints judge; a door with a booking, an offer or another closure goes the way of a single one.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass, field

from django.db import connection, transaction
from django.db.models import Q

from audit.actions import Action
from audit.services import events
from audit.services.events import Actor, Line
from lockers.models import Bank, Compartment
from occupancy.choices import ClosedHow
from occupancy.errors.reservations import BadWindow, DoorIsPlanned
from occupancy.models import Claim
from occupancy.services.bookings import closures
from occupancy.services.bookings.no_shows import release_no_shows
from occupancy.services.queue import offering

_CLOSE = """
INSERT INTO occupancy_claim (compartment_id, kind, starts_at, ends_at, booked_by, closed_how,
                             at_end, renewals)
SELECT one.id, 'closure', %(starts)s, %(ends)s, %(by)s, '', 'release', 0
FROM unnest(%(doors)s::bigint[]) one(id)
ON CONFLICT DO NOTHING
RETURNING compartment_id, id
"""
_LIFT = """
UPDATE occupancy_claim SET closed_at = %(at)s, closed_how = %(how)s
WHERE id = ANY(%(claims)s) AND kind = 'closure' AND closed_at IS NULL
  AND (ends_at IS NULL OR ends_at > %(at)s)
RETURNING compartment_id, id
"""


@dataclass
class Many:
    """What came of each door: its closure, who keeps it at a visit, or why it stays open."""

    closed: dict[int, int] = field(default_factory=dict)
    visited: dict[int, int | None] = field(default_factory=dict)
    refused: dict[int, str] = field(default_factory=dict)


def plan_many(
    *,
    bank_id: int,
    compartment_ids: Collection[int],
    starts_at: dt.datetime,
    ends_at: dt.datetime,
    actor: Actor,
    at: dt.datetime,
    reason: str,
) -> Many:
    """Close doors of one bank for the same time; what cannot be closed never keeps the others.

    Raises BadWindow. Bookings in that time move as ``closures.plan`` moves them.
    """
    if ends_at <= max(starts_at, at):
        raise BadWindow
    outcome = Many()
    with transaction.atomic():
        # In the order of their numbers, so that two who plan the same doors never wait in a ring.
        doors = list(
            Compartment.objects.select_for_update(no_key=True)
            .filter(bank=bank_id, pk__in=compartment_ids)
            .order_by("pk")
            .values_list("pk", flat=True)
        )
        bank = Bank.objects.select_related("site").get(pk=bank_id)
        release_no_shows(at, bank_id=bank_id)
        visited = dict(
            Claim.objects.filter(
                closures.goes_on(starts_at), compartment__bank=bank_id, closed_at__isnull=True,
                started_at__isnull=False,
            ).values_list("compartment", "holder")
        )  # fmt: skip
        outcome.visited = {one: visited[one] for one in doors if one in visited}
        promised = _promised(bank_id, starts_at, ends_at)
        plain = [one for one in doors if one not in visited and one not in promised]
        outcome.closed = _close(plain, starts_at, ends_at, actor)
        lines = [*outcome.closed, *outcome.visited]
        events.record_many(
            _line(
                Action.CLOSURE_PLANNED, bank, one, actor, at, reason,
                claim=outcome.closed.get(one), starts=starts_at, until=ends_at,
                is_visit=one in outcome.visited,
            )
            for one in lines
        )  # fmt: skip
        for one in sorted(set(doors) - set(lines)):
            try:
                planned = closures.plan(
                    compartment_id=one, starts_at=starts_at, ends_at=ends_at, actor=actor, at=at,
                    reason=reason,
                )  # fmt: skip
            except DoorIsPlanned as refusal:
                outcome.refused[one] = str(refusal)
            else:
                if planned.claim_id is None:
                    outcome.visited[one] = planned.holder_id
                else:
                    outcome.closed[one] = planned.claim_id
    return outcome


def lift_many(
    *, claim_ids: Collection[int], actor: Actor, at: dt.datetime, reason: str = ""
) -> int:
    """End those closures that are not over, and offer the doors; return how many they were."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(
                _LIFT, {"claims": list(claim_ids), "at": at, "how": ClosedHow.LIFTED.value}
            )
            lifted = dict(cursor.fetchall())
        doors = list(Compartment.objects.select_related("bank__site").filter(pk__in=lifted))
        events.record_many(
            _line(
                Action.CLOSURE_LIFTED, door.bank, door.pk, actor, at, reason, claim=lifted[door.pk]
            )
            for door in doors
        )
        for bank_id in sorted({door.bank_id for door in doors}):
            for queue in offering.queues(bank_id=bank_id):
                offering.offer_in(queue, at)
    return len(lifted)


def _promised(bank_id: int, starts_at: dt.datetime, ends_at: dt.datetime) -> set[int]:
    """Return the doors that somebody has booked or was offered then, or that are closed then."""
    return set(
        Claim.objects.filter(
            Q(ends_at__isnull=True) | Q(ends_at__gt=starts_at),
            compartment__bank=bank_id, closed_at__isnull=True, starts_at__lt=ends_at,
        ).values_list("compartment", flat=True)
    )  # fmt: skip


def _close(
    doors: list[int], starts_at: dt.datetime, ends_at: dt.datetime, actor: Actor
) -> dict[int, int]:
    with connection.cursor() as cursor:
        cursor.execute(
            _CLOSE,
            {
                "doors": doors, "starts": starts_at, "ends": ends_at,
                "by": f"{actor.kind.value}:{actor.id}"[:60],
            },
        )  # fmt: skip
        return dict(cursor.fetchall())


def _line(
    action: Action,
    bank: Bank,
    door_id: int,
    actor: Actor,
    at: dt.datetime,
    reason: str,
    **data: object,
) -> Line:
    return Line(
        action=action, actor=actor, at=at, organisation_id=bank.site.organisation_id,
        site_id=bank.site_id, bank_id=bank.pk, compartment_id=door_id, reason=reason,
        data=dict(data),
    )  # fmt: skip
