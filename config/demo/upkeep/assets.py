"""What everything is, what it cost and until when it is under warranty; and a half-done upgrade."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import F, Value
from django.db.models.functions import Concat

from config.demo import estate as estates
from config.demo.estate import SCHOOL, BuiltSite, Estate
from config.demo.happenings import ACTOR
from config.demo.upkeep.desk import DAY, Desk, local
from lockers.choices import DoorState, DriverName, LockKind
from lockers.models import Bank, Compartment, Controller, Door
from maintenance.choices import AssetKind, AssetState
from maintenance.models import Asset, AssetModel, UpgradePlan
from maintenance.services import assets, bank_assets, upgrades
from maintenance.services.assets import Place
from maintenance.services.bank_assets import Models

FITTER, SUPPLIER = "Brightwell Installations", "Helmsman Steel Furniture"
# The bank whose locks are older than all others, and the one whose locks have batteries.
OLD, BATTERIES = "B", "F"
UPGRADED, UPGRADED_COLUMNS, DONE_COLUMNS = "Science", 4, 2
UPGRADE = "Science block: from keys to badges"

_BANK, _BOARD, _WIRED, _OLD, _CELLS, _CAM, _DIAL, _SCREEN = (
    "Series 4", "MB-32", "EL-20", "L1", "BL-4", "Cam C4", "Dial D5", "Panel 15",
)  # fmt: skip
# Kind, maker, name, kind of lock, years, openings, cost of a new one, and its battery.
_MODELS: tuple[tuple[AssetKind, str, str, str, int, int | None, str, dict[str, Any]], ...] = (
    (AssetKind.BANK, "Helmsman", _BANK, "", 15, None, "2850", {}),
    (AssetKind.CONTROLLER, "Norvolt", _BOARD, "", 8, None, "190", {}),
    (AssetKind.LOCK, "Norvolt", _WIRED, LockKind.ELECTRONIC, 10, 100_000, "64", {}),
    (AssetKind.LOCK, "Latchline", _OLD, LockKind.ELECTRONIC, 8, 30_000, "72", {}),
    (AssetKind.LOCK, "Norvolt", _CELLS, LockKind.ELECTRONIC, 8, 60_000, "98", {
        "battery_type": "4 × AA lithium", "battery_low_mv": 4600, "battery_days": 1095,
    }),
    (AssetKind.LOCK, "Helmsman", _CAM, LockKind.KEYED, 12, None, "17", {}),
    (AssetKind.LOCK, "Helmsman", _DIAL, LockKind.COMBINATION, 12, None, "41", {}),
    (AssetKind.TERMINAL, "Panelworks", _SCREEN, "", 6, None, "740", {}),
)  # fmt: skip


@dataclass(frozen=True)
class _Age:
    """Since when a bank stands, and for how long its makers answer for it."""

    years: float
    warranty_years: int = 3


_AGES = {OLD: _Age(7.2), "E": _Age(6.1), UPGRADED: _Age(9.4), "Gym": _Age(5.2), "Family": _Age(1.4)}
_USUAL = _Age(4.1)


def record(estate: Estate, desk: Desk, *, at: dt.datetime) -> None:
    """Record every bank with its boards, locks and screens, as of when they were put up."""
    models = {
        name: AssetModel.objects.create(
            organisation=estate.organisation, kind=kind, maker=maker, name=name, lock_kind=lock,
            life_years=years, life_cycles=cycles, replacement_cost=Decimal(cost), **battery,
        )
        for kind, maker, name, lock, years, cycles, cost, battery in _MODELS
    }  # fmt: skip
    for built in estate.sites:
        for bank in (*built.banks, *built.year_banks):
            _bank(built, bank, models, desk, at)
        _screens(built, models[_SCREEN], at)
    _bought(estate)


def _bank(
    built: BuiltSite, bank: Bank, models: dict[str, AssetModel], desk: Desk, at: dt.datetime
) -> None:
    age = _AGES.get(bank.name, _USUAL)
    then = (at - age.years * 365 * DAY).replace(hour=10, minute=0, second=0, microsecond=0)
    wired = {OLD: _OLD, BATTERIES: _CELLS}.get(bank.name, _WIRED)
    kinds = set(bank.compartments.values_list("lock_kind", flat=True))
    by_kind = {LockKind.ELECTRONIC: wired, LockKind.KEYED: _CAM, LockKind.COMBINATION: _DIAL}
    for kind, name in by_kind.items():
        if kind not in kinds:
            continue
        lock = Models(bank=models[_BANK], controller=models[_BOARD], lock=models[name])
        made = bank_assets.record_bank(
            bank=bank, models=lock, by=FITTER, on=local(built, then), actor=desk.first, at=then
        )
        Asset.objects.filter(pk__in=[one.pk for one in made]).update(
            warranty_until=local(built, then + age.warranty_years * 365 * DAY),
            # Lockwright counts since two weeks ago only.
            cycles_before=round(age.years * 260) if kind == LockKind.ELECTRONIC else 0,
        )


def _screens(built: BuiltSite, model: AssetModel, at: dt.datetime) -> None:
    for place, (bank_id, terminal) in enumerate(sorted(built.terminals.items())):
        # One of them is under warranty for three weeks more.
        then = at - (3 * 365 - (21 if place == 0 else 200 + 40 * place)) * DAY
        bank = next(one for one in built.banks if one.pk == bank_id)
        made = assets.record(
            asset=Asset(
                organisation=built.site.organisation, site=built.site, model=model,
                serial=f"PW-{2200 + 7 * terminal.pk}",
                warranty_until=local(built, then + 3 * 365 * DAY),
            ),
            actor=ACTOR, at=then - 30 * DAY, on=local(built, then - 30 * DAY),
        )  # fmt: skip
        assets.install(
            asset_id=made.pk, place=Place(bank=bank, terminal_id=terminal.pk), by=FITTER,
            on=local(built, then), actor=ACTOR, at=then,
        )  # fmt: skip


def _bought(estate: Estate) -> None:
    """Say what each thing cost, from whom, and its serial number where it bears one."""
    new = Asset.objects.filter(organisation=estate.organisation)
    for model in AssetModel.objects.filter(organisation=estate.organisation):
        new.filter(model=model).update(cost=model.replacement_cost, supplier=SUPPLIER)
    locks = new.filter(model__kind=AssetKind.LOCK, model__lock_kind=LockKind.ELECTRONIC)
    locks.update(serial=Concat(Value("EL-"), F("compartment_id") + 40_000))
    new.filter(model__kind=AssetKind.CONTROLLER).update(
        serial=Concat(Value("MB-"), F("controller_id") + 7_000)
    )


def upgrade(estate: Estate, desk: Desk, *, at: dt.datetime) -> None:
    """Have half of a keyed bank opened by badge by now, and new locks for the rest in store."""
    built = next(one for one in estate.sites if one.plan is SCHOOL)
    bank = next(one for one in built.banks if one.name == UPGRADED)
    to = AssetModel.objects.get(organisation=estate.organisation, name=_WIRED)
    plan = UpgradePlan.objects.create(
        site=built.site, name=UPGRADE, to_model=to, begins_on=local(built, at - 21 * DAY),
        done_by=local(built, at + 28 * DAY), budget=Decimal(2400),
        note="Column by column, in the lunch break. Keys go back to the office as locks come off.",
    )  # fmt: skip
    doors = list(
        Compartment.objects.filter(bank=bank, column__lte=UPGRADED_COLUMNS)
        .select_related("bank__site")
        .order_by("column", "row")
    )
    by: dict[str, Any] = {"actor": desk.first}
    upgrades.add_doors(plan_id=plan.pk, doors=doors, at=at - 21 * DAY, **by)
    for place, row in enumerate(plan.doors.filter(compartment__column__lte=DONE_COLUMNS)):
        then = at - (8 - 4 * (place // 6)) * DAY + place * dt.timedelta(minutes=12)
        upgrades.done(
            door_id=row.pk, serial=f"EN-{60_100 + place}", by=FITTER, on=local(built, then),
            at=then, **by,
        )  # fmt: skip
    _wire(built, bank, to, at)


def _wire(built: BuiltSite, bank: Bank, model: AssetModel, at: dt.datetime) -> None:
    """Connect the new locks, as commissioning does, and put those to come into the store."""
    Bank.objects.filter(pk=bank.pk).update(bridge=built.bridge)
    board = Controller.objects.create(
        bridge=built.bridge, name=f"Bank {bank.name}, board 1", driver=DriverName.MODBUS_RELAY,
        address=f"tcp://127.0.0.1:{len(built.banks) + 1}", unit=1,
        channels=estates.CHANNELS_PER_BOARD,
    )  # fmt: skip
    new = list(bank.compartments.filter(lock_kind=LockKind.ELECTRONIC).order_by("column", "row"))
    for channel, door in enumerate(new):
        Compartment.objects.filter(pk=door.pk).update(
            controller=board, channel=channel, has_sensor=True, has_status_light=True
        )
    Door.objects.bulk_create(
        Door(compartment=door, state=DoorState.CLOSED, changed_at=at) for door in new
    )
    Asset.objects.filter(compartment__in=new, state=AssetState.INSTALLED).update(
        cost=model.replacement_cost, supplier=SUPPLIER,
        warranty_until=local(built, at + 3 * 365 * DAY),
    )  # fmt: skip
    for number in range(6):
        spare = assets.record(
            asset=Asset(organisation=built.site.organisation, site=built.site, model=model),
            actor=ACTOR, at=at - 30 * DAY, on=local(built, at - 30 * DAY),
        )  # fmt: skip
        assets.order(
            asset_id=spare.pk, supplier=SUPPLIER, order_number="PO-5521",
            cost=model.replacement_cost, on=local(built, at - 29 * DAY), actor=ACTOR,
            at=at - 29 * DAY,
        )  # fmt: skip
        if number < 4:
            assets.deliver(
                asset_id=spare.pk, serial=f"EN-{60_120 + number}",
                warranty_until=local(built, at + 3 * 365 * DAY), on=local(built, at - 6 * DAY),
                actor=ACTOR, at=at - 6 * DAY,
            )  # fmt: skip


def swap_lock(door: Compartment, desk: Desk, *, at: dt.datetime) -> None:
    """Put a new lock into a door, from the store, and have the old one disposed of."""
    site, on = door.bank.site, at.astimezone(door.bank.site.zone).date()
    old = Asset.objects.select_related("model").get(compartment=door, state=AssetState.INSTALLED)
    new = assets.record(
        asset=Asset(
            organisation=site.organisation, site=site, model=old.model, serial="EN-60099",
            supplier=SUPPLIER, cost=old.model.replacement_cost,
        ),
        actor=desk.first, at=at, on=on,
    )  # fmt: skip
    by: dict[str, Any] = {"actor": desk.technician, "at": at, "on": on}
    assets.deliver(
        asset_id=new.pk, serial="EN-60099", warranty_until=on + 3 * 365 * DAY, **by
    )  # fmt: skip
    assets.replace(
        old_id=old.pk, new_id=new.pk, reason="Bolt worn out", by="Tess Turner", **by
    )  # fmt: skip
    assets.dispose(asset_id=old.pk, certificate="Metal recycling, slip 418", **by)


def lock_models(estate: Estate) -> Iterator[AssetModel]:
    """Yield the models of locks that parts are kept for: the wired one, the old one, the cells."""
    here = AssetModel.objects.filter(organisation=estate.organisation)
    for name in (_WIRED, _OLD, _CELLS):
        yield here.get(name=name)
