"""What staff fill in about tickets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminRadioSelectWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanWidget,
)

from access.models import User
from lockers.models import Bank
from maintenance.choices import Category, PhotoMoment, Priority
from maintenance.models import Team, Ticket
from maintenance.selectors.tickets import Item
from maintenance.services.tickets.subjects import Subject
from occupancy.forms.pictures import PhotoField


def _text(**attrs: Any) -> UnfoldAdminTextInputWidget:
    return UnfoldAdminTextInputWidget(attrs={"autocomplete": "off", **attrs})


def _lines() -> UnfoldAdminTextareaWidget:
    return UnfoldAdminTextareaWidget(attrs={"rows": 3})


class WordsForm(forms.Form):
    words = forms.CharField(label=_("In words"), max_length=1000, widget=_lines())


class ClosingForm(forms.Form):
    resolution = forms.CharField(label=_("What was done"), max_length=400, widget=_lines())


class ReferenceForm(forms.Form):
    reference = forms.CharField(
        label=_("Number elsewhere"), max_length=60, required=False, widget=_text(),
        help_text=_("Its number in another system for tickets. Empty for none."),
    )  # fmt: skip


class LabourForm(forms.Form):
    minutes = forms.IntegerField(
        label=_("Minutes"), min_value=1, max_value=1440, widget=UnfoldAdminIntegerFieldWidget
    )
    words = forms.CharField(label=_("What for"), max_length=200, required=False, widget=_text())


class AssignForm(forms.Form):
    assignee = forms.ModelChoiceField(
        User.objects.none(), label=_("Assigned to"), required=False,
        widget=UnfoldAdminSelectWidget,
    )  # fmt: skip
    team = forms.ModelChoiceField(
        Team.objects.none(), label=_("Team"), required=False, widget=UnfoldAdminSelectWidget
    )

    def __init__(
        self, *args: Any, users: QuerySet[User], teams: QuerySet[Team], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        for name, rows in (("assignee", users), ("team", teams)):
            field = self.fields[name]
            assert isinstance(field, forms.ModelChoiceField)
            field.queryset = rows


class RatingForm(forms.Form):
    category = forms.ChoiceField(
        label=_("Category"), choices=Category.choices, widget=UnfoldAdminSelectWidget
    )
    priority = forms.TypedChoiceField(
        label=_("Priority"), choices=Priority.choices, coerce=int, widget=UnfoldAdminSelectWidget
    )

    def changed(self, ticket: Ticket) -> dict[str, Any]:
        """Return what differs: another category brings its own priority, unless one is chosen."""
        category = Category(self.cleaned_data["category"])
        priority = Priority(self.cleaned_data["priority"])
        return {
            "category": category if category != ticket.category else None,
            "priority": priority if priority != ticket.priority else None,
        }


class PhotoForm(forms.Form):
    moment = forms.ChoiceField(
        label=_("Shows it"), choices=PhotoMoment.choices, initial=PhotoMoment.AFTER,
        widget=UnfoldAdminRadioSelectWidget,
    )  # fmt: skip
    photo = PhotoField(label=_("Photo"), help_text=_("JPEG, PNG or WebP, up to 10 MB."))


class ChecksForm(forms.Form):
    """The checklist of a ticket: what is ticked."""

    done = forms.MultipleChoiceField(
        label=_("Checked"), required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, items: Sequence[Item], **kwargs: Any) -> None:
        kwargs["initial"] = {"done": [str(one.item.pk) for one in items if one.is_checked]}
        super().__init__(*args, **kwargs)
        field = self.fields["done"]
        assert isinstance(field, forms.MultipleChoiceField)
        field.choices = [(str(one.item.pk), one.item.text) for one in items]


class TakeOutForm(forms.Form):
    reason = forms.CharField(label=_("Why"), max_length=200, required=False, widget=_text())
    holder = forms.ChoiceField(
        label=_("Whoever has it"), required=False, widget=UnfoldAdminRadioSelectWidget,
        choices=[
            ("", _("nobody has it")),
            ("move", _("is moved to another door of the bank")),
            ("tell", _("is told by letter, and keeps it until it is given back")),
        ],
    )  # fmt: skip


class ReportForm(forms.Form):
    """A fault that staff report: of a door, or of the bank itself."""

    bank = forms.ModelChoiceField(
        Bank.objects.none(), label=_("Bank"), widget=UnfoldAdminSelectWidget
    )
    number = forms.CharField(
        label=_("Door"), max_length=12, required=False, widget=_text(),
        help_text=_("Its number. Empty for the bank itself."),
    )  # fmt: skip
    category = forms.ChoiceField(
        label=_("What is wrong"), choices=Category.choices, initial=Category.DAMAGED,
        widget=UnfoldAdminSelectWidget,
    )  # fmt: skip
    words = forms.CharField(label=_("In words"), max_length=1000, required=False, widget=_lines())
    photo = PhotoField(
        label=_("Photo"), required=False, help_text=_("JPEG, PNG or WebP, up to 10 MB.")
    )
    needs_out = forms.BooleanField(
        label=_("Give the door to nobody new"), required=False, widget=UnfoldBooleanWidget
    )

    def __init__(self, *args: Any, banks: QuerySet[Bank], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["bank"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = banks

    def clean(self) -> dict[str, Any]:
        """Find the door."""
        values: dict[str, Any] = super().clean() or {}
        bank, number = values.get("bank"), values.get("number", "").strip()
        if bank is None:
            return values
        if not number:
            values["subject"] = Subject.of_bank(bank)
            return values
        door = bank.compartments.select_related("bank").filter(number=number).first()
        if door is None:
            raise forms.ValidationError({"number": _("That bank has no door of that number.")})
        values["subject"] = Subject.of_door(door)
        return values
