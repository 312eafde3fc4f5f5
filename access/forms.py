"""Forms that take a badge number or PIN and hand it to the service; neither is ever shown again."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminPasswordWidget,
    UnfoldAdminRadioSelectWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminSplitDateTimeWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanWidget,
)

from access.badges.profiles import Printed
from access.choices import CARRIED, CredentialKind
from access.models import Credential
from access.services.pins import TEMPORARY_LASTS_AT_MOST
from lockers.models import Organisation, ReaderProfile

# How a number may be written, besides as the reader of its profile does.
PRINTED = [
    (Printed.READER.value, _("as the reader types it")),
    (Printed.PAIR.value, _("facility, comma, number (123,04567)")),
    (Printed.DECIMAL.value, _("one decimal number (0008065495)")),
    (Printed.REVERSED_DECIMAL.value, _("one decimal number, bytes backwards")),
    (Printed.HEX.value, _("hexadecimal (7B11D7)")),
    (Printed.REVERSED_HEX.value, _("hexadecimal, bytes backwards")),
]


class BadgeForm(forms.Form):
    """What is given to somebody, how its number is written, and for how long."""

    kind = forms.ChoiceField(
        label=_("Kind"),
        choices=[(kind.value, kind.label) for kind in CARRIED],
        required=False,
        initial=CredentialKind.BADGE,
        widget=UnfoldAdminSelectWidget,
    )
    profile = forms.ModelChoiceField(
        ReaderProfile.objects.none(),
        label=_("Reader profile"),
        required=False,
        empty_label=_("none: the text as the reader types it"),
        help_text=_("Of the readers where it will be used."),
        widget=UnfoldAdminSelectWidget,
    )
    printed = forms.ChoiceField(
        label=_("Written"),
        choices=PRINTED,
        required=False,
        initial=Printed.READER,
        widget=UnfoldAdminSelectWidget,
    )
    number = forms.CharField(
        label=_("Badge number"),
        max_length=64,
        help_text=_("As the reader types it, without its prefix and suffix."),
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"}),
    )
    valid_from = forms.SplitDateTimeField(
        label=_("Valid from"),
        required=False,
        help_text=_("Leave it empty for now."),
        widget=UnfoldAdminSplitDateTimeWidget(),
    )
    valid_until = forms.SplitDateTimeField(
        label=_("Valid until"),
        required=False,
        help_text=_("Leave it empty when it does not end by itself."),
        widget=UnfoldAdminSplitDateTimeWidget(),
    )

    def __init__(self, *args: Any, organisation: Organisation, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        profile = self.fields["profile"]
        assert isinstance(profile, forms.ModelChoiceField)
        profile.queryset = organisation.reader_profiles.all()

    def clean_kind(self) -> str:
        return self.cleaned_data["kind"] or CredentialKind.BADGE.value

    def clean_printed(self) -> str:
        return self.cleaned_data["printed"] or Printed.READER.value

    def clean_valid_until(self) -> dt.datetime | None:
        """Refuse an end that is over already, or before the start."""
        until: dt.datetime | None = self.cleaned_data["valid_until"]
        if until is None:
            return None
        if until <= timezone.now():
            raise forms.ValidationError(_("That is over already. Choose a later time."))
        start = self.cleaned_data.get("valid_from")
        if start is not None and until <= start:
            raise forms.ValidationError(_("It ends before it starts. Choose a later time."))
        return until


class PinForm(forms.Form):
    pin = forms.CharField(
        label=_("PIN"),
        max_length=12,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "off", "inputmode": "numeric"}),
    )

    def __init__(self, *args: Any, least: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["pin"].help_text = _(
            "%(least)s to 12 digits; no run like 123456, no date, not the personal number."
        ) % {"least": least}


class TemporaryPinForm(forms.Form):
    ends_at = forms.SplitDateTimeField(
        label=_("Until"),
        help_text=_("A month from now at most."),
        widget=UnfoldAdminSplitDateTimeWidget(),
    )

    def clean_ends_at(self) -> dt.datetime:
        """Refuse an end that is over already, and one that is far away."""
        ends_at: dt.datetime = self.cleaned_data["ends_at"]
        if not timezone.now() < ends_at <= timezone.now() + TEMPORARY_LASTS_AT_MOST:
            raise forms.ValidationError(_("Choose a time between now and a month from now."))
        return ends_at


class RecoveryPinForm(forms.Form):
    """Nothing to fill in; only who presses the key gets one."""

    confirmed = forms.BooleanField(label=_("I have seen who it is"), widget=UnfoldBooleanWidget())


class LostForm(forms.Form):
    credential = forms.ModelChoiceField(
        label=_("What is lost"),
        queryset=Credential.objects.none(),
        empty_label=None,
        widget=UnfoldAdminRadioSelectWidget(),
    )

    def __init__(self, *args: Any, carried: QuerySet[Credential], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["credential"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = carried
        if not carried:
            field.help_text = _("This person carries nothing that works: there is nothing to lose.")


class ClearForm(forms.Form):
    reason = forms.CharField(
        label=_("Reason"),
        max_length=200,
        help_text=_("It stands in the trail. Make sure who asks: somebody guessed at this PIN."),
        widget=UnfoldAdminTextInputWidget(),
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


class ReasonForm(forms.Form):
    """A step with a reason; what it does stands below the field."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=200,
        required=False,
        widget=UnfoldAdminTextInputWidget(),
    )
