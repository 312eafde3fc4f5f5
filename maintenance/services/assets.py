"""What happens to an asset: each step of its life is a line there, and one in the trail."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from audit.actions import Action
from audit.services import events
from audit.services.events import Actor
from lockers import wiring
from lockers.models import Bank, BridgePresence, Compartment, Controller
from maintenance import screens
from maintenance.choices import AssetEventKind, AssetKind, AssetState
from maintenance.errors.assets import (
    CertificateNeeded,
    LockDoesNotFit,
    NoSuchScreen,
    NotInThisState,
    PlaceOfAnother,
    PlaceTaken,
    WrongPlace,
)
from maintenance.lives import STEPS, Verb, may
from maintenance.models import Asset, AssetEvent

_TRAIL = {
    AssetEventKind.PLANNED: Action.ASSET_RECORDED,
    AssetEventKind.INSTALLED: Action.ASSET_INSTALLED,
    AssetEventKind.MOVED: Action.ASSET_MOVED,
    AssetEventKind.REMOVED: Action.ASSET_REMOVED,
    AssetEventKind.DISPOSED: Action.ASSET_DISPOSED,
}


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where an asset goes: a bank, or one thing of it. Terminals are known by number here."""

    bank: Bank | None = None
    controller: Controller | None = None
    compartment: Compartment | None = None
    terminal_id: int | None = None

    @property
    def kind(self) -> AssetKind:
        """The kind of asset that goes there."""
        if self.compartment is not None:
            return AssetKind.LOCK
        if self.controller is not None:
            return AssetKind.CONTROLLER
        return AssetKind.BANK if self.terminal_id is None else AssetKind.TERMINAL

    @property
    def whole_bank(self) -> Bank | None:
        """The bank that it belongs to; none for a controller, which may serve several."""
        return self.compartment.bank if self.compartment is not None else self.bank

    def columns(self) -> dict[str, Any]:
        """Return what an asset that is there has in its row."""
        bank = None if self.controller is not None else self.whole_bank
        site = self.controller.bridge.site if self.controller is not None else None
        if bank is not None:
            site = bank.site
        return {
            "bank": bank, "controller": self.controller, "compartment": self.compartment,
            "terminal_id": self.terminal_id, "site": site,
        }  # fmt: skip


def place_of(asset: Asset) -> Place:
    """Return where an asset is, or was last."""
    return Place(
        bank=asset.bank, controller=asset.controller, compartment=asset.compartment,
        terminal_id=asset.terminal_id,
    )  # fmt: skip


def record(*, asset: Asset, actor: Actor, at: dt.datetime, on: dt.date) -> Asset:
    """Write down something that is going to be bought; it begins as planned."""
    with transaction.atomic():
        asset.state = AssetState.PLANNED
        asset.save(force_insert=True)
        _line(asset, AssetEventKind.PLANNED, actor, at, on)
    return asset


def order(
    *,
    asset_id: int,
    supplier: str,
    order_number: str,
    cost: Decimal | None,
    on: dt.date,
    actor: Actor,
    at: dt.datetime,
) -> None:
    """Record that it was ordered, of whom and at what cost; raises NotInThisState."""
    with transaction.atomic():
        asset = _step(asset_id, Verb.ORDER)
        _write(
            asset, AssetState.ORDERED, supplier=supplier, order_number=order_number, cost=cost,
            ordered_on=on,
        )  # fmt: skip
        _line(asset, AssetEventKind.ORDERED, actor, at, on, supplier, order=order_number)


def deliver(
    *,
    asset_id: int,
    serial: str,
    warranty_until: dt.date | None,
    on: dt.date,
    actor: Actor,
    at: dt.datetime,
) -> None:
    """Record that it came; what is not filled in stays as it was. Raises NotInThisState."""
    with transaction.atomic():
        asset = _step(asset_id, Verb.DELIVER)
        known: dict[str, Any] = {"serial": serial, "warranty_until": warranty_until}
        _write(
            asset, AssetState.IN_STORE, delivered_on=on,
            **{name: value for name, value in known.items() if value},
        )  # fmt: skip
        _line(asset, AssetEventKind.DELIVERED, actor, at, on, serial=serial or asset.serial)


def install(
    *, asset_id: int, place: Place, by: str, on: dt.date, actor: Actor, at: dt.datetime
) -> None:  # fmt: skip
    """Record that it hangs there now, who did it, and how the place was configured then.

    Raises NotInThisState, WrongPlace, PlaceOfAnother, NoSuchScreen, LockDoesNotFit and PlaceTaken.
    """
    with transaction.atomic():
        asset = _step(asset_id, Verb.INSTALL)
        _put(asset, place, actor, at, on, AssetEventKind.INSTALLED, by=by)


def move(
    *, asset_id: int, place: Place, by: str, on: dt.date, actor: Actor, at: dt.datetime
) -> None:  # fmt: skip
    """Record that it hangs somewhere else now; raises as ``install``."""
    with transaction.atomic():
        asset = _step(asset_id, Verb.MOVE)
        # The door that it leaves has a line of it, too.
        if asset.compartment_id is not None:
            _line(asset, AssetEventKind.REMOVED, actor, at, on, _("moved"), trail=False)
        _put(asset, place, actor, at, on, AssetEventKind.MOVED, by=by)


def remove(*, asset_id: int, reason: str, on: dt.date, actor: Actor, at: dt.datetime) -> None:
    """Record that it was taken down; where it hung stays in its row. Raises NotInThisState."""
    with transaction.atomic():
        asset = _step(asset_id, Verb.REMOVE)
        _write(asset, AssetState.REMOVED, removed_on=on)
        _line(asset, AssetEventKind.REMOVED, actor, at, on, reason)


