"""Forms that take a badge number or PIN and hand it to the service; neither is ever shown again."""

from __future__ import annotations

import datetime as dt

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminPasswordWidget,
    UnfoldAdminSplitDateTimeWidget,
    UnfoldAdminTextInputWidget,
)


class BadgeForm(forms.Form):
    number = forms.CharField(
        label=_("Badge number"),
        max_length=64,
        help_text=_("As the reader types it, without its prefix and suffix."),
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"}),
    )


class PinForm(forms.Form):
    pin = forms.CharField(
        label=_("PIN"),
        max_length=12,
        help_text=_("6 to 12 digits; not all the same and not a run like 123456."),
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "off", "inputmode": "numeric"}),
    )


class HoldForm(forms.Form):
    reason = forms.CharField(
        label=_("Reason"),
        max_length=200,
        help_text=_("Staff see it; the screen only says that access is on hold."),
        widget=UnfoldAdminTextInputWidget(),
    )
    ends_at = forms.SplitDateTimeField(
        label=_("Until"),
        required=False,
        help_text=_("Leave it empty when somebody will lift the hold."),
        widget=UnfoldAdminSplitDateTimeWidget(),
    )

    def clean_ends_at(self) -> dt.datetime | None:
        """Refuse an end that is over already."""
        ends_at: dt.datetime | None = self.cleaned_data["ends_at"]
        if ends_at is not None and ends_at <= timezone.now():
            raise forms.ValidationError(_("That is over already. Choose a later time."))
        return ends_at
