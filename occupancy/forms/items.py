"""What is filled in when a compartment is emptied and when lost property goes."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from access.key_forms import SignedForm
from lockers.models import Site
from occupancy.forms.pictures import PhotoField
from occupancy.models.lost_property import KEPT_DAYS
from occupancy.services.ending.lost_property import Found


def _text(**attrs: Any) -> UnfoldAdminTextInputWidget:
    return UnfoldAdminTextInputWidget(attrs={"autocomplete": "off", **attrs})


class FoundForm(forms.Form):
    what = forms.CharField(label=_("What is it"), max_length=200, widget=_text())
    stored_where = forms.CharField(label=_("Stored where"), max_length=120, widget=_text())
    seal_number = forms.CharField(
        label=_("Seal number"), max_length=40, required=False, widget=_text()
    )
    witness = forms.CharField(label=_("Witness"), max_length=120, required=False, widget=_text())
    kept_days = forms.TypedChoiceField(
        label=_("Kept for"), choices=KEPT_DAYS, coerce=int, initial=28,
        widget=UnfoldAdminSelectWidget,
    )  # fmt: skip
    photo = PhotoField(
        label=_("Photo"), required=False,
        help_text=_("JPEG, PNG or WebP, up to 10 MB. Only staff of the site see it."),
    )  # fmt: skip

    @property
    def found(self) -> Found:
        """What was found, as the register takes it."""
        given = {name: self.cleaned_data[name] for name in Found.__dataclass_fields__}
        return Found(**given)


class FoundAtSiteForm(FoundForm):
    """Something that was found outside of a recovery, at one of somebody's sites."""

    site = forms.ModelChoiceField(
        Site.objects.none(), label=_("Site"), widget=UnfoldAdminSelectWidget
    )
    field_order = ["site"]

    def __init__(self, *args: Any, sites: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["site"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = sites


class HowForm(forms.Form):
    """How a thing was disposed of."""

    how = forms.CharField(label=_("How"), max_length=200, min_length=3, widget=_text())


class HandOutForm(SignedForm):
    to = forms.CharField(label=_("Handed to"), max_length=120, widget=_text())
    field_order = ["to"]
