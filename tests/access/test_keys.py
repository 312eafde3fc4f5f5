"""Keys: who holds which, signed for; one holder at a time; and what a lost one leads to."""

from __future__ import annotations

import datetime as dt
import threading
from typing import Any

import pytest
from django.db import IntegrityError, connection, connections, transaction
from django.utils import timezone

from access.choices import KeyStatus, SignedHow
from access.errors.keys import (
    CannotHoldKeys,
    KeyIsOut,
    KeyNotInUse,
    KeyNotLost,
    KeyNotOut,
    NotSigned,
    NotYourKey,
    TwoPeopleNeeded,
)
from access.models import Key, KeyCharge, KeyHolding, KeyRules, LockChangeRequest
from access.services import holds, keys, lost_keys, master_keys
from access.signals import lock_change_requested
from access.signatures import Signature
from audit.actions import Action
from audit.models import Event
from audit.services.events import Actor
from tests import factories
from tests.access.cabinet import DRAWN, TYPED, Cabinet
from tests.factories.cast import Estate


@pytest.fixture
def cabinet(estate: Estate, at: dt.datetime) -> Cabinet:
    return Cabinet.build(estate, at)


def issue(cabinet: Cabinet, estate: Estate, at: dt.datetime, **changes: Any) -> KeyHolding:
    given = {"key": cabinet.key, "person": estate.amira, "signature": DRAWN, "at": at,
             "actor": Actor.staff(estate.olga.pk), **changes}  # fmt: skip
    return keys.issue(**given)


def events(action: Action) -> list[Event]:
    return list(Event.objects.filter(action=action).order_by("pk"))


def test_a_key_is_issued_for_a_signature_and_comes_back(
    cabinet: Cabinet, estate: Estate, at: dt.datetime
) -> None:
    holding = issue(cabinet, estate, at)
    assert (holding.person, holding.issued_by, holding.signature) == (
        estate.amira, estate.olga, DRAWN.text,
    )  # fmt: skip
    later = at + dt.timedelta(hours=1)
    keys.return_(
        key=cabinet.key, person=estate.amira, signature=TYPED, actor=Actor.staff(estate.max.pk),
        at=later,
    )  # fmt: skip
    holding.refresh_from_db()
    assert (holding.returned_at, holding.returned_to, holding.ended_how) == (
        later, estate.max, "returned",
    )  # fmt: skip
    assert (holding.return_signature, holding.return_signed_how) == ("Amira Example", "typed")
    issued, returned = events(Action.KEY_ISSUED) + events(Action.KEY_RETURNED)
    assert issued.person_id == returned.person_id == estate.amira.pk
    assert issued.compartment_id == cabinet.first.compartment_id
    assert issued.site_id == estate.site.pk


def test_a_signature_stays_out_of_the_trail(
    cabinet: Cabinet, estate: Estate, at: dt.datetime
) -> None:
    issue(cabinet, estate, at)
    assert events(Action.KEY_ISSUED)[0].data["signed"] == "drawn"
    assert DRAWN.text not in str([event.data for event in Event.objects.all()])


def test_a_key_that_is_out_is_not_issued_twice(
    cabinet: Cabinet, estate: Estate, at: dt.datetime
) -> None:
    issue(cabinet, estate, at)
    with pytest.raises(KeyIsOut):
        issue(cabinet, estate, at, person=estate.ben)
    assert KeyHolding.objects.get().person == estate.amira


@pytest.mark.parametrize(
    "signature",
    [
        Signature("", SignedHow.TYPED),
        Signature("x", SignedHow.TYPED),
        Signature("", SignedHow.DRAWN),
        Signature("M1 1 L2 2", SignedHow.DRAWN),  # touched by accident
        Signature('M1 1 L1 1 L1 1 L1 1 L1 1 L1 1"/><script>', SignedHow.DRAWN),
        Signature("", SignedHow.ABSENT),
    ],
)
def test_a_key_is_not_issued_without_a_signature(
    cabinet: Cabinet, estate: Estate, at: dt.datetime, signature: Signature
) -> None:
    with pytest.raises(NotSigned):
        issue(cabinet, estate, at, signature=signature)


