"""Writing one round with its doors, and closing those that are free."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import Any

from django.db import connection, transaction
from django.db.models import Q, QuerySet

from audit.actions import Action
from audit.services import events
from audit.services.events import Actor
from lockers.choices import LockKind, ServiceStatus
from lockers.models import Compartment, Site
from maintenance.choices import RoundKind
from maintenance.errors.rounds import NoDoors
from maintenance.models import Round, RoundStop
from maintenance.rounds import route
from maintenance.rounds.route import Door
from occupancy.services.bookings import many_closures
from occupancy.services.ending import sweeping

# What these look at is known only when they begin: their doors are found then.
FOUND_LATER = {RoundKind.DAY_END, RoundKind.OCCUPANCY_REVIEW}
FIRST_GUESS = dt.timedelta(hours=2)
# One statement for a bank, here and there: as objects, ten thousand doors take seconds.
_STOPS = """
INSERT INTO maintenance_roundstop (round_id, compartment_id, position, planned_from, planned_until,
                                   is_visit, hindrance, result, note)
SELECT %(round)s, door.id, %(before)s + door.place, %(begins)s, %(ends)s, false, '', '', ''
FROM unnest(%(doors)s::bigint[]) WITH ORDINALITY AS door(id, place)
"""
_JUDGED = """
UPDATE maintenance_roundstop s
SET closure_id = one.claim_id, is_visit = one.claim_id IS NULL, hindrance = one.hindrance
FROM unnest(%s::bigint[], %s::bigint[], %s::text[]) one(stop_id, claim_id, hindrance)
WHERE s.id = one.stop_id
"""


def doors_for(kind: str, banks: Collection[int]) -> list[Door]:
    """Return the doors that a round of a kind goes to, in no order."""
    which = Q(bank__in=banks) & ~Q(service_status=ServiceStatus.DECOMMISSIONED)
    if kind == RoundKind.PPE:
        which &= Q(is_ppe=True)
    elif kind == RoundKind.BATTERY:
        which &= Q(battery__isnull=False) | Q(lock_kind=LockKind.ELECTRONIC)
    return _doors(which)


def of_doors(
    *,
    site: Site,
    kind: RoundKind,
    name: str,
    door_ids: Collection[int],
    starts_at: dt.datetime,
    minutes_per_door: int,
    actor: Actor,
    at: dt.datetime,
    **more: Any,
) -> Round:
    """Make a round of those very doors, outside any schedule; raises NoDoors.

    ``more`` are further fields of the round: its checklist, team, assignee or ``closes_doors``.
    """
    doors = _doors(Q(pk__in=door_ids, bank__site=site))
    if not doors:
        raise NoDoors
    with transaction.atomic():
        made = write(
            Round(
                site=site, kind=kind, name=name, starts_at=starts_at,
                day=starts_at.astimezone(site.zone).date(), **more,
            ),
            doors, minutes_per_door, actor=actor, at=at,
        )  # fmt: skip
    close_doors(round_id=made.pk, at=at)
    return made


def write(
    one: Round, doors: Collection[Door], minutes_per_door: int, *, actor: Actor, at: dt.datetime
) -> Round:
    """Insert a round and its stops, in the transaction of the caller."""
    legs = route.legs(doors, one.starts_at, minutes_per_door)
    one.due_at = legs[-1].ends_at if legs else one.starts_at + FIRST_GUESS
    one.save(force_insert=True)
    add_stops(one, legs)
    record(
        Action.ROUND_PLANNED, one, actor, at, doors=len(doors), starts=one.starts_at,
        until=one.due_at,
    )  # fmt: skip
    return one


def add_stops(one: Round, legs: Collection[route.Leg]) -> None:
    """Insert the doors of a round in their order."""
    before = 0
    with connection.cursor() as cursor:
        for leg in legs:
            cursor.execute(
                _STOPS,
                {
                    "round": one.pk, "before": before, "doors": list(leg.door_ids),
                    "begins": leg.starts_at, "ends": leg.ends_at,
                },
            )  # fmt: skip
            before += len(leg.door_ids)


def close_doors(*, round_id: int, at: dt.datetime, aside: list[str] | None = None) -> int:
    """Close the free doors of a round, bank by bank; return how many are closed.

    Each bank in a transaction of its own, so that nobody at a kiosk waits for ten thousand doors;
    what is left by a crash is done by the next run. A door that cannot be closed is a visit.
    """
    one = Round.objects.select_related("site").get(pk=round_id)
    legs = list(
        _unjudged(at).filter(round=one)
        .values_list("compartment__bank", "planned_from", "planned_until")
        .distinct().order_by("planned_from")
    )  # fmt: skip
    return sweeping.each(
        legs, lambda leg: _close(one, *leg, at=at), lambda leg: f"bank {leg[0]} of {one.pk}", aside
    )


def unclosed(at: dt.datetime, *, plan_id: int | None = None) -> list[int]:
    """Return the rounds with doors that were neither closed nor called a visit yet."""
    stops = _unjudged(at)
    if plan_id is not None:
        stops = stops.filter(round__plan=plan_id)
    return list(stops.order_by("round").values_list("round", flat=True).distinct())


def record(
    action: Action,
    one: Round,
    actor: Actor,
    at: dt.datetime,
    *,
    reason: str = "",
    compartment: Compartment | None = None,
    **data: object,
) -> None:
    """Write an event about a round into the trail."""
    events.record(
        action=action, actor=actor, at=at, organisation_id=one.site.organisation_id,
        site_id=one.site_id, subject=f"round:{one.pk}", reason=reason,
        bank_id=compartment.bank_id if compartment else None,
        compartment_id=compartment.pk if compartment else None,
        data={"kind": one.kind, "name": one.name, **data},
    )  # fmt: skip


def _unjudged(at: dt.datetime) -> Any:
    return RoundStop.objects.filter(
        round__closes_doors=True, round__closed_at__isnull=True, closure__isnull=True,
        is_visit=False, done_at__isnull=True, planned_until__gt=at,
    )  # fmt: skip


def _close(
    one: Round, bank_id: int, starts_at: dt.datetime, ends_at: dt.datetime, *, at: dt.datetime
) -> int:
    actor = Actor.job("rounds")
    with transaction.atomic():
        # Whoever calls the round off waits, and then lifts what is closed here.
        if not Round.objects.select_for_update(no_key=True).filter(
            pk=one.pk, closed_at__isnull=True
        ).exists():  # fmt: skip
            return 0
        stops = dict(
            _unjudged(at)
            .filter(round=one, compartment__bank=bank_id, planned_from=starts_at)
            .values_list("compartment", "pk")
        )
        came = many_closures.plan_many(
            bank_id=bank_id, compartment_ids=stops.keys(), starts_at=starts_at, ends_at=ends_at,
            actor=actor, at=at, reason=one.name,
        )  # fmt: skip
        judged = [
            *((stops[door], claim_id, "") for door, claim_id in came.closed.items()),
            *((stops[door], None, "") for door in came.visited),
            *((stops[door], None, why) for door, why in came.refused.items()),
        ]
        if judged:
            with connection.cursor() as cursor:
                columns = [list(column) for column in zip(*judged, strict=True)]
                cursor.execute(_JUDGED, columns)
    return len(came.closed)


def doors_among(compartments: QuerySet[Compartment]) -> list[Door]:
    """Return compartments with their places."""
    return [
        Door(*row)
        for row in compartments.values_list(
            "pk", "bank", "bank__position", "bank__name", "column", "row"
        )
    ]


def _doors(which: Q) -> list[Door]:
    return doors_among(Compartment.objects.filter(which))
