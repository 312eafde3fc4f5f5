"""What is true at a bank whoever asks: for a door that a role or a department is given."""

from __future__ import annotations

import zoneinfo
from dataclasses import dataclass

from lockers.models import Bank
from occupancy.allocation.policy import Place
from occupancy.errors.claims import NoSuchCompartment
from occupancy.models import PolicyVersion
from occupancy.services.policies import rulebooks
from occupancy.services.policies.rulebooks import Rulebook


@dataclass(frozen=True)
class Spot:
    """What is true at a bank for nobody in particular: a role or a department."""

    organisation_id: int
    bank_id: int
    zone: zoneinfo.ZoneInfo
    is_near_entrance: bool
    areas: list[int]
    place: Place
    rulebook: Rulebook


def at_bank(bank_id: int) -> Spot:
    """Return it; raises NoSuchCompartment where there is no such bank."""
    bank = Bank.objects.select_related("site", "area").filter(pk=bank_id).first()
    if bank is None:
        raise NoSuchCompartment
    areas: list[int] = []
    area = bank.area
    while area is not None:
        areas.insert(0, area.pk)
        area = area.parent
    organisation_id = bank.site.organisation_id
    version = PolicyVersion.objects.filter(organisation_id=organisation_id).first()
    return Spot(
        organisation_id,
        bank.pk,
        bank.site.zone,
        bank.is_near_entrance,
        areas,
        Place(organisation_id, bank.site_id, bank.pk, tuple(areas)),
        rulebooks.of(organisation_id, version.version if version else 0),
    )
