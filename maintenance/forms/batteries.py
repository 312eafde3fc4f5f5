"""What is filled in when a battery is read, replaced or planned for."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminSingleDateWidget,
    UnfoldAdminSingleTimeWidget,
)

from lockers.models import Site
from maintenance.forms.parts import IssueForm
from maintenance.models import Stock, Ticket
from maintenance.services.batteries import LEAST_MV, MOST_MV
from maintenance.services.parts import MOST


class VoltageForm(forms.Form):
    millivolts = forms.IntegerField(
        label=_("Voltage (mV)"), min_value=LEAST_MV, max_value=MOST_MV,
        widget=UnfoldAdminIntegerFieldWidget,
    )  # fmt: skip


class ReplaceForm(IssueForm):
    """The day, and where the new battery came from."""

    on = forms.DateField(label=_("Replaced on"), widget=UnfoldAdminSingleDateWidget)
    stock = forms.ModelChoiceField(
        Stock.objects.none(), label=_("Taken from"), required=False,
        widget=UnfoldAdminSelectWidget, empty_label=_("no store of ours"),
    )  # fmt: skip
    count = forms.IntegerField(
        label=_("How many"), min_value=1, max_value=MOST, initial=1,
        widget=UnfoldAdminIntegerFieldWidget,
    )  # fmt: skip
    field_order = ["on", "stock", "count", "ticket", "anyway", "reason"]

    def __init__(self, *args: Any, stocks: QuerySet[Stock], tickets: QuerySet[Ticket],
                 **kwargs: Any) -> None:  # fmt: skip
        super().__init__(*args, tickets=tickets, **kwargs)
        field = self.fields["stock"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = stocks


class PlanForm(forms.Form):
    """A site, how far ahead, and when the round begins."""

    site = forms.ModelChoiceField(
        Site.objects.none(), label=_("Site"), widget=UnfoldAdminSelectWidget
    )
    until = forms.DateField(label=_("Batteries that fail by"), widget=UnfoldAdminSingleDateWidget)
    day = forms.DateField(label=_("Day of the round"), widget=UnfoldAdminSingleDateWidget)
    begins = forms.TimeField(
        label=_("Begins at"), widget=UnfoldAdminSingleTimeWidget, help_text=_("Local time.")
    )

    def __init__(self, *args: Any, sites: QuerySet[Site], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["site"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = sites
