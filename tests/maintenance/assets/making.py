"""Assets, tickets and openings to test with."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from audit.services.events import Actor
from lockers.models import Command, Compartment
from maintenance.models import Asset, AssetModel, StockMove, Ticket, TicketEntry
from maintenance.services import assets, bank_assets
from maintenance.services.assets import Place
from tests.factories import upkeep
from tests.factories.cast import SETUP, Estate

TODAY = dt.date(2026, 11, 17)


def model(estate: Estate, kind: str = "lock", **values: Any) -> AssetModel:
    """Make a model of the estate's organisation."""
    made: AssetModel = upkeep.AssetModelFactory(
        organisation=estate.organisation, kind=kind, **values
    )
    return made


def stored(estate: Estate, made_by: AssetModel | None = None, **values: Any) -> Asset:
    """Make an asset that lies in the store."""
    row = {"site": estate.site, "state": "in_store", **values}
    asset: Asset = upkeep.AssetFactory(model=made_by or model(estate), **row)
    return asset


def installed(
    estate: Estate, door: Compartment, made_by: AssetModel | None = None, **values: Any
) -> Asset:
    """Install a lock in a door, as the service does."""
    on = values.pop("on", TODAY)
    asset = stored(estate, made_by, **values)
    assets.install(
        asset_id=asset.pk, place=Place(compartment=door), by="Holt", on=on, actor=SETUP,
        at=dt.datetime.combine(on, dt.time(9), dt.UTC),
    )  # fmt: skip
    asset.refresh_from_db()
    return asset


def whole_bank(estate: Estate, at: dt.datetime, **kinds: AssetModel) -> list[Asset]:
    """Record everything of the estate's bank."""
    models = {
        "bank": model(estate, "bank"), "controller": model(estate, "controller"),
        "lock": model(estate), **kinds,
    }  # fmt: skip
    return bank_assets.record_bank(
        bank=estate.bank, models=bank_assets.Models(**models), by="Holt", on=at.date(),
        actor=SETUP, at=at,
    )  # fmt: skip


def repair(
    door: Compartment,
    at: dt.datetime,
    *,
    minutes: int = 0,
    parts: str = "0",
    category: str = "jammed",
) -> Ticket:
    """Make a ticket that was closed as done, with work and parts."""
    ticket: Ticket = upkeep.TicketFactory(
        compartment=door, category=category, opened_at=at, last_seen_at=at, due_at=at,
        status="done", closed_at=at,
    )  # fmt: skip
    if minutes:
        TicketEntry.objects.create(
            ticket=ticket, kind="labour", at=at, actor_kind="staff", minutes=minutes
        )
    if Decimal(parts):
        store = upkeep.StoreFactory(site=door.bank.site)
        part = upkeep.PartFactory(organisation=door.bank.site.organisation, unit_cost=parts)
        StockMove.objects.create(
            stock=upkeep.StockFactory(store=store, part=part, quantity=1), kind="issued",
            change=-1, quantity_after=1, unit_cost=Decimal(parts), ticket=ticket, at=at,
            actor_kind="staff",
        )  # fmt: skip
    return ticket


def openings(door: Compartment, count: int, at: dt.datetime) -> None:
    """Make commands that a sensor saw open the door, one a minute from ``at`` on."""
    for n in range(count):
        asked = at + dt.timedelta(minutes=n)
        Command.objects.create(
            compartment=door, bridge=door.bank.bridge, purpose="claim", actor_kind="person",
            status="closed", requested_at=asked, deadline=asked + dt.timedelta(seconds=5),
            opened_at=asked,
        )  # fmt: skip


def staff(estate: Estate) -> Actor:
    """Return Max, who manages the site."""
    return Actor.staff(estate.max.pk)
