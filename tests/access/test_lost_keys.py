"""A lost key of a door that opens electronically too: another way in, until its lock is changed."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import time_machine
from django.urls import reverse

from access.choices import CredentialStatus, StandInKind
from access.errors.keys import NoOtherWayIn
from access.models import Key, KeyCharge, Lock, LockChangeRequest, Pass, StandIn
from access.services import grants, keys, lost_keys, passes, stand_ins
from audit.actions import Action
from audit.models import Event
from audit.services.events import Actor
from tests import factories
from tests.access.cabinet import TYPED, Cabinet
from tests.admin_pages import signed_in
from tests.factories.cast import SETUP, Estate


@dataclass
class Both:
    """An electronic door with two keys; Amira holds one of them and the door."""

    lock: Lock
    key: Key
    spare: Key


@pytest.fixture
def both(estate: Estate, at: dt.datetime) -> Iterator[Both]:
    lock = factories.LockFactory(compartment=estate.doors[0])
    key, spare = keys.cut(opens=lock, count=2, actor=SETUP, at=at)
    keys.issue(key=key, person=estate.amira, signature=TYPED, actor=SETUP, at=at)
    grants.issue(
        person_id=estate.amira.pk, compartment_id=estate.doors[0].pk, claim_id=None,
        starts_at=at, ends_at=None,
    )  # fmt: skip
    with time_machine.travel(at, tick=False):
        yield Both(lock, key, spare)


def lose(estate: Estate, key: Key, **changes: Any) -> Any:
    address = reverse("admin:access_key_report_lost", args=[key.pk])
    posted = {"reason": "left on a train", "amount_minor": "1500", "meanwhile": "", **changes}
    return signed_in(estate.olga).post(address, posted)


def test_one_page_charges_asks_for_a_new_lock_and_gives_a_pin(
    both: Both, estate: Estate, at: dt.datetime
) -> None:
    answer = lose(estate, both.key, meanwhile="pin")
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    text = answer.content.decode()
    assert re.search(r"\d{4} \d{4}", text)
    assert "Amira Example owes 15.00 GBP." in text
    assert "A lock change was asked for" in text
    lock = reverse("admin:access_lock_change", args=[both.lock.pk])
    assert "temporary PIN" in signed_in(estate.olga).get(lock).content.decode()
    assert "can open the door without the key until" in text
    assert KeyCharge.objects.get().person == estate.amira
    assert LockChangeRequest.objects.get().lock == both.lock
    stand_in = StandIn.objects.get()
    assert stand_in.pin is not None
    assert stand_in.pin.valid_until == stand_in.ends_at == at + stand_ins.LASTS
    event = Event.objects.get(action=Action.STAND_IN_GIVEN)
    assert (event.person_id, event.data["kind"]) == (estate.amira.pk, "pin")
    pin = re.search(r"(\d{4}) (\d{4})", text)
    assert pin is not None
    assert "".join(pin.groups()) not in str(list(Event.objects.values_list("data", flat=True)))


def test_a_pass_is_for_that_door_alone(both: Both, estate: Estate, at: dt.datetime) -> None:
    answer = lose(estate, both.key, meanwhile="pass")
    given = Pass.objects.get()
    assert answer["Location"] == reverse("admin:access_pass_change", args=[given.pk])
    assert (given.compartment, given.person) == (estate.doors[0], estate.amira)
    assert given.ends_at == at + stand_ins.LASTS


def test_a_spare_key_is_handed_out_with_one_more_signature(both: Both, estate: Estate) -> None:
    answer = lose(estate, both.key, meanwhile=f"spare-{both.spare.pk}")
    issue = reverse("admin:access_key_issue", args=[both.spare.pk])
    assert answer["Location"] == f"{issue}?person={estate.amira.pk}"
    page = signed_in(estate.olga).get(answer["Location"]).content.decode()
    assert f'<option value="{estate.amira.pk}" selected>Amira Example</option>' in page


def test_what_was_given_ends_when_the_lock_is_changed(
    both: Both, estate: Estate, at: dt.datetime
) -> None:
    actor = Actor.staff(estate.olga.pk)
    for kind in StandInKind:
        stand_ins.give(key=both.key, person=estate.amira, kind=kind, actor=actor, at=at)
    later = at + dt.timedelta(days=2)
    lost_keys.change_lock(
        lock=both.lock, serial="N-1", key_code="", copies=1, actor=actor, at=later
    )
    assert set(StandIn.objects.values_list("ended_at", flat=True)) == {later}
    assert {one.pin.status for one in StandIn.objects.all() if one.pin} == {
        CredentialStatus.REVOKED
    }
    assert Pass.objects.get().revoked_at == later
    assert Event.objects.filter(action=Action.STAND_IN_ENDED).count() == 2


def test_a_door_with_a_key_alone_or_of_somebody_else_offers_the_spare_only(
    both: Both, estate: Estate, at: dt.datetime
) -> None:
    cabinet = Cabinet.build(estate, at)
    keys.issue(key=cabinet.key, person=estate.amira, signature=TYPED, actor=SETUP, at=at)
    keys.issue(key=both.spare, person=estate.ben, signature=TYPED, actor=SETUP, at=at)
    for key, person in ((cabinet.key, estate.amira), (both.spare, estate.ben)):
        address = reverse("admin:access_key_report_lost", args=[key.pk])
        text = signed_in(estate.olga).get(address).content.decode()
        assert 'value="pin"' not in text
        answer = lose(estate, key, meanwhile="pin")
        assert "not possible any more" in answer.content.decode()
        with pytest.raises(NoOtherWayIn):
            stand_ins.give(key=key, person=person, kind=StandInKind.PIN, actor=SETUP, at=at)
    assert not StandIn.objects.exists()
    assert not LockChangeRequest.objects.exists()


def test_when_no_pass_can_be_signed_the_key_is_not_reported_either(
    both: Both, estate: Estate, settings: Any
) -> None:
    settings.PASS_KEYS = []
    answer = lose(estate, both.key, meanwhile="pass")
    assert answer.status_code == 200
    assert not LockChangeRequest.objects.exists()
    both.key.refresh_from_db()
    assert both.key.status == "in_use"
    assert passes.LONGEST > stand_ins.LASTS
