"""What an operator types at a new screen."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _


class EnrolForm(forms.Form):
    """The one-time code of a terminal."""

    code = forms.CharField(
        label=_("One-time code"),
        max_length=40,
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}
        ),
    )
