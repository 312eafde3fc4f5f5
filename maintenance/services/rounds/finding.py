"""Rounds whose doors are found when they begin: end-of-day checks and occupancy reviews."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.db.models import Q

from audit.actions import Action
from audit.services.events import Actor
from lockers.choices import DoorState, ServiceStatus
from lockers.models import Compartment
from maintenance.choices import RoundKind
from maintenance.models import Round, RoundPlan
from maintenance.rounds import route
from maintenance.rounds.route import Door
from maintenance.services.rounds import closing, making
from occupancy.models import Claim
from occupancy.services.claims.assignments import in_force
from occupancy.services.ending import sweeping

_ACTOR = Actor.job("rounds")
# A door that nobody used, or a holder did not open, for so long is worth a look.
QUIET_DAYS = 30
_SHOWN = 50
_USES = """
SELECT c.id, c.bank_id, b.name, c.number,
       coalesce(u.uses, 0), x.id IS NOT NULL, coalesce(x.ends_at <= %(at)s, false),
       (SELECT max(y.started_at) FROM occupancy_claim y
        WHERE y.compartment_id = c.id AND y.kind = 'assignment'),
       (SELECT max(k.requested_at) FROM lockers_command k WHERE k.compartment_id = c.id)
FROM lockers_compartment c
JOIN lockers_bank b ON b.id = c.bank_id
LEFT JOIN occupancy_dooruse u ON u.compartment_id = c.id
LEFT JOIN occupancy_claim x ON x.compartment_id = c.id AND x.closed_at IS NULL
      AND x.started_at IS NOT NULL
      AND (x.ends_at IS NULL OR x.ends_at > %(at)s OR x.at_end = 'hold')
WHERE c.bank_id = ANY(%(banks)s) AND c.service_status <> 'decommissioned'
ORDER BY b.position, b.name, b.id, c."column", c.row
"""


@dataclass(frozen=True)
class Use:
    """What the numbers say of one door."""

    door_id: int
    bank_id: int
    bank: str
    number: str
    uses: int
    is_held: bool
    is_overdue: bool
    used_at: dt.datetime | None
    opened_at: dt.datetime | None

    def is_unused(self, since: dt.datetime) -> bool:
        """Whether nobody has had it since then."""
        return not self.is_held and (self.used_at is None or self.used_at < since)

    def is_quiet(self, since: dt.datetime) -> bool:
        """Whether somebody has it and has not opened it since then."""
        last = max(filter(None, (self.used_at, self.opened_at)), default=None)
        return self.is_held and (last is None or last < since)


def find_due(at: dt.datetime, aside: list[str] | None = None) -> int:
    """Find the doors of the rounds whose time has come; return how many rounds."""
    due = Round.objects.filter(
        kind__in=making.FOUND_LATER, closed_at__isnull=True, starts_at__lte=at, report={},
        plan__isnull=False,
    ).order_by("pk").values_list("pk", flat=True)  # fmt: skip
    return sweeping.each(
        list(due), lambda pk: find(round_id=pk, at=at), lambda pk: f"round {pk}", aside
    )


def find(*, round_id: int, at: dt.datetime) -> int:
    """Write down the doors of a round and what the numbers say; 0 when it was done before.

    An end-of-day check that has nothing to look at is over at once.
    """
    with transaction.atomic():
        one = closing.going_on(round_id)
        plan = RoundPlan.objects.filter(rounds=one).first()
        if one.report or plan is None:
            return 0
        banks = list(plan.banks.values_list("pk", flat=True))
        report: dict[str, Any] = {"at": at.isoformat()}
        if one.kind == RoundKind.DAY_END:
            doors = _left(banks, at)
        else:
            uses = uses_of(banks, at)
            report |= facts(uses, at)
            worth = {use.door_id for use in uses if use.is_overdue or use.is_quiet(_since(at))}
            doors = [door for door in making.doors_for(one.kind, banks) if door.id in worth]
        legs = route.legs(doors, max(one.starts_at, at), plan.minutes_per_door)
        making.add_stops(one, legs)
        due_at = legs[-1].ends_at if legs else one.due_at
        Round.objects.filter(pk=one.pk).update(report=report, due_at=due_at)
        making.record(Action.ROUND_CHANGED, one, _ACTOR, at, doors=len(doors))
        if not doors and one.kind == RoundKind.DAY_END:
            closing.end(one, actor=_ACTOR, at=at)
    return 1


def uses_of(banks: Collection[int], at: dt.datetime) -> list[Use]:
    """Return what the numbers say of every door of some banks: one statement."""
    with connection.cursor() as cursor:
        cursor.execute(_USES, {"banks": list(banks), "at": at})
        return [Use(*row) for row in cursor.fetchall()]


def facts(uses: Collection[Use], at: dt.datetime) -> dict[str, Any]:
    """Return the facts of an occupancy review, bank by bank."""
    since = _since(at)
    by_bank: dict[int, list[Use]] = defaultdict(list)
    for use in uses:
        by_bank[use.bank_id].append(use)
    return {
        "days": QUIET_DAYS,
        "banks": [
            {
                "bank": group[0].bank,
                "doors": len(group),
                "held": sum(use.is_held for use in group),
                "overdue": sum(use.is_overdue for use in group),
                "unused": sum(use.is_unused(since) for use in group),
                "unused_doors": [use.number for use in group if use.is_unused(since)][:_SHOWN],
                "quiet": sum(use.is_quiet(since) for use in group),
                "uses": sum(use.uses for use in group),
            }
            for group in by_bank.values()
        ],
    }


def _since(at: dt.datetime) -> dt.datetime:
    return at - dt.timedelta(days=QUIET_DAYS)


def _left(banks: Collection[int], at: dt.datetime) -> list[Door]:
    """Return the doors that somebody still has, or that stand open."""
    here = Compartment.objects.filter(bank__in=banks).exclude(
        service_status=ServiceStatus.DECOMMISSIONED
    )
    held = Claim.objects.filter(in_force(at), kind="assignment", compartment__in=here)
    which = Q(pk__in=held.values("compartment")) | Q(door__state=DoorState.OPEN)
    return making.doors_among(here.filter(which))
