"""Who uses the lockers, and for how long."""

from __future__ import annotations

import datetime as dt

from django import forms
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from access.choices import PersonKind
from config.setup.forms.base import StepForm


class UseForm(StepForm):
    """User groups, how doors are allotted, and what becomes of forgotten things."""

    kinds = forms.MultipleChoiceField(
        label=_("Who uses the lockers?"),
        choices=[(value, capfirst(label)) for value, label in PersonKind.choices],
        initial=[PersonKind.STAFF],
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Each becomes a group that rules can name. People are added afterwards."),
    )
    ends_at_time = forms.TimeField(
        label=_("A locker is somebody's for the day, until"),
        initial=dt.time(0),
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        help_text=_("Local time of the site. 00:00 is midnight."),
    )
    limit_per_person = forms.IntegerField(
        label=_("How many may one person have at once?"), min_value=1, max_value=20, initial=1
    )
    at_end = forms.ChoiceField(
        label=_("When the day ends and somebody has not finished"),
        choices=[
            ("release", _("The locker is free again by itself")),
            ("hold", _("It stays theirs and is marked overdue, until staff have looked inside")),
        ],
        initial="release",
        widget=forms.RadioSelect,
        help_text=_("Choose the second if forgotten things must never meet the next person."),
    )
