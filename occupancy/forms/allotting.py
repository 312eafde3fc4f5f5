"""The forms of an allotment's verbs."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from access.models import RegistrationGroup
from lockers.models import Site
from occupancy import periods
from occupancy.choices import LinkFor

_LOCAL = {"type": "datetime-local"}


class FormsForm(forms.Form):
    """For which forms something is made; for everybody where none is chosen."""

    registration_groups = forms.ModelMultipleChoiceField(
        RegistrationGroup.objects.none(),
        label=_("Only for forms"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None: for everybody who takes part."),
    )

    def __init__(self, *args: Any, site: Site, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["registration_groups"]
        field.queryset = RegistrationGroup.objects.filter(site=site).select_related("year_group")

    def chosen(self) -> list[int] | None:
        """Return the forms, or None for all."""
        return [one.pk for one in self.cleaned_data["registration_groups"]] or None


class LettersForm(FormsForm):
    """For whom letters are made; who had one before has a new one then."""

    without = forms.ChoiceField(
        label=_("For whom"), required=False,
        choices=[
            ("", _("everybody")),
            (LinkFor.PUPIL, _("only pupils without an e-mail address")),
            (LinkFor.GUARDIAN, _("only pupils whose guardian has no e-mail address")),
        ],
    )  # fmt: skip


class SendForm(FormsForm):
    """To whose address links go."""

    to = forms.ChoiceField(
        label=_("To"), choices=LinkFor.choices, initial=LinkFor.PUPIL, widget=forms.RadioSelect
    )


class WindowForm(forms.Form):
    """From when until when wishes are taken, by the clock on the site's wall."""

    opens_at = forms.DateTimeField(
        label=_("Wishes from"), widget=forms.DateTimeInput(_LOCAL, "%Y-%m-%dT%H:%M")
    )
    closes_at = forms.DateTimeField(
        label=_("Until"), widget=forms.DateTimeInput(_LOCAL, "%Y-%m-%dT%H:%M")
    )

    def __init__(self, *args: Any, site: Site, at: dt.datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._site, self._at = site, at
        local = at.astimezone(site.zone).replace(second=0, microsecond=0, tzinfo=None)
        self.fields["opens_at"].initial = local
        self.fields["closes_at"].initial = local + dt.timedelta(days=7)

    def _instant(self, name: str) -> dt.datetime:
        wall: dt.datetime = self.cleaned_data[name]
        return periods.shown_at(wall.replace(tzinfo=None), self._site.zone)

    def clean_opens_at(self) -> dt.datetime:
        """Read it by the site's clock."""
        return self._instant("opens_at")

    def clean_closes_at(self) -> dt.datetime:
        """Read it by the site's clock; it comes later than now and than the beginning."""
        closes = self._instant("closes_at")
        if closes <= max(self._at, self.cleaned_data.get("opens_at", self._at)):
            raise forms.ValidationError(_now("It ends after it begins, and not in the past."))
        return closes
