"""The server's own screen at lockers that are cut off: what it says, and what it does not."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from kiosk.services import readers
from kiosk.views import acts
from lockers.choices import ReaderTransport
from lockers.models import Command
from lockers.services import authority
from occupancy import confirming
from occupancy.models import Assignment, Claim
from tests import factories
from tests.cut_off import answer, cut_off, works_alone, write_down
from tests.factories.cast import AMIRA_BADGE, Estate
from tests.kiosk.conftest import ANY, Kiosk, codes, typed

CUT_OFF = (
    "These lockers are cut off and give out doors by themselves. Try again at the lockers."
    " Staff who may override can give a free door on the map."
)


@pytest.fixture
def estate(estate: Estate) -> Estate:
    works_alone(estate)
    answer(estate)
    return estate


def test_whoever_shows_a_badge_is_told_that_they_are_cut_off(kiosk: Kiosk, estate: Estate) -> None:
    cut_off(estate)
    refused = kiosk.post("scan", {"badge": typed(AMIRA_BADGE)})
    assert codes(refused) == (503, "bank_decides_alone")
    assert refused.json()["message"] == CUT_OFF


@pytest.mark.parametrize("moment", ["before", "after"])
def test_lockers_that_come_back_while_we_look_have_news_that_nobody_read(
    kiosk: Kiosk, estate: Estate, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    """They gave a door, and bring it in around the look at the database."""
    if moment == "before":
        cut_off(estate)
    look = acts.told

    def slowly(*given: Any) -> dict[str, Any]:
        found = look(*given)
        term = authority.taken_back(bridge=estate.bridge, term=9, at=timezone.now())
        authority.beat(bridge_id=estate.bridge.pk, term=term)
        return found

    monkeypatch.setattr(acts, "told", slowly)
    refused = kiosk.post("scan", {"badge": typed(AMIRA_BADGE)})
    assert codes(refused) == (503, "bank_decides_alone")
    monkeypatch.setattr(acts, "told", look)
    # What the refused request wrote is undone, their coming back, too.
    answer(estate)
    assert kiosk.scan(AMIRA_BADGE)["holds"] == []


def test_whoever_taps_at_a_door_is_told_so_too_and_nothing_opens(
    estate: Estate, at: dt.datetime
) -> None:
    reader = factories.ReaderFactory(
        bank=estate.bank, compartment=estate.doors[0], transport=ReaderTransport.WIRED,
        address="tcp://127.0.0.1:2",
    )  # fmt: skip
    Claim.objects.create(
        compartment=estate.doors[0], kind="assignment", holder=estate.amira, starts_at=at,
        policy=estate.policy, started_at=at,
    )  # fmt: skip
    cut_off(estate)
    told = readers.scan_at_reader(
        reader_id=reader.pk, text=AMIRA_BADGE, scan_id=uuid.uuid4(), bridge_id=estate.bridge.pk,
        at=at,
    )  # fmt: skip
    assert (told.accepted, told.sentence) == (False, CUT_OFF)
    assert not Command.objects.exists()


def test_whoever_was_about_to_choose_is_given_no_door(kiosk: Kiosk, estate: Estate) -> None:
    scan = kiosk.scan(AMIRA_BADGE)["scan"]
    cut_off(estate)
    refused = kiosk.post("claim", {"scan": scan, "choice": ANY})
    assert codes(refused) == (503, "bank_decides_alone")
    assert refused.json()["message"] == CUT_OFF
    assert not Assignment.objects.exists()


def test_nobody_is_told_at_another_screen_of_a_door_that_may_be_somebody_elses(
    kiosk: Kiosk, estate: Estate, at: dt.datetime
) -> None:
    bridge = factories.BridgeFactory(site=estate.site)
    other = factories.BankFactory(site=estate.site, bridge=bridge)
    Claim.objects.create(
        compartment=factories.CompartmentFactory(bank=other), kind="assignment",
        holder=estate.amira, policy=estate.policy, starts_at=at, started_at=at,
        due_at=at + dt.timedelta(hours=1), ends_at=at + dt.timedelta(hours=1),
    )  # fmt: skip
    authority.greeted(bridge_id=bridge.pk, term=0, is_alone=False)
    authority.entrust(bridge_id=bridge.pk, banks=[other.pk])
    assert kiosk.scan(AMIRA_BADGE)["holds"] == []
    authority.entrust(bridge_id=bridge.pk, banks=[])
    assert len(kiosk.scan(AMIRA_BADGE)["holds"]) == 1


@pytest.mark.django_db(transaction=True)
def test_what_the_lockers_do_not_take_down_is_said_not_to_be_done(
    kiosk: Kiosk, estate: Estate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(confirming, "WAITS_S", 0.05)
    scan = kiosk.scan(AMIRA_BADGE)["scan"]
    answer(estate)
    refused = kiosk.post("claim", {"scan": scan, "choice": ANY})
    assert codes(refused) == (503, "not_kept")
    assert refused.json()["message"] == (
        "These lockers were cut off just now. Nothing was done. Try again in a moment."
    )
    assert Assignment.objects.get().closed_how == "withdrawn"


def test_while_the_lockers_answer_the_screen_says_whose_door_it_is(
    kiosk: Kiosk, estate: Estate, clock: time_machine.Coordinates
) -> None:
    kiosk.claim(AMIRA_BADGE)
    write_down(estate)
    answer(estate)
    assert [one["number"] for one in kiosk.scan(AMIRA_BADGE)["holds"]] == ["1"]
