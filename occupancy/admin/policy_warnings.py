"""The warnings on a policy's page, one line each."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.forms.models import BaseInlineFormSet
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline

from occupancy.admin.policy_fields import LengthField
from occupancy.models import PolicyWarning
from occupancy.services.policies.warning_previews import Warn

LONGEST = dt.timedelta(days=90)


class WarningForm(forms.ModelForm):  # type: ignore[type-arg]  # not at run time
    """How long before the end, by what, to whom."""

    before = LengthField(label=_("Before the end"), required=True)

    class Meta:
        model = PolicyWarning
        fields = ("before", "channel", "to")

    def clean_before(self) -> dt.timedelta | None:
        """Refuse what would be no warning."""
        before: dt.timedelta | None = self.cleaned_data["before"]
        if before is not None and not dt.timedelta(0) < before <= LONGEST:
            raise forms.ValidationError(
                _now("Write how long before the end: more than nothing, and 90 d at most.")
            )
        return before


class WarningFormSet(BaseInlineFormSet):  # type: ignore[type-arg]  # not at run time
    """The lines together: no two say the same."""

    def get_unique_error_message(self, unique_check: Any) -> str:
        """Say it as somebody would."""
        return _now("The same warning stands there twice. Take one out.")

    def get_form_error(self) -> str:
        """Say it at the line, too."""
        return _now("The same warning stands above.")

    def wanted(self) -> frozenset[Warn]:
        """Return the warnings that there are to be."""
        return frozenset(
            Warn(given["before"], given["channel"], given["to"])
            for given in (form.cleaned_data for form in self.forms if form.is_valid())
            if given.get("before") and not given.get("DELETE")
        )


class WarningInline(TabularInline):
    """Whom the policy warns; a new one gets the usual warnings from the database."""

    model = PolicyWarning
    form = WarningForm
    formset = WarningFormSet
    extra = 0
    classes = ("collapse",)
    hide_title = True
    verbose_name_plural = _("Warnings before the end")


def formset_of(formsets: Any) -> WarningFormSet | None:
    """Return the warnings among the rows on a page."""
    return next((one for one in formsets if isinstance(one, WarningFormSet)), None)
