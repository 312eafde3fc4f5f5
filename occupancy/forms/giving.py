"""The page "Give compartments": who gets doors of a bank, under which policy."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminFileFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from access.models import Department, Role
from audit.services import idempotency
from lockers.importing.files import MAX_BYTES, Unreadable
from lockers.models import Bank
from occupancy import attaching
from occupancy.forms import give_lists
from occupancy.forms.custody import read_until
from occupancy.models import Policy
from occupancy.services.custody.giving import Row


def _text(**attrs: Any) -> UnfoldAdminTextInputWidget:
    return UnfoldAdminTextInputWidget(attrs={"autocomplete": "off", **attrs})


def _with_site(bank: Bank) -> str:
    return f"{bank.site}: {bank.name}"


class GiveForm(forms.Form):
    """People line by line or from a file, or a role, or a department."""

    bank = forms.ModelChoiceField(
        Bank.objects.none(), label=_("Bank"), widget=UnfoldAdminSelectWidget()
    )
    policy = forms.ModelChoiceField(
        Policy.objects.none(), label=_("Policy"), widget=UnfoldAdminSelectWidget()
    )
    people = forms.CharField(
        label=_("People"), required=False, max_length=40_000,
        widget=UnfoldAdminTextareaWidget(
            attrs={"rows": 6, "placeholder": "1001; 12\nsam@example.org"}
        ),
        help_text=_(
            "One each line: personal number or e-mail address. After a semicolon the number of a "
            "door; without it they get the best one."
        ),
    )  # fmt: skip
    file = forms.FileField(
        label=_("Or a list"), required=False,
        widget=UnfoldAdminFileFieldWidget(attrs={"accept": ".csv,.xlsx"}),
        help_text=_("CSV or XLSX with the columns “person” and “door”, and “bank” for others."),
    )  # fmt: skip
    role = forms.ModelChoiceField(
        Role.objects.none(), label=_("Or a role"), required=False, widget=UnfoldAdminSelectWidget()
    )
    department = forms.ModelChoiceField(
        Department.objects.none(), label=_("Or a department"), required=False,
        widget=UnfoldAdminSelectWidget(),
    )  # fmt: skip
    until = forms.CharField(
        label=_("Until"), required=False, widget=_text(type="datetime-local"),
        help_text=_("Local time of the site. Nothing: as long as the policy says."),
    )  # fmt: skip
    reason = forms.CharField(
        label=_("Reason"), required=False, max_length=200, widget=_text(),
        help_text=_("An exception needs one."),
    )  # fmt: skip

    def __init__(self, *args: Any, banks: QuerySet[Bank], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.banks = banks
        self.entries: list[give_lists.Entry] = []
        self._rows: dict[int, Row] = {}
        organisations = banks.values("site__organisation")
        offered: dict[str, QuerySet[Any]] = {
            "bank": banks,
            "policy": Policy.objects.filter(attaching.covering(banks), is_active=True),
            "role": Role.objects.filter(organisation__in=organisations),
            "department": Department.objects.filter(organisation__in=organisations),
        }
        for name, queryset in offered.items():
            self.fields[name].queryset = queryset  # type: ignore[attr-defined]  # they are choices
        if banks.values("site").distinct()[:2].count() > 1:
            self.fields["bank"].label_from_instance = _with_site  # type: ignore[attr-defined]  # Django documents it so

    def clean(self) -> dict[str, Any]:
        """Read the lines, also those of a file, and put together what each would get."""
        given = super().clean() or {}
        if not {"bank", "policy"} <= given.keys() or self.errors:
            return given
        lines = self._lines(given)
        role, department = given.get("role"), given.get("department")
        if bool(role) + bool(department) + bool(lines) != 1:
            raise forms.ValidationError(_now("Name people, or a role, or a department."))
        if len(lines) > give_lists.LONGEST:
            raise forms.ValidationError(_now("That list is too long: 500 lines at most."))
        bank: Bank = given["bank"]
        until = given.get("until") or ""
        same: dict[str, Any] = {
            "policy_id": given["policy"].pk, "reason": given.get("reason", ""),
            "ends_at": read_until(until, bank.site.zone) if until else None,
        }  # fmt: skip
        if lines:
            self.entries = give_lists.read(lines, bank=bank, banks=self.banks)
            self._rows = {
                one.place: Row(person_id=one.person.pk, bank_id=one.bank_id,
                               compartment_id=one.compartment_id, **same)
                for one in self.entries if not one.problem and one.person is not None
            }  # fmt: skip
        else:
            whole = role or department
            self.entries = [give_lists.Entry(1, str(whole))]
            self._rows = {
                1: Row(role_id=role.pk if role else None, bank_id=bank.pk,
                       department_id=department.pk if department else None, **same)
            }  # fmt: skip
        return given

    def _lines(self, given: dict[str, Any]) -> list[str]:
        lines = [line.strip() for line in given.get("people", "").splitlines() if line.strip()]
        file = given.get("file")
        if file is None:
            return lines
        if lines:
            raise forms.ValidationError(_now("Type the people or choose a list, not both."))
        if file.size > MAX_BYTES:
            raise forms.ValidationError({"file": _now("This file is too large. Split it.")})
        try:
            lines = give_lists.lines_of(file.name, file.read())
        except Unreadable as error:
            raise forms.ValidationError({"file": str(error)}) from error
        # What was read stands in the box from now on: it is what is tried, corrected and given.
        given["people"] = "\n".join(lines)
        self.data = {**self.data.dict(), "people": given["people"]}  # type: ignore[attr-defined]  # a page's form
        return lines

    @property
    def rows(self) -> dict[int, Row]:
        """What is asked for, by the number of its line; without the lines that mean nothing."""
        return self._rows

    @property
    def wrong(self) -> list[give_lists.Entry]:
        """The lines that mean nothing."""
        return [one for one in self.entries if one.problem]

    def mark(self) -> str:
        """Return what tells this list from another: what was tried is what is given."""
        asked = {
            name: self.cleaned_data[name].pk if hasattr(self.cleaned_data.get(name), "pk")
            else self.cleaned_data.get(name)
            for name in ("bank", "policy", "role", "department", "until", "reason")
        }  # fmt: skip
        return idempotency.fingerprint(asked, [one.text for one in self.entries])