def test_who_left_is_stopped_or_belongs_elsewhere_gets_no_key(
    cabinet: Cabinet, estate: Estate, at: dt.datetime
) -> None:
    stranger = factories.PersonFactory(organisation=estate.other_site.organisation)
    holds.place(
        person=estate.ben, reason="asked for", actor=Actor.job("tests"), at=at, ends_at=None
    )
    for person in (estate.carla, estate.dev, estate.ben, stranger):
        with pytest.raises(CannotHoldKeys):
            issue(cabinet, estate, at, person=person)
    assert not KeyHolding.objects.exists()


def test_a_master_key_is_not_issued_by_one_person(
    cabinet: Cabinet, estate: Estate, at: dt.datetime
) -> None:
    with pytest.raises(TwoPeopleNeeded):
        issue(cabinet, estate, at, key=cabinet.master)


def test_a_key_comes_back_from_who_has_it_only(
    cabinet: Cabinet, estate: Estate, at: dt.datetime
) -> None:
    actor = Actor.staff(estate.olga.pk)
    with pytest.raises(KeyNotOut):
        keys.return_(key=cabinet.key, actor=actor, at=at)
    issue(cabinet, estate, at)
    with pytest.raises(NotYourKey):
        keys.return_(key=cabinet.key, person=estate.ben, actor=actor, at=at)
    keys.return_(key=cabinet.key, actor=actor, at=at)  # found in the corridor: nobody signs
    assert KeyHolding.objects.get().return_signed_how == "absent"


def test_a_key_is_overdue_from_the_instant_it_is_due(
    cabinet: Cabinet, estate: Estate, at: dt.datetime
) -> None:
    due = at + dt.timedelta(hours=2)
    issue(cabinet, estate, at, due_at=due)
    assert not KeyHolding.objects.filter(keys.overdue(due - dt.timedelta(seconds=1))).exists()
    assert KeyHolding.objects.filter(keys.overdue(due)).exists()


def test_a_lost_key_is_charged_for_its_lock_is_to_be_changed_and_another_way_in_is_named(
    cabinet: Cabinet, estate: Estate, at: dt.datetime, django_capture_on_commit_callbacks: Any
) -> None:
    KeyRules.objects.create(site=estate.site, charge_minor=2500, currency="EUR")
    told: list[int] = []

    def hear(request_id: int, **kwargs: Any) -> None:
        told.append(request_id)

    lock_change_requested.connect(hear)
    issue(cabinet, estate, at)
    with django_capture_on_commit_callbacks(execute=True):
        lost = lost_keys.report_lost(
            key=cabinet.key, person=estate.amira, reason="on the bus", at=at,
            actor=Actor.staff(estate.olga.pk),
        )  # fmt: skip
    lock_change_requested.disconnect(hear)
    assert Key.objects.get(pk=cabinet.key.pk).status == KeyStatus.LOST
    assert KeyHolding.objects.get().ended_how == "lost"
    charge = KeyCharge.objects.get()
    assert (charge.person, str(charge)) == (estate.amira, "25.00 EUR")
    change = LockChangeRequest.objects.get()
    assert (change.lock, change.key, told) == (cabinet.first, cabinet.key, [change.pk])
    assert (lost.charge, lost.changes) == (charge, [change])
    assert (lost.ways_in.spares, lost.ways_in.masters) == ([cabinet.spare], [cabinet.master])
    for action in (Action.KEY_LOST, Action.KEY_CHARGED, Action.LOCK_CHANGE_REQUESTED):
        assert len(events(action)) == 1


def test_a_key_that_is_out_or_lost_is_no_way_in(
    cabinet: Cabinet, estate: Estate, at: dt.datetime
) -> None:
    issue(cabinet, estate, at, key=cabinet.spare, person=estate.ben)
    Key.objects.filter(pk=cabinet.master.pk).update(status=KeyStatus.LOST)
    assert lost_keys.ways_in(cabinet.key) == lost_keys.WaysIn()


