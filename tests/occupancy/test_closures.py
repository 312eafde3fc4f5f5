"""Closing a door for a while, and booking for somebody in the administration."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import time_machine
from django.db import transaction
from django.test import Client
from django.urls import reverse

from audit.services.events import Actor
from occupancy.allocation.hours import Hours
from occupancy.errors.claims import CompartmentTaken
from occupancy.errors.reservations import BadWindow, DoorIsPlanned, NoClosure
from occupancy.models import Claim, Policy, Reservation
from occupancy.services.bookings import closures, reservations
from occupancy.services.bookings.reservations import Wanted
from occupancy.services.claims import assignments
from tests.factories.cast import Estate

HOUR = dt.timedelta(hours=1)


@pytest.fixture
def window(estate: Estate, at: dt.datetime) -> dict[str, Any]:
    """Ben may book; and one hour of door 1, as everybody asks for it here."""
    Policy.objects.filter(pk=estate.policy.pk).update(books_ahead=dt.timedelta(days=2))
    return {"starts_at": at + HOUR, "ends_at": at + 2 * HOUR, "at": at}


def close(estate: Estate, window: dict[str, Any]) -> closures.Planned:
    return closures.plan(
        compartment_id=estate.doors[0].pk, actor=Actor.staff(estate.olga.pk), reason="new lock",
        **window,
    )  # fmt: skip


def book(estate: Estate, window: dict[str, Any]) -> reservations.Reserved:
    with transaction.atomic():
        return reservations.reserve(
            person_id=estate.ben.pk, bank_id=estate.bank.pk,
            wanted=Wanted(compartment_id=estate.doors[0].pk), actor=Actor.person(estate.ben.pk),
            **window,
        )  # fmt: skip


def test_a_closed_door_is_neither_booked_nor_closed_again_until_it_is_lifted(
    estate: Estate, window: dict[str, Any], at: dt.datetime
) -> None:
    planned = close(estate, window)
    assert planned.claim_id is not None
    with pytest.raises(CompartmentTaken):
        book(estate, window)
    with pytest.raises(DoorIsPlanned):
        close(estate, window)
    lift = {"claim_id": planned.claim_id, "actor": Actor.staff(estate.olga.pk), "at": at}
    closures.lift(**lift)
    with pytest.raises(NoClosure):
        closures.lift(**lift)
    assert book(estate, window).number == "1"
    # Door 2, the only one of that size, is closed as well: who booked cannot be moved.
    Claim.objects.create(compartment=estate.doors[1], kind="closure", starts_at=at)
    with pytest.raises(DoorIsPlanned):
        close(estate, window)
    with pytest.raises(BadWindow):
        close(estate, {**window, "ends_at": at})


def test_where_somebody_has_the_door_it_is_a_visit(
    estate: Estate, window: dict[str, Any], at: dt.datetime
) -> None:
    assignments.claim(
        person_id=estate.ben.pk, bank_id=estate.bank.pk, actor=Actor.person(estate.ben.pk), at=at,
        wanted=Wanted(compartment_id=estate.doors[0].pk),
    )  # fmt: skip
    planned = close(estate, window)
    assert (planned.is_visit, planned.holder_id) == (True, estate.ben.pk)
    assert not Claim.objects.filter(kind="closure").exists()


def test_hours_are_asked_for_at_both_ends() -> None:
    nine, six = dt.time(9), dt.time(18)
    monday = dt.datetime(2026, 11, 16, tzinfo=dt.UTC)
    hours = Hours({0: [(nine, six)], 1: [(nine, dt.time(23, 59))]})
    zone = dt.UTC
    assert hours.is_open(monday + 9 * HOUR, monday + 18 * HOUR, zone)
    assert not hours.is_open(monday + 9 * HOUR, monday + 18.5 * HOUR, zone)
    # Over night, and until midnight.
    assert hours.is_open(monday + 17 * HOUR, monday + 34 * HOUR, zone)
    assert hours.is_open(monday + 34 * HOUR, monday + 48 * HOUR, zone)
    assert not hours.is_open(monday + 48 * HOUR, monday + 60 * HOUR, zone)
    assert Hours().is_open(monday, monday + HOUR, zone)


def test_staff_book_for_somebody_in_the_administration(
    estate: Estate, window: dict[str, Any], at: dt.datetime
) -> None:
    estate.olga.is_staff = True
    estate.olga.save(update_fields=["is_staff"])
    client = Client()
    client.force_login(estate.olga)
    url = reverse("admin:occupancy_reservation_book")
    body = {
        "person": "1002", "bank": estate.bank.pk, "size": "",
        "starts_at": "2026-11-17T11:00", "ends_at": "2026-11-17T12:00",
    }  # fmt: skip
    with time_machine.travel(at, tick=False):
        assert client.get(url).status_code == 200
        refused = client.post(url, {**body, "starts_at": "2026-11-17T13:00"})
        assert "Choose a start" in refused.content.decode()
        made = client.post(url, body)
        assert made.status_code == 302, made.content.decode()[-2000:]
        booking = Reservation.objects.get(holder=estate.ben)
        assert booking.starts_at == at + 2 * HOUR
        assert client.get("/admin/occupancy/reservation/").status_code == 200
        cancel = reverse("admin:occupancy_reservation_cancel", args=[booking.pk])
        assert client.post(cancel, {"reason": "ill"}).status_code == 302
    assert Reservation.objects.get(pk=booking.pk).closed_how == "cancelled"
