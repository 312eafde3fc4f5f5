"""What a person reads on their phone of lockers that are cut off: nothing that may be untrue."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
import time_machine

from lockers.models import Bank, BridgePresence
from lockers.services import authority
from occupancy.models import Claim, Policy
from occupancy.services import keeping
from occupancy.services.custody import giving
from tests.factories.cast import SETUP, Estate
from tests.kiosk.phone import Phone

HOUR = dt.timedelta(hours=1)


@pytest.fixture(autouse=True)
def clock(estate: Estate, at: dt.datetime) -> Iterator[time_machine.Coordinates]:
    Policy.objects.update(opens_by_phone=True)
    with time_machine.travel(at, tick=False) as coordinates:
        yield coordinates


@pytest.fixture
def office(estate: Estate, at: dt.datetime) -> Estate:
    """Amira has a door that the lockers have taken down; then they are cut off."""
    giving.give(
        policy_id=estate.policy.pk, person_id=estate.amira.pk, actor=SETUP, at=at,
        compartment_id=estate.doors[0].pk,
    )  # fmt: skip
    Bank.objects.update(works_alone=True)
    authority.greeted(bridge_id=estate.bridge.pk, term=0, is_alone=False)
    authority.entrust(bridge_id=estate.bridge.pk, banks=[estate.bank.pk])
    write_down(estate)
    BridgePresence.objects.update(last_seen_at=at - HOUR)
    return estate


@pytest.fixture
def phone(office: Estate, at: dt.datetime) -> Phone:
    return Phone(office.amira, at)


def write_down(estate: Estate) -> None:
    told = keeping.untold(bridge_id=estate.bridge.pk)
    states = {one.claim_id: one.state for one in told.holds}
    keeping.kept(bridge_id=estate.bridge.pk, states=states, gone=told.gone)


def book(estate: Estate, at: dt.datetime) -> Claim:
    return Claim.objects.create(
        compartment=estate.doors[1], kind="reservation", holder=estate.amira, policy=estate.policy,
        starts_at=at + HOUR, due_at=at + 2 * HOUR, ends_at=at + 2 * HOUR,
        lapses_at=at + 2 * HOUR,
    )  # fmt: skip


def test_it_says_since_when_it_may_be_untrue(phone: Phone) -> None:
    for page in (phone.read("me"), phone.read("me-door", Claim.objects.get().pk)):
        assert "as of 08:00, when we last heard from these lockers" in page
        assert "Finish with this door" not in page


def test_while_the_lockers_answer_it_says_nothing_of_that(phone: Phone, office: Estate) -> None:
    authority.beat(bridge_id=office.bridge.pk, term=0)
    assert "last heard" not in phone.read("me")


def test_nothing_is_finished_or_opened_from_afar(phone: Phone, office: Estate) -> None:
    mine = Claim.objects.get()
    phone.scan(office)
    for verb in ("me-finish", "me-open"):
        assert "These lockers are cut off" in phone.do(verb, mine.pk)
    assert Claim.objects.get(pk=mine.pk).closed_at is None


def test_a_booking_that_the_lockers_do_not_have_is_not_confirmed(
    phone: Phone, office: Estate, at: dt.datetime
) -> None:
    book(office, at)
    assert "Not confirmed yet: these lockers are cut off." in phone.read("me")
    write_down(office)
    assert "Not confirmed" not in phone.read("me")


def test_while_the_lockers_answer_no_booking_is_called_unconfirmed(
    phone: Phone, office: Estate, at: dt.datetime
) -> None:
    book(office, at)
    authority.beat(bridge_id=office.bridge.pk, term=0)
    assert "Not confirmed" not in phone.read("me")
