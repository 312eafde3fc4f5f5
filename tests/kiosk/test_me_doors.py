"""What people do with doors on their phone, and what they are told."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from access.models import Incident, Pass, Person
from audit.models import Event
from kiosk.services.me import sessions
from lockers.models import Command, Door
from lockers.services import commands
from occupancy.models import Assignment, Claim, Policy, Share, WaitingEntry
from tests import factories
from tests.factories.cast import Estate
from tests.kiosk.phone import Phone

MINUTE = dt.timedelta(minutes=1)


@pytest.fixture(autouse=True)
def clock(estate: Estate, at: dt.datetime) -> Iterator[time_machine.Coordinates]:
    Policy.objects.update(opens_by_phone=True, renewals=1)
    Person.objects.filter(pk=estate.ben.pk).update(email="ben@northwind.example")
    with time_machine.travel(at, tick=False) as coordinates:
        yield coordinates


@pytest.fixture
def phone(estate: Estate, at: dt.datetime) -> Phone:
    return Phone(estate.amira, at)


@pytest.fixture
def bens(estate: Estate, at: dt.datetime) -> Phone:
    estate.ben.refresh_from_db()
    return Phone(estate.ben, at)


# ---- reading ---------------------------------------------------------------------------------


def test_without_a_locker_the_page_leads_to_one(phone: Phone) -> None:
    assert "You have no locker now." in phone.read("me")


def test_it_says_which_door_until_when_and_how_the_door_stands(
    phone: Phone, estate: Estate
) -> None:
    claim = phone.claim(estate)
    said = phone.read("me")
    assert "is yours until midnight" in said
    assert "The door is closed." in said
    Door.objects.filter(compartment=claim.compartment_id).update(state="open")
    assert "The door is open." in phone.read("me")
    Door.objects.filter(compartment=claim.compartment_id).update(state="unknown")
    assert "cannot say whether it is open" in phone.read("me-door", claim.pk)
    estate.bridge.presence.connection = None
    estate.bridge.presence.save(update_fields=["connection"])
    assert "cannot be reached" in phone.read("me-door", claim.pk)


def test_a_door_is_open_only_when_its_sensor_said_so(phone: Phone, estate: Estate) -> None:
    claim = phone.claim(estate)
    phone.scan(estate)
    phone.do("me-open", claim.pk)
    assert "The door is opening." in phone.read("me-door", claim.pk)
    Command.objects.update(status="actuated")
    assert "The door is opening." in phone.read("me-door", claim.pk)
    Command.objects.update(status="failed")
    assert "The door did not open." in phone.read("me-door", claim.pk)


def test_somebody_elses_door_does_not_exist(phone: Phone, bens: Phone, estate: Estate) -> None:
    claim = phone.claim(estate)
    for name in ("me-door", "me-problem"):
        theirs = bens.client.get(reverse(name, args=[claim.pk]))
        nothing = bens.client.get(reverse(name, args=[99_999_999]))
        assert theirs.status_code == nothing.status_code == 404
        assert theirs.content == nothing.content
    bens.scan(estate)
    for name in ("me-open", "me-finish", "me-renew", "me-report", "me-undo"):
        bens.do(name, claim.pk, kind="other")
    assert Assignment.objects.get().closed_at is None
    assert not Command.objects.exists()
    assert not Incident.objects.exists()


def test_a_page_takes_as_many_queries_for_many_doors(phone: Phone, estate: Estate) -> None:
    Policy.objects.update(limit_per_person=None)
    phone.claim(estate)
    with CaptureQueriesContext(connection) as one:
        phone.read("me")
    phone.claim(estate)
    phone.claim(estate)
    with CaptureQueriesContext(connection) as three:
        phone.read("me")
    assert len(three) == len(one) <= 20


def test_what_was_had_before_is_told(phone: Phone, estate: Estate) -> None:
    claim = phone.claim(estate)
    phone.do("me-finish", claim.pk)
    assert "Door 1, bank A, Harbour House" in phone.read("me-history")
    assert "finished by the holder" in phone.read("me-history")


# ---- getting one -----------------------------------------------------------------------------


def test_it_says_which_door_is_best_and_why_without_taking_it(phone: Phone, estate: Estate) -> None:
    said = phone.read("me-get", query=f"?bank={estate.bank.pk}")
    assert "Best for you: door 1" in said
    assert "It is the smallest that is free." in said
    assert "Large, 1 free: door 3" in said
    assert not Claim.objects.exists()


def test_from_afar_a_claim_keeps_the_door_shut(phone: Phone, estate: Estate) -> None:
    claim = phone.claim(estate, size=estate.large.pk)
    assert claim.compartment == estate.doors[2]
    assert not Command.objects.exists()
    assert Event.objects.get(action="assignment.claimed").data["phone"]


def test_at_the_bank_a_claim_opens_the_door(phone: Phone, estate: Estate) -> None:
    assert "Best for you: door 1" in phone.scan(estate)
    phone.claim(estate)
    assert Command.objects.get().purpose == "claim"


def test_a_form_that_is_sent_twice_claims_once(phone: Phone, estate: Estate) -> None:
    Policy.objects.update(limit_per_person=None)
    for _each in range(2):
        phone.do("me-claim", bank=estate.bank.pk, key="the-same-key")
    assert Assignment.objects.count() == 1
    assert phone.client.post(reverse("me-claim"), {"bank": estate.bank.pk}).status_code == 302
    assert Assignment.objects.count() == 1


def test_a_refusal_is_a_sentence(phone: Phone, estate: Estate) -> None:
    phone.claim(estate)
    assert "You already have a locker." in phone.do("me-claim", bank=estate.bank.pk)
    assert "cannot be read" in phone.do("me-claim", bank="x")


def test_lockers_of_another_organisation_are_not_there(phone: Phone, estate: Estate) -> None:
    bank = factories.BankFactory(site=estate.other_site)
    assert phone.client.get(f"/me/get/?bank={bank.pk}").status_code == 404
    phone.do("me-claim", bank=bank.pk)
    label = reverse("me-at", args=[sessions.label_of(bank)])
    assert phone.client.get(label).status_code == 404
    assert not Claim.objects.exists()


def test_a_visitor_sees_no_site_without_access(estate: Estate, at: dt.datetime) -> None:
    guest = factories.PersonFactory(organisation=estate.organisation, kind="visitor")
    assert "no lockers that you may use" in Phone(guest, at).read("me-get")


def test_a_use_that_ends_at_the_tap_is_claimed_only_there(phone: Phone, estate: Estate) -> None:
    Policy.objects.update(model="session", lasts=dt.timedelta(hours=2))
    assert "scan its label" in phone.do("me-claim", bank=estate.bank.pk)
    assert not Claim.objects.exists()
    phone.scan(estate)
    claim = phone.claim(estate)
    Command.objects.update(status="closed")
    phone.do("me-open", claim.pk)
    assert Command.objects.filter(purpose="open_and_finish").exists()


# ---- opening ---------------------------------------------------------------------------------


def test_nobody_opens_from_afar(
    phone: Phone, estate: Estate, clock: time_machine.Coordinates
) -> None:
    claim = phone.claim(estate)
    assert "scan its label" in phone.do("me-open", claim.pk)
    phone.scan(estate)
    clock.shift(2 * MINUTE)
    assert "scan its label" in phone.do("me-open", claim.pk)
    assert not Command.objects.exists()
    phone.scan(estate)
    clock.shift(2 * MINUTE - dt.timedelta(seconds=1))
    estate.bridge.presence.last_seen_at = dt.datetime.now(dt.UTC)
    estate.bridge.presence.save(update_fields=["last_seen_at"])
    assert "was asked to open" in phone.do("me-open", claim.pk)
    assert Command.objects.count() == 1


def test_another_banks_label_opens_nothing_here(phone: Phone, estate: Estate) -> None:
    claim = phone.claim(estate)
    other = factories.BankFactory(site=estate.site, name="B")
    phone.read("me-at", sessions.label_of(other))
    assert "Stand at bank A" in phone.do("me-open", claim.pk)


def test_where_the_policy_says_no_the_phone_opens_nothing(phone: Phone, estate: Estate) -> None:
    Policy.objects.update(opens_by_phone=False)
    claim = phone.claim(estate)
    assert "Open door" not in phone.scan(estate)
    assert "does not open by phone" in phone.do("me-open", claim.pk)
    assert not Command.objects.exists()


@pytest.mark.parametrize("label", ["1", "1:x", "x:y"])
def test_a_made_up_label_is_none(phone: Phone, label: str) -> None:
    assert phone.client.get(reverse("me-at", args=[label])).status_code == 404


# ---- having one ------------------------------------------------------------------------------


def test_finish_and_its_minute(
    phone: Phone, estate: Estate, clock: time_machine.Coordinates
) -> None:
    claim = phone.claim(estate)
    said = phone.do("me-finish", claim.pk)
    assert "You finished with door 1." in said
    assert "is yours again" in phone.do("me-undo", claim.pk)
    phone.do("me-finish", claim.pk)
    clock.shift(MINUTE)
    assert "You finished with door" not in phone.read("me")
    assert "too late to undo" in phone.do("me-undo", claim.pk)


def test_keeping_it_longer(phone: Phone, estate: Estate, clock: time_machine.Coordinates) -> None:
    Policy.objects.update(model="shared", lasts=dt.timedelta(hours=1))
    claim = phone.claim(estate)
    clock.shift(30 * MINUTE)
    assert "Keep it longer" in phone.read("me-door", claim.pk)
    assert "stays yours until" in phone.do("me-renew", claim.pk)
    assert "Keep it longer" not in phone.read("me-door", claim.pk)


def test_sharing_with_a_colleague_and_ending_it(
    phone: Phone, bens: Phone, estate: Estate, at: dt.datetime
) -> None:
    claim = phone.claim(estate)
    told = {"address": "Ben@northwind.example", "until": "2026-11-17T12:00"}
    assert "may open this door, too" in phone.do("me-share", claim.pk, **told)
    assert "Ben" in phone.read("me-door", claim.pk)
    assert "is shared with you" in bens.read("me")
    bens.scan(estate)
    bens.do("me-open", claim.pk)
    assert Command.objects.count() == 1
    phone.do("me-share-end", Share.objects.get().pk)
    assert "You have no locker now." in bens.read("me")
    assert "Nobody here has this address" in phone.do(
        "me-share", claim.pk, address="x@y.example", until="2026-11-17T12:00"
    )


def test_one_opening_for_somebody_else(phone: Phone, bens: Phone, estate: Estate) -> None:
    claim = phone.claim(estate)
    told = {"address": "ben@northwind.example", "until": "2026-11-17T12:00", "once": "yes"}
    assert "may open this door once" in phone.do("me-share", claim.pk, **told)
    bens.scan(estate)
    bens.do("me-open", claim.pk)
    Command.objects.update(status="closed")
    bens.do("me-open", claim.pk)
    assert Command.objects.count() == 1


def test_waiting_and_what_is_offered(phone: Phone, bens: Phone, estate: Estate) -> None:
    Policy.objects.update(limit_per_person=None)
    claims = [bens.claim(estate) for _each in range(3)]
    said = phone.read("me-get", query=f"?bank={estate.bank.pk}")
    assert "Small: nobody waits yet" in said
    assert "number 1 on the list" in phone.do("me-wait", bank=estate.bank.pk, size=estate.small.pk)
    bens.do("me-finish", claims[0].pk)
    assert WaitingEntry.objects.count() == 1
    phone.do("me-wait-leave", WaitingEntry.objects.get().pk)
    assert "on the list" not in phone.read("me")


def test_booking_checking_in_and_cancelling(
    phone: Phone, estate: Estate, clock: time_machine.Coordinates
) -> None:
    Policy.objects.update(books_ahead=dt.timedelta(days=7))
    told = {
        "site": estate.site.pk, "place": f"bank-{estate.bank.pk}", "size": "",
        "day": "2026-11-17", "starts": "10:00", "ends": "12:00",
    }  # fmt: skip
    assert "Where" in phone.read("me-book")
    assert "Door 1 in bank A is booked for you, from 10:00" in phone.do("me-reserve", **told)
    booking = Claim.objects.get()
    assert "Check in from" in phone.read("me")
    clock.shift(50 * MINUTE)
    estate.bridge.presence.last_seen_at = dt.datetime.now(dt.UTC)
    estate.bridge.presence.save(update_fields=["last_seen_at"])
    assert "scan its label" in phone.do("me-check-in", booking.pk)
    assert "Check in" in phone.scan(estate)
    assert "yours and opening" in phone.do("me-check-in", booking.pk)
    area = factories.AreaFactory(site=estate.site)
    estate.bank.area = area
    estate.bank.save(update_fields=["area"])
    told |= {"place": f"area-{area.pk}", "day": "2026-11-18"}
    phone.do("me-reserve", **told)
    later = Claim.objects.latest("pk")
    assert "is cancelled" in phone.do("me-cancel", later.pk)


def test_a_pass_is_made_once_and_shown(phone: Phone, estate: Estate) -> None:
    assert "Make a pass" in phone.read("me-pass")
    phone.do("me-pass-make")
    phone.do("me-pass-make")
    assert Pass.objects.count() == 1
    assert "Hold this code" in phone.read("me-pass")


def test_a_command_of_the_phone_reaches_the_bridge(
    phone: Phone, estate: Estate, at: dt.datetime
) -> None:
    claim = phone.claim(estate)
    phone.scan(estate)
    phone.do("me-open", claim.pk)
    taken = commands.take_queued(bridge_id=estate.bridge.pk, at=at)
    assert [one.claim_id for one in taken] == [claim.pk]
