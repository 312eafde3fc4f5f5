"""Parts and batteries in the tables of permissions: where their rows are, and how one is made."""

from __future__ import annotations

from typing import Any

from maintenance.models import Part
from maintenance.services import batteries
from tests.factories import upkeep
from tests.factories.cast import SETUP, Estate

_DOOR = "compartment__bank__"
# The way from a row to its site.
BY_SITE = {
    "maintenance.Battery": f"{_DOOR}site",
    "maintenance.BatteryReading": f"{_DOOR}site",
    "maintenance.Part": "organisation__sites",
    "maintenance.Stock": "store__site",
    "maintenance.StockMove": "stock__store__site",
    "maintenance.Store": "site",
}
MORE_LISTS = {"maintenance.Battery plan_round"}
MORE_OBJECTS = {
    "maintenance.Battery read",
    "maintenance.Battery replace",
    "maintenance.Stock count",
    "maintenance.Stock issue",
    "maintenance.Stock ordered",
    "maintenance.Stock put_back",
    "maintenance.Stock receive",
    "maintenance.Stock set_minimum",
}
# Of an area: its batteries; a store is of the whole site, and parts are the organisation's.
BY_AREA = {
    "maintenance.Battery": f"{_DOOR}area",
    "maintenance.BatteryReading": f"{_DOOR}area",
}
HIDDEN_FROM_AREAS = {"maintenance.Stock", "maintenance.StockMove", "maintenance.Store"}
SHARED = {"maintenance.Part"}


def needs_move(tenant: Any) -> dict[str, Any]:
    """Return what a movement needs: one that came in."""
    return {"kind": "received", "change": 1}


def needs_reading(tenant: Any) -> dict[str, Any]:
    """Return what a reading needs: a voltage that is possible."""
    return {"millivolts": 5000}


NEEDS = {"maintenance.StockMove": needs_move, "maintenance.BatteryReading": needs_reading}


def things(estate: Estate, at: Any) -> dict[str, int]:
    """Make a ticket at door 1 and a voltage of it; return their numbers."""
    ticket = upkeep.TicketFactory(compartment=estate.doors[0], category="damaged")
    reading = batteries.record(
        compartment_id=estate.doors[0].pk, millivolts=5000, actor=SETUP, at=at
    )
    part: Part = upkeep.PartFactory(organisation=estate.organisation)
    upkeep.StockFactory(store=upkeep.StoreFactory(site=estate.site), part=part, quantity=9)
    return {"parts-ticket": ticket.pk, "battery-reading": reading.pk}
