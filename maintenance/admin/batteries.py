"""Batteries by the day they are expected to fail, and the round that sees to them before."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action

from access.admin.desk import Desk, staff
from audit.errors import Refusal
from audit.services import idempotency
from lockers.scoping import MAINTAIN, ScopedRelatedFilter, SiteScopedAdmin, sites_of
from maintenance.drawing import voltage_line
from maintenance.forms.batteries import PlanForm, ReplaceForm, VoltageForm
from maintenance.models import Battery, BatteryReading, Round, Stock
from maintenance.selectors import batteries as selectors
from maintenance.selectors import walking
from maintenance.services import batteries, battery_forecasts

# How far ahead a round is offered for.
_AHEAD = dt.timedelta(days=30)


@admin.register(Battery)
class BatteryAdmin(Desk):
    site_path = "compartment__bank__site"
    bank_path = "compartment__bank"
    list_display = ["door", "site", "fails_on", "why", "replaced_on", "model"]
    list_filter = [
        "forecast_by", ("fails_on", admin.DateFieldListFilter),
        ("compartment__bank__site", ScopedRelatedFilter),
        ("compartment__bank", ScopedRelatedFilter),
    ]  # fmt: skip
    search_fields = ["compartment__number", "compartment__bank__name"]
    list_select_related = ["compartment__bank__site", "model"]
    autocomplete_fields = ["compartment"]
    actions_list = ["plan_round"]
    actions_detail = ["replace", "read"]
    verb_rights = {"replace": MAINTAIN, "read": MAINTAIN}

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        if obj is None:
            return ["compartment", "model", "replaced_on"]
        return ["compartment", "model", "replaced_on", "fails_on", "why", "voltage"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        # A new battery is a verb, with its record.
        return [one for one in self.get_fields(request, obj) if one != "model"] if obj else []

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        battery_forecasts.forecast(at=timezone.now(), compartment_ids=[obj.pk])

    def get_actions_list(self, request: HttpRequest) -> list[Any]:
        offered: list[Any] = super().get_actions_list(request)
        return offered if sites_of(request.user, MAINTAIN).exists() else []

    @admin.display(description=_("door"), ordering="compartment__number")
    def door(self, battery: Battery) -> str:
        return f"{battery.compartment.bank.name} {battery.compartment.number}"

    @admin.display(description=_("site"), ordering="compartment__bank__site__name")
    def site(self, battery: Battery) -> str:
        return battery.compartment.bank.site.name

    @admin.display(description=_("because"))
    def why(self, battery: Battery) -> str:
        """Say in words what the forecast rests on."""
        return selectors.reason(battery)

    @admin.display(description=_("voltage since it was replaced"))
    def voltage(self, battery: Battery) -> str:
        """Draw the voltage as a line."""
        points = selectors.voltages_of(battery)
        if not points:
            return "-"
        low = battery.forecast_facts.get("low_mv") or (
            battery.model.battery_low_mv if battery.model is not None else None
        )
        title = _now("From %(first)d to %(last)d mV.") % {
            "first": points[0][1], "last": points[-1][1],
        }  # fmt: skip
        return voltage_line(points, low, title=title)

    @action(description=_("It was replaced"), url_path="replace", icon="battery_full")  # type: ignore[untyped-decorator]  # unfold brings no types
    def replace(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Record a new battery, and take it out of a store."""
        battery = self.reachable(request, object_id, MAINTAIN)
        site = battery.compartment.bank.site
        today = timezone.now().astimezone(site.zone).date()
        form = ReplaceForm(
            request.POST or None, initial={"on": today},
            stocks=Stock.objects.filter(store__site=site).select_related("part"),
            tickets=walking.maintained(request.user).filter(site__organisation=site.organisation),
        )  # fmt: skip

        def do(form: Any) -> Battery:
            given = dict(form.cleaned_data)
            stock = given.pop("stock")
            return batteries.replace(
                compartment_id=battery.pk, stock_id=stock.pk if stock is not None else None,
                ticket_id=given.pop("ticket"), actor=staff(request), at=timezone.now(), **given,
            )  # fmt: skip

        return self.form_page(request, battery, title=_now("It was replaced"), form=form, do=do)

    @action(description=_("Enter a voltage"), url_path="read", icon="bolt")  # type: ignore[untyped-decorator]  # unfold brings no types
    def read(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Record a voltage that was measured now."""
        battery = self.reachable(request, object_id, MAINTAIN)
        return self.form_page(
            request, battery, title=_now("Enter a voltage"), form=VoltageForm(request.POST or None),
            do=lambda form: batteries.record(
                compartment_id=battery.pk, actor=staff(request), at=timezone.now(),
                **form.cleaned_data,
            ),
        )  # fmt: skip

    @action(description=_("Plan a battery round"), url_path="plan", icon="route")  # type: ignore[untyped-decorator]  # unfold brings no types
    def plan_round(self, request: HttpRequest) -> HttpResponse:
        """Plan a round to the doors whose battery fails by a day."""
        sites = sites_of(request.user, MAINTAIN).order_by("name")
        if not sites.exists():
            raise Http404
        now = timezone.now()
        form = PlanForm(
            request.POST or None, sites=sites,
            initial={"until": timezone.localdate(now) + _AHEAD, "begins": dt.time(9),
                     "day": timezone.localdate(now) + dt.timedelta(days=1)},
        )  # fmt: skip
        back = reverse("admin:maintenance_battery_changelist")
        if request.method == "POST" and form.is_valid():
            given = form.cleaned_data
            try:
                planned = idempotency.run(
                    lambda: batteries.plan_round(
                        site_id=given["site"].pk, until=given["until"], actor=staff(request),
                        at=now, starts_at=dt.datetime.combine(
                            given["day"], given["begins"], given["site"].zone
                        ),
                    )
                )  # fmt: skip
            except Refusal as refusal:
                idempotency.settle(refusal)
                form.add_error(None, str(refusal))
            else:
                self.message_user(request, _planned(planned))
                return HttpResponseRedirect(back)
        return self.show_page(
            request, "admin/access/key_form.html", title=_now("Plan a battery round"), form=form,
            subtitle=_now("batteries"), button=_now("Plan it"), back=back,
        )  # fmt: skip


def _planned(planned: Round) -> str:
    return _now("Planned: %(round)s, doors: %(doors)d.") % {
        "round": planned, "doors": planned.stops.count(),
    }  # fmt: skip


@admin.register(BatteryReading)
class BatteryReadingAdmin(SiteScopedAdmin):
    is_history = True
    site_path = "compartment__bank__site"
    bank_path = "compartment__bank"
    list_display = ["compartment", "millivolts", "at", "told_by"]
    list_filter = [("compartment__bank", ScopedRelatedFilter)]
    search_fields = ["compartment__number", "compartment__bank__name"]
    list_select_related = ["compartment__bank"]
    fields = ["compartment", "millivolts", "at", "told_by"]
    readonly_fields = ["told_by"]
    date_hierarchy = "at"

    @admin.display(description=_("told by"))
    def told_by(self, reading: BatteryReading) -> str:
        """Say whether the board told it or somebody measured it."""
        return _now("its board") if reading.event_id is not None else _now("measured")
