"""The forms of free doors that are given to who waits."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _


class ReserveForm(forms.Form):
    """Whether doors that are held back for late arrivals are given as well."""

    releases_reserve = forms.BooleanField(
        label=_("Release what is held back for late arrivals"), required=False
    )


class ServeForm(forms.Form):
    """What was looked at: nothing else is given."""

    releases_reserve = forms.BooleanField(required=False, widget=forms.HiddenInput)
    expected = forms.RegexField("^[0-9a-f]{64}$", widget=forms.HiddenInput)
