"""A filter by day, as on a calendar: a week to choose from, by the clocks of each site."""

from __future__ import annotations

import datetime as dt
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.db.models import DateField, F, Func, Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin

_ZONE = "compartment__bank__site__time_zone"


class _DayAt(Func):
    """The date that the clocks of a site show at an instant."""

    function = "timezone"
    template = "(%(function)s(%(expressions)s))::date"
    output_field = DateField()


class DayFilter(admin.SimpleListFilter):
    """Whatever touches a day; the week around it is offered. ``?day=2026-11-17`` goes anywhere."""

    title = _("day")
    parameter_name = "day"

    def chosen(self) -> dt.date | None:
        """Return the day that was asked for."""
        try:
            return dt.date.fromisoformat(self.value() or "")
        except ValueError:
            return None

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Offer the week around it."""
        return [(day.isoformat(), name) for day, name in _week(self.chosen())]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Keep what begins on the day, ends on it or goes on all through it."""
        day = self.chosen()
        if day is None:
            return queryset
        touching: QuerySet[Any] = queryset.alias(
            first_day=_DayAt(F(_ZONE), F("starts_at")), last_day=_DayAt(F(_ZONE), F("ends_at"))
        ).filter(Q(last_day__isnull=True) | Q(last_day__gte=day), first_day__lte=day)
        return touching


class ByDay(ModelAdmin):
    """A list with its days above it, as a week on a calendar."""

    list_before_template = "admin/occupancy/days.html"

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> Any:
        """Add a link for each day of the week, keeping what else is filtered."""
        asked = request.GET.copy()
        for name in ("day", "p"):
            asked.pop(name, None)
        try:
            chosen = dt.date.fromisoformat(request.GET.get("day", ""))
        except ValueError:
            chosen = None
        rest = asked.urlencode()
        links = [
            (name, f"?{urlencode({'day': day.isoformat()})}&{rest}", day == chosen)
            for day, name in _week(chosen)
        ]
        days = [(_now("All days"), f"?{rest}", chosen is None), *links]
        return super().changelist_view(request, {**(extra_context or {}), "days": days})


def _week(chosen: dt.date | None) -> list[tuple[dt.date, str]]:
    today = timezone.localdate()
    first = chosen or today
    days = [first + dt.timedelta(days=n) for n in range(-1, 6)]
    if today not in days:
        days.insert(0, today)
    return [(day, _called(day, today)) for day in days]


def _called(day: dt.date, today: dt.date) -> str:
    name = date_format(day, "D j M")
    if day == today:
        return _now("Today, %s") % name
    if day == today + dt.timedelta(days=1):
        return _now("Tomorrow, %s") % name
    return name
