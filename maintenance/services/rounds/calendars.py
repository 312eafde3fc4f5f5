"""What the rule and the calendar of a schedule come to."""

from __future__ import annotations

import datetime as dt

from maintenance.models import RoundPlan
from maintenance.rounds import days
from maintenance.rounds.days import Day, OnClosed, Schedule
from occupancy.allocation.hours import Hours
from occupancy.services.bookings import windows


def schedule_of(plan: RoundPlan) -> Schedule:
    """Return the schedule in the form that the days are told from."""
    return Schedule(
        plan.rule, plan.first_day, plan.last_day, plan.starts_at, OnClosed(plan.on_closed_day),
        plan.site.zone,
    )  # fmt: skip


def days_of(plan: RoundPlan, first: dt.date, last: dt.date) -> list[Day]:
    """Return what becomes of each day that a schedule gives in that time; raises NoSuchRule."""
    return list(days.days(schedule_of(plan), hours_of(plan.site_id, first, last), first, last))


def hours_of(site_id: int, first: dt.date, last: dt.date) -> Hours:
    """Return when a site is open, for as far as days are moved."""
    around = dt.timedelta(days=days.LOOKED_AHEAD + 1)
    begin = dt.datetime.combine(first, dt.time.min, dt.UTC) - around
    end = dt.datetime.combine(last, dt.time.max, dt.UTC) + around
    return windows.hours(site_id, begin, end)


def today(plan: RoundPlan, at: dt.datetime) -> dt.date:
    """Return the date at the site."""
    return at.astimezone(plan.site.zone).date()
