"""The lists of a collection: what is not back, who owes what, and whose things were found."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import F, Q, QuerySet
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from access.models import Person
from access.models.keys import money
from maintenance.choices import KeyAnswer
from maintenance.collecting import Lack, lacks
from maintenance.models import Collection, CollectionLine
from maintenance.selectors import collections
from maintenance.sheets import Sheet
from occupancy.choices import ItemStatus
from occupancy.models import LostItem

_ORDER = ("registration_group__year_group__rank", "form", "person__family_name",
          "person__given_name", "pk")  # fmt: skip


@dataclass(frozen=True)
class Charge:
    """What a pupil owes, and what for; settled once they were let off or cleared."""

    line: CollectionLine
    what_for: str
    amount_minor: int
    currency: str
    is_settled: bool

    @property
    def amount(self) -> str:
        """The amount in words."""
        return money(self.amount_minor, self.currency)


def uncollected(one: Collection) -> QuerySet[CollectionLine]:
    """Return the lines whose locker is not back, form by form."""
    return (
        CollectionLine.objects.filter(collection=one)
        .exclude(collections.BACK)
        .select_related("person", "compartment__bank", "claim")
        .order_by(*_ORDER)
    )


def missing(line: CollectionLine) -> str:
    """Say what is missing of a line."""
    words = {
        Lack.NOT_EMPTIED: _("not emptied"), Lack.KEY_NOT_BACK: _("key is not back"),
        Lack.KEY_LOST: _("key is lost"), Lack.DAMAGE: _("damage to pay"),
    }  # fmt: skip
    said = [words[lack] for lack in lacks(collections.said_of(line))]
    if line.emptied is None:
        said.insert(0, _("nobody has looked"))
    if line.key == KeyAnswer.WAITING:
        said.append(_("key not asked for"))
    if line.claim.recovery_at is not None and line.claim.closed_at is None:
        said.append(_("being emptied by staff"))
    return ", ".join(said)


def charges(one: Collection) -> list[Charge]:
    """Return every charge of a collection, form by form: for lost keys and for damage."""
    owing = (
        CollectionLine.objects.filter(
            Q(damage_minor__isnull=False) | Q(charges__isnull=False), collection=one
        )
        .distinct()
        .select_related("person", "compartment__bank", "collection__site")
        .prefetch_related("charges__key")
        .order_by(*_ORDER)
    )
    return [charge for line in owing for charge in _of(line)]


def _of(line: CollectionLine) -> Iterator[Charge]:
    is_cleared = line.cleared_at is not None
    facts = {"door": f"{line.compartment.bank.name} {line.compartment.number}"}
    for charge in line.charges.all():
        yield Charge(
            line, _("Key of %(door)s lost") % facts, charge.amount_minor, charge.currency,
            is_cleared or charge.waived_at is not None,
        )  # fmt: skip
    if line.damage_minor is not None:
        what = _("Damage of %(door)s") % facts
        yield Charge(
            line, f"{what}: {line.note}" if line.note else what, line.damage_minor,
            line.currency, is_cleared,
        )  # fmt: skip


def lost_property(one: Collection) -> list[tuple[Person | None, list[LostItem]]]:
    """Return what is kept at the site of a collection by owner; what is nobody's comes last."""
    items = (
        LostItem.objects.filter(site=one.site_id, status=ItemStatus.STORED)
        .select_related("owner__registration_group", "compartment__bank")
        .order_by(F("owner__registration_group__name").asc(nulls_last=True),
                  F("owner__family_name").asc(nulls_last=True), "owner__given_name", "owner",
                  "found_at", "pk")
    )  # fmt: skip
    grouped: dict[int | None, tuple[Person | None, list[LostItem]]] = {}
    for item in items:
        grouped.setdefault(item.owner_id, (item.owner, []))[1].append(item)
    nobodys = grouped.pop(None, None)
    return [*grouped.values(), *([nobodys] if nobodys is not None else [])]


def uncollected_sheet(one: Collection) -> Sheet:
    """Return the list of what is not back."""
    rows: list[list[Any]] = [
        [line.form, str(line.person), line.person.personal_number, line.compartment.bank.name,
         line.compartment.number, missing(line),
         date_format(line.reminded_at.astimezone(one.site.zone), "SHORT_DATE_FORMAT")
         if line.reminded_at is not None else ""]
        for line in uncollected(one)
    ]  # fmt: skip
    heads = [_("Form"), _("Pupil"), _("Number"), _("Bank"), _("Locker"), _("What is missing"),
             _("Reminded")]  # fmt: skip
    return Sheet(_("Not collected"), _below(one, len(rows)), heads, rows)


def charges_sheet(one: Collection) -> Sheet:
    """Return the list of charges: the amount as a number, too, so that a sheet can add it up."""
    rows: list[list[Any]] = [
        [charge.line.form, str(charge.line.person), charge.line.person.personal_number,
         charge.what_for, _number(charge), charge.currency,
         _("settled") if charge.is_settled else _("to pay")]
        for charge in charges(one)
    ]  # fmt: skip
    heads = [_("Form"), _("Pupil"), _("Number"), _("What for"), _("Amount"), _("Currency"),
             _("Settled")]  # fmt: skip
    return Sheet(_("Charges"), _below(one, len(rows)), heads, rows)


def lost_property_sheet(one: Collection) -> Sheet:
    """Return the list of what was found, by owner."""
    rows: list[list[Any]] = []
    for owner, items in lost_property(one):
        form = owner.registration_group if owner is not None else None
        for item in items:
            door = item.compartment
            rows.append(
                [str(form or ""), str(owner or _("nobody known")), item.what,
                 f"{door.bank.name} {door.number}" if door is not None else "",
                 item.stored_where,
                 date_format(item.found_at.astimezone(one.site.zone), "SHORT_DATE_FORMAT")]
            )  # fmt: skip
    heads = [_("Form"), _("Owner"), _("What"), _("Found in"), _("Stored where"), _("Found on")]
    return Sheet(_("Lost property"), _below(one, len(rows)), heads, rows)


SHEETS = {
    "uncollected": uncollected_sheet, "charges": charges_sheet,
    "lost-property": lost_property_sheet,
}  # fmt: skip


def _number(charge: Charge) -> Decimal:
    """Return the amount with as many places as its currency has."""
    return Decimal(money(charge.amount_minor, charge.currency).partition(" ")[0])


def _below(one: Collection, rows: int) -> str:
    return f"{one.name} · {one.site.name} · {rows}"


def owed(one: Collection) -> dict[str, str]:
    """Return what is still to pay, in words, by currency."""
    sums: dict[str, int] = {}
    for charge in charges(one):
        if not charge.is_settled:
            sums[charge.currency] = sums.get(charge.currency, 0) + charge.amount_minor
    return {currency: money(amount, currency) for currency, amount in sums.items()}