def test_a_lost_key_that_nobody_held_charges_nobody(
    cabinet: Cabinet, estate: Estate, at: dt.datetime
) -> None:
    actor = Actor.staff(estate.olga.pk)
    lost = lost_keys.report_lost(key=cabinet.key, reason="not on its hook", actor=actor, at=at)
    assert lost.charge is None
    assert len(lost.changes) == 1
    with pytest.raises(KeyNotInUse):
        lost_keys.report_lost(key=cabinet.key, reason="again", actor=actor, at=at)
    with pytest.raises(KeyNotInUse):
        issue(cabinet, estate, at)


def test_a_loss_is_not_blamed_on_somebody_else(
    cabinet: Cabinet, estate: Estate, at: dt.datetime
) -> None:
    issue(cabinet, estate, at)
    with pytest.raises(NotYourKey):
        lost_keys.report_lost(
            key=cabinet.key, person=estate.ben, reason="?", actor=Actor.job("tests"), at=at
        )
    assert Key.objects.get(pk=cabinet.key.pk).status == KeyStatus.IN_USE
    assert not KeyCharge.objects.exists()


def test_a_lost_master_key_asks_for_every_lock_it_opens_once(
    cabinet: Cabinet, estate: Estate, at: dt.datetime
) -> None:
    actor = Actor.staff(estate.olga.pk)
    lost_keys.report_lost(key=cabinet.key, reason="first", actor=actor, at=at)
    lost = lost_keys.report_lost(
        key=cabinet.master, reason="then the master", actor=actor, at=at + dt.timedelta(hours=1)
    )
    assert {change.lock for change in lost.changes} == {cabinet.second, cabinet.dial}
    assert LockChangeRequest.objects.filter(done_at=None).count() == 3


def test_a_changed_lock_retires_its_keys_wherever_they_are(
    cabinet: Cabinet, estate: Estate, at: dt.datetime
) -> None:
    actor = Actor.staff(estate.max.pk)
    issue(cabinet, estate, at, key=cabinet.spare)
    lost_keys.report_lost(key=cabinet.key, reason="gone", actor=actor, at=at)
    new = lost_keys.change_lock(
        lock=cabinet.first, serial="N1", key_code="77A", copies=2, actor=actor, at=at
    )
    assert [key.copy for key in new] == [3, 4]
    assert set(
        Key.objects.filter(pk__in=[cabinet.key.pk, cabinet.spare.pk]).values_list(
            "status", flat=True
        )
    ) == {KeyStatus.RETIRED}
    assert KeyHolding.objects.get().ended_how == "replaced"
    assert not LockChangeRequest.objects.filter(done_at=None).exists()
    cabinet.first.refresh_from_db()
    assert (cabinet.first.serial, cabinet.first.key_code) == ("N1", "77A")
    assert "77A" not in str(list(Event.objects.values_list("data", flat=True)))
    with pytest.raises(KeyNotLost):
        keys.found(key=cabinet.key, actor=actor, at=at, reason="too late")


def test_a_lost_key_that_is_found_goes_back_on_its_hook(
    cabinet: Cabinet, estate: Estate, at: dt.datetime
) -> None:
    actor = Actor.staff(estate.max.pk)
    lost_keys.report_lost(key=cabinet.key, reason="gone", actor=actor, at=at)
    keys.found(key=cabinet.key, actor=actor, at=at, reason="in the lost property")
    assert issue(cabinet, estate, at).key == cabinet.key
    assert LockChangeRequest.objects.filter(done_at=None).count() == 1


def test_a_key_that_is_out_is_not_retired(
    cabinet: Cabinet, estate: Estate, at: dt.datetime
) -> None:
    actor = Actor.staff(estate.max.pk)
    issue(cabinet, estate, at)
    with pytest.raises(KeyIsOut):
        keys.retire(key=cabinet.key, actor=actor, at=at, reason="worn")
    keys.return_(key=cabinet.key, actor=actor, at=at)
    keys.retire(key=cabinet.key, actor=actor, at=at, reason="worn")
    with pytest.raises(KeyNotInUse):
        keys.retire(key=cabinet.key, actor=actor, at=at, reason="worn")
    with pytest.raises(KeyNotInUse):
        issue(cabinet, estate, at)


