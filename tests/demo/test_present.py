"""Each part of what a bank can do is somewhere to be seen, and can be gone on with."""

from __future__ import annotations

import datetime as dt
import uuid
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from access.models import Person, User
from audit.services.events import Actor
from config.demo import estate, staff, start
from lockers.choices import BoardState
from lockers.models import Bank, Bridge, BridgePresence, Controller
from occupancy.choices import AtEnd, ClaimKind, ItemStatus, UseModel
from occupancy.models import Assignment, Claim, LostItem, Policy, Recovery, Share, WaitingEntry
from occupancy.selectors.waiting import places
from occupancy.services.bookings import reservations
from occupancy.services.claims import claiming
from occupancy.services.claims.assignments import Wanted
from occupancy.services.custody import sharing
from occupancy.services.ending import recovery
from tests.conftest import MORNING
from tests.demo.conftest import PORT

pytestmark = pytest.mark.usefixtures("demo")
HOUR = dt.timedelta(hours=1)


@pytest.fixture
def bridges(demo: dict[str, Any]) -> None:
    """Every bridge is there, and its boards are well."""
    for bridge in Bridge.objects.all():
        BridgePresence.objects.create(
            bridge=bridge, connection=uuid.uuid4(), last_seen_at=MORNING + HOUR
        )
    Controller.objects.update(state=BoardState.OK)


def test_several_policies_serve_one_bank() -> None:
    models = set(Policy.objects.values_list("model", flat=True))
    assert models >= {
        UseModel.DAY_USE, UseModel.VISITOR, UseModel.SESSION, UseModel.SHIFT, UseModel.RESERVATION,
    }  # fmt: skip
    bank = Bank.objects.get(name="B", site__name=estate.OFFICE.name)
    assert Policy.objects.filter(bank=bank).exists()
    assert Policy.objects.filter(group__compartments__bank=bank, is_exclusive=True).exists()


@pytest.mark.usefixtures("bridges")
def test_today_s_booking_is_checked_in_to() -> None:
    booking = Claim.objects.get(kind=ClaimKind.RESERVATION)
    assert booking.policy is not None and booking.holder_id is not None
    assert booking.policy.model == UseModel.RESERVATION
    assert booking.starts_at == MORNING + HOUR
    reservations.check_in(
        claim_id=booking.pk, person_id=booking.holder_id, actor=Actor.job("tests"),
        at=MORNING + HOUR,
    )  # fmt: skip
    assert Assignment.objects.get(pk=booking.pk).started_at == MORNING + HOUR


def test_two_people_wait_for_the_only_tall_door_of_a_floor() -> None:
    waiting = WaitingEntry.objects.filter(closed_at=None)
    told = places(list(waiting.values_list("pk", flat=True)), MORNING)
    assert sorted(one.position for one in told.values()) == [1, 2]
    assert all(one.offer is None for one in told.values())


def test_a_door_is_shared_and_one_is_overdue() -> None:
    share = Share.objects.get(sharing.in_force(MORNING))
    assert share.claim.holder_id not in (None, share.person_id)
    assert Assignment.objects.filter(
        at_end=AtEnd.HOLD, closed_at=None, recovery_at=None, ends_at__lte=MORNING
    ).exists()


def test_a_recovery_is_half_done_and_can_be_closed() -> None:
    case = Recovery.objects.get(closed_at=None)
    assert [item.seal_number for item in case.items.all()] == ["S-0418"]
    recovery.close(recovery_id=case.pk, actor=Actor.job("tests"), at=MORNING)
    assert Claim.objects.get(pk=case.claim_id).closed_how == "recovered"


def test_lost_property_holds_something_that_may_go() -> None:
    kept = LostItem.objects.filter(status=ItemStatus.STORED)
    assert kept.count() == 3
    assert kept.exclude(proposed_at=None).count() == 1


@pytest.mark.usefixtures("bridges")
def test_whoever_has_no_door_gets_one_at_every_kiosk() -> None:
    amira = Person.objects.get(personal_number="1001")
    for bank in Bank.objects.filter(terminals__isnull=False, site__name=estate.OFFICE.name):
        plan = claiming.look(person_id=amira.pk, bank_id=bank.pk, wanted=Wanted(), at=MORNING)
        assert plan.choices, bank.name


def test_logged_in_as_the_first_one_is_amira_on_the_phone() -> None:
    client = Client()
    with time_machine.travel(MORNING, tick=False):
        client.force_login(User.objects.get(username=staff.FIRST.username))
        assert "Go on as Amira" in client.get(reverse("me-in")).content.decode()
        client.post(reverse("me-log-in"))
        assert client.get(reverse("me")).status_code == 200


@pytest.mark.parametrize("days", [1, 4, 63])
def test_on_a_later_day_there_is_a_booking_a_shared_door_and_a_recovery_again(
    demo: dict[str, Any], var: Path, days: int
) -> None:
    at = MORNING + dt.timedelta(days=days, hours=2)
    start.prepare(var=var, port=PORT, at=at)
    assert Claim.objects.filter(reservations.stands(at), offer=None).count() == 1
    assert Share.objects.filter(sharing.in_force(at), claim__closed_at=None).exists()
    assert Recovery.objects.filter(closed_at=None).count() == 1
