"""Compartments from and into files."""

from __future__ import annotations

from collections import defaultdict
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from lockers.choices import Hinge, LockKind
from lockers.importing.cells import Key, KeyName, Named, Shown, WholeNumber, Word, YesNo, cell
from lockers.importing.checks import Sentences
from lockers.importing.rows import Rows
from lockers.models import Bank, Compartment, Controller, Site, Size
from lockers.scoping import MANAGE, sites_of

_PLACE = _("Another door of this bank stands in this column and row. Give one a free place.")
_CHANNEL = _("Another door is on this channel of the controller. Move that one first.")


class CompartmentRows(Rows):
    """A compartment is found by site, bank and number; the organisation only tells two sites of
    the same name apart. Banks, sizes and controllers must exist already."""

    organisation = KeyName("organisation", attribute="bank__site__organisation")
    site = KeyName("site", attribute="bank__site")
    bank = KeyName("bank")
    number = Key("number")
    size = Named("size", needed=True)
    column = WholeNumber("column", needed=True)
    row = WholeNumber("row", needed=True)
    x_mm = WholeNumber("x_mm", needed=True)
    y_mm = WholeNumber("y_mm", needed=True)
    width_mm = WholeNumber("width_mm", needed=True)
    height_mm = WholeNumber("height_mm", needed=True)
    floor_mm = WholeNumber("floor_mm", needed=True)
    hinge = Word("hinge", Hinge)
    is_accessible = YesNo("is_accessible")
    is_wide = YesNo("is_wide")
    has_charging = YesNo("has_charging")
    is_ventilated = YesNo("is_ventilated")
    is_ppe = YesNo("is_ppe")
    lock_kind = Word("lock_kind", LockKind)
    controller = Named("controller")
    channel = WholeNumber("channel")
    has_sensor = YesNo("has_sensor")
    service_status = Shown(
        "service_status",
        _("An import does not change this. Take doors out of service on the map, where it is asked"
          " who has them."),
    )  # fmt: skip

    key_columns: ClassVar[list[str]] = ["number", "bank", "site"]
    sentences: ClassVar[Sentences] = {
        "lockers_one_compartment_per_place": ("column", _PLACE),
        "lockers_one_compartment_per_channel": ("channel", _CHANNEL),
        "lockers_wired_compartment_has_channel": (
            "channel",
            _("A door on a controller needs its channel, from 0."),
        ),
        "lockers_only_electronic_locks_are_wired": (
            "controller",
            _("Only an electronic lock is on a controller. Leave it empty or change the lock."),
        ),
    }

    class Meta(Rows.Meta):
        model = Compartment

    def prepare(self, rows: list[dict[str, Any]]) -> None:
        self.sites: defaultdict[str, list[Site]] = defaultdict(list)
        for site in sites_of(self.user, MANAGE).select_related("organisation"):
            self.sites[site.name].append(site)
        allowed = {site.pk: site for found in self.sites.values() for site in found}
        self.banks: dict[tuple[int, str], Bank] = {}
        for bank in Bank.objects.filter(site_id__in=allowed):
            bank.site = allowed[bank.site_id]
            self.banks[bank.site_id, bank.name] = bank
        organisations = {site.organisation_id for site in allowed.values()}
        self.sizes = {
            (size.organisation_id, size.name): size
            for size in Size.objects.filter(organisation_id__in=organisations)
        }
        self.controllers = {
            (board.bridge_id, board.name): board
            for board in Controller.objects.filter(bridge__site_id__in=allowed)
        }
        self.known = self._known(rows)

    def _known(self, rows: list[dict[str, Any]]) -> dict[Any, Compartment]:
        banks = {}
        for row in rows:
            try:
                bank = self.bank_of(row)
            except ValidationError:
                continue  # said with the row
            banks[bank.pk] = bank
        known = {}
        for door in Compartment.objects.filter(bank_id__in=banks).select_related(
            "size", "controller"
        ):
            door.bank = banks[door.bank_id]
            known[door.bank_id, door.number] = door
        return known

    def bank_of(self, row: dict[str, Any]) -> Bank:
        """Return the bank of a row, among those of sites the user manages."""
        name, organisation = cell(row, "site"), cell(row, "organisation")
        sites = [
            site
            for site in self.sites.get(name, [])
            if organisation in ("", site.organisation.name)
        ]
        if not sites:
            raise ValidationError(
                {"site": _now("There is no site “%s”. Check its name.") % name[:60]}
            )
        if len(sites) > 1:
            raise ValidationError(
                {"organisation": _now("Two sites have this name. Say of which organisation.")}
            )
        bank = self.banks.get((sites[0].pk, cell(row, "bank")))
        if bank is None:
            raise ValidationError(
                {"bank": _now("There is no bank “%(bank)s” at %(site)s. Add it first.")
                 % {"bank": cell(row, "bank")[:60], "site": sites[0].name}}
            )  # fmt: skip
        return bank

    def key_of(self, row: dict[str, Any]) -> tuple[int, str]:
        bank, number = self.bank_of(row), cell(row, "number")
        if not number:
            raise ValidationError({"number": _now("Fill in the number on the door.")})
        return bank.pk, number

    def made(self, key: tuple[int, str], row: dict[str, Any]) -> Compartment:
        return Compartment(bank=self.bank_of(row), number=key[1])

    def find_size(self, name: str, door: Compartment) -> Size:
        organisation = door.bank.site.organisation
        if size := self.sizes.get((organisation.pk, name)):
            return size
        names = ", ".join(n for o, n in self.sizes if o == organisation.pk)
        raise ValidationError(
            _now("There is no size “%(name)s”. Add it first or use one of: %(names)s.")
            % {"name": name[:40], "names": names}
        )

    def find_controller(self, name: str, door: Compartment) -> Controller:
        if board := self.controllers.get((door.bank.bridge_id or 0, name)):
            return board
        raise ValidationError(
            _now("There is no controller “%s” on the bridge of this bank. Add it first.")
            % name[:60]
        )

    def scope_of(self, instance: Compartment) -> dict[str, Any]:
        site = instance.bank.site
        return {
            "organisation_id": site.organisation_id,
            "site_id": site.pk,
            "bank_id": instance.bank_id,
            "compartment_id": instance.pk,
        }

    def filter_export(self, queryset: QuerySet[Compartment], **kwargs: Any) -> Any:
        return queryset.select_related("bank__site__organisation", "size", "controller")
