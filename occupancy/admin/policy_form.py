"""The form of a policy: one choice of place, plain words, and every rule of the database said."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanWidget,
)

from access.choices import CredentialKind, PersonKind
from lockers.models import Area, Bank, Compartment
from occupancy import attaching
from occupancy.admin.policy_fields import LengthField, OrderField, SeveralField, TimesField
from occupancy.allocation.policy import Attached, Level
from occupancy.allocation.rules import MODELS, Ends
from occupancy.choices import AtEnd, Need, UseModel
from occupancy.forms import door_lists
from occupancy.forms.door_lists import Named, UnknownDoors
from occupancy.models import CompartmentGroup, Policy
from occupancy.services.policies import rulebooks
from occupancy.services.policies.previews import UNSAVED
from occupancy.services.policies.warning_previews import Warn

_KINDS = {
    "organisation": _("Everywhere"), "site": _("A whole site"), "area": _("An area"),
    "bank": _("A bank"), "group": _("A group of doors"),
}  # fmt: skip
RELATED = ("groups", "departments", "roles", "sizes")


def named(doors: QuerySet[Compartment]) -> list[Named]:
    """Return doors as a list can name them."""
    rows = doors.values_list("pk", "bank__name", "number", "row", "column")
    return [Named(*row) for row in rows]


class PolicyForm(forms.ModelForm):  # type: ignore[type-arg]  # not at run time
    """A policy in the words of who decides about lockers."""

    # Given by the administration: who fills it in, and what they may choose of.
    user: Any = None
    # The warnings there are to be, when they are changed together with it.
    warnings: frozenset[Warn] | None = None
    offered: dict[str, QuerySet[Any]] = {}

    where = forms.ChoiceField(
        label=_("Where it holds"),
        widget=UnfoldAdminSelectWidget,
        help_text=_("The closest policy decides: doors before bank, area, site and everywhere."),
    )
    doors = forms.CharField(
        label=_("Only these doors"),
        required=False,
        max_length=200,
        widget=UnfoldAdminTextInputWidget(attrs={"placeholder": "row 1"}),
        help_text=_("Of a bank: “row 1”, “column 2-3” or “1-10, 21”. Nothing: all its doors."),
    )
    person_kinds = SeveralField(
        label=_("Kinds of people"), choices=PersonKind.choices,
        help_text=_("None: everybody."),
    )  # fmt: skip
    needs = SeveralField(label=_("Only those who need"), choices=Need.choices)
    credentials = SeveralField(
        label=_("Only with"), choices=CredentialKind.choices,
        help_text=_("None: with everything that identifies."),
    )  # fmt: skip
    ranking = OrderField(
        label=_("The best door is"), help_text=_("The first counts most. None: the usual order.")
    )
    ends_at_time = forms.TimeField(
        label=_("Ends at"),
        initial="00:00",
        widget=UnfoldAdminTextInputWidget(attrs={"type": "time"}),
        help_text=_("Local time of the site; 00:00 is midnight."),
    )
    shifts = TimesField(label=_("Shifts start at"), help_text=_("Local times of the site."))
    quiet_from = forms.TimeField(
        label=_("No warnings from"),
        required=False,
        widget=UnfoldAdminTextInputWidget(attrs={"type": "time"}),
        help_text=_("Local time of the site. Nothing: as the rules for letters say."),
    )
    quiet_until = forms.TimeField(
        label=_("No warnings until"),
        required=False,
        widget=UnfoldAdminTextInputWidget(attrs={"type": "time"}),
    )
    follows = forms.BooleanField(
        label=_("Doors in use follow, too"),
        required=False,
        widget=UnfoldBooleanWidget,
        help_text=_("Their new end is told at once. Without it, what began ends as it was told."),
    )

    class Meta:
        model = Policy
        fields: list[str] = []

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.places = attaching.places(self.user) if self.user is not None else {}
        self.members: list[Named] | None = None
        if "where" in self.fields:
            where = self.fields["where"]
            assert isinstance(where, forms.ChoiceField)
            where.choices = self._choices()
            if self.instance.pk:
                self.initial["where"] = attaching.key_of(self.instance)
        for name in RELATED:
            if name in self.fields:
                self._offer(name)
        if "follows" in self.fields and not self.instance.pk:
            self.fields["follows"].widget = forms.HiddenInput()

    def _offer(self, name: str) -> None:
        """Offer what there is as boxes to tick, each organisation's under its name."""
        old = self.fields[name]
        assert isinstance(old, forms.ModelMultipleChoiceField)
        # Whoever fills it in elsewhere than in the administration says what they may choose.
        rows = self.offered.get(name, Policy.objects.none())
        field = forms.ModelMultipleChoiceField(
            rows,
            label=old.label, required=False, help_text=_("None ticked: all."),
            widget=UnfoldAdminCheckboxSelectMultipleWidget,
        )  # fmt: skip
        if len({attaching.organisation_of(place) for place in self.places.values()}) > 1:
            field.queryset = rows.select_related("organisation")
            field.label_from_instance = _with_organisation  # type: ignore[method-assign]  # Django documents it so
        self.fields[name] = field

    def _choices(self) -> list[Any]:
        choices: list[Any] = [("", _("Choose…"))]
        for kind, title in _KINDS.items():
            rows = [(key, place_name(row)) for key, row in self.places.items()
                    if key.startswith(f"{kind}:")]  # fmt: skip
            if rows:
                choices.append((title, sorted(rows, key=lambda row: str(row[1]))))
        return choices

    def clean(self) -> dict[str, Any]:
        """Say in a sentence at its field whatever the database would refuse."""
        given: dict[str, Any] = super().clean() or self.cleaned_data
        place = self.places.get(given.get("where", ""))
        if place is not None:
            attaching.attach(self.instance, place)
            self._clean_organisation(given)
            self._clean_doors(given, place)
        self._clean_model(given)
        for name in ("no_show_after", "longest_booking"):
            if name in given and name not in self.errors and not given[name]:
                self.add_error(name, _("Write how long: longer than nothing."))
        self._clean_end(given)
        return given

    def _clean_end(self, given: dict[str, Any]) -> None:
        if given.get("at_end") == AtEnd.RELEASE and given.get("recovers_after") is not None:
            self.add_error(
                "recovers_after",
                _("A door that goes back by itself is not emptied. Leave this empty, or let it stay"
                  " with the holder at the end."),
            )  # fmt: skip
        if self.errors.keys() & {"quiet_from", "quiet_until"}:
            return
        begins, ends = given.get("quiet_from"), given.get("quiet_until")
        if begins is not None and ends is None:
            self.add_error("quiet_until", _("Write until when, too."))
        elif begins is None and ends is not None:
            self.add_error("quiet_from", _("Write from when, too."))
        elif begins is not None and begins == ends:
            self.add_error("quiet_until", _("That is the same time. Choose another, or neither."))

    def _clean_organisation(self, given: dict[str, Any]) -> None:
        organisation_id = self.instance.organisation_id
        same = Policy.objects.filter(organisation_id=organisation_id, name=given.get("name"))
        if same.exclude(pk=self.instance.pk).exists():
            self.add_error("name", _("Another policy has this name. Choose another."))
        for name in RELATED:
            if any(row.organisation_id != organisation_id for row in given.get(name) or ()):
                self.add_error(name, _("Choose only what belongs to the same organisation."))

    def _clean_doors(self, given: dict[str, Any], place: Any) -> None:
        text = given.get("doors", "")
        if not text:
            return
        if not isinstance(place, Bank):
            self.add_error("doors", _("Choose the bank of these doors at “Where it holds”."))
            return
        doors = named(place.compartments.order_by("column", "row"))
        try:
            self.members = door_lists.read(text, doors, place.name)
        except UnknownDoors as error:
            self.add_error(
                "doors",
                ValidationError(
                    _("Bank %(bank)s has no “%(part)s”. It has doors %(doors)s."),
                    params={"bank": place.name, "part": error.part,
                            "doors": door_lists.write(doors)},
                ),
            )  # fmt: skip

    def _clean_model(self, given: dict[str, Any]) -> None:
        model = given.get("model")
        if model not in UseModel.values or self.errors.keys() & {"lasts", "shifts", "books_ahead"}:
            return
        ends = MODELS[UseModel(model)].ends
        if ends is Ends.AFTER and not given.get("lasts"):
            self.add_error("lasts", _("Write how long a use lasts, such as 3 h."))
        if ends is Ends.SHIFT and not given.get("shifts"):
            self.add_error("shifts", _("Write when the shifts start, such as 06:00, 14:00, 22:00."))
        if ends is Ends.PERIOD and not (given.get("days") or given.get("months")):
            self.add_error("days", _("Write for how many days, or how many months."))
        if ends is Ends.WINDOW and not given.get("books_ahead"):
            self.add_error("books_ahead", _("Write how far ahead it can be booked, such as 14 d."))

    def attached(self) -> Attached | None:
        """Return the policy as the engine would take it; None when it is not in use."""
        policy: Policy = self.instance
        if not policy.is_active:
            return None
        rules = rulebooks.rules_from(
            policy,
            **{name: [row.pk for row in self.cleaned_data.get(name) or ()] for name in RELATED},
        )
        if self.members is not None:
            return Attached(rules, Level.GROUP, UNSAVED)
        return Attached(rules, *rulebooks.place_of(policy))

    @property
    def member_ids(self) -> frozenset[int] | None:
        """The doors of the group that saving would make, if it would."""
        if self.members is None:
            return None
        return frozenset(door.id for door in self.members)

    def make_group(self) -> None:
        """Make, or find, the group of the doors that were typed, and attach the policy to it."""
        if self.members is None:
            return
        bank: Bank = self.places[self.cleaned_data["where"]]
        wanted = self.member_ids
        name = f"{bank.name}: {self.cleaned_data['doors'].strip()}"[:70]
        for number in range(1, 100):
            tried = name if number == 1 else f"{name} ({number})"
            group, is_new = CompartmentGroup.objects.get_or_create(
                organisation_id=self.instance.organisation_id, name=tried
            )
            if is_new:
                group.compartments.set(wanted or ())
            elif frozenset(group.compartments.values_list("pk", flat=True)) != wanted:
                continue
            attaching.attach(self.instance, group)
            return


def _with_organisation(obj: Any) -> str:
    return f"{obj.organisation}: {obj}"


def place_name(place: Any) -> str:
    """Return a place in words that stand by themselves."""
    if isinstance(place, Bank):
        return f"{place.site}: {place.name}"
    if isinstance(place, Area):
        return f"{place.site}: {place}"
    return str(place)


def length_fields() -> dict[str, forms.Field]:
    """Return a field for every length of time that a policy has, with its own words."""
    found: dict[str, forms.Field] = {}
    for field in Policy._meta.concrete_fields:
        if field.get_internal_type() == "DurationField":
            default = None if field.null else field.get_default()
            found[field.name] = LengthField(
                label=str(field.verbose_name).capitalize(), help_text=field.help_text,
                empty=default, initial=default,
            )  # fmt: skip
    return found


for _name, _field in length_fields().items():
    PolicyForm.base_fields[_name] = _field
    PolicyForm.declared_fields[_name] = _field
