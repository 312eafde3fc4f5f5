"""A bank that stands already becomes assets with one verb: itself, its boards, its locks."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db import IntegrityError, transaction

from audit.services import events
from audit.services.events import Actor
from lockers import wiring
from lockers.models import Bank, Compartment, Controller
from maintenance.choices import AssetEventKind, AssetKind, AssetState
from maintenance.errors.assets import (
    ModelNeeded,
    NothingToRecord,
    PlaceOfAnother,
    PlaceTaken,
    WrongPlace,
)
from maintenance.models import Asset, AssetEvent, AssetModel
from maintenance.services import assets
from maintenance.services.assets import Place


@dataclass(frozen=True, kw_only=True)
class Models:
    """Of which make the things of a bank are; none where there is none of a kind."""

    bank: AssetModel | None = None
    controller: AssetModel | None = None
    lock: AssetModel | None = None

    def of(self, kind: AssetKind) -> AssetModel:
        """Return the model for a kind; raises ModelNeeded and WrongPlace."""
        found = {
            AssetKind.BANK: self.bank, AssetKind.CONTROLLER: self.controller,
            AssetKind.LOCK: self.lock,
        }[kind]  # fmt: skip
        if found is None:
            raise ModelNeeded
        if found.kind != kind:
            raise WrongPlace(kind=str(AssetKind(found.kind).label))
        return found


def unrecorded(bank: Bank) -> list[Place]:
    """Return what of a bank has no installed asset; three statements however large it is."""
    installed = Asset.objects.filter(state=AssetState.INSTALLED)
    here = list(installed.filter(bank=bank).values_list("compartment_id", "model__kind"))
    locks = {door for door, _kind in here if door is not None}
    has_one = any(kind == AssetKind.BANK for _door, kind in here)
    places = [] if has_one else [Place(bank=bank)]
    boards = (
        Controller.objects.filter(compartments__bank=bank)
        .exclude(assets__state=AssetState.INSTALLED)
        .select_related("bridge__site")
        .distinct()
    )
    places += [Place(controller=board) for board in boards.order_by("pk")]
    doors = Compartment.objects.filter(bank=bank).exclude(pk__in=locks).order_by("pk")
    for door in doors:
        door.bank = bank
        places.append(Place(compartment=door))
    return places


def record_bank(
    *, bank: Bank, models: Models, by: str, on: dt.date, actor: Actor, at: dt.datetime
) -> list[Asset]:  # fmt: skip
    """Record what of a bank has no asset yet as installed; return the new assets.

    A door whose lock is of another kind than the chosen model is left for its own. Raises
    NothingToRecord, ModelNeeded, WrongPlace, PlaceOfAnother and PlaceTaken.
    """
    organisation_id = bank.site.organisation_id
    with transaction.atomic():
        Bank.objects.select_for_update(no_key=True).get(pk=bank.pk)
        new = []
        hashes = dict.fromkeys(AssetKind, "")
        hashes[AssetKind.BANK] = hashes[AssetKind.LOCK] = wiring.digest(bank)
        for place in unrecorded(bank):
            model = models.of(place.kind)
            if model.organisation_id != organisation_id:
                raise PlaceOfAnother
            door = place.compartment
            if door is not None and model.lock_kind not in ("", door.lock_kind):
                continue
            told = hashes[place.kind] or assets.configuration_of(place)
            new.append(
                Asset(
                    organisation_id=organisation_id, model=model, state=AssetState.INSTALLED,
                    installed_on=on, installed_by=by[:120], configuration_hash=told,
                    **place.columns(),
                )
            )  # fmt: skip
        if not new:
            raise NothingToRecord
        try:
            with transaction.atomic():
                Asset.objects.bulk_create(new)
        except IntegrityError as error:
            raise PlaceTaken from error
        written = [
            assets.lines(one, AssetEventKind.INSTALLED, actor, at, on, by=by,
                         configuration=one.configuration_hash)
            for one in new
        ]  # fmt: skip
        AssetEvent.objects.bulk_create([row for row, _line in written])
        events.record_many([line for _row, line in written])
    return new
