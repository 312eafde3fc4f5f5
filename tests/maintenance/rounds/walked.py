"""What the tests of rounds begin with: a schedule, its rounds, and entries of a phone."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from audit.services.events import Actor
from maintenance.choices import StopResult
from maintenance.models import Checklist, Round, RoundPlan, RoundStop
from maintenance.services.rounds import doing, planning
from tests.factories.cast import Estate
from tests.factories.upkeep import ChecklistFactory, ChecklistItemFactory, RoundPlanFactory

HOUR = dt.timedelta(hours=1)
DAY = dt.timedelta(days=1)


def plan(estate: Estate, **values: Any) -> RoundPlan:
    """Return a schedule: every Tuesday at 18:00, from the Tuesday of the tests on, at bank A."""
    banks = values.pop("banks", [estate.bank])
    one: RoundPlan = RoundPlanFactory.create(
        site=estate.site, **{"name": "Weekly cleaning", "days_ahead": 7, **values}
    )
    one.banks.set(banks)
    return one


def planned(estate: Estate, at: dt.datetime, **values: Any) -> Round:
    """Return the first round of a new schedule, with its doors closed."""
    one = plan(estate, **values)
    planning.plan_due(at)
    return Round.objects.filter(plan=one).earliest("day")


def checklist(estate: Estate, *items: dict[str, Any]) -> Checklist:
    """Return a checklist with its items in order."""
    made: Checklist = ChecklistFactory.create(organisation=estate.organisation)
    for position, values in enumerate(items):
        ChecklistItemFactory.create(checklist=made, position=position, **values)
    return made


def stop(one: Round, number: str = "1") -> RoundStop:
    """Return the stop of a round at a door."""
    return RoundStop.objects.get(round=one, compartment__number=number)


def do(where: RoundStop, user_id: int, at: dt.datetime, **values: Any) -> doing.Done:
    """Do a door; all right, unless it is said otherwise."""
    said: dict[str, Any] = {
        "entry_id": uuid.uuid4(), "result": StopResult.PASSED, "checks": {}, "happened_at": at,
        **values,
    }  # fmt: skip
    return doing.done(stop_id=where.pk, actor=Actor.staff(user_id), at=at, **said)
