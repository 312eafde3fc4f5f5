"""What a phone sends of a door, and what staff fill in about a round."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from access.models import User
from maintenance.choices import StopResult
from maintenance.models import ChecklistItem, Round, Team

# A clock that stood for longer than that is not believed.
_OLDEST = dt.timedelta(days=31)
_RESULTS = [one for one in StopResult.choices if one[0]]


class EntryForm(forms.Form):
    """One entry: the times are the phone's own, told apart by when it was sent."""

    entry = forms.UUIDField()
    result = forms.TypedChoiceField(choices=_RESULTS, coerce=StopResult)
    note = forms.CharField(required=False, max_length=400)
    millivolts = forms.IntegerField(required=False, min_value=0, max_value=2**31 - 1)
    happened = forms.IntegerField(min_value=0, max_value=2**53)
    sent = forms.IntegerField(min_value=0, max_value=2**53)

    def happened_at(self, at: dt.datetime) -> dt.datetime:
        """Return when it was by our clock: as long ago as it was by the phone's when it sent it."""
        age = self.cleaned_data["sent"] - self.cleaned_data["happened"]
        return at - min(max(dt.timedelta(milliseconds=age), dt.timedelta()), _OLDEST)

    def checks(self, items: list[ChecklistItem]) -> dict[int, bool]:
        """Return what was said of each item, by its number."""
        said = {item.pk: self.data.get(f"check-{item.pk}") for item in items}
        return {pk: one == "1" for pk, one in said.items() if one in ("0", "1")}


class GiveRoundForm(forms.Form):
    """Who is to do a round: a person, a team, or whoever comes."""

    assignee = forms.ModelChoiceField(User.objects.none(), required=False, label=_("Person"))
    team = forms.ModelChoiceField(Team.objects.none(), required=False, label=_("Team"))

    def __init__(self, *args: Any, one: Round, people: set[int], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        person, team = self.fields["assignee"], self.fields["team"]
        assert isinstance(person, forms.ModelChoiceField)
        assert isinstance(team, forms.ModelChoiceField)
        person.queryset = User.objects.filter(pk__in=people, is_active=True).order_by("username")
        team.queryset = Team.objects.filter(organisation=one.site.organisation_id)
