"""What an upgrade leaves behind: the door opens by its new lock, and the old one is forgotten."""

from __future__ import annotations

import datetime as dt

import pytest

from access.errors.combinations import NoCombination
from access.errors.keys import KeyNotInUse
from access.models import Combination, Key, KeyHolding, Lock
from access.services import combinations, keys
from access.signatures import Signature
from audit.models import Event
from lockers.models import Command, Compartment, Controller
from maintenance.models import UpgradePlan
from maintenance.services import upgrades
from occupancy.services.claims import assignments
from tests.factories.cast import SETUP, Estate
from tests.maintenance.assets import making
from tests.maintenance.assets.making import TODAY
from tests.occupancy.ending.held import HOUR, hold

SIGNED = Signature("Amira", "typed")


def upgraded(estate: Estate, at: dt.datetime, was: str, to: str) -> upgrades.Done:
    """Put another kind of lock into the first door of the bank."""
    door = Compartment.objects.get(pk=estate.doors[0].pk)
    if was != "electronic":
        Compartment.objects.filter(pk=door.pk).update(lock_kind=was, controller=None, channel=None)
        door.refresh_from_db()
    plan = UpgradePlan.objects.create(
        site=estate.site, name="Better", to_model=making.model(estate, lock_kind=to)
    )
    upgrades.add_doors(plan_id=plan.pk, doors=[door], actor=SETUP, at=at)
    return upgrades.done(door_id=plan.doors.get().pk, actor=SETUP, at=at, on=TODAY, serial="N-1")


@pytest.fixture
def lock(estate: Estate, at: dt.datetime) -> Lock:
    made = Lock.objects.create(compartment=estate.doors[0], serial="OLD-1", key_code="K-9")
    combinations.store(lock=made, combinations={1: "12-34-56", 2: "1-2-3"}, actor=SETUP, at=at)
    return made


def test_the_door_opens_by_its_new_lock_once_that_is_wired(estate: Estate, at: dt.datetime) -> None:
    board = Controller.objects.get(compartments=estate.doors[0])
    claim = hold(estate, estate.policy, at - HOUR, at + 8 * HOUR)
    assert upgraded(estate, at, "keyed", "electronic").needs_wiring
    Compartment.objects.filter(pk=estate.doors[0].pk).update(controller=board, channel=31)
    assignments.open_again(claim_id=claim.pk, person_id=estate.amira.pk, actor=SETUP, at=at)
    assert Command.objects.get().compartment == estate.doors[0]


@pytest.mark.parametrize("to", ["electronic", "keyed", "combination"])
def test_the_old_combination_is_shown_to_nobody_any_more(
    estate: Estate, at: dt.datetime, lock: Lock, to: str
) -> None:
    assert combinations.show(lock=lock, reason="to try it", actor=SETUP, at=at).position == 1
    upgraded(estate, at, "combination", to)
    with pytest.raises(NoCombination):
        combinations.show(lock=lock, reason="to try it", actor=SETUP, at=at)
    assert not Combination.objects.exists()
    lock.refresh_from_db()
    assert (lock.serial, lock.key_code, lock.position) == ("", "", None)
    told = Event.objects.get(action="lock.changed")
    assert (told.compartment_id, told.reason) == (estate.doors[0].pk, "Upgrade: Better")


def test_keys_in_the_cabinet_are_given_to_nobody_any_more(
    estate: Estate, at: dt.datetime, lock: Lock
) -> None:
    key = Key.objects.create(site=estate.site, lock=lock, copy=1)
    upgraded(estate, at, "keyed", "electronic")
    with pytest.raises(KeyNotInUse):
        keys.issue(key=key, person=estate.ben, signature=SIGNED, actor=SETUP, at=at)
    key.refresh_from_db()
    assert key.status == "retired"


def test_a_key_that_is_out_is_asked_for_until_it_is_back_and_retired_then(
    estate: Estate, at: dt.datetime, lock: Lock
) -> None:
    key = Key.objects.create(site=estate.site, lock=lock, copy=1)
    keys.issue(key=key, person=estate.amira, signature=SIGNED, actor=SETUP, at=at)
    told = upgraded(estate, at, "keyed", "electronic")
    doors = [told.door.pk]
    assert [one.person for one in told.keys_out] == [estate.amira]
    assert KeyHolding.objects.get().returned_at is None
    assert list(upgrades.keys_left(doors)) == []
    keys.return_(key=key, actor=SETUP, at=at, signature=SIGNED)
    assert not upgrades.keys_out(doors).exists()
    assert list(upgrades.keys_left(doors)) == [key]
    keys.retire(key=key, actor=SETUP, at=at, reason="opens nothing")
    assert list(upgrades.keys_left(doors)) == []


def test_the_cylinder_beside_an_electronic_lock_keeps_its_keys(
    estate: Estate, at: dt.datetime, lock: Lock
) -> None:
    key = Key.objects.create(site=estate.site, lock=lock, copy=1)
    upgraded(estate, at, "electronic", "electronic")
    key.refresh_from_db()
    lock.refresh_from_db()
    assert (key.status, lock.serial, lock.combinations.count()) == ("in_use", "OLD-1", 2)


def test_the_serial_number_of_a_lock_that_is_out_is_free_for_another_door(
    estate: Estate, at: dt.datetime, lock: Lock
) -> None:
    upgraded(estate, at, "keyed", "electronic")
    moved = Lock.objects.create(compartment=estate.doors[1], serial="OLD-1")
    assert moved.organisation == estate.organisation
