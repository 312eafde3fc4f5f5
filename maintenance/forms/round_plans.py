"""A schedule of rounds in the administration."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from maintenance.models import RoundPlan
from maintenance.rounds import days
from maintenance.services.rounds import calendars
from occupancy.allocation.recurring import NoSuchRule


class RoundPlanForm(forms.ModelForm):  # type: ignore[type-arg]  # is not generic at run time
    """Refuses a rule that is not understood, and banks of another site."""

    class Meta:
        model = RoundPlan
        exclude: list[str] = []

    def clean(self) -> dict[str, Any]:
        told = super().clean() or self.cleaned_data
        site, banks = told.get("site"), told.get("banks")
        if site and banks and any(bank.site_id != site.pk for bank in banks):
            self.add_error("banks", _("Choose banks of that site."))
        first, last = told.get("first_day"), told.get("last_day")
        if first and last and last < first:
            self.add_error("last_day", _("The last day is before the first one."))
        else:
            self._check_rule(told)
        return told

    def _check_rule(self, told: dict[str, Any]) -> None:
        names = ("site", "rule", "first_day", "starts_at", "on_closed_day")
        if not all(told.get(name) for name in names):
            return  # the field itself says so
        plan = RoundPlan(**{name: told[name] for name in (*names, "last_day")})
        try:
            if days.first_of(calendars.schedule_of(plan)) is None:
                self.add_error("rule", _("This gives no day: choose other days, or other dates."))
        except NoSuchRule:
            self.add_error(
                "rule",
                _("This repetition is not understood. Choose days, weeks, months or years."),
            )
