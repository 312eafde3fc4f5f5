"""From keyed to electronic, door by door, with both side by side meanwhile."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from guardian.shortcuts import assign_perm

from access.models import Key, KeyHolding, Lock
from lockers.models import Compartment
from maintenance.errors.assets import (
    DoorElsewhere,
    DoorIsDone,
    LockDoesNotFit,
    NotInThisState,
    PlanClosed,
)
from maintenance.models import Asset, AssetModel, UpgradePlan
from maintenance.services import upgrades
from occupancy.models import Claim
from tests import factories
from tests.factories.cast import SETUP, Estate
from tests.maintenance.assets import making
from tests.maintenance.assets.making import TODAY


@pytest.fixture
def keyed(estate: Estate) -> list[Compartment]:
    """Two doors with keys, each with its lock in the register."""
    doors = [
        factories.CompartmentFactory(
            bank=estate.bank, size=estate.small, number=f"K{n}", column=40 + n, lock_kind="keyed"
        )
        for n in (1, 2)
    ]
    made_by = making.model(estate, lock_kind="keyed")
    for door in doors:
        making.installed(estate, door, made_by)
    return doors


@pytest.fixture
def plan(estate: Estate, keyed: list[Compartment], at: dt.datetime) -> UpgradePlan:
    to_model = making.model(estate, lock_kind="electronic", name="E1")
    made = UpgradePlan.objects.create(site=estate.site, name="No more keys", to_model=to_model)
    upgrades.add_doors(plan_id=made.pk, doors=keyed, actor=SETUP, at=at)
    return made


def do(plan: UpgradePlan, door: Compartment, at: dt.datetime, **more: Any) -> upgrades.Done:
    row = plan.doors.get(compartment=door)
    return upgrades.done(door_id=row.pk, actor=SETUP, at=at, on=TODAY, **more)


def key_of(door: Compartment, estate: Estate, at: dt.datetime) -> KeyHolding:
    lock = Lock.objects.create(compartment=door)
    key = Key.objects.create(site=estate.site, lock=lock, copy=1)
    return KeyHolding.objects.create(
        key=key, person=estate.amira, issued_at=at, signature="Amira", signed_how="typed"
    )


def test_a_door_gets_its_new_lock_in_one_step(
    plan: UpgradePlan, keyed: list[Compartment], at: dt.datetime
) -> None:
    old = Asset.objects.get(compartment=keyed[0])
    told = do(plan, keyed[0], at, serial="E-77", by="Jo")
    keyed[0].refresh_from_db()
    old.refresh_from_db()
    new = plan.doors.get(compartment=keyed[0]).asset
    assert new is not None
    assert (keyed[0].lock_kind, keyed[0].controller_id) == ("electronic", None)
    assert (old.state, new.state, new.serial, new.replaces) == ("removed", "installed", "E-77", old)
    assert told.needs_wiring
    assert plan.doors.get(compartment=keyed[0]).lock_was == "keyed"


def test_the_others_stay_as_they_are_meanwhile(
    plan: UpgradePlan, keyed: list[Compartment], at: dt.datetime
) -> None:
    do(plan, keyed[0], at)
    keyed[1].refresh_from_db()
    assert keyed[1].lock_kind == "keyed"
    assert [one.done_at is not None for one in plan.doors.order_by("pk")] == [True, False]


def test_whoever_has_the_door_keeps_it_and_their_key_is_asked_for(
    estate: Estate, plan: UpgradePlan, keyed: list[Compartment], at: dt.datetime
) -> None:
    holding = key_of(keyed[0], estate, at)
    claim = Claim.objects.create(
        compartment=keyed[0], kind="assignment", holder=estate.amira, policy=estate.policy,
        starts_at=at, started_at=at, ends_at=at + dt.timedelta(days=90),
    )  # fmt: skip
    told = do(plan, keyed[0], at)
    assert told.holder == str(estate.amira)
    assert told.keys_out == [holding]
    claim.refresh_from_db()
    assert (claim.closed_at, claim.holder) == (None, estate.amira)


def test_a_lock_from_the_store_is_used(
    estate: Estate, plan: UpgradePlan, keyed: list[Compartment], at: dt.datetime
) -> None:
    stored = making.stored(estate, plan.to_model, serial="E-1")
    do(plan, keyed[0], at, asset_id=stored.pk)
    stored.refresh_from_db()
    assert stored.compartment == keyed[0]


def test_a_door_is_done_once(plan: UpgradePlan, keyed: list[Compartment], at: dt.datetime) -> None:
    do(plan, keyed[0], at)
    with pytest.raises(DoorIsDone):
        do(plan, keyed[0], at)
    assert Asset.objects.filter(model=plan.to_model).count() == 1


def test_what_goes_wrong_changes_nothing(
    plan: UpgradePlan, keyed: list[Compartment], at: dt.datetime
) -> None:
    old = Asset.objects.get(compartment=keyed[0])
    AssetModel.objects.filter(pk=plan.to_model_id).update(lock_kind="electronic")
    wrong = Asset.objects.create(
        organisation=old.organisation, site=plan.site, model=plan.to_model, state="disposed",
        disposed_on=TODAY,
    )  # fmt: skip
    with pytest.raises(NotInThisState):
        do(plan, keyed[0], at, asset_id=wrong.pk)
    keyed[0].refresh_from_db()
    old.refresh_from_db()
    assert (keyed[0].lock_kind, old.state) == ("keyed", "installed")


def test_without_a_plan_the_new_lock_does_not_fit(
    estate: Estate, plan: UpgradePlan, keyed: list[Compartment]
) -> None:
    Asset.objects.filter(compartment=keyed[0]).update(state="removed")
    with pytest.raises(LockDoesNotFit):
        making.installed(estate, keyed[0], plan.to_model)


def test_a_closed_plan_changes_no_door(
    plan: UpgradePlan, keyed: list[Compartment], at: dt.datetime
) -> None:
    upgrades.close(plan_id=plan.pk, actor=SETUP, at=at)
    with pytest.raises(PlanClosed):
        do(plan, keyed[0], at)


def test_a_door_of_another_site_is_not_of_this_plan(
    estate: Estate, plan: UpgradePlan, at: dt.datetime
) -> None:
    bank = factories.BankFactory(site=factories.SiteFactory(organisation=estate.organisation))
    door = factories.CompartmentFactory(bank=bank, size=estate.small)
    with pytest.raises(DoorElsewhere):
        upgrades.add_doors(plan_id=plan.pk, doors=[door], actor=SETUP, at=at)


def test_the_page_shows_both_states_the_keys_and_what_is_to_be_wired(
    estate: Estate, plan: UpgradePlan, keyed: list[Compartment], at: dt.datetime
) -> None:
    key_of(keyed[0], estate, at)
    assign_perm("maintain_site", estate.max, estate.site)
    client = Client()
    client.force_login(estate.max)
    row = plan.doors.get(compartment=keyed[0])
    page = reverse("admin:maintenance_upgradedoor_done", args=[row.pk])
    answer = client.post(
        page, {"on": "2026-11-17", "serial": "E-5", "by": "Jo"}, follow=True
    )  # fmt: skip
    said = [str(one) for one in answer.context["messages"]]
    assert said[0] == "Door K1 has its new lock."
    assert any("still has the key" in one for one in said)
    assert said[-1] == "It opens once it is commissioned: its channel is not known yet."
    shown = client.get(reverse("admin:maintenance_upgradeplan_progress", args=[plan.pk]))
    text = shown.content.decode()
    assert "Still the old lock (1)" in text
    assert "The new lock (1)" in text
    assert "Keys to ask for" in text
    assert "✓ K1" in text
    assert "· K2" in text
    assert "To be commissioned" in text
