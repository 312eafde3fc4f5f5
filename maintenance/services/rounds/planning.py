"""Making the rounds of a schedule some days ahead, each in a transaction of its own."""

from __future__ import annotations

import datetime as dt
import logging

from django.db import IntegrityError, transaction

from audit.services.events import Actor
from maintenance.errors.rounds import NoDoors, NoOpenDay
from maintenance.models import Round, RoundPlan
from maintenance.rounds.days import Day, Why
from maintenance.services.rounds import calendars, closing, making
from occupancy.allocation.recurring import NoSuchRule
from occupancy.services.ending import sweeping

log = logging.getLogger(__name__)

JOB = Actor.job("rounds")
# What was missed for longer is not made any more: nobody cleans last month's doors.
MISSED_AT_MOST = dt.timedelta(days=7)
_DAY = dt.timedelta(days=1)
_ONCE = "maintenance_one_round_per_plan_and_day"


def plan_due(at: dt.datetime, aside: list[str] | None = None) -> int:
    """Make the rounds that have come within reach, and close their doors; return how many.

    The same day is never made twice; a day on which no job ran is made up for.
    """
    made = 0
    for plan in RoundPlan.objects.select_related("site").filter(is_active=True).order_by("pk"):
        try:
            made += _plan(plan, at, JOB, aside)
        except NoSuchRule:
            log.exception("schedule of rounds %s has no rule that is understood", plan.pk)
            if aside is not None:
                aside.append(f"schedule of rounds {plan.pk}")
    for round_id in making.unclosed(at):
        making.close_doors(round_id=round_id, at=at, aside=aside)
    return made


def plan_now(*, plan_id: int, actor: Actor, at: dt.datetime) -> int:
    """Make the rounds of one schedule; raises NoSuchRule, NoDoors and NoOpenDay.

    NoOpenDay when there is none to come because the site is closed on all of those days.
    """
    plan = RoundPlan.objects.select_related("site").get(pk=plan_id)
    days = calendars.days_of(plan, *_reach(plan, at))
    if days and all(day.why is Why.NO_OPEN_DAY for day in days):
        raise NoOpenDay
    if not _has_doors(plan):
        raise NoDoors
    return _plan_and_close(plan, actor, at)


def plan_anew(*, plan_id: int, actor: Actor, at: dt.datetime) -> int:
    """Make the rounds of a changed schedule anew that have not begun; return how many are made.

    What was called off, or has begun, stays as it is. Raises NoSuchRule.
    """
    with transaction.atomic():
        plan = (
            RoundPlan.objects.select_for_update(no_key=True, of=("self",))
            .select_related("site")
            .get(pk=plan_id)
        )
        for one in Round.objects.select_related("site").filter(
            plan=plan, begun_at__isnull=True, closed_at__isnull=True, starts_at__gt=at
        ):
            closing.take_back(one, actor=actor, at=at)
        RoundPlan.objects.filter(pk=plan.pk).update(planned_until=None)
        plan.planned_until = None
    return _plan_and_close(plan, actor, at) if plan.is_active else 0


def _plan_and_close(plan: RoundPlan, actor: Actor, at: dt.datetime) -> int:
    made = _plan(plan, at, actor, None)
    for round_id in making.unclosed(at, plan_id=plan.pk):
        making.close_doors(round_id=round_id, at=at)
    return made


def _plan(plan: RoundPlan, at: dt.datetime, actor: Actor, aside: list[str] | None) -> int:
    first, last = _reach(plan, at)
    made_before = set(Round.objects.filter(plan=plan, day__gte=first).values_list("day", flat=True))
    due = [
        day
        for day in calendars.days_of(plan, first, last)
        if day.starts_at is not None and day.day not in made_before
    ]
    failed: list[str] = []
    made = sweeping.each(
        due, lambda day: _make(plan, day, actor, at), lambda day: f"{plan} {day.day}", failed
    )
    if aside is not None:
        aside.extend(failed)
    if not failed:
        RoundPlan.objects.filter(pk=plan.pk).update(planned_until=last)
    return made


def _reach(plan: RoundPlan, at: dt.datetime) -> tuple[dt.date, dt.date]:
    today = calendars.today(plan, at)
    first = today
    if plan.planned_until is not None:
        first = max(min(today, plan.planned_until + _DAY), today - MISSED_AT_MOST)
    return max(first, plan.first_day), today + plan.days_ahead * _DAY


def _has_doors(plan: RoundPlan) -> bool:
    banks = list(plan.banks.values_list("pk", flat=True))
    return plan.kind in making.FOUND_LATER or bool(making.doors_for(plan.kind, banks))


def _make(plan: RoundPlan, day: Day, actor: Actor, at: dt.datetime) -> int:
    assert day.starts_at is not None  # others have no round
    is_later = plan.kind in making.FOUND_LATER
    banks = list(plan.banks.values_list("pk", flat=True))
    doors = [] if is_later else making.doors_for(plan.kind, banks)
    if not doors and not is_later:
        return 0
    one = Round(
        plan=plan, site=plan.site, kind=plan.kind, name=plan.name, day=day.day,
        starts_at=day.starts_at, checklist_id=plan.checklist_id, team_id=plan.team_id,
        closes_doors=plan.closes_doors and not is_later,
    )  # fmt: skip
    try:
        with transaction.atomic():
            making.write(one, doors, plan.minutes_per_door, actor=actor, at=at)
    except IntegrityError as error:
        if _ONCE not in str(error):
            raise
        return 0  # another planner was faster
    return 1
