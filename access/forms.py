"""Forms that take a badge number or PIN and hand it to the service; neither is ever shown again."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminPasswordWidget, UnfoldAdminTextInputWidget


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
