"""Schedules of rounds, with the dates that they come to."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.decorators import action

from access.admin.desk import Desk, staff
from audit.errors import Refusal
from lockers.scoping import MAINTAIN, ScopedRelatedFilter
from maintenance.forms.round_plans import RoundPlanForm
from maintenance.models import RoundPlan
from maintenance.rounds.days import Day, Why
from maintenance.services.rounds import calendars, planning
from occupancy.allocation.recurring import NoSuchRule

# So far ahead is looked, and so many dates are shown.
_LOOKED = dt.timedelta(days=92)
_SHOWN = 20


@admin.register(RoundPlan)
class RoundPlanAdmin(Desk):
    """What is saved here makes the rounds anew that have not begun."""

    site_path = "site"
    change_right = MAINTAIN
    form = RoundPlanForm
    list_display = ["name", "site", "kind", "rule", "starts_at", "team", "is_active"]
    list_filter = ["kind", "is_active", ("site", ScopedRelatedFilter)]
    search_fields = ["name"]
    list_select_related = ["site", "team"]
    readonly_fields = ["next_dates"]
    fieldsets = [
        (None, {"fields": ["site", "name", "kind", "banks", "checklist", "team", "is_active"]}),
        (_("When"), {"fields": ["rule", "first_day", "last_day", "starts_at", "on_closed_day",
                                "next_dates"]}),
        (_("At the doors"), {"fields": ["minutes_per_door", "closes_doors", "days_ahead"]}),
    ]  # fmt: skip
    actions_detail = ["plan_now"]
    verb_rights = {"plan_now": MAINTAIN}

    def verbs_for(self, plan: RoundPlan) -> set[str]:
        return {"plan_now"} if plan.is_active else set()

    @admin.display(description=_("next dates"))
    def next_dates(self, plan: RoundPlan) -> SafeString | str:
        """List what the rule comes to, by the clocks of the site; what is left out, and why."""
        if plan.pk is None:
            return _now("Save it to see its dates.")
        today = calendars.today(plan, timezone.now())
        try:
            found = calendars.days_of(plan, max(today, plan.first_day), today + _LOOKED)
        except NoSuchRule:
            return _now("The rule is not understood.")
        if not found:
            return _now("The rule gives no day in the next three months.")
        lines = format_html_join(
            "", "<li>{}</li>", ((_line(day, plan),) for day in found[:_SHOWN])
        )  # fmt: skip
        if any(day.held_on for day in found):
            return format_html('<ol id="next-dates">{}</ol>', lines)
        none = _now("There is no round in the next three months: the site is closed on these days.")
        return format_html('<p><strong>{}</strong></p><ol id="next-dates">{}</ol>', none, lines)

    @action(description=_("Plan now"), url_path="plan", icon="event_available")  # type: ignore[untyped-decorator]  # unfold brings no types
    def plan_now(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Make the rounds that are missing, without waiting for the job."""
        plan = self.reachable(request, object_id, MAINTAIN)
        return self.form_page(
            request, plan, title=_now("Plan now"), button=_now("Plan"),
            form=Form(request.POST or None),
            note=_now("Free doors are closed while a round is at them; bookings then are moved."),
            do=lambda form: planning.plan_now(
                plan_id=plan.pk, actor=staff(request), at=timezone.now()
            ),
            done=_said,
        )  # fmt: skip

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        if not form.changed_data and change:
            return
        plan, at = form.instance, timezone.now()
        planning.plan_anew(plan_id=plan.pk, actor=staff(request), at=at)
        if plan.is_active:
            try:
                planning.plan_now(plan_id=plan.pk, actor=staff(request), at=at)
            except Refusal as refusal:
                messages.warning(request, str(refusal))

    def delete_model(self, request: HttpRequest, obj: RoundPlan) -> None:
        self._retire(request, obj)
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[RoundPlan]) -> None:
        for plan in queryset:
            self._retire(request, plan)
        super().delete_queryset(request, queryset)

    def _retire(self, request: HttpRequest, plan: RoundPlan) -> None:
        """Take back what has not begun: nobody would know any more why the doors are closed."""
        RoundPlan.objects.filter(pk=plan.pk).update(is_active=False)
        planning.plan_anew(plan_id=plan.pk, actor=staff(request), at=timezone.now())


def _said(made: int) -> str:
    if not made:
        return _now("No round is missing.")
    return ngettext("%(n)d round is planned.", "%(n)d rounds are planned.", made) % {"n": made}


def _line(day: Day, plan: RoundPlan) -> str:
    date = date_format(day.day, "D j M Y")
    if day.starts_at is None:
        why = {
            Why.CLOSED: _now("left out, the site is closed"),
            Why.MERGED: _now("done with the next round, the site is closed"),
            Why.NO_OPEN_DAY: _now("left out, the site has no open day after it"),
        }[day.why]
        return f"{date}: {why}"
    begins = date_format(day.starts_at.astimezone(plan.site.zone), "D j M Y, H:i")
    if day.why is Why.MOVED:
        return _now("%(begins)s, instead of %(date)s: the site is closed") % {
            "begins": begins, "date": date,
        }  # fmt: skip
    if day.why is Why.KEPT:
        return _now("%(begins)s, although the site is closed") % {"begins": begins}
    return begins
