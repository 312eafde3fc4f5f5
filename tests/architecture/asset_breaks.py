"""The constraints of assets, upgrades and banks that go, broken around the services."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from maintenance.models import (
    Asset,
    AssetModel,
    CostRules,
    Decommissioning,
    StepDone,
    UpgradeDoor,
    UpgradePlan,
)
from tests.factories import upkeep
from tests.factories.cast import Estate

NINE = dt.datetime(2026, 11, 17, 9, tzinfo=dt.UTC)


def model(estate: Estate, **values: Any) -> AssetModel:
    made: AssetModel = upkeep.AssetModelFactory(organisation=estate.organisation, **values)
    return made


def asset(estate: Estate, **values: Any) -> Asset:
    row = {"model": model(estate), **values}
    made: Asset = upkeep.AssetFactory(**row)
    return made


def hung_twice(estate: Estate, **place: Any) -> None:
    for _each in range(2):
        asset(estate, site=estate.site, state="installed", installed_on=NINE.date(), **place)


def one_serial_twice(estate: Estate) -> None:
    of = model(estate)
    for _each in range(2):
        asset(estate, model=of, serial="S-1")


def one_name_twice(estate: Estate) -> None:
    for _each in range(2):
        model(estate, name="L1")


def door_twice(estate: Estate) -> None:
    plan = UpgradePlan.objects.create(site=estate.site, name="x", to_model=model(estate))
    for _each in range(2):
        UpgradeDoor.objects.create(plan=plan, compartment=estate.doors[0], lock_was="keyed")


def going(estate: Estate, **values: Any) -> Decommissioning:
    return Decommissioning.objects.create(
        bank=estate.bank, reason="worn", begun_at=NINE, **values
    )  # fmt: skip


def begun_twice(estate: Estate) -> None:
    for _each in range(2):
        going(estate)


def step_twice(estate: Estate) -> None:
    row = going(estate)
    for _each in range(2):
        StepDone.objects.create(decommissioning=row, step="emptied", at=NINE, actor_kind="staff")


BREAKS: dict[str, Callable[[Estate], object]] = {
    "maintenance_one_model_per_name": one_name_twice,
    "maintenance_model_lasts_a_year": lambda e: model(e, life_years=0),
    "maintenance_model_costs_nothing_or_more": lambda e: model(e, replacement_cost=-1),
    "maintenance_one_asset_per_serial": one_serial_twice,
    "maintenance_one_asset_is_the_bank": lambda e: hung_twice(e, bank=e.bank),
    "maintenance_one_asset_is_the_controller": lambda e: hung_twice(e, controller=e.controller),
    "maintenance_one_asset_is_the_lock": lambda e: hung_twice(
        e, bank=e.bank, compartment=e.doors[0]
    ),
    "maintenance_one_asset_is_the_terminal": lambda e: hung_twice(
        e, bank=e.bank, terminal_id=e.terminal.pk
    ),
    "maintenance_installed_asset_has_a_place_and_a_day": lambda e: asset(
        e, state="installed", bank=e.bank
    ),
    "maintenance_disposed_asset_has_a_day": lambda e: asset(e, state="disposed"),
    "maintenance_asset_costs_nothing_or_more": lambda e: asset(e, cost=-1),
    "maintenance_one_upgrade_per_door_of_a_plan": door_twice,
    "maintenance_bank_is_decommissioned_once": begun_twice,
    "maintenance_decommissioning_ends_one_way": lambda e: going(
        e, done_at=NINE, called_off_at=NINE
    ),
    "maintenance_step_of_a_decommissioning_is_done_once": step_twice,
    "maintenance_work_costs_money": lambda e: CostRules.objects.create(
        organisation=e.organisation, labour_rate=-1
    ),
}
