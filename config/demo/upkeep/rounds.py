"""Rounds that come back by a rule, one that is under way now, and one that is late."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence

from access.models import User
from audit.services.events import Actor
from config.demo import staff
from config.demo.estate import OFFICE, BuiltSite, Estate
from config.demo.upkeep import assets
from config.demo.upkeep.desk import CARETAKERS, CLEANING, DAY, DAY_END, HOUR, INSPECTION, Desk
from lockers.models import Bank, Compartment
from maintenance.choices import OnClosedDay, RoundKind, StopResult
from maintenance.models import Checklist, ChecklistItem, Round, RoundPlan, RoundStop, Team
from maintenance.services.rounds import closing, doing, making, planning

TODAY, TODAYS_BANK, LATE = "Cleaning, bank D", "D", "PPE check, bank F"
MINUTE = dt.timedelta(minutes=1)
# It began so long ago, two minutes a door; of the late one a few doors were done.
BEGUN_AGO, STILL_ON = 33 * MINUTE, 12 * HOUR
DONE_OF_LATE = 5
_ENTRIES = uuid.UUID("5f0c7c5e-7d0a-4e34-9a51-3c1f3b0d8f11")


def plan(estate: Estate, desk: Desk, *, at: dt.datetime) -> None:
    """Write the schedules with their next rounds, and the round that was left yesterday."""
    office, school, pool = estate.sites
    _schedule(office, desk, at, "Cleaning, ground floor", RoundKind.CLEANING, CLEANING,
              "FREQ=WEEKLY;BYDAY=SA", dt.time(7), office.banks[:2], 2, True)  # fmt: skip
    _schedule(school, desk, at, "Inspection", RoundKind.INSPECTION, INSPECTION,
              "FREQ=MONTHLY;BYDAY=1WE", dt.time(15, 45), school.banks, 3, False)  # fmt: skip
    _schedule(pool, desk, at, "End of day", RoundKind.DAY_END, DAY_END,
              "FREQ=DAILY", dt.time(21, 45), pool.banks, 1, False)  # fmt: skip
    begins = (at - DAY).replace(minute=0, second=0, microsecond=0)
    late = making.of_doors(
        site=office.site, kind=RoundKind.PPE, name=LATE,
        door_ids=_doors(office, assets.BATTERIES), starts_at=begins, minutes_per_door=3,
        actor=desk.first, at=begins - DAY, team=desk.team, checklist=desk.lists[INSPECTION],
    )  # fmt: skip
    for stop in _stops(late)[:DONE_OF_LATE]:
        _done(stop, desk.technician, stop.planned_until)


def go_on(estate: Estate, *, at: dt.datetime) -> None:
    """Have a round half done at this moment; what is left of an older one stays undone."""
    technician = User.objects.filter(username=staff.TECHNICIAN.username).first()
    team = Team.objects.filter(organisation=estate.organisation, name=CARETAKERS).first()
    checklist = Checklist.objects.filter(organisation=estate.organisation, name=CLEANING).first()
    office = next((built for built in estate.sites if built.plan is OFFICE), None)
    if technician is None or team is None or checklist is None or office is None:
        return
    actor = Actor.staff(technician.pk)
    for old in Round.objects.filter(site=office.site, name=TODAY, closed_at__isnull=True):
        if at - old.starts_at < STILL_ON:
            return
        closing.close(round_id=old.pk, actor=actor, at=at, reason="The day was over")
    doors = _doors(office, TODAYS_BANK)
    if not doors:
        return
    begins = (at - BEGUN_AGO).replace(second=0, microsecond=0)
    today = making.of_doors(
        site=office.site, kind=RoundKind.CLEANING, name=TODAY, door_ids=doors, starts_at=begins,
        minutes_per_door=2, actor=actor, at=begins - HOUR, team=team, assignee=technician,
        checklist=checklist, closes_doors=True,
    )  # fmt: skip
    stops = _stops(today)
    for place, stop in enumerate(stops[: len(stops) // 2]):
        _done(stop, actor, begins + (2 * place + 2) * MINUTE, is_skipped=place == 7)


def _schedule(
    built: BuiltSite,
    desk: Desk,
    at: dt.datetime,
    name: str,
    kind: RoundKind,
    checklist: str,
    rule: str,
    starts_at: dt.time,
    banks: Sequence[Bank],
    minutes: int,
    closes: bool,
) -> None:
    made = RoundPlan.objects.create(
        site=built.site, name=name, kind=kind, checklist=desk.lists[checklist], rule=rule,
        first_day=at.astimezone(built.site.zone).date(), starts_at=starts_at,
        minutes_per_door=minutes, closes_doors=closes, team=desk.team,
        on_closed_day=OnClosedDay.NEXT if kind == RoundKind.INSPECTION else OnClosedDay.SKIP,
        days_ahead=35 if kind == RoundKind.INSPECTION else 14,
    )  # fmt: skip
    made.banks.set(banks)
    planning.plan_now(plan_id=made.pk, actor=desk.first, at=at)


def _doors(built: BuiltSite, bank: str) -> list[int]:
    doors = Compartment.objects.filter(bank__site=built.site, bank__name=bank)
    return list(doors.values_list("pk", flat=True))


def _stops(one: Round) -> list[RoundStop]:
    return list(RoundStop.objects.filter(round=one).select_related("round").order_by("position"))


def _done(stop: RoundStop, actor: Actor, then: dt.datetime, *, is_skipped: bool = False) -> None:
    items = ChecklistItem.objects.filter(checklist=stop.round.checklist_id)
    doing.done(
        stop_id=stop.pk, entry_id=uuid.uuid5(_ENTRIES, str(stop.pk)),
        result=StopResult.SKIPPED if is_skipped else StopResult.PASSED,
        checks={} if is_skipped else {item.pk: True for item in items},
        note="Something heavy stands before it" if is_skipped else "",
        actor=actor, at=then, happened_at=then,
    )  # fmt: skip
