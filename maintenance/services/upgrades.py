"""Retrofits: door by door from one kind of lock to another, with both side by side meanwhile."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from access.choices import KeyStatus
from access.models import Key, KeyHolding, Lock
from access.services import keys, lost_keys
from audit.actions import Action
from audit.services import events
from audit.services.events import Actor
from lockers.choices import LockKind
from lockers.models import Compartment
from maintenance.choices import AssetEventKind, AssetKind, AssetState
from maintenance.errors.assets import DoorElsewhere, DoorIsDone, PlanClosed, WrongPlace
from maintenance.models import Asset, AssetEvent, UpgradeDoor, UpgradePlan
from maintenance.services import assets
from maintenance.services.assets import Place
from occupancy.models import Assignment
from occupancy.services.claims.assignments import in_force


@dataclass(frozen=True)
class Done:
    """What became of a door, and what its holder and the key desk still have to do."""

    door: Compartment
    # Who has the door, and keeps it.
    holder: str
    # Keys of the old lock that are still with somebody.
    keys_out: list[KeyHolding]
    needs_wiring: bool


def add_doors(
    *, plan_id: int, doors: Iterable[Compartment], actor: Actor, at: dt.datetime
) -> int:  # fmt: skip
    """Put doors into a plan, with the lock that each has now; return how many are new.

    Raises PlanClosed and DoorElsewhere.
    """
    with transaction.atomic():
        plan = _open(plan_id)
        known = set(plan.doors.values_list("compartment_id", flat=True))
        new = []
        for door in doors:
            if door.bank.site_id != plan.site_id:
                raise DoorElsewhere(number=door.number)
            if door.pk not in known:
                new.append(UpgradeDoor(plan=plan, compartment=door, lock_was=door.lock_kind))
        UpgradeDoor.objects.bulk_create(new)
        if new:
            _record(plan, actor, at, added=[one.compartment_id for one in new])
    return len(new)


def done(
    *,
    door_id: int,
    actor: Actor,
    at: dt.datetime,
    on: dt.date,
    by: str = "",
    serial: str = "",
    asset_id: int | None = None,
) -> Done:
    """Record that a door of a plan has its new lock, and make the door what it is now.

    The lock is one from the store (``asset_id``), or is written down here with its ``serial``.
    Whoever has the door keeps it. The combinations of the old lock are forgotten and its keys
    retired; those that are out are asked for. An electronic lock is wired by commissioning, not
    here. Raises PlanClosed, DoorIsDone and what ``assets.install`` does.
    """
    with transaction.atomic():
        row = (
            UpgradeDoor.objects.select_for_update(no_key=True, of=("self",))
            .select_related("plan__to_model", "plan__site")
            .get(pk=door_id)
        )
        plan = _open(row.plan_id)
        if row.done_at is not None:
            raise DoorIsDone
        door = (
            Compartment.objects.select_for_update(no_key=True, of=("self",))
            .select_related("bank__site")
            .get(pk=row.compartment_id)
        )
        was = door.lock_kind
        old = Asset.objects.filter(state=AssetState.INSTALLED, compartment=door).first()
        if old is not None:
            assets.remove(
                asset_id=old.pk, reason=_("Upgrade: %s") % plan, on=on, actor=actor, at=at
            )
        needs_wiring = _relock(door, plan)
        _forget(door, was, plan, actor, at)
        new = _new_lock(plan, serial, asset_id, actor, at, on)
        assets.install(
            asset_id=new.pk, place=Place(compartment=door), by=by, on=on, actor=actor, at=at
        )
        if old is not None:
            Asset.objects.filter(replaces=old).exclude(pk=new.pk).update(replaces=None)
            Asset.objects.filter(pk=new.pk).update(replaces=old)
        UpgradeDoor.objects.filter(pk=row.pk, done_at__isnull=True).update(
            asset=new, done_at=at, lock_was=was
        )
        _record(
            plan, actor, at, door=door, lock_was=was, lock_is=door.lock_kind, asset=new.pk,
            old=old.pk if old is not None else None,
        )  # fmt: skip
    return Done(door, _holder(door, at), list(keys_out([door.pk])), needs_wiring)


def close(*, plan_id: int, actor: Actor, at: dt.datetime) -> None:
    """End a plan; doors that are not done stay as they are. Raises PlanClosed."""
    with transaction.atomic():
        plan = _open(plan_id)
        UpgradePlan.objects.filter(pk=plan.pk).update(closed_at=at)
        _record(plan, actor, at, closed=True)


def keys_out(door_ids: Iterable[int]) -> Any:
    """Return the keys of these doors that somebody still has."""
    return (
        KeyHolding.objects.filter(keys.OPEN, key__lock__compartment__in=list(door_ids))
        .select_related("person", "key__lock__compartment__bank", "key__site")
        .order_by("pk")
    )


def keys_left(door_ids: Iterable[int]) -> Any:
    """Return the keys of these doors that hang in a cabinet and open nothing any more."""
    return (
        Key.objects.filter(status=KeyStatus.IN_USE, lock__compartment__in=list(door_ids))
        .exclude(holdings__in=KeyHolding.objects.filter(keys.OPEN))
        .select_related("lock__compartment__bank", "site")
        .order_by("pk")
    )


def _relock(door: Compartment, plan: UpgradePlan) -> bool:
    """Write the new kind of lock; say whether it has to be commissioned."""
    kind = LockKind(plan.to_model.lock_kind or door.lock_kind)
    values: dict[str, Any] = {"lock_kind": kind}
    # Its place on the board is found out when it is commissioned; the old one is nobody's.
    if kind != door.lock_kind:
        values |= {"controller": None, "channel": None}
    for name, value in values.items():
        setattr(door, name, value)
    Compartment.objects.filter(pk=door.pk).update(**values)
    return kind == LockKind.ELECTRONIC and door.controller_id is None


def _forget(door: Compartment, was: str, plan: UpgradePlan, actor: Actor, at: dt.datetime) -> None:
    """Let the key desk forget a mechanical lock that is out of its door.

    The cylinder beside an electronic lock is a lock of its own: it stays.
    """
    lock = Lock.objects.select_related("compartment__bank__site").filter(compartment=door).first()
    if lock is not None and was != LockKind.ELECTRONIC:
        lost_keys.take_out(lock=lock, reason=_("Upgrade: %s") % plan, actor=actor, at=at)


def _new_lock(
    plan: UpgradePlan,
    serial: str,
    asset_id: int | None,
    actor: Actor,
    at: dt.datetime,
    on: dt.date,
) -> Asset:
    if asset_id is not None:
        asset = Asset.objects.select_related("model").get(pk=asset_id)
        if asset.model_id != plan.to_model_id:
            raise WrongPlace(kind=str(asset.model))
        return asset
    if plan.to_model.kind != AssetKind.LOCK:
        raise WrongPlace(kind=str(AssetKind(plan.to_model.kind).label))
    asset = Asset.objects.create(
        organisation_id=plan.site.organisation_id, site=plan.site, model=plan.to_model,
        serial=serial, state=AssetState.IN_STORE, delivered_on=on,
    )  # fmt: skip
    row, line = assets.lines(asset, AssetEventKind.DELIVERED, actor, at, on, serial=serial)
    AssetEvent.objects.bulk_create([row])
    events.record_many([line])
    return asset


def _holder(door: Compartment, at: dt.datetime) -> str:
    claim = (
        Assignment.objects.filter(in_force(at), compartment=door)
        .select_related("holder", "role", "department")
        .first()
    )
    return "" if claim is None else str(claim.holder or claim.role or claim.department)


def _open(plan_id: int) -> UpgradePlan:
    plan = (
        UpgradePlan.objects.select_for_update(no_key=True, of=("self",))
        .select_related("site", "to_model")
        .get(pk=plan_id)
    )
    if plan.closed_at is not None:
        raise PlanClosed
    return plan


def _record(
    plan: UpgradePlan,
    actor: Actor,
    at: dt.datetime,
    *,
    door: Compartment | None = None,
    **data: Any,
) -> None:
    events.record(
        action=Action.UPGRADE_CHANGED, actor=actor, at=at,
        organisation_id=plan.site.organisation_id, site_id=plan.site_id,
        bank_id=door.bank_id if door is not None else None,
        compartment_id=door.pk if door is not None else None,
        subject=f"upgrade:{plan.pk}", data=data,
    )  # fmt: skip
