"""The constraints of parts and batteries, broken around the services (see test_constraints)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from maintenance.models import BatteryReading, Part, Stock, StockMove
from tests.factories import upkeep
from tests.factories.cast import Estate

NINE = dt.datetime(2026, 11, 17, 9, tzinfo=dt.UTC)


def part(estate: Estate, **values: Any) -> Part:
    made: Part = upkeep.PartFactory(
        **{"organisation": estate.organisation, "number": "P-1", **values}
    )
    return made


def stock(estate: Estate, **values: Any) -> Stock:
    made: Stock = upkeep.StockFactory(
        store=upkeep.StoreFactory(site=estate.site), part=part(estate), **values
    )
    return made


def move(estate: Estate, **values: Any) -> StockMove:
    row: dict[str, Any] = {
        "stock": stock(estate), "kind": "issued", "change": -1, "quantity_after": 0,
        "unit_cost": 1, "at": NINE, "actor_kind": "staff", **values,
    }  # fmt: skip
    return StockMove.objects.create(**row)


def two_parts(estate: Estate) -> None:
    part(estate)
    part(estate)


def two_stores(estate: Estate) -> None:
    for _each in range(2):
        upkeep.StoreFactory(site=estate.site, name="Cellar")


def two_stocks(estate: Estate) -> None:
    one = stock(estate)
    upkeep.StockFactory(store=one.store, part=one.part)


def taken_below_zero(estate: Estate) -> None:
    Stock.objects.filter(pk=stock(estate, quantity=1).pk).update(quantity=-1)


BREAKS: dict[str, Callable[[Estate], object]] = {
    "maintenance_one_part_per_number": two_parts,
    "maintenance_part_costs_nothing_or_more": lambda e: part(e, unit_cost=-1),
    "maintenance_one_store_per_name": two_stores,
    "maintenance_one_stock_per_part_and_store": two_stocks,
    "maintenance_stock_is_never_below_zero": taken_below_zero,
    "maintenance_move_leaves_nothing_or_more": lambda e: move(e, quantity_after=-1),
    "maintenance_move_goes_the_right_way": lambda e: move(e, change=1),
    "maintenance_battery_voltage_is_possible": lambda e: BatteryReading.objects.create(
        compartment=e.doors[0], millivolts=99, at=NINE
    ),
}
