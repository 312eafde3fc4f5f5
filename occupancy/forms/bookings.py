"""The form by which staff book a door for somebody."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from lockers.models import Bank, Size
from occupancy import periods
from occupancy.selectors.holders import find_person

_LOCAL = {"type": "datetime-local"}


class BookForm(forms.Form):
    """Times are those of the clock on the site's wall; the person is named and never listed."""

    person = forms.CharField(
        label=_("Who"), max_length=254, widget=UnfoldAdminTextInputWidget(),
        help_text=_("The personal number or e-mail address."),
    )  # fmt: skip
    bank = forms.ModelChoiceField(
        label=_("Bank"), queryset=Bank.objects.none(), empty_label=None,
        widget=UnfoldAdminSelectWidget(),
    )  # fmt: skip
    size = forms.ModelChoiceField(
        label=_("Size"), queryset=Size.objects.none(), required=False, empty_label=_("any"),
        widget=UnfoldAdminSelectWidget(),
    )  # fmt: skip
    starts_at = forms.DateTimeField(label=_("From"), widget=forms.DateTimeInput(_LOCAL))
    ends_at = forms.DateTimeField(label=_("Until"), widget=forms.DateTimeInput(_LOCAL))

    def __init__(self, *args: Any, banks: QuerySet[Bank], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, rows in (
            ("bank", banks),
            ("size", Size.objects.filter(organisation__sites__banks__in=banks).distinct()),
        ):
            field = self.fields[name]
            assert isinstance(field, forms.ModelChoiceField)  # as declared above
            field.queryset = rows

    def clean(self) -> dict[str, Any]:
        """Read the times as the site's, and find the person."""
        cleaned = super().clean() or {}
        bank = cleaned.get("bank")
        if not isinstance(bank, Bank):
            return cleaned
        for name in ("starts_at", "ends_at"):
            value = cleaned.get(name)
            if isinstance(value, dt.datetime):
                wall = value.replace(tzinfo=None)
                cleaned[name] = periods.shown_at(wall, bank.site.zone)
        if name := str(cleaned.get("person", "")).strip():
            found = find_person(bank.site.organisation_id, name)
            if found is None:
                self.add_error("person", _("Nobody here has that number or address."))
            else:
                cleaned["person"] = found
        return cleaned
