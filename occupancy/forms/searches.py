"""What two adults say of a door they open together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminRadioSelectWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldBooleanWidget,
)

from access.models import Key
from occupancy.choices import SearchFound, SearchKind


class AskForm(forms.Form):
    """From the panel of a door."""

    kind = forms.ChoiceField(label=_("What for"), choices=SearchKind.choices)
    reason = forms.CharField(
        label=_("Reason"),
        min_length=3,
        max_length=1000,
        error_messages={"required": _("Please say why. Only the two of you and security read it.")},
    )


class ConfirmForm(forms.Form):
    """What the second adult chooses, where there is a choice at all."""

    def __init__(
        self, *args: Any, keys: Sequence[Key], is_electronic: bool, **kwargs: Any
    ) -> None:  # fmt: skip
        super().__init__(*args, **kwargs)
        if is_electronic:
            self.fields["is_by_key"] = forms.BooleanField(
                label=_("By key: the lock does not answer"),
                required=False,
                widget=UnfoldBooleanWidget,
            )
        if keys:
            self.fields["key_id"] = forms.TypedChoiceField(
                label=_("Key taken from the cabinet"),
                choices=[("", _("none of these")), *((key.pk, str(key)) for key in keys)],
                coerce=int,
                empty_value=None,
                required=False,
                widget=UnfoldAdminSelectWidget,
            )


class RecordForm(forms.Form):
    """What came of it; kept as it was written."""

    _ANSWER = ((True, _("Yes")), (False, _("No")))

    found = forms.ChoiceField(
        label=_("Outcome"),
        choices=[("", _("Choose")), *SearchFound.choices],
        widget=UnfoldAdminSelectWidget,
    )
    what = forms.CharField(
        label=_("What was found or taken, and where it is now"),
        required=False,
        max_length=2000,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 4}),
    )
    is_pupil_present = forms.TypedChoiceField(
        label=_("The pupil was there"),
        choices=_ANSWER,
        coerce=lambda value: value == "True",
        widget=UnfoldAdminRadioSelectWidget,
    )
    is_guardian_told = forms.TypedChoiceField(
        label=_("The guardian was told"),
        choices=_ANSWER,
        coerce=lambda value: value == "True",
        widget=UnfoldAdminRadioSelectWidget,
    )

    def clean(self) -> dict[str, Any]:
        """Ask what it was, where something was found."""
        given = super().clean() or {}
        needs = given.get("found") in (SearchFound.LEFT, SearchFound.TAKEN)
        if needs and not str(given.get("what") or "").strip():
            self.add_error("what", _("Say what it was, and where it is now."))
        return given
