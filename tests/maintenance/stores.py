"""A store with one part, and a ticket about door 1 whose lock is of a known model."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from guardian.shortcuts import assign_perm

from access.models import User
from maintenance.models import Asset, AssetModel, Part, Stock, Store, Ticket
from tests.factories import upkeep
from tests.factories.cast import Estate

DAY = dt.timedelta(days=1)


@dataclass
class Shelf:
    """What is on it, and what it is for."""

    store: Store
    part: Part
    stock: Stock
    model: AssetModel
    ticket: Ticket


def shelf(estate: Estate, quantity: int = 5, minimum: int = 2) -> Shelf:
    """Make a store with a few of a part that fits the lock of door 1, which has a ticket."""
    model = upkeep.AssetModelFactory(organisation=estate.organisation, name="Cam 1")
    installed(estate, model)
    part = upkeep.PartFactory(
        organisation=estate.organisation, number="H-7", name="Latch", unit_cost=Decimal("4.50")
    )
    part.fits.add(model)
    store = upkeep.StoreFactory(site=estate.site, name="Cellar")
    stock = upkeep.StockFactory(store=store, part=part, quantity=quantity, minimum=minimum)
    return Shelf(store, part, stock, model, upkeep.TicketFactory(compartment=estate.doors[0]))


def installed(estate: Estate, model: AssetModel, door: int = 0) -> Asset:
    """Install a lock of a model at a door."""
    asset: Asset = upkeep.AssetFactory(
        model=model, site=estate.site, compartment=estate.doors[door], state="installed",
        installed_on=dt.date(2026, 1, 15),
    )  # fmt: skip
    return asset


def technician(estate: Estate) -> User:
    """Let Olga keep the site in repair."""
    assign_perm("maintain_site", estate.olga, estate.site)
    return User.objects.get(pk=estate.olga.pk)
