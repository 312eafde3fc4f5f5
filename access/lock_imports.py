"""Serial numbers and key codes of locks from and into files."""

from __future__ import annotations

from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _now

from access.models import Lock
from access.services import locks
from lockers.importing.cells import Cell, Key, KeyName, cell
from lockers.importing.rows import Rows
from lockers.models import Compartment
from lockers.scoping import MANAGE, VIEW, sites_of


class LockRows(Rows):
    """A lock is found by the site, bank and number of its door, which must exist already."""

    organisation = KeyName("organisation", attribute="compartment__bank__site__organisation")
    site = KeyName("site", attribute="compartment__bank__site")
    bank = KeyName("bank", attribute="compartment__bank")
    number = Key("number", attribute="compartment__number")
    serial = Cell("serial", keeps=True)
    # Comes in and never goes out: with it anybody can have a key cut.
    key_code = Cell("key_code", keeps=True, is_exported=False)

    key_columns: ClassVar[list[str]] = ["number", "bank", "site"]
    personal = {"key_code"}

    class Meta(Rows.Meta):
        model = Lock

    def prepare(self, rows: list[dict[str, Any]]) -> None:
        names = {str(row.get("site", "")).strip() for row in rows}
        self.doors: dict[tuple[str, str, str], list[Compartment]] = {}
        for door in Compartment.objects.filter(
            bank__site__in=sites_of(self.user, MANAGE), bank__site__name__in=names
        ).select_related("bank__site__organisation"):
            place = door.bank.site.name, door.bank.name, door.number
            self.doors.setdefault(place, []).append(door)
        found = [door.pk for door in self._all_doors()]
        self.known = {
            lock.compartment_id: lock
            for lock in Lock.objects.filter(compartment__in=found).select_related(
                "compartment__bank__site__organisation"
            )
        }

        serials = {cell(row, "serial") for row in rows} - {""}
        self.serials = {
            (lock.organisation_id, lock.serial): lock
            for lock in Lock.objects.filter(
                serial__in=serials,
                organisation__in={one.bank.site.organisation_id for one in self._all_doors()},
            ).select_related("compartment__bank__site")
        }
        self.seen_serials: dict[tuple[int, str], Lock] = {}
        self.may_name = sites_of(self.user, VIEW)

    def _all_doors(self) -> list[Compartment]:
        return [door for doors in self.doors.values() for door in doors]

    def extra_errors(self, instance: Lock, row: dict[str, Any]) -> dict[str, str]:
        """Refuse a serial number that another lock has, or another row of the file wants."""
        door = instance.compartment
        wanted = door.bank.site.organisation_id, instance.serial
        if not instance.serial:
            return {}
        first = self.seen_serials.setdefault(wanted, instance)
        for other in (self.serials.get(wanted), first):
            if other is not None and other.compartment_id != instance.compartment_id:
                told = locks.collision(
                    door=door,
                    other=Lock(compartment=other.compartment, serial=instance.serial),
                    sites=self.may_name,
                )
                return {"serial": told}
        return {}

    def door_of(self, row: dict[str, Any]) -> Compartment:
        """Return the door of a row, among those of sites the user manages."""
        organisation = cell(row, "organisation")
        doors = [
            door
            for door in self.doors.get(
                (cell(row, "site"), cell(row, "bank"), cell(row, "number")), []
            )
            if organisation in ("", door.bank.site.organisation.name)
        ]
        if not doors:
            raise ValidationError(
                {"number": _now("There is no such door at this bank. Check bank and number.")}
            )
        if len(doors) > 1:
            raise ValidationError(
                {"organisation": _now("Two sites have this name. Say of which organisation.")}
            )
        return doors[0]

    def key_of(self, row: dict[str, Any]) -> int:
        return self.door_of(row).pk

    def made(self, key: int, row: dict[str, Any]) -> Lock:
        door = self.door_of(row)
        return Lock(compartment=door, organisation=door.bank.site.organisation)

    def scope_of(self, instance: Lock) -> dict[str, Any]:
        bank = instance.compartment.bank
        return {
            "organisation_id": bank.site.organisation_id,
            "site_id": bank.site_id,
            "bank_id": bank.pk,
            "compartment_id": instance.compartment_id,
        }
