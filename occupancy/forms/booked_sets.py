"""What is chosen to book a door for each of many, for one window."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from access.models import Person, RegistrationGroup, YearGroup
from lockers.models import Bank, Site
from occupancy import periods
from occupancy.selectors.forms import here
from occupancy.selectors.holders import find_people

_LOCAL = {"type": "datetime-local"}
MOST = 500


class BookSetForm(forms.Form):
    """Times are those of the clock on the site's wall."""

    name = forms.CharField(
        label=_("Name"), max_length=80, widget=UnfoldAdminTextInputWidget(),
        help_text=_("Such as “Maths exam”."),
    )  # fmt: skip
    bank = forms.ModelChoiceField(
        label=_("Bank"), queryset=Bank.objects.none(), empty_label=None,
        widget=UnfoldAdminSelectWidget(),
    )  # fmt: skip
    whose = forms.ChoiceField(label=_("For"), required=False, widget=UnfoldAdminSelectWidget())
    listed = forms.CharField(
        label=_("Or for these"), required=False, max_length=40_000,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 4}),
        help_text=_("Admission numbers or e-mail addresses, one a line."),
    )  # fmt: skip
    starts_at = forms.DateTimeField(label=_("From"), widget=UnfoldAdminTextInputWidget(_LOCAL))
    ends_at = forms.DateTimeField(label=_("Until"), widget=UnfoldAdminTextInputWidget(_LOCAL))

    def __init__(
        self, *args: Any, banks: QuerySet[Bank], sites: QuerySet[Site], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["bank"]
        assert isinstance(field, forms.ModelChoiceField)  # as declared above
        field.queryset = banks
        groups = list(
            # Forms are of a whole site: whoever has one part of it does not see them.
            RegistrationGroup.objects.filter(site__in=sites)
            .select_related("year_group", "site")
            .order_by("site__name", "year_group__rank", "name")
        )
        years = YearGroup.objects.filter(pk__in={one.year_group_id for one in groups})
        whose = self.fields["whose"]
        assert isinstance(whose, forms.ChoiceField)  # as declared above
        whose.choices = [
            ("", _("only those below")),
            (_("Year groups"), [(f"year:{one.pk}", one.name) for one in years.order_by("rank")]),
            (_("Forms"), [(f"form:{one.pk}", f"{one.name} ({one.site})") for one in groups]),
        ]

    def clean(self) -> dict[str, Any]:
        """Read the times as the site's, and find everybody."""
        given = super().clean() or {}
        bank = given.get("bank")
        if not isinstance(bank, Bank):
            return given
        for name in ("starts_at", "ends_at"):
            value = given.get(name)
            if isinstance(value, dt.datetime):
                given[name] = periods.shown_at(value.replace(tzinfo=None), bank.site.zone)
        people = self._listed(str(given.get("listed") or ""), bank)
        people |= {one.pk: one for one in self._chosen(str(given.get("whose") or ""), bank)}
        if not people and not self.errors:
            self.add_error("whose", _("Choose a form, a year group, or write who."))
        if len(people) > MOST:
            self.add_error("whose", _("More than %d at once. Book them in parts.") % MOST)
        return {**given, "people": list(people.values())}

    def _chosen(self, whose: str, bank: Bank) -> QuerySet[Person]:
        kind, _colon, number = whose.partition(":")
        if not number:
            return Person.objects.none()
        of = Q(registration_group=int(number)) if kind == "form" else Q(year_group=int(number))
        return here(of & Q(home_site=bank.site_id))

    def _listed(self, text: str, bank: Bank) -> dict[int, Person]:
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        found = find_people(bank.site.organisation_id, lines)
        unknown = [line for line in lines if found.get(line) is None]
        for line in unknown[:5]:
            self.add_error(
                "listed", _("Nobody here has the number or address “%(line)s”.") % {"line": line}
            )
        return {one.pk: one for one in found.values() if one is not None}
