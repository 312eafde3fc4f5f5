"""What was booked or waited for, at the screen: taken, declined, too early, too late, moved."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import time_machine

from audit.models import Event
from lockers.choices import ServiceStatus
from lockers.models import BridgePresence, Command, Compartment
from occupancy.choices import UseModel
from occupancy.models import Assignment, Claim, Policy, WaitingEntry
from occupancy.services.bookings import reservations
from occupancy.services.claims.claiming import Wanted
from occupancy.services.queue import waiting
from tests.factories.cast import AMIRA_BADGE, BEN_BADGE, SETUP, Estate
from tests.kiosk.conftest import ANY, Kiosk, codes

MINUTES = dt.timedelta(minutes=1)


@pytest.fixture
def kiosk(kiosk: Kiosk, estate: Estate) -> Kiosk:
    """Return the terminal; its bridge is heard at every hour."""
    BridgePresence.objects.update(last_seen_at=dt.datetime(2100, 1, 1, tzinfo=dt.UTC))
    return kiosk


def now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


# ---- a door that was waited for ------------------------------------------------------------------


@pytest.fixture
def offered(kiosk: Kiosk, estate: Estate, clock: time_machine.Coordinates) -> dict[str, Any]:
    """Ben waited for door 1, which Amira gave back; he stands at the screen."""
    only_door(estate)
    mine = kiosk.claim(AMIRA_BADGE)
    waits(kiosk, estate, BEN_BADGE)
    kiosk.post("finish", {"scan": mine["scan"], "claim": mine["claim"]})
    clock.shift(61)
    told: dict[str, Any] = kiosk.scan(BEN_BADGE)
    return told


def only_door(estate: Estate) -> None:
    others = Compartment.objects.exclude(pk=estate.doors[0].pk)
    others.update(service_status=ServiceStatus.OUT_OF_SERVICE)


def waits(kiosk: Kiosk, estate: Estate, badge: str) -> int:
    answer = kiosk.post("join", {"scan": kiosk.scan(badge)["scan"], "size": estate.small.pk})
    assert answer.status_code == 200, answer.content
    return int(answer.json()["place"])


def test_the_door_is_kept_until_a_time_and_taken_with_its_reason(
    kiosk: Kiosk, offered: dict[str, Any], estate: Estate
) -> None:
    kept = offered["offered"]
    assert (kept["number"], kept["until"]) == ("1", "It is kept for you until 09:16.")
    got = kiosk.post("accept", {"scan": offered["scan"], "offer": kept["offer"]}).json()
    assert got["because"] == "You waited for it, and it was kept for you."
    assert Assignment.objects.get(closed_at=None).holder == estate.ben


def test_no_costs_the_place_and_the_next_one_is_offered_the_door(
    kiosk: Kiosk, offered: dict[str, Any], estate: Estate
) -> None:
    assert waits(kiosk, estate, AMIRA_BADGE) == 1
    body = {"scan": offered["scan"], "offer": offered["offered"]["offer"]}
    assert kiosk.post("decline", body).json() == {}
    assert kiosk.scan(BEN_BADGE)["offered"] is None
    assert WaitingEntry.objects.get(person=estate.ben).closed_how == "declined"
    assert kiosk.scan(AMIRA_BADGE)["offered"]["number"] == "1"
    assert not Assignment.objects.filter(holder=estate.ben).exists()
    assert Event.objects.filter(action="offer.declined", person_id=estate.ben.pk).exists()


@pytest.mark.parametrize("verb", ["accept", "decline"])
def test_what_was_answered_before_is_over_whichever_key_is_touched(
    kiosk: Kiosk, offered: dict[str, Any], verb: str
) -> None:
    body = {"scan": offered["scan"], "offer": offered["offered"]["offer"]}
    assert kiosk.post("decline", body).status_code == 200
    answer = kiosk.post(verb, body)
    assert codes(answer) == (410, "offer_over")
    assert answer.json()["message"] == "This offer is over. Join the list again."


def test_an_offer_that_lapsed_while_somebody_thought_is_refused_and_opens_nothing(
    kiosk: Kiosk, offered: dict[str, Any], clock: time_machine.Coordinates
) -> None:
    scan = offered["scan"]
    for _minutes in range(9):
        # Somebody who thinks, and touches the screen now and then.
        clock.shift(110)
        kiosk.post("claim", {"scan": scan, "choice": {"size": 10**9}})
    before = Command.objects.count()
    answer = kiosk.post("accept", {"scan": scan, "offer": offered["offered"]["offer"]})
    assert codes(answer) == (410, "offer_over")
    assert Command.objects.count() == before


def test_nobody_answers_the_offer_of_somebody_else(kiosk: Kiosk, offered: dict[str, Any]) -> None:
    amira = kiosk.scan(AMIRA_BADGE)["scan"]
    for verb in ("accept", "decline"):
        for offer in (offered["offered"]["offer"], 999_999):
            answer = kiosk.post(verb, {"scan": amira, "offer": offer})
            assert codes(answer) == (404, "no_such_offer")
    assert kiosk.scan(BEN_BADGE)["offered"] is not None


def test_a_door_that_breaks_while_it_is_offered_is_not_opened_and_the_place_is_kept(
    kiosk: Kiosk, offered: dict[str, Any], estate: Estate
) -> None:
    Compartment.objects.filter(pk=estate.doors[0].pk).update(service_status=ServiceStatus.FAULT)
    answer = kiosk.post("accept", {"scan": offered["scan"], "offer": offered["offered"]["offer"]})
    assert answer.status_code in (404, 409) and answer.json()["message"]
    assert not Assignment.objects.filter(holder=estate.ben).exists()
    waiting.offer_due(now())
    assert WaitingEntry.objects.get(person=estate.ben).closed_at is None


def test_who_waits_already_keeps_the_place(kiosk: Kiosk, estate: Estate) -> None:
    only_door(estate)
    kiosk.claim(AMIRA_BADGE)
    assert waits(kiosk, estate, BEN_BADGE) == 1
    body = {"scan": kiosk.scan(BEN_BADGE)["scan"], "size": estate.small.pk}
    answer = kiosk.post("join", body)
    assert codes(answer) == (409, "already_waiting")
    assert answer.json()["message"] == "You are on this list already. You keep your place."


# ---- a door that was booked ----------------------------------------------------------------------


@pytest.fixture
def booked(kiosk: Kiosk, estate: Estate, at: dt.datetime) -> Claim:
    """Amira's door 1 from ten to twelve; check-in begins a quarter of an hour before."""
    return book(estate, at + 60 * MINUTES, at)


