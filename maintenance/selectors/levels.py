"""Which service level counts, and the calendar it counts by."""

from __future__ import annotations

import datetime as dt

from django.db.models import F, Q

from lockers.models import OpeningHours, Site, SpecialDay
from maintenance import service_levels
from maintenance.models import ServiceLevel
from maintenance.service_levels import Level
from occupancy.allocation.hours import Hours, Span

ALWAYS = Hours()


def level_of(site: Site, category: str) -> Level:
    """Return the site's line of the table, else its organisation's, else what is usual."""
    line = (
        ServiceLevel.objects.filter(
            Q(site=site) | Q(site__isnull=True),
            organisation_id=site.organisation_id,
            category=category,
        )
        .order_by(F("site").asc(nulls_last=True))
        .first()
    )
    if line is None:
        return service_levels.default(category)
    return Level(
        line.priority, line.due_hours, line.in_opening_hours, line.escalate_after_hours,
        line.team_id, line.escalate_to_id,
    )  # fmt: skip


def hours_of(site: Site) -> Hours:
    """Return a site's opening hours and special days."""
    weekly: dict[int, list[Span]] = {}
    for one in OpeningHours.objects.filter(site=site):
        weekly.setdefault(one.weekday, []).append((one.opens_at, one.closes_at))
    special: dict[dt.date, Span | None] = {}
    for day in SpecialDay.objects.filter(site=site):
        special[day.date] = None
        if day.opens_at is not None and day.closes_at is not None:
            special[day.date] = day.opens_at, day.closes_at
    return Hours(weekly, special)
