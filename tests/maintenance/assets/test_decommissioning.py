"""A bank is taken away without leaving a key or a person behind."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import time_machine
from django.db import transaction

from access.models import Combination, Grant, Key, KeyHolding, Lock, Pass
from access.services import combinations, keys
from access.signatures import Signature
from audit.errors import Refusal
from audit.models import Event
from lockers.models import Bank, Compartment
from maintenance import jobs
from maintenance.choices import DecommissionStep as Step
from maintenance.errors.assets import (
    AccessLeft,
    BegunAlready,
    CertificateNeeded,
    DecommissioningOver,
    DoorsInUse,
    KeysOut,
    StepDoneAlready,
    StepsBefore,
    TooLateToCallOff,
)
from maintenance.models import Asset, Decommissioning
from maintenance.services import assets, decommissioning
from maintenance.services.tickets import closing
from occupancy.choices import ClosedHow
from occupancy.models import Assignment
from occupancy.services.claims import assignments
from occupancy.services.claims.assignments import Wanted
from tests import factories
from tests.factories.cast import SETUP, Estate
from tests.maintenance.assets import making
from tests.maintenance.assets.making import TODAY
from tests.maintenance.tickets.making import ticket

SIGNED = Signature("Amira", "typed")


def begin(estate: Estate, at: dt.datetime) -> Decommissioning:
    return decommissioning.begin(
        bank_id=estate.bank.pk, reason="the building is sold", actor=making.staff(estate), at=at
    )


def do(row: Decommissioning, step: Step, at: dt.datetime, **more: Any) -> Any:
    return decommissioning.do(
        decommissioning_id=row.pk, step=step, actor=SETUP, at=at, on=TODAY, **more
    )


def up_to(row: Decommissioning, last: Step, at: dt.datetime) -> None:
    for step in decommissioning.ORDER[: decommissioning.ORDER.index(last) + 1]:
        do(row, step, at, certificate="C-1")


def take(estate: Estate, at: dt.datetime, door: int = 0) -> Any:
    return assignments.claim(
        person_id=estate.amira.pk, bank_id=estate.bank.pk, actor=SETUP, at=at,
        wanted=Wanted(compartment_id=estate.doors[door].pk),
    )  # fmt: skip


def give_back(estate: Estate, at: dt.datetime, door: int = 0) -> None:
    claim = estate.doors[door].claims.get(closed_at=None)
    assignments.release(claim_id=claim.pk, how=ClosedHow.FINISHED, actor=SETUP, at=at)


def statuses(bank: Bank) -> set[str]:
    return set(Compartment.objects.filter(bank=bank).values_list("service_status", flat=True))


def test_free_doors_are_given_to_nobody_from_the_start(estate: Estate, at: dt.datetime) -> None:
    begin(estate, at)
    assert statuses(estate.bank) == {"decommissioned"}


def test_who_has_a_door_keeps_it_and_is_named(estate: Estate, at: dt.datetime) -> None:
    take(estate, at)
    row = begin(estate, at)
    estate.doors[0].refresh_from_db()
    # As a door that is to be repaired: theirs, and nobody's after them.
    assert estate.doors[0].service_status == "fault"
    with pytest.raises(DoorsInUse, match=r"1 \(.*Amira"):
        do(row, Step.EMPTIED, at)
    assert not row.steps.exists()


def test_a_door_that_is_given_back_is_shut_by_the_job(
    estate: Estate, at: dt.datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    take(estate, at)
    begin(estate, at)
    with time_machine.travel(at, tick=False):
        assert jobs.close_doors() == 0
        give_back(estate, at)
        assert jobs.close_doors() == 1
        assert jobs.close_doors() == 0
    assert statuses(estate.bank) == {"decommissioned"}


def test_a_door_that_is_given_back_is_nobodys_before_the_job_has_run(
    estate: Estate, at: dt.datetime
) -> None:
    take(estate, at)
    begin(estate, at)
    give_back(estate, at)
    with pytest.raises(Refusal), transaction.atomic():
        take(estate, at)
    assert not Assignment.objects.filter(closed_at=None).exists()


def test_a_repair_that_ends_meanwhile_does_not_put_the_door_back(
    estate: Estate, at: dt.datetime
) -> None:
    take(estate, at)
    jam = ticket(estate, at, needs_out=True)
    row = begin(estate, at)
    closing.close(ticket_id=jam.pk, resolution="Oiled", actor=SETUP, at=at)
    assert statuses(estate.bank) == {"fault", "decommissioned"}
    decommissioning.call_off(decommissioning_id=row.pk, reason="not sold", actor=SETUP, at=at)
    assert statuses(estate.bank) == {"in_service"}


def test_what_somebody_has_is_put_back_as_it_was_when_it_is_called_off(
    estate: Estate, at: dt.datetime
) -> None:
    take(estate, at)
    row = begin(estate, at)
    decommissioning.call_off(decommissioning_id=row.pk, reason="not sold", actor=SETUP, at=at)
    assert statuses(estate.bank) == {"in_service"}
    assert Assignment.objects.get(closed_at=None).compartment == estate.doors[0]


def test_a_booking_that_has_no_other_door_is_in_the_way(estate: Estate, at: dt.datetime) -> None:
    booking = estate.doors[1].claims.create(
        kind="reservation", holder=estate.ben, policy=estate.policy,
        starts_at=at + dt.timedelta(days=1), ends_at=at + dt.timedelta(days=1, hours=1),
        due_at=at + dt.timedelta(days=1, hours=1),
    )  # fmt: skip
    row = begin(estate, at)
    with pytest.raises(DoorsInUse, match="Ben"):
        do(row, Step.EMPTIED, at)
    type(booking).objects.filter(pk=booking.pk).update(closed_at=at)
    do(row, Step.EMPTIED, at)


def test_every_step_waits_for_the_one_before(estate: Estate, at: dt.datetime) -> None:
    row = begin(estate, at)
    for step in decommissioning.ORDER[1:]:
        with pytest.raises(StepsBefore, match="emptied"):
            do(row, step, at, certificate="C-1", take_back=True)


def test_a_step_is_done_once(estate: Estate, at: dt.datetime) -> None:
    row = begin(estate, at)
    do(row, Step.EMPTIED, at)
    with pytest.raises(StepDoneAlready):
        do(row, Step.EMPTIED, at)


def test_access_that_is_left_is_named_and_then_taken_back(estate: Estate, at: dt.datetime) -> None:
    Grant.objects.create(compartment=estate.doors[0], person=estate.ben, starts_at=at)
    Pass.objects.create(
        person=estate.amira, compartment=estate.doors[1], starts_at=at, issued_at=at,
        ends_at=at + dt.timedelta(days=3),
    )  # fmt: skip
    row = begin(estate, at)
    do(row, Step.EMPTIED, at)
    with pytest.raises(AccessLeft, match=r"Amira.*Ben"):
        do(row, Step.CREDENTIALS, at)
    done = do(row, Step.CREDENTIALS, at, take_back=True)
    assert done.data == {"grants": 1, "passes": 1}
    assert not decommissioning.grants_left(estate.bank.pk, at).exists()
    assert not decommissioning.passes_left(estate.bank.pk, at).exists()


def test_a_key_that_is_out_is_named_with_who_has_it(estate: Estate, at: dt.datetime) -> None:
    lock = Lock.objects.create(compartment=estate.doors[0])
    out, hung = (Key.objects.create(site=estate.site, lock=lock, copy=n) for n in (1, 2))
    keys.issue(key=out, person=estate.amira, signature=SIGNED, actor=SETUP, at=at)
    row = begin(estate, at)
    up_to(row, Step.CREDENTIALS, at)
    with pytest.raises(KeysOut, match="Amira"):
        do(row, Step.KEYS, at)
    keys.return_(key=out, signature=SIGNED, actor=SETUP, at=at)
    do(row, Step.KEYS, at)
    for key in (out, hung):
        key.refresh_from_db()
        assert key.status == "retired"


def test_a_lost_key_is_not_waited_for(estate: Estate, at: dt.datetime) -> None:
    lock = Lock.objects.create(compartment=estate.doors[0])
    Key.objects.create(site=estate.site, lock=lock, copy=1, status="lost")
    row = begin(estate, at)
    up_to(row, Step.KEYS, at)
    assert Key.objects.get().status == "lost"


def test_combinations_key_codes_the_screen_and_the_bridge_end(
    estate: Estate, at: dt.datetime
) -> None:
    lock = Lock.objects.create(compartment=estate.doors[0], key_code="K-1")
    combinations.store(lock=lock, combinations={1: "12-34-56"}, actor=SETUP, at=at)
    row = begin(estate, at)
    up_to(row, Step.DATA, at)
    lock.refresh_from_db()
    estate.terminal.refresh_from_db()
    estate.bridge.refresh_from_db()
    assert not Combination.objects.exists()
    assert (lock.key_code, lock.position) == ("", None)
    assert (estate.terminal.revoked_at, estate.terminal.token_digest) == (at, "")
    assert (estate.bridge.revoked_at, estate.bridge.public_key) == (at, "")


def test_a_bridge_that_drives_another_bank_goes_on(estate: Estate, at: dt.datetime) -> None:
    factories.BankFactory(site=estate.site, bridge=estate.bridge, name="B")
    row = begin(estate, at)
    up_to(row, Step.DATA, at)
    estate.bridge.refresh_from_db()
    assert estate.bridge.revoked_at is None
    assert row.steps.get(step=Step.DATA).data["bridge"] == ""


def test_its_assets_are_taken_down_disposed_of_and_certified(
    estate: Estate, at: dt.datetime
) -> None:
    making.whole_bank(estate, at)
    spare = making.stored(estate)
    row = begin(estate, at)
    up_to(row, Step.REMOVED, at)
    assert set(Asset.objects.exclude(pk=spare.pk).values_list("state", flat=True)) == {"removed"}
    with pytest.raises(CertificateNeeded):
        do(row, Step.DISPOSED, at)
    do(row, Step.DISPOSED, at, certificate="C-1")
    with pytest.raises(CertificateNeeded):
        do(row, Step.CERTIFICATE, at, certificate=" ")
    do(row, Step.CERTIFICATE, at, certificate="C-1")
    row.refresh_from_db()
    spare.refresh_from_db()
    assert (row.done_at, row.certificate, spare.state) == (at, "C-1", "in_store")
    gone = Asset.objects.filter(state="disposed", certificate="C-1")
    assert gone.count() == 5
    with pytest.raises(DecommissioningOver):
        do(row, Step.CERTIFICATE, at, certificate="C-2")


def test_a_lock_that_found_another_door_is_not_disposed_of(estate: Estate, at: dt.datetime) -> None:
    rows = making.whole_bank(estate, at)
    row = begin(estate, at)
    up_to(row, Step.REMOVED, at)
    lock = next(one for one in rows if one.compartment is not None)
    other = factories.CompartmentFactory(
        bank=factories.BankFactory(site=estate.site, name="B"), size=estate.small
    )
    assets.install(
        asset_id=lock.pk, place=assets.Place(compartment=other), by="", on=TODAY, actor=SETUP, at=at
    )
    do(row, Step.DISPOSED, at, certificate="C-1")
    lock.refresh_from_db()
    assert lock.state == "installed"


def test_it_is_called_off_while_nothing_is_lost(estate: Estate, at: dt.datetime) -> None:
    Compartment.objects.filter(pk=estate.doors[2].pk).update(service_status="fault")
    row = begin(estate, at)
    decommissioning.call_off(
        decommissioning_id=row.pk, reason="not sold", actor=SETUP, at=at + dt.timedelta(hours=1)
    )
    assert [one.service_status for one in Compartment.objects.order_by("pk")] == [
        "in_service", "in_service", "fault",
    ]  # fmt: skip
    begin(estate, at)  # and may begin again


def test_what_was_wiped_does_not_come_back(estate: Estate, at: dt.datetime) -> None:
    row = begin(estate, at)
    up_to(row, Step.CREDENTIALS, at)
    with pytest.raises(TooLateToCallOff):
        decommissioning.call_off(decommissioning_id=row.pk, reason="x", actor=SETUP, at=at)


def test_a_bank_goes_once(estate: Estate, at: dt.datetime) -> None:
    begin(estate, at)
    with pytest.raises(BegunAlready):
        begin(estate, at)


def test_the_history_stays(estate: Estate, at: dt.datetime) -> None:
    take(estate, at)
    give_back(estate, at)
    later = at + dt.timedelta(hours=2)
    row = begin(estate, later)
    up_to(row, Step.CERTIFICATE, later)
    assert estate.doors[0].claims.count() == 1
    assert Bank.objects.filter(pk=estate.bank.pk).exists()
    told = Event.objects.filter(subject=f"decommissioning:{row.pk}").order_by("pk")
    assert [one.action for one in told] == [
        "decommissioning.begun", *["decommissioning.step"] * 7, "decommissioning.done",
    ]  # fmt: skip
    assert not KeyHolding.objects.filter(returned_at=None).exists()