def book(estate: Estate, starts_at: dt.datetime, at: dt.datetime) -> Claim:
    Policy.objects.update(
        model=UseModel.RESERVATION, books_ahead=dt.timedelta(days=7), checks_in_before=15 * MINUTES
    )
    made = reservations.reserve(
        person_id=estate.amira.pk, bank_id=estate.bank.pk,
        wanted=Wanted(compartment_id=estate.doors[0].pk),
        starts_at=starts_at, ends_at=at + 180 * MINUTES, actor=SETUP, at=at,
    )  # fmt: skip
    return Claim.objects.get(pk=made.claim_id)


def check_in(kiosk: Kiosk, booked: Claim, badge: str = AMIRA_BADGE) -> Any:
    return kiosk.post("check_in", {"scan": kiosk.scan(badge)["scan"], "claim": booked.pk})


def test_too_early_is_said_and_the_booking_stands(
    kiosk: Kiosk, booked: Claim, clock: time_machine.Coordinates
) -> None:
    answer = check_in(kiosk, booked)
    assert codes(answer) == (409, "too_early")
    clock.shift(46 * MINUTES)
    assert check_in(kiosk, booked).status_code == 200


@pytest.mark.parametrize("why", ["nobody came", "cancelled"])
def test_a_booking_that_is_over_is_said_to_be(
    kiosk: Kiosk, booked: Claim, clock: time_machine.Coordinates, why: str
) -> None:
    clock.shift(50 * MINUTES)
    scan = kiosk.scan(AMIRA_BADGE)["scan"]
    if why == "nobody came":
        clock.shift(21 * MINUTES)
        scan = kiosk.scan(AMIRA_BADGE)["scan"]
    else:
        reservations.cancel(claim_id=booked.pk, actor=SETUP, at=now(), reason="the room moved")
    before = Command.objects.count()
    answer = kiosk.post("check_in", {"scan": scan, "claim": booked.pk})
    assert codes(answer) == (409, "booking_over")
    assert answer.json()["message"] == "This booking is over. Book again."
    assert Command.objects.count() == before