def test_a_charge_is_waived_once_with_a_reason(
    cabinet: Cabinet, estate: Estate, at: dt.datetime
) -> None:
    actor = Actor.staff(estate.max.pk)
    issue(cabinet, estate, at)
    charge = lost_keys.report_lost(key=cabinet.key, reason="gone", actor=actor, at=at).charge
    assert charge is not None
    for _ in range(2):
        lost_keys.waive(charge=charge, reason="it was stolen", actor=actor, at=at)
    charge.refresh_from_db()
    assert (charge.waived_at, charge.waived_because) == (at, "it was stolen")
    assert len(events(Action.KEY_CHARGE_WAIVED)) == 1


def test_a_person_with_the_history_of_a_key_is_not_deleted(
    cabinet: Cabinet, estate: Estate, at: dt.datetime
) -> None:
    issue(cabinet, estate, at)
    with pytest.raises(IntegrityError), transaction.atomic():
        estate.amira.delete()


# Two desks at the same instant.


def both_at_once(estate: Estate, cabinet: Cabinet) -> list[str]:
    """Let two desks issue the same key to two people; return what each was told."""
    barrier, told = threading.Barrier(2), []

    def desk(person: Any) -> None:
        try:
            barrier.wait(5)
            keys.issue(
                key=cabinet.key, person=person, signature=DRAWN,
                actor=Actor.staff(estate.olga.pk), at=timezone.now(),
            )  # fmt: skip
            told.append("issued")
        except KeyIsOut:
            told.append("refused")
        finally:
            connections.close_all()

    threads = [threading.Thread(target=desk, args=(p,)) for p in (estate.amira, estate.ben)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    return sorted(told)


@pytest.mark.django_db(transaction=True)
def test_two_desks_that_issue_one_key_at_once_give_it_to_one_person(
    transactional_db: None,
) -> None:
    at = timezone.now()
    estate = Estate.build(at=at)
    cabinet = Cabinet.build(estate, at)
    for _ in range(5):
        assert both_at_once(estate, cabinet) == ["issued", "refused"]
        assert KeyHolding.objects.filter(keys.OPEN).count() == 1
        keys.return_(key=cabinet.key, actor=Actor.staff(estate.olga.pk), at=timezone.now())


@pytest.mark.django_db(transaction=True)
def test_the_negative_control_gives_one_key_to_two_people_without_the_constraint(
    transactional_db: None,
) -> None:
    at = timezone.now()
    estate = Estate.build(at=at)
    cabinet = Cabinet.build(estate, at)
    with connection.cursor() as cursor:
        cursor.execute("DROP INDEX access_one_holder_per_key")
    try:
        assert both_at_once(estate, cabinet) == ["issued", "issued"]
        assert KeyHolding.objects.filter(keys.OPEN).count() == 2
    finally:
        KeyHolding.objects.all().delete()
        constraint = next(
            one for one in KeyHolding._meta.constraints if one.name == "access_one_holder_per_key"
        )
        with connection.schema_editor() as editor:
            editor.add_constraint(KeyHolding, constraint)


@pytest.mark.django_db(transaction=True)
def test_a_key_reported_lost_while_it_is_issued_is_never_lost_and_held(
    transactional_db: None,
) -> None:
    at = timezone.now()
    estate = Estate.build(at=at)
    cabinet = Cabinet.build(estate, at)
    for key in (cabinet.key, cabinet.spare, cabinet.other):
        barrier = threading.Barrier(2)

        def hand_out(key: Key = key, barrier: threading.Barrier = barrier) -> None:
            try:
                barrier.wait(5)
                keys.issue(
                    key=key, person=estate.amira, signature=DRAWN,
                    actor=Actor.staff(estate.olga.pk), at=timezone.now(),
                )  # fmt: skip
            except KeyNotInUse:
                pass
            finally:
                connections.close_all()

        desk = threading.Thread(target=hand_out)
        desk.start()
        barrier.wait(5)
        lost_keys.report_lost(
            key=key, reason="gone", actor=Actor.staff(estate.max.pk), at=timezone.now()
        )
        desk.join(20)
        assert Key.objects.get(pk=key.pk).status == KeyStatus.LOST
        assert not KeyHolding.objects.filter(keys.OPEN, key=key).exists()
    assert master_keys.locks_of(cabinet.master_set).count() == 3
