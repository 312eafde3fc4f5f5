"""Parts from and into files."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from lockers.importing.cells import Cell, Key, KeyName, cell
from lockers.importing.rows import Rows
from lockers.models import Organisation
from maintenance.models import AssetModel, Part

_BETWEEN = ";"


class Money(Cell):
    """An amount with two decimals, written with a point."""

    def give(self, instance: Any) -> str:
        return f"{Decimal(self.get_value(instance)):.2f}"

    def parse(self, text: str, resource: Any, instance: Any) -> Decimal:
        try:
            amount = Decimal(text)
        except InvalidOperation:
            amount = Decimal("NaN")
        if not amount.is_finite() or not 0 <= amount < 10**8:
            raise ValidationError(_("“%(text)s” is no price. Write it as 4.50.") % {"text": text})
        return amount.quantize(Decimal("0.01"))


class Fits(Cell):
    """The models that a part fits, by their names, with semicolons between them."""

    def get_value(self, instance: Part) -> list[AssetModel]:
        models: list[AssetModel] | None = getattr(instance, self.attribute, None)
        if models is None:
            models = sorted(instance.fits.all() if instance.pk else [], key=str)
            self.put(instance, models)  # until it is saved
        return models

    def give(self, instance: Any) -> str:
        return f"{_BETWEEN} ".join(str(one) for one in self.get_value(instance))

    def parse(self, text: str, resource: Any, instance: Any) -> list[AssetModel]:
        names = {name.strip() for name in text.split(_BETWEEN)} - {""}
        return sorted((resource.find_model(name, instance) for name in names), key=str)


class PartRows(Rows):
    """A part is found by its number in its organisation; the models it fits exist already."""

    organisation = KeyName("organisation")
    number = Key("number")
    name = Cell("name", needed=True)
    supplier = Cell("supplier", keeps=True)
    unit_cost = Money("unit_cost", keeps=True)
    fits = Fits("fits", attribute="fits_by_file")

    key_columns: ClassVar[list[str]] = ["number"]

    class Meta(Rows.Meta):
        model = Part

    def prepare(self, rows: list[dict[str, Any]]) -> None:
        allowed = {one.pk: one for one in self.organisations.values()}
        self.models = {
            (one.organisation_id, str(one)): one
            for one in AssetModel.objects.filter(organisation__in=allowed)
        }
        self.known = {}
        numbers = {str(row.get("number", "")).strip() for row in rows}
        for part in Part.objects.filter(
            organisation__in=allowed, number__in=numbers
        ).prefetch_related("fits"):
            part.organisation = allowed[part.organisation_id]
            self.known[part.organisation_id, part.number] = part

    def key_of(self, row: dict[str, Any]) -> tuple[int, str]:
        number = cell(row, "number")
        if not number:
            raise ValidationError({"number": _("Fill this in.")})
        return self.organisation_of(row).pk, number

    def made(self, key: Any, row: dict[str, Any]) -> Part:
        return Part(organisation=self.organisation_of(row), number=key[1])

    def find_model(self, name: str, instance: Part) -> AssetModel:
        """Return a model of the part's organisation by its maker and name."""
        model = self.models.get((instance.organisation_id, name))
        if model is None:
            raise ValidationError(_("There is no model “%s”. Check its name.") % name[:60])
        return model

    def scope_of(self, instance: Part) -> dict[str, Any]:
        organisation: Organisation = instance.organisation
        return {"organisation_id": organisation.pk}

    def do_instance_save(self, instance: Part, is_create: bool) -> None:
        super().do_instance_save(instance, is_create)
        instance.fits.set(getattr(instance, "fits_by_file", []))
