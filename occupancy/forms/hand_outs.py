"""What is chosen before a list is handed out."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminRadioSelectWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanWidget,
)

from access.models import RegistrationGroup, YearGroup
from lockers.models import Site

EVERYBODY = "all"


class PupilsField(forms.ChoiceField):
    """A form, a year group, or all pupils of a site, in one choice."""

    widget = UnfoldAdminSelectWidget

    def __init__(self, *, site: Site, **kwargs: Any) -> None:
        self.site = site
        self.forms = list(
            RegistrationGroup.objects.filter(site=site)
            .select_related("year_group")
            .order_by("year_group__rank", "name")
        )
        self.years = list(
            YearGroup.objects.filter(
                pk__in={form.year_group_id for form in self.forms}
            ).order_by("rank")
        )  # fmt: skip
        choices: list[Any] = [
            (EVERYBODY, _("All pupils of the site")),
            (_("Year groups"), [(f"year:{year.pk}", year.name) for year in self.years]),
            (_("Forms"), [(f"form:{form.pk}", form.name) for form in self.forms]),
        ]
        super().__init__(label=_("Whose"), choices=choices, **kwargs)

    def people(self, chosen: str) -> Q:
        """Return the condition for who was chosen."""
        kind, _colon, number = chosen.partition(":")
        if kind == "form":
            return Q(registration_group=int(number))
        if kind == "year":
            return Q(year_group=int(number))
        return Q()

    def named(self, chosen: str) -> str:
        """Return what was chosen, as it is called."""
        names = {f"form:{one.pk}": one.name for one in self.forms}
        names |= {f"year:{one.pk}": one.name for one in self.years}
        return names.get(chosen, str(self.site))


class HandOutForm(forms.Form):
    """Whose list, on paper or as a spreadsheet, and with combinations for whoever may."""

    kind = forms.ChoiceField(
        label=_("As"),
        choices=[("pdf", _("PDF to print")), ("xlsx", _("Excel workbook (.xlsx)"))],
        initial="pdf",
        widget=UnfoldAdminRadioSelectWidget,
    )
    field_order = ["whose", "kind"]

    def __init__(self, *args: Any, site: Site, may_combine: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["whose"] = PupilsField(site=site)
        self.order_fields(self.field_order)
        if may_combine:
            self.fields["shows_combinations"] = forms.BooleanField(
                label=_("With combinations"),
                required=False,
                widget=UnfoldBooleanWidget,
                help_text=_("Each one is recorded as looked at by you."),
            )
            self.fields["reason"] = forms.CharField(
                label=_("Reason"),
                required=False,
                max_length=200,
                widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"}),
                help_text=_("Needed for a list with combinations."),
            )

    def clean(self) -> dict[str, Any]:
        """Ask for a reason where combinations are shown."""
        given = super().clean() or {}
        reason = (given.get("reason") or "").strip()
        if given.get("shows_combinations") and len(reason) < 3:
            self.add_error("reason", _("Please say why. The reason is kept with the event."))
        return {**given, "reason": reason}

    @property
    def whose(self) -> PupilsField:
        """The field that knows the pupils."""
        field = self.fields["whose"]
        assert isinstance(field, PupilsField)
        return field