def test_nobody_begins_the_booking_of_somebody_else(kiosk: Kiosk, booked: Claim) -> None:
    answer = check_in(kiosk, booked, BEN_BADGE)
    assert codes(answer) == (404, "not_your_booking")


def test_what_was_begun_on_the_phone_or_by_the_first_of_two_touches_opens(
    kiosk: Kiosk, booked: Claim, clock: time_machine.Coordinates
) -> None:
    clock.shift(50 * MINUTES)
    body = {"scan": kiosk.scan(AMIRA_BADGE)["scan"], "claim": booked.pk}
    first = kiosk.post("check_in", body).json()
    clock.shift(1)
    second = kiosk.post("check_in", body).json()
    assert (first["number"], second["number"]) == ("1", "1")
    opened = Command.objects.order_by("requested_at").values_list("purpose", flat=True)
    assert list(opened) == ["claim", "open_again"]
    assert Assignment.objects.count() == 1


@pytest.fixture
def late(kiosk: Kiosk, estate: Estate, at: dt.datetime) -> Claim:
    """Amira's door 1 from ten past ten; Ben has it until then, and does not give it back."""
    booked = book(estate, at + 70 * MINUTES, at)
    Claim.objects.create(
        compartment=estate.doors[0], kind="assignment", holder=estate.ben, policy=estate.policy,
        starts_at=at, started_at=at, due_at=at + 60 * MINUTES, ends_at=at + 70 * MINUTES,
        at_end="hold",
    )  # fmt: skip
    return booked


def test_a_door_that_was_not_given_back_is_another_one_with_its_reason(
    kiosk: Kiosk, late: Claim, clock: time_machine.Coordinates
) -> None:
    clock.shift(71 * MINUTES)
    got = check_in(kiosk, late)
    assert got.status_code == 200, got.content
    assert (got.json()["number"], got.json()["because"]) == (
        "2",
        "The one you booked is still in use; this one is like it.",
    )


def test_when_no_other_is_free_staff_are_told_and_nothing_is_opened(
    kiosk: Kiosk, estate: Estate, late: Claim, clock: time_machine.Coordinates
) -> None:
    only_door(estate)
    clock.shift(71 * MINUTES)
    answer = check_in(kiosk, late)
    assert codes(answer) == (409, "door_still_in_use")
    assert answer.json()["message"] == (
        "Your locker is still in use, and no other is free. Reception has been told."
    )
    assert not Command.objects.exists()


def test_another_door_after_one_that_did_not_open_says_so(kiosk: Kiosk, estate: Estate) -> None:
    first = kiosk.claim(AMIRA_BADGE)
    Command.objects.update(status="failed")
    other = kiosk.post("claim", {"scan": first["scan"], "instead_of": first["claim"]}).json()
    assert other["because"] == "The one before did not open."
    picked = kiosk.claim(BEN_BADGE, {"compartment": estate.doors[2].pk})
    assert picked["because"] == "You chose it yourself."
    assert codes(kiosk.post("claim", {"scan": picked["scan"], "choice": ANY}))[1] == "limit_reached"
