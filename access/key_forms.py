"""What the key desk fills in: who gets which key, signed; and what is said about locks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AutocompleteSelect
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminRadioSelectWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminSingleDateWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanWidget,
)

from access.choices import PersonStatus, SignedHow, StandInKind
from access.errors.keys import NotSigned
from access.models import Key, KeyHolding, Lock, Person
from access.services import locks
from access.signatures import ABSENT, MAX_LENGTH, Signature
from lockers.models import Bank, Compartment, Site


def _text(**attrs: Any) -> UnfoldAdminTextInputWidget:
    return UnfoldAdminTextInputWidget(attrs={"autocomplete": "off", **attrs})


class ReasonForm(forms.Form):
    reason = forms.CharField(label=_("Reason"), max_length=200, widget=_text())


class SignedForm(forms.Form):
    """A form that ends in a signature: drawn on the pad or, without a pointer, typed."""

    drawn = forms.CharField(required=False, max_length=MAX_LENGTH, widget=forms.HiddenInput)
    typed = forms.CharField(
        label=_("Or type the name of who signs"), max_length=120, required=False, widget=_text()
    )

    def clean(self) -> dict[str, Any]:
        """Put the signature together; refuse the form without one."""
        given = super().clean() or {}
        typed, drawn = given.get("typed", "").strip(), given.get("drawn", "").strip()
        signature = (
            Signature(typed, SignedHow.TYPED) if typed else Signature(drawn, SignedHow.DRAWN)
        )
        if given.get("is_absent"):
            signature = ABSENT
        elif not signature.counts:
            raise forms.ValidationError(str(NotSigned()))
        return {**given, "signature": signature}


class _ForPerson(forms.Form):
    """A form that names a person who may have a key of a site."""

    person = forms.ModelChoiceField(Person.objects.none(), label=_("Person"))

    def __init__(self, *args: Any, key: Key, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["person"]
        assert isinstance(field, forms.ModelChoiceField)
        # Searched by typing: an organisation has thousands of people.
        field.widget = AutocompleteSelect(KeyHolding._meta.get_field("person"), admin.site)
        field.queryset = Person.objects.filter(
            organisation=key.site.organisation_id, status=PersonStatus.ACTIVE
        )


class IssueForm(_ForPerson, SignedForm):
    due_on = forms.DateField(
        label=_("Back by the end of"),
        required=False,
        widget=UnfoldAdminSingleDateWidget,
        help_text=_("Leave it empty when there is no date."),
    )
    field_order = ["person", "due_on"]

    def __init__(self, *args: Any, key: Key, at: dt.datetime, **kwargs: Any) -> None:
        super().__init__(*args, key=key, **kwargs)
        self.zone, self.at = key.site.zone, at

    def clean_due_on(self) -> dt.date | None:
        """Refuse a day that is over."""
        day: dt.date | None = self.cleaned_data["due_on"]
        if day is not None and day < self.at.astimezone(self.zone).date():
            raise forms.ValidationError(_("That day is over. Choose a later one."))
        return day

    @property
    def due_at(self) -> dt.datetime | None:
        """The midnight that ends the day, at the site."""
        day: dt.date | None = self.cleaned_data["due_on"]
        if day is None:
            return None
        return dt.datetime.combine(day + dt.timedelta(days=1), dt.time(), self.zone)


class ReturnForm(SignedForm):
    is_absent = forms.BooleanField(
        label=_("Whoever had it is not here"),
        required=False,
        widget=UnfoldBooleanWidget,
        help_text=_("The key was found, sent in or brought by somebody else: nobody signs."),
    )
    field_order = ["is_absent"]


class LostForm(ReasonForm):
    amount_minor = forms.IntegerField(
        label=_("Charge (pence, cents)"),
        min_value=0,
        max_value=10_000_000,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text=_("In the smallest unit of the currency; 0 charges nothing."),
    )
    meanwhile = forms.ChoiceField(
        label=_("Until the lock is changed, the holder gets"),
        required=False,
        widget=UnfoldAdminRadioSelectWidget,
    )

    def __init__(
        self, *args: Any, spares: Sequence[Key], has_electronic: bool, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["meanwhile"]
        assert isinstance(field, forms.ChoiceField)  # as declared above
        offered: list[tuple[str, Any]]
        offered = [(f"spare-{key.pk}", _("the spare key %s") % key) for key in spares]
        if has_electronic:
            offered += [
                (StandInKind.PIN.value, _("a temporary PIN, for seven days")),
                (StandInKind.PASS.value, _("a pass (QR code) for this door, for seven days")),
            ]
        field.choices = [("", _("nothing now")), *offered]
        if not offered:
            field.widget = forms.HiddenInput()

    def clean(self) -> dict[str, Any]:
        """Refuse what was offered a moment ago and is not any more, where it is seen."""
        if self.errors.pop("meanwhile", None):
            raise forms.ValidationError(
                _("What you chose is not possible any more. Choose again, or nothing now.")
            )
        return super().clean() or {}


class RequestForm(_ForPerson, ReasonForm):
    field_order = ["person", "reason"]


class CutForm(forms.Form):
    count = forms.IntegerField(
        label=_("How many copies"),
        min_value=1,
        max_value=50,
        initial=2,
        widget=UnfoldAdminIntegerFieldWidget,
    )
    hook = forms.CharField(label=_("Hook"), max_length=20, required=False, widget=_text())


class SerialForm(forms.ModelForm):  # type: ignore[type-arg]  # it takes none at run time
    """A lock as the administration edits it: no two of an organisation share a serial number."""

    # Set for each request: the sites whose doors may be named.
    sites: QuerySet[Site] = Site.objects.none()

    def clean(self) -> dict[str, Any]:
        """Refuse a serial number that another lock has, and say which."""
        given = super().clean() or {}
        door = given.get("compartment") or getattr(self.instance, "compartment", None)
        if isinstance(door, Compartment):
            _check_serial(self, door, self.instance.pk, given.get("serial") or "", self.sites)
        return given


def _check_serial(
    form: forms.BaseForm,
    door: Compartment,
    lock_id: int | None,
    serial: str,
    sites: QuerySet[Site],
) -> None:
    other = locks.other_with(
        serial=serial, organisation_id=door.bank.site.organisation_id, lock_id=lock_id
    )
    if other is not None:
        form.add_error("serial", locks.collision(door=door, other=other, sites=sites))


class ChangeLockForm(forms.Form):
    serial = forms.CharField(label=_("New serial number"), max_length=40, widget=_text())
    key_code = forms.CharField(
        label=_("New key code"), max_length=40, required=False, widget=_text()
    )
    copies = forms.IntegerField(
        label=_("Keys that came with it"),
        min_value=0,
        max_value=50,
        initial=2,
        widget=UnfoldAdminIntegerFieldWidget,
    )

    def __init__(self, *args: Any, lock: Lock, sites: QuerySet[Site], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.lock, self.sites = lock, sites

    def clean(self) -> dict[str, Any]:
        """Refuse a serial number that another lock has, and say which."""
        given = super().clean() or {}
        _check_serial(
            self, self.lock.compartment, self.lock.pk, given.get("serial", ""), self.sites
        )
        return given


class CombinationsForm(forms.Form):
    """Up to nine combinations by position; an empty field leaves what is stored."""

    def __init__(self, *args: Any, stored: set[int], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for position in range(1, 10):
            self.fields[f"position_{position}"] = forms.CharField(
                label=_("Combination %(position)d") % {"position": position},
                max_length=25,
                required=False,
                widget=_text(inputmode="numeric"),
                help_text=_("Stored. Leave it empty to keep it.") if position in stored else "",
            )

    def clean(self) -> dict[str, Any]:
        """Refuse a form in which nothing stands."""
        given = super().clean() or {}
        if not self.errors and not any(given.values()):
            raise forms.ValidationError(_("Fill in at least one combination."))
        return given

    @property
    def combinations(self) -> dict[int, str]:
        """What was filled in, by position."""
        return {
            position: text
            for position in range(1, 10)
            if (text := self.cleaned_data.get(f"position_{position}", "").strip())
        }


class AdvanceForm(ReasonForm):
    bank = forms.ModelChoiceField(
        Bank.objects.none(), label=_("Bank"), required=False, widget=UnfoldAdminSelectWidget
    )
    site = forms.ModelChoiceField(
        Site.objects.none(), label=_("Or a whole site"), required=False,
        widget=UnfoldAdminSelectWidget,
    )  # fmt: skip
    locks = forms.CharField(required=False, max_length=4000, widget=forms.HiddenInput)
    expected = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)
    field_order = ["bank", "site", "reason"]

    def __init__(self, *args: Any, sites: QuerySet[Site], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offered: dict[str, QuerySet[Any]] = {
            "site": sites.order_by("name"),
            "bank": Bank.objects.filter(site__in=sites).select_related("site"),
        }
        for name, rows in offered.items():
            field = self.fields[name]
            assert isinstance(field, forms.ModelChoiceField)
            field.queryset = rows
        self.fields["reason"].help_text = _("Such as: end of the autumn term.")

    def clean_locks(self) -> list[int]:
        """Read the chosen locks, written as numbers with commas."""
        words = self.cleaned_data["locks"].split(",")
        return [int(word) for word in words if word.isascii() and word.isdigit()]

    def clean(self) -> dict[str, Any]:
        """Ask for a bank, a site or chosen locks."""
        given = super().clean() or {}
        if not any(given.get(name) for name in ("bank", "site", "locks")):
            raise forms.ValidationError(_("Choose a bank or a site."))
        return given
