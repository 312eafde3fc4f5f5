"""Bookings, uses and places on a list, made in one line."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import transaction

from access.models import Person
from audit.services.events import Actor
from lockers.models import Bank, BridgePresence, Compartment
from occupancy.models import Claim, Offer, Policy, WaitingEntry
from occupancy.selectors.waiting import waiting_for
from occupancy.services.bookings import reservations
from occupancy.services.bookings.reservations import Reserved, Wanted
from occupancy.services.claims import assignments
from occupancy.services.claims.claiming import Claimed
from occupancy.services.queue import waiting
from tests import factories
from tests.factories.cast import SETUP, Estate

MINUTE, HOUR, DAY = dt.timedelta(minutes=1), dt.timedelta(hours=1), dt.timedelta(days=1)


def bookable(estate: Estate, **values: Any) -> Policy:
    """Return a policy by which the doors of the site are booked and walked up to."""
    Policy.objects.filter(pk=estate.policy.pk).update(
        **{"books_ahead": 7 * DAY, "bookings_per_person": 5, "limit_per_person": 2, **values}
    )
    estate.policy.refresh_from_db()
    BridgePresence.objects.update(last_seen_at=dt.datetime(2030, 1, 1, tzinfo=dt.UTC))
    return estate.policy


def book(
    estate: Estate,
    who: Person,
    starts_at: dt.datetime,
    at: dt.datetime,
    *,
    door: Compartment | None = None,
    hours: float = 2,
    size: int | None = None,
) -> Reserved:
    """Book a door of a bank for somebody."""
    bank = door.bank if door is not None else estate.bank
    with transaction.atomic():
        return reservations.reserve(
            person_id=who.pk, bank_id=bank.pk,
            wanted=Wanted(size_id=size, compartment_id=door.pk if door else None),
            starts_at=starts_at, ends_at=starts_at + hours * HOUR, actor=Actor.person(who.pk),
            at=at,
        )  # fmt: skip


def check_in(who: Person, got: Reserved, at: dt.datetime) -> Claimed:
    """Come for a booking."""
    with transaction.atomic():
        return reservations.check_in(
            claim_id=got.claim_id, person_id=who.pk, actor=Actor.person(who.pk), at=at
        )


def claim(
    who: Person, door: Compartment | Bank, at: dt.datetime, size: int | None = None
) -> Claimed:
    """Take a door, or the best one of a bank."""
    is_bank = isinstance(door, Bank)
    with transaction.atomic():
        return assignments.claim(
            person_id=who.pk, bank_id=door.pk if is_bank else door.bank_id,
            wanted=Wanted(size_id=size) if is_bank else Wanted(compartment_id=door.pk),
            actor=Actor.person(who.pk), at=at,
        )  # fmt: skip


def wait(estate: Estate, who: Person, at: dt.datetime) -> WaitingEntry:
    """Wait for a small door."""
    with transaction.atomic():
        return waiting.join(
            person_id=who.pk, bank_id=estate.bank.pk, size_id=estate.small.pk, actor=SETUP, at=at
        )


def offered(who: Person, at: dt.datetime) -> str | None:
    """Return the number of the door that is held for somebody."""
    return next((one.offer.number for one in waiting_for(who, at) if one.offer), None)


def door_of(got: Reserved) -> str:
    """Return the number of the door that a booking is at now."""
    return Claim.objects.get(pk=got.claim_id).compartment.number


def offers_made() -> int:
    """Return how many offers there ever were."""
    return Offer.objects.count()


def second_bank(estate: Estate, number: str = "21", **values: Any) -> Compartment:
    """Return a door of another bank that stands where the first one does."""
    bank = Bank.objects.filter(site=estate.site, name="B").first() or factories.BankFactory(
        site=estate.site, bridge=estate.bridge, name="B", area=estate.bank.area, position=1
    )
    door = factories.CompartmentFactory(
        bank=bank, number=number,
        **{"size": estate.small, "controller": estate.controller, "channel": int(number), **values},
    )  # fmt: skip
    factories.DoorFactory(compartment=door, changed_at=estate.bridge.enrolled_at)
    return door
