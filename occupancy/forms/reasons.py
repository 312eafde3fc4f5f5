"""What staff fill in on the map."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from lockers.choices import ServiceStatus


class ReasonForm(forms.Form):
    """Every override needs a reason; it stands in the trail for ever."""

    reason = forms.CharField(
        label=_("Reason"),
        min_length=3,
        max_length=200,
        error_messages={"required": _("Please say why. The reason is kept with the event.")},
    )


class ReleaseForm(ReasonForm):
    """Names the claim that was on the screen: another one is never released by accident."""

    claim = forms.IntegerField(min_value=1, max_value=2**63 - 1)


class ServiceForm(ReasonForm):
    """The two statuses that staff set from the map."""

    status = forms.TypedChoiceField(
        choices=[
            (ServiceStatus.IN_SERVICE.value, ServiceStatus.IN_SERVICE.label),
            (ServiceStatus.OUT_OF_SERVICE.value, ServiceStatus.OUT_OF_SERVICE.label),
        ],
        coerce=ServiceStatus,
    )
