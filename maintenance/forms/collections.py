"""What a tablet sends of a line, and what the office fills in about a collection."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminRadioSelectWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanWidget,
)

from access.models import RegistrationGroup, YearGroup
from lockers.models import Bank
from maintenance.choices import About, KeyAnswer
from maintenance.models import Collection
from maintenance.services.collections.saying import ANSWERS

# A clock that stood for longer than that is not believed.
_OLDEST = dt.timedelta(days=31)
_SAID = [
    (f"{about.value}:{answer}", answer)
    for about, answers in ANSWERS.items()
    for answer in sorted(answers)
]


class AnswerForm(forms.Form):
    """One entry; the times are the tablet's own, and missing where it has no script."""

    entry = forms.UUIDField()
    said = forms.ChoiceField(choices=_SAID)
    note = forms.CharField(required=False, max_length=200)
    happened = forms.IntegerField(required=False, min_value=0, max_value=2**53)
    sent = forms.IntegerField(required=False, min_value=0, max_value=2**53)

    @property
    def about(self) -> About:
        """What is said something about."""
        return About(self.cleaned_data["said"].partition(":")[0])

    @property
    def answer(self) -> str:
        """What is said."""
        return str(self.cleaned_data["said"].partition(":")[2])

    def happened_at(self, at: dt.datetime) -> dt.datetime:
        """Return when it was by our clock: as long ago as by the tablet's when it sent it."""
        sent, happened = self.cleaned_data["sent"], self.cleaned_data["happened"]
        age = dt.timedelta(milliseconds=(sent or 0) - (happened or sent or 0))
        return at - min(max(age, dt.timedelta()), _OLDEST)


class StaggerForm(forms.Form):
    """How long to wait between two doors."""

    seconds = forms.IntegerField(
        label=_("Seconds between two doors"), min_value=0, max_value=30, initial=2,
        widget=UnfoldAdminIntegerFieldWidget(),
    )  # fmt: skip


class OpenFormForm(StaggerForm):
    """Which form's doors are opened, and how fast."""

    form = forms.ModelChoiceField(
        RegistrationGroup.objects.none(), label=_("Form"), required=False,
        empty_label=_("In no form"),
    )  # fmt: skip
    field_order = ["form", "seconds"]

    def __init__(self, *args: Any, one: Collection, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["form"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = RegistrationGroup.objects.filter(
            collection_lines__collection=one
        ).distinct()


class WhoForm(forms.Form):
    """Whose lockers are collected; nothing ticked means everybody's."""

    year_groups = forms.ModelMultipleChoiceField(
        YearGroup.objects.none(), required=False, label=_("Year groups"),
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
    )  # fmt: skip
    registration_groups = forms.ModelMultipleChoiceField(
        RegistrationGroup.objects.none(), required=False, label=_("Forms"),
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
    )  # fmt: skip
    banks = forms.ModelMultipleChoiceField(
        Bank.objects.none(), required=False, label=_("Banks"),
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
    )  # fmt: skip

    def __init__(self, *args: Any, one: Collection, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offered: dict[str, Any] = {
            "year_groups": YearGroup.objects.filter(organisation=one.site.organisation_id),
            "registration_groups": RegistrationGroup.objects.filter(site=one.site_id),
            "banks": Bank.objects.filter(site=one.site_id),
        }
        for name, rows in offered.items():
            field: Any = self.fields[name]
            field.queryset = rows

    @property
    def chosen(self) -> dict[str, list[int]]:
        """The numbers of what was ticked, by kind."""
        ticked = {name: [row.pk for row in rows] for name, rows in self.cleaned_data.items()}
        return {
            "year_groups": ticked["year_groups"], "forms": ticked["registration_groups"],
            "banks": ticked["banks"],
        }  # fmt: skip


class CloseForm(forms.Form):
    charge_keys = forms.BooleanField(
        label=_("Keys that are not back count as lost: charge them and ask for new locks"),
        required=False, widget=UnfoldBooleanWidget,
    )  # fmt: skip


class RotateForm(forms.Form):
    """The plan that was looked at, and why."""

    expected = forms.CharField(max_length=64, widget=forms.HiddenInput)
    reason = forms.CharField(
        label=_("Reason"), max_length=200, widget=UnfoldAdminTextInputWidget()
    )  # fmt: skip


class ClearForm(forms.Form):
    """Why a pupil is cleared, and what became of locker and key."""

    is_empty = forms.BooleanField(
        label=_("The locker is empty"), required=False, widget=UnfoldBooleanWidget
    )
    key = forms.TypedChoiceField(
        label=_("Key"), required=False, coerce=KeyAnswer, empty_value=None,
        choices=[("", _("as it was said")), (KeyAnswer.BACK, _("it is back")),
                 (KeyAnswer.LOST, _("it is lost"))],
        widget=UnfoldAdminRadioSelectWidget,
    )  # fmt: skip
    reason = forms.CharField(
        label=_("Reason"), max_length=200, help_text=_("Such as “Paid on 14 July”."),
        widget=UnfoldAdminTextInputWidget(),
    )  # fmt: skip


class DamageForm(forms.Form):
    """What a damage costs."""

    amount = forms.DecimalField(
        label=_("Amount"), min_value=Decimal("0.01"), max_digits=9, decimal_places=2,
        widget=UnfoldAdminTextInputWidget(attrs={"inputmode": "decimal"}),
    )  # fmt: skip
    note = forms.CharField(
        label=_("What for"), max_length=200, widget=UnfoldAdminTextInputWidget()
    )  # fmt: skip
