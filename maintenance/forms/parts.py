"""What is filled in when parts come, go and are counted."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanWidget,
)

from maintenance.models import Ticket
from maintenance.services.parts import MOST


def _text() -> UnfoldAdminTextInputWidget:
    return UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"})


class NoteForm(forms.Form):
    note = forms.CharField(label=_("Note"), max_length=200, required=False, widget=_text())


class CountForm(NoteForm):
    """How many, of what is moved."""

    count = forms.IntegerField(
        label=_("How many"), min_value=1, max_value=MOST, initial=1,
        widget=UnfoldAdminIntegerFieldWidget,
    )  # fmt: skip
    field_order = ["count", "unit_cost", "note"]


class ReceiveForm(CountForm):
    unit_cost = forms.DecimalField(
        label=_("One cost"), min_value=0, max_digits=10, decimal_places=2, required=False,
        widget=UnfoldAdminDecimalFieldWidget, help_text=_("Empty: as in the catalogue."),
    )  # fmt: skip


class QuantityForm(NoteForm):
    """How many are there, counted by somebody."""

    quantity = forms.IntegerField(
        label=_("How many are there"), min_value=0, max_value=MOST,
        widget=UnfoldAdminIntegerFieldWidget,
    )  # fmt: skip
    field_order = ["quantity", "note"]


class MinimumForm(forms.Form):
    minimum = forms.IntegerField(
        label=_("Order below"), min_value=0, max_value=MOST, widget=UnfoldAdminIntegerFieldWidget
    )


class ForTicketForm(forms.Form):
    """Parts for a ticket, or for none; only tickets that the user keeps in repair are there."""

    count = forms.IntegerField(
        label=_("How many"), min_value=1, max_value=MOST, initial=1,
        widget=UnfoldAdminIntegerFieldWidget,
    )  # fmt: skip
    ticket = forms.IntegerField(
        label=_("Number of the ticket"), min_value=1, max_value=2**63 - 1, required=False,
        widget=UnfoldAdminIntegerFieldWidget, help_text=_("Empty: for no ticket."),
    )  # fmt: skip

    def __init__(self, *args: Any, tickets: QuerySet[Ticket], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.tickets = tickets

    def clean_ticket(self) -> int | None:
        """Refuse a ticket that is not there for this user."""
        number: int | None = self.cleaned_data["ticket"]
        if number is not None and not self.tickets.filter(pk=number).exists():
            raise forms.ValidationError(_("There is no such ticket."))
        return number


class IssueForm(ForTicketForm):
    anyway = forms.BooleanField(
        label=_("Take it although it does not fit"), required=False, widget=UnfoldBooleanWidget
    )
    reason = forms.CharField(label=_("Reason"), max_length=200, required=False, widget=_text())


class PutBackForm(ForTicketForm, NoteForm):
    pass


class TakeForm(forms.Form):
    """On a phone: which part and how many."""

    stock = forms.IntegerField(min_value=1, max_value=2**63 - 1)
    count = forms.IntegerField(min_value=1, max_value=MOST)
    anyway = forms.BooleanField(required=False)
    reason = forms.CharField(max_length=200, required=False)
    # Made up with the page: tapped twice, it is taken once.
    key = forms.UUIDField()