def replace(
    *, old_id: int, new_id: int, reason: str, by: str, on: dt.date, actor: Actor, at: dt.datetime
) -> None:  # fmt: skip
    """Take one down and install another in its place; raises as ``remove`` and ``install``."""
    with transaction.atomic():
        old = _step(old_id, Verb.REMOVE)
        _write(old, AssetState.REMOVED, removed_on=on)
        _line(old, AssetEventKind.REPLACED, actor, at, on, reason, by=new_id)
        new = _step(new_id, Verb.INSTALL)
        _put(new, place_of(old), actor, at, on, AssetEventKind.INSTALLED, by=by)
        Asset.objects.filter(replaces=old_id).exclude(pk=new_id).update(replaces=None)
        Asset.objects.filter(pk=new_id).update(replaces=old_id)


def dispose(*, asset_id: int, certificate: str, on: dt.date, actor: Actor, at: dt.datetime) -> None:
    """Record that it is gone for good; raises NotInThisState and CertificateNeeded."""
    if not certificate.strip():
        raise CertificateNeeded
    with transaction.atomic():
        asset = _step(asset_id, Verb.DISPOSE)
        _write(asset, AssetState.DISPOSED, disposed_on=on, certificate=certificate[:120])
        _line(asset, AssetEventKind.DISPOSED, actor, at, on, certificate)


def note(*, asset_id: int, text: str, on: dt.date, actor: Actor, at: dt.datetime) -> None:
    """Add a line to its life: damage, a service, a setting."""
    with transaction.atomic():
        asset = _locked(asset_id)
        _line(asset, AssetEventKind.NOTE, actor, at, on, text)


def configuration_of(place: Place) -> str:
    """Return the hash of how a place is configured now: its wiring, or what its bridge says."""
    if place.kind in (AssetKind.BANK, AssetKind.LOCK) and place.whole_bank is not None:
        return wiring.digest(place.whole_bank)
    bridge_id = place.controller.bridge_id if place.controller is not None else None
    if place.bank is not None:
        bridge_id = place.bank.bridge_id
    presence = BridgePresence.objects.filter(bridge=bridge_id).first()
    return presence.config_hash if presence is not None else ""


def _put(
    asset: Asset,
    place: Place,
    actor: Actor,
    at: dt.datetime,
    on: dt.date,
    kind: AssetEventKind,
    *,
    by: str,
) -> None:
    columns = place.columns()
    if place.kind != asset.model.kind or columns["site"] is None:
        raise WrongPlace(kind=str(AssetKind(asset.model.kind).label))
    if columns["site"].organisation_id != asset.organisation_id:
        raise PlaceOfAnother
    if place.terminal_id is not None and place.terminal_id not in {
        one.number for one in screens.at_banks([columns["bank"].pk])
    }:
        raise NoSuchScreen(bank=str(place.bank))
    door = place.compartment
    if door is not None and asset.model.lock_kind not in ("", door.lock_kind):
        raise LockDoesNotFit(
            **{
                "number": door.number, "has": str(door.get_lock_kind_display()),
                "is": str(asset.model.get_lock_kind_display()),
            }
        )  # fmt: skip
    configuration = configuration_of(place)
    try:
        with transaction.atomic():
            _write(
                asset, AssetState.INSTALLED, **columns, installed_on=on, installed_by=by[:120],
                configuration_hash=configuration, removed_on=None,
            )  # fmt: skip
    except IntegrityError as error:
        raise PlaceTaken from error
    _line(asset, kind, actor, at, on, by=by, configuration=configuration)


def _locked(asset_id: int) -> Asset:
    return (
        Asset.objects.select_for_update(no_key=True, of=("self",))
        .select_related("model", "site", "bank__site", "compartment__bank__site",
                        "controller__bridge__site")
        .get(pk=asset_id)
    )  # fmt: skip


def _step(asset_id: int, verb: Verb) -> Asset:
    """Return an asset with which a verb may be done; raises NotInThisState."""
    asset = _locked(asset_id)
    state = AssetState(asset.state)
    if not may(verb, state):
        raise NotInThisState(state=str(state.label))
    assert asset.state in STEPS[verb].before
    return asset


def _write(asset: Asset, state: AssetState, **values: Any) -> None:
    for name, value in {**values, "state": state}.items():
        setattr(asset, name, value)
    Asset.objects.filter(pk=asset.pk).update(state=state, **values)


def _line(
    asset: Asset,
    kind: AssetEventKind,
    actor: Actor,
    at: dt.datetime,
    on: dt.date,
    text: str = "",
    *,
    trail: bool = True,
    **data: Any,
) -> None:
    row, line = lines(asset, kind, actor, at, on, text, **data)
    row.save(force_insert=True)
    if trail:
        events.record_many([line])


def lines(
    asset: Asset,
    kind: AssetEventKind,
    actor: Actor,
    at: dt.datetime,
    on: dt.date,
    text: str = "",
    **data: Any,
) -> tuple[AssetEvent, events.Line]:
    """Return a line of an asset's life and that of the trail, to be written together."""
    row = AssetEvent(
        asset=asset, kind=kind, on=on, at=at, compartment_id=asset.compartment_id,
        actor_kind=actor.kind, actor_id=actor.id[:40], text=text[:400], data=data,
    )  # fmt: skip
    line = events.Line(
        action=_TRAIL.get(kind, Action.ASSET_CHANGED), actor=actor, at=at,
        organisation_id=asset.organisation_id, site_id=asset.site_id, bank_id=asset.bank_id,
        compartment_id=asset.compartment_id, subject=f"asset:{asset.pk}", reason=text[:300],
        data={"kind": kind.value, "on": on, **data},
    )  # fmt: skip
    return row, line
