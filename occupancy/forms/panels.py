"""What staff fill in on the panel of a door about who has it, in as few fields as it takes."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from occupancy.forms.custody import read_until
from occupancy.forms.reasons import ReasonForm

_LARGEST = 2**63 - 1


def _id() -> forms.IntegerField:
    return forms.IntegerField(min_value=1, max_value=_LARGEST)


def _who() -> forms.CharField:
    return forms.CharField(
        max_length=254, error_messages={"required": _("Say whom: a number, an address or a name.")}
    )


class _Until(forms.Form):
    """Reads a local date and time of the site."""

    until = forms.CharField(required=False, max_length=20)

    def __init__(self, *args: Any, zone: zoneinfo.ZoneInfo, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.zone = zone

    def clean_until(self) -> dt.datetime | None:
        """Read the end; None where nothing was typed."""
        text = self.cleaned_data["until"]
        return read_until(text, self.zone) if text else None


class GiveForm(_Until):
    """Under which policy and to whom; until when and why where that has to be said."""

    policy = _id()
    who = _who()
    reason = forms.CharField(required=False, max_length=200)
    # Although the bank decides alone.
    all_the_same = forms.BooleanField(required=False)


class ClaimForm(forms.Form):
    """Names the claim that was on the screen: another one is never changed by accident."""

    claim = _id()


class TransferForm(ClaimForm, ReasonForm):
    """To whom, and why."""

    who = _who()


class MoveForm(ClaimForm, ReasonForm):
    """To which door, whether its holder gets this one, and why."""

    bank = _id()
    how = forms.ChoiceField(choices=[("move", ""), ("swap", "")], required=False)
    number = forms.CharField(
        max_length=12, error_messages={"required": _("Say which door: its number.")}
    )


class ShareForm(ClaimForm, _Until):
    """With whom, until when, and whether for one opening."""

    who = _who()
    is_one_opening = forms.BooleanField(required=False)

    def clean_until(self) -> dt.datetime | None:
        """Read the end, which a share always has."""
        found = super().clean_until()
        if found is None:
            raise forms.ValidationError(_("Say until when."))
        return found


class EndShareForm(forms.Form):
    """Names the share to end."""

    share = _id()
