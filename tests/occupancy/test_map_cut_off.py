"""A bank that is cut off, on the map: what it says of itself, and giving a door all the same."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from guardian.shortcuts import assign_perm, remove_perm

from audit.actions import Action
from audit.models import Event
from lockers.models import Bank, BridgePresence
from lockers.services import authority
from occupancy.models import Assignment, Claim
from occupancy.services import keeping
from tests.factories.cast import Estate
from tests.occupancy.test_map_custody import ask, look


@pytest.fixture(autouse=True)
def morning(at: dt.datetime) -> Iterator[None]:
    with time_machine.travel(at, tick=False):
        yield


@pytest.fixture
def office(estate: Estate) -> Estate:
    Bank.objects.update(works_alone=True)
    authority.greeted(bridge_id=estate.bridge.pk, term=0, is_alone=False)
    authority.entrust(bridge_id=estate.bridge.pk, banks=[estate.bank.pk])
    assign_perm("lockers.override_site", estate.olga, estate.site)
    return estate


def give(estate: Estate, **posted: str) -> int:
    told = {"policy": estate.policy.pk, "who": "1001", **posted}
    answer = ask(estate.olga, "give", estate.doors[0], **told)
    return int(answer.status_code)


def bank_panel(estate: Estate) -> str:
    client = Client()
    client.force_login(estate.olga)
    return client.get(reverse("map-bank", args=[estate.bank.pk])).content.decode()


def test_the_bank_says_that_it_gives_doors_by_itself_and_since_when(
    office: Estate, at: dt.datetime
) -> None:
    BridgePresence.objects.update(last_seen_at=at - dt.timedelta(hours=1))
    said = "These lockers were last heard Tue 17 Nov, 08:00 and may be giving out"
    assert said in bank_panel(office)


def test_a_bank_that_is_back_says_that_it_may_still_be_giving_its_doors(office: Estate) -> None:
    assert "may still be giving them out by themselves" in bank_panel(office)
    authority.beat(bridge_id=office.bridge.pk, term=0)
    assert "by themselves" not in bank_panel(office)


def test_a_bank_that_was_never_heard_says_so(office: Estate) -> None:
    BridgePresence.objects.all().delete()
    assert "These lockers were never heard." in bank_panel(office)


def test_a_door_is_refused_and_offered_all_the_same(office: Estate) -> None:
    assert give(office) == 503
    assert "Give it all the same" in look(office.olga, office.doors[0])
    assert not Assignment.objects.exists()


def test_it_is_given_all_the_same_for_a_reason_and_recorded(office: Estate) -> None:
    assert give(office, all_the_same="on") == 400
    assert give(office, all_the_same="on", reason="medicine inside") == 200
    assert Assignment.objects.get().holder == office.amira
    assert Event.objects.get(action=Action.GIVEN_BEYOND).reason == "medicine inside"
    assert "Not confirmed" in look(office.olga, office.doors[0])


def test_without_the_right_to_override_nothing_is_given_all_the_same(office: Estate) -> None:
    remove_perm("lockers.override_site", office.olga, office.site)
    assert give(office, all_the_same="on", reason="medicine inside") == 404
    assert "Give it all the same" not in look(office.olga, office.doors[0])
    assert not Assignment.objects.exists()


def test_what_the_lockers_have_is_confirmed(office: Estate, at: dt.datetime) -> None:
    give(office, all_the_same="on", reason="medicine inside")
    told = keeping.untold(bridge_id=office.bridge.pk)
    keeping.kept(
        bridge_id=office.bridge.pk, states={one.claim_id: one.state for one in told.holds}, gone=[]
    )
    assert Claim.objects.exists()
    assert "Not confirmed" not in look(office.olga, office.doors[0])
