"""Where the lockers stand, and how they look."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from typing import Any

from django import forms
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from config.setup.forms.base import StepForm
from lockers import layouts
from lockers.choices import SiteKind
from lockers.errors import UnknownLayout
from lockers.models.calendars import Weekday

_TIME = {"type": "time"}


def _time_zones() -> list[tuple[str, str]]:
    """Return the zones that are named after a place, and UTC."""
    names = sorted(name for name in zoneinfo.available_timezones() if "/" in name)
    places = [
        name for name in names if not name.startswith(("Etc/", "SystemV/", "posix/", "right/"))
    ]
    return [(name, name.replace("_", " ")) for name in ["UTC", *places]]


def _kinds() -> list[tuple[str, str]]:
    return [(value, str(capfirst(label))) for value, label in SiteKind.choices]


class PlaceForm(StepForm):
    """The organisation and its first site."""

    organisation = forms.CharField(label=_("Organisation"), max_length=120)
    site = forms.CharField(
        label=_("First site"), max_length=120, help_text=_("One address. You can add more later.")
    )
    kind = forms.ChoiceField(label=_("What kind of place is it?"), choices=_kinds)
    time_zone = forms.ChoiceField(
        label=_("Time zone"), choices=_time_zones, initial="Europe/London"
    )
    hours = forms.ChoiceField(
        label=_("When is it open?"),
        choices=[("always", _("Always")), ("set", _("At these hours"))],
        widget=forms.RadioSelect,
        initial="always",
    )
    weekdays = forms.TypedMultipleChoiceField(
        label=_("Days"),
        choices=Weekday.choices,
        coerce=int,
        required=False,
        initial=[0, 1, 2, 3, 4],
        widget=forms.CheckboxSelectMultiple,
    )
    opens_at = forms.TimeField(
        label=_("Opens at"),
        required=False,
        initial=dt.time(8),
        widget=forms.TimeInput(attrs=_TIME, format="%H:%M"),
    )
    closes_at = forms.TimeField(
        label=_("Closes at"),
        required=False,
        initial=dt.time(18),
        widget=forms.TimeInput(attrs=_TIME, format="%H:%M"),
    )
    asked_when = dict.fromkeys(("weekdays", "opens_at", "closes_at"), ("hours", ("set",)))

    def clean(self) -> dict[str, Any]:
        """Refuse hours that are not asked for in full, or that end before they begin."""
        cleaned = super().clean() or {}
        if cleaned.get("hours") != "set":
            return cleaned
        self.need(cleaned, "opens_at", "closes_at")
        if not cleaned.get("weekdays"):
            self.add_error("weekdays", _("Choose at least one day, or choose “Always”."))
        opens, closes = cleaned.get("opens_at"), cleaned.get("closes_at")
        if opens and closes and closes <= opens:
            self.add_error("closes_at", _("This must be later than the opening time."))
        return cleaned


class LockersForm(StepForm):
    """The first block of doors."""

    bank = forms.CharField(
        label=_("Name of the first bank of lockers"),
        max_length=60,
        initial="A",
        help_text=_("A bank is a block of doors that stands together. Short is best: A, B, Gym."),
    )
    directions = forms.CharField(
        label=_("Where does it stand?"),
        max_length=200,
        required=False,
        help_text=_("As you would tell a visitor: “Ground floor, behind reception”."),
    )
    layout = forms.CharField(
        label=_("How is it built?"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        initial="8 columns of 3 large and 5 small",
        help_text=_(
            "From the left, each column from the top. For example “8 columns of 3 large and"
            " 5 small”. The words you use for sizes become your sizes."
        ),
    )
    first_number = forms.IntegerField(
        label=_("Number of the first door"),
        min_value=1,
        max_value=99_999,
        initial=1,
        help_text=_("Doors are numbered down each column, from the left."),
    )

    def clean_layout(self) -> str:
        """Refuse a layout that cannot be drawn, in the words of who reads it."""
        text: str = self.cleaned_data["layout"]
        try:
            self.doors = len(layouts.read(text))
        except UnknownLayout as refusal:
            raise forms.ValidationError(str(refusal)) from refusal
        return text
