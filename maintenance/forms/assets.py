"""What is filled in about assets, upgrades and labels."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelect2MultipleWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminSingleDateWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanWidget,
)

from lockers.models import Bank, Compartment, Controller
from maintenance import screens
from maintenance.choices import AssetKind, AssetState, DecommissionStep
from maintenance.label_sheets import GRIDS, Format, Grid
from maintenance.models import Asset, AssetModel
from maintenance.services.assets import Place


def _words(**attrs: Any) -> UnfoldAdminTextInputWidget:
    return UnfoldAdminTextInputWidget(attrs={"autocomplete": "off", **attrs})


class _Door(forms.ModelChoiceField):  # type: ignore[type-arg]  # not at run time
    """A door, named with its bank."""

    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.bank.name} {obj.number}"


class DayForm(forms.Form):
    """A form that says on which day it was."""

    on = forms.DateField(label=_("On"), widget=UnfoldAdminSingleDateWidget)

    def __init__(self, *args: Any, today: dt.date, **kwargs: Any) -> None:
        kwargs["initial"] = {"on": today, **(kwargs.get("initial") or {})}
        super().__init__(*args, **kwargs)
        self.today = today

    def clean_on(self) -> dt.date:
        on: dt.date = self.cleaned_data["on"]
        if on > self.today:
            raise forms.ValidationError(_("This day is still to come."))
        return on


class OrderForm(DayForm):
    supplier = forms.CharField(label=_("Supplier"), max_length=120, widget=_words())
    order_number = forms.CharField(label=_("Order"), max_length=60, required=False, widget=_words())
    cost = forms.DecimalField(
        label=_("Cost"), max_digits=10, decimal_places=2, min_value=0, required=False,
        widget=UnfoldAdminDecimalFieldWidget,
    )  # fmt: skip


class DeliverForm(DayForm):
    serial = forms.CharField(
        label=_("Serial number"), max_length=80, required=False, widget=_words()
    )
    warranty_until = forms.DateField(
        label=_("Warranty until"), required=False, widget=UnfoldAdminSingleDateWidget
    )


class NoteForm(DayForm):
    text = forms.CharField(label=_("Text"), max_length=400, widget=_words())


class RemoveForm(DayForm):
    reason = forms.CharField(label=_("Reason"), max_length=200, widget=_words())


class CertificateForm(DayForm):
    certificate = forms.CharField(
        label=_("Certificate"), max_length=120, widget=_words(),
        help_text=_("Its number, or who took it away."),
    )  # fmt: skip


class PlaceForm(DayForm):
    """Where an asset goes: only places of its kind, at places that the user maintains."""

    by = forms.CharField(label=_("Installed by"), max_length=120, required=False, widget=_words())

    def __init__(self, *args: Any, asset: Asset, banks: QuerySet[Bank], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kind = AssetKind(asset.model.kind)
        banks = banks.filter(site__organisation=asset.organisation_id).select_related("site")
        if asset.site_id is not None:
            banks = banks.filter(site=asset.site_id)
        field: Any
        match self.kind:
            case AssetKind.LOCK:
                doors = Compartment.objects.filter(bank__in=banks).select_related("bank__site")
                if asset.model.lock_kind:
                    doors = doors.filter(lock_kind=asset.model.lock_kind)
                field = _Door(doors.exclude(assets__state=AssetState.INSTALLED), label=_("Door"))
            case AssetKind.CONTROLLER:
                boards = Controller.objects.filter(bridge__banks__in=banks).distinct()
                field = forms.ModelChoiceField(
                    boards.select_related("bridge__site"), label=_("Controller")
                )
            case AssetKind.TERMINAL:
                self.places = _screens(banks)
                field = forms.TypedChoiceField(
                    choices=[("", "---------")] + [(n, one[0]) for n, one in self.places.items()],
                    coerce=int, label=_("Terminal"), widget=UnfoldAdminSelectWidget,
                )  # fmt: skip
            case _:
                field = forms.ModelChoiceField(banks, label=_("Bank"))
        field.widget.attrs.update(UnfoldAdminSelectWidget().attrs)
        self.fields["place"] = field

    @property
    def chosen(self) -> Place:
        """The place that was chosen."""
        place = self.cleaned_data["place"]
        match self.kind:
            case AssetKind.LOCK:
                return Place(compartment=place)
            case AssetKind.CONTROLLER:
                return Place(controller=place)
            case AssetKind.TERMINAL:
                return self.places[place][1]
        return Place(bank=place)


def _screens(banks: QuerySet[Bank]) -> dict[int, tuple[str, Place]]:
    """Return the name and the place of each screen of some banks that has no asset yet."""
    there = banks.in_bulk()
    taken = set(
        Asset.objects.filter(state=AssetState.INSTALLED, terminal_id__isnull=False).values_list(
            "terminal_id", flat=True
        )
    )
    return {
        one.number: (
            f"{there[one.bank_id].name}: {one.name}",
            Place(bank=there[one.bank_id], terminal_id=one.number),
        )
        for one in screens.at_banks(list(there))
        if one.number not in taken
    }


class ReplaceForm(RemoveForm):
    by = forms.CharField(label=_("Installed by"), max_length=120, required=False, widget=_words())

    def __init__(self, *args: Any, others: QuerySet[Asset], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["new"] = forms.ModelChoiceField(
            others, label=_("By"), widget=UnfoldAdminSelectWidget
        )


class BankAssetsForm(DayForm):
    """Of which make a bank and its things are."""

    by = forms.CharField(label=_("Installed by"), max_length=120, required=False, widget=_words())

    def __init__(
        self, *args: Any, models: QuerySet[AssetModel], kinds: set[AssetKind], **kwargs: Any
    ) -> None:  # fmt: skip
        super().__init__(*args, **kwargs)
        for kind in (AssetKind.BANK, AssetKind.CONTROLLER, AssetKind.LOCK):
            if kind in kinds:
                self.fields[kind.value] = forms.ModelChoiceField(
                    models.filter(kind=kind), label=str(kind.label).capitalize(),
                    widget=UnfoldAdminSelectWidget,
                )  # fmt: skip

    @property
    def models(self) -> dict[str, AssetModel]:
        """The model for each kind of thing."""
        names = [one.value for one in AssetKind]
        return {name: one for name, one in self.cleaned_data.items() if name in names}


class BankForm(forms.Form):
    """Which bank."""

    def __init__(self, *args: Any, banks: QuerySet[Bank], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["bank"] = forms.ModelChoiceField(
            banks, label=_("Bank"), widget=UnfoldAdminSelectWidget
        )


class BeginForm(BankForm):
    reason = forms.CharField(label=_("Reason"), max_length=200, widget=_words())


class DoorsForm(forms.Form):
    """Which doors of a site."""

    def __init__(self, *args: Any, doors: QuerySet[Compartment], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = _Doors(doors, label=_("Doors"), widget=UnfoldAdminSelect2MultipleWidget)
        self.fields["doors"] = field


class _Doors(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]  # not at run time
    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.bank.name} {obj.number}"


class DoorDoneForm(DayForm):
    """The new lock of a door: one from the store, or the number that stands on it."""

    serial = forms.CharField(
        label=_("Serial number of the new lock"), max_length=80, required=False, widget=_words()
    )
    by = forms.CharField(label=_("Installed by"), max_length=120, required=False, widget=_words())

    def __init__(self, *args: Any, stored: QuerySet[Asset], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["asset"] = forms.ModelChoiceField(
            stored, label=_("Or one from the store"), required=False,
            widget=UnfoldAdminSelectWidget,
        )  # fmt: skip


class StepForm(DayForm):
    """What a step of a decommissioning asks for."""

    note = forms.CharField(label=_("Note"), max_length=400, required=False, widget=_words())

    def __init__(self, *args: Any, step: DecommissionStep, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if step is DecommissionStep.CREDENTIALS:
            self.fields["take_back"] = forms.BooleanField(
                label=_("Take back what still opens a door here"), required=False,
                widget=UnfoldBooleanWidget,
            )  # fmt: skip
        if step in (DecommissionStep.DISPOSED, DecommissionStep.CERTIFICATE):
            self.fields["certificate"] = forms.CharField(
                label=_("Certificate"), max_length=120, widget=_words(),
                help_text=_("Its number, or who took it away."),
            )  # fmt: skip


class LabelsForm(forms.Form):
    """Which doors, on which paper."""

    paper = forms.ChoiceField(
        label=_("Paper"),
        choices=[
            *((one.value, f"{one.value} ({GRIDS[one].columns} × {GRIDS[one].rows})")
              for one in Format),
            ("own", _("another, as below")),
        ],
        widget=UnfoldAdminSelectWidget,
    )  # fmt: skip
    first = forms.IntegerField(
        label=_("Begin at label"), min_value=1, initial=1, widget=UnfoldAdminIntegerFieldWidget,
        help_text=_("For a sheet that was used before: row by row, from 1."),
    )  # fmt: skip

    _OWN = (
        ("columns", _("Columns"), 3), ("rows", _("Rows"), 7), ("width", _("Width (mm)"), 63.5),
        ("height", _("Height (mm)"), 38.1), ("left", _("Left margin (mm)"), 7.2),
        ("top", _("Top margin (mm)"), 15.1), ("step_x", _("Left edge to left edge (mm)"), 66),
        ("step_y", _("Top to top (mm)"), 38.1),
    )  # fmt: skip

    def __init__(self, *args: Any, doors: QuerySet[Compartment], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = _Doors(
            doors, label=_("Doors"), required=False, widget=UnfoldAdminSelect2MultipleWidget,
            help_text=_("Empty: all of them."),
        )  # fmt: skip
        self.fields["doors"] = field
        for name, label, usual in self._OWN:
            kind = forms.IntegerField if name in ("columns", "rows") else forms.FloatField
            widget = UnfoldAdminDecimalFieldWidget(attrs={"step": "any"})
            self.fields[name] = kind(
                label=label, required=False, min_value=0, max_value=300, initial=usual,
                widget=widget,
            )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        """Put the grid together; refuse what is not on the paper."""
        given = super().clean() or {}
        if given.get("paper") == "own":
            numbers = {name: given.get(name) for name, _label, _usual in self._OWN}
            if None in numbers.values():
                raise forms.ValidationError(_("Fill in all sizes of the paper."))
            grid = Grid(**numbers)  # type: ignore[arg-type]  # none is missing
        elif given.get("paper") in list(Format):
            grid = GRIDS[Format(given["paper"])]
        else:
            return given
        if not grid.fits:
            raise forms.ValidationError(
                _("These labels are not all on the page, or lie on each other.")
            )
        if given.get("first") is not None and given["first"] > grid.per_page:
            self.add_error("first", _("A sheet has fewer labels."))
        return {**given, "grid": grid}
