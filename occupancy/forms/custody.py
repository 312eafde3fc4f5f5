"""What staff fill in about doors that people have, or are to get."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanWidget,
)

from access.key_forms import ReasonForm
from access.models import Person
from lockers.models import Bank, Compartment
from occupancy import periods
from occupancy.selectors.holders import find_person


def _text(**attrs: Any) -> UnfoldAdminTextInputWidget:
    return UnfoldAdminTextInputWidget(attrs={"autocomplete": "off", **attrs})


def read_until(text: str, zone: zoneinfo.ZoneInfo) -> dt.datetime:
    """Read what a field for date and time sends, as the site's clocks show it."""
    try:
        wall = dt.datetime.fromisoformat(text)
    except ValueError as error:
        raise forms.ValidationError(_now("Give a date and a time.")) from error
    if wall.tzinfo is not None:
        raise forms.ValidationError(_now("Give a date and a time."))
    return periods.shown_at(wall, zone)


class PersonForm(forms.Form):
    """A form that names one person of the organisation."""

    person = forms.CharField(
        label=_("Person"), max_length=254, widget=_text(),
        help_text=_("Personal number or e-mail address."),
    )  # fmt: skip

    def __init__(self, *args: Any, organisation_id: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.organisation_id = organisation_id

    def clean_person(self) -> Person:
        """Find the person."""
        found = find_person(self.organisation_id, self.cleaned_data["person"].strip())
        if found is None:
            raise forms.ValidationError(_now("Nobody here has that number or address."))
        return found


class TransferForm(PersonForm, ReasonForm):
    """To whom, and why."""


class ShareForm(PersonForm):
    """With whom, until when, and what for."""

    until = forms.CharField(label=_("Until"), widget=_text(type="datetime-local"))
    is_one_opening = forms.BooleanField(
        label=_("Only one opening"), required=False, widget=UnfoldBooleanWidget()
    )
    note = forms.CharField(
        label=_("What is handed over"), max_length=200, required=False, widget=_text()
    )

    def __init__(self, *args: Any, zone: zoneinfo.ZoneInfo, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.zone = zone

    def clean_until(self) -> dt.datetime:
        """Read the end."""
        return read_until(self.cleaned_data["until"], self.zone)


class DoorForm(ReasonForm):
    """Another door by bank and number, and why."""

    bank = forms.ModelChoiceField(
        Bank.objects.none(), label=_("Bank"), widget=UnfoldAdminSelectWidget()
    )
    number = forms.CharField(label=_("Door"), max_length=12, widget=_text())
    field_order = ["bank", "number", "reason"]

    def __init__(self, *args: Any, banks: QuerySet[Bank], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["bank"].queryset = banks  # type: ignore[attr-defined]  # it is the choice field

    def clean(self) -> dict[str, Any]:
        """Find the door."""
        given = super().clean() or {}
        if "bank" in given and "number" in given:
            number = given["number"].strip()
            door = Compartment.objects.filter(bank=given["bank"], number=number).first()
            if door is None:
                raise forms.ValidationError(_now("That bank has no door of that number."))
            given["door"] = door
        return given
