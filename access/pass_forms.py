"""The form that gives somebody a pass."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminSelectWidget,
    UnfoldAdminSplitDateTimeWidget,
    UnfoldBooleanSwitchWidget,
)

from access.models import Person
from lockers.models import Compartment


def _named(obj: Compartment) -> str:
    return f"{obj.bank.name} {obj.number}"


class PassForm(forms.Form):
    compartment = forms.ModelChoiceField(
        label=_("Good for"),
        queryset=Compartment.objects.none(),
        required=False,
        empty_label=_("Whatever they may open"),
        help_text=_("A pass never opens more than its person may open at that time."),
        widget=UnfoldAdminSelectWidget(),
    )
    starts_at = forms.SplitDateTimeField(label=_("From"), widget=UnfoldAdminSplitDateTimeWidget())
    ends_at = forms.SplitDateTimeField(label=_("Until"), widget=UnfoldAdminSplitDateTimeWidget())
    is_single_use = forms.BooleanField(
        label=_("For one use"), required=False, widget=UnfoldBooleanSwitchWidget()
    )

    def __init__(self, *args: Any, person: Person, **kwargs: Any) -> None:
        now = timezone.now().replace(second=0, microsecond=0)
        kwargs.setdefault("initial", {"starts_at": now, "ends_at": now + dt.timedelta(days=1)})
        super().__init__(*args, **kwargs)
        theirs = person.grants.filter(revoked_at__isnull=True).values("compartment")
        field = self.fields["compartment"]
        assert isinstance(field, forms.ModelChoiceField)  # as declared above
        field.queryset = Compartment.objects.filter(pk__in=theirs).select_related("bank")
        field.label_from_instance = _named  # type: ignore[method-assign]  # as documented
