"""A door of one bank for each of many, in one window: all of them, or none."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.db import transaction
from django.db.models import Q

from access.models import Person
from audit.actions import Action
from audit.errors import Refusal
from audit.services import events
from audit.services.events import Actor
from lockers.models import Bank
from occupancy.errors.booked_sets import NobodyToBook, OneCannotBook, SetGivenUp, TooFewDoors
from occupancy.errors.claims import NoCompartmentAvailable
from occupancy.errors.reservations import (
    BadWindow,
    BookingOver,
    BookingTooLong,
    NotBookable,
    SiteClosed,
    TooFarAhead,
    TooShortNotice,
)
from occupancy.models import BookedSet, BookedSetDoor, Claim
from occupancy.services.bookings import reservations
from occupancy.services.bookings.no_shows import stands
from occupancy.services.claims.claiming import Wanted

# These are about the window, and the same for everybody.
_FOR_ALL = (BadWindow, BookingTooLong, NotBookable, SiteClosed, TooFarAhead, TooShortNotice)


def going_on(at: dt.datetime) -> Q:
    """Return the condition for sets that are not over and were not given up."""
    return Q(cancelled_at__isnull=True, ends_at__gt=at)


def book(
    *,
    people: Sequence[Person],
    bank: Bank,
    name: str,
    starts_at: dt.datetime,
    ends_at: dt.datetime,
    user_id: int,
    at: dt.datetime,
) -> BookedSet:
    """Book a door of a bank for each of some people, by the rules that they would book by.

    Who needs something of a door comes first. Raises NobodyToBook, TooFewDoors with how many are
    missing, OneCannotBook, and what booking raises about the window; then nothing is booked.
    """
    if not people:
        raise NobodyToBook
    actor = Actor.staff(user_id)
    booked: list[int] = []
    missing = 0
    with transaction.atomic():
        for person in sorted(people, key=lambda one: -_needs(one)):
            try:
                with transaction.atomic():
                    got = reservations.reserve(
                        person_id=person.pk, bank_id=bank.pk, wanted=Wanted(),
                        starts_at=starts_at, ends_at=ends_at, actor=actor, at=at,
                    )  # fmt: skip
            except NoCompartmentAvailable:
                missing += 1
            except _FOR_ALL:
                raise
            except Refusal as refusal:
                raise OneCannotBook(who=str(person), why=str(refusal)) from refusal
            else:
                booked.append(got.claim_id)
        if missing:
            raise TooFewDoors(missing=missing, wanted=len(people), free=len(booked))
        made = BookedSet.objects.create(
            bank=bank, name=name.strip(), starts_at=starts_at, ends_at=ends_at,
            made_by_id=user_id, made_at=at,
        )  # fmt: skip
        BookedSetDoor.objects.bulk_create(
            BookedSetDoor(booked_set=made, claim_id=claim_id) for claim_id in booked
        )
        _record(Action.SET_BOOKED, made, actor, at, doors=len(booked))
    return made


def give_up(*, set_id: int, reason: str, user_id: int, at: dt.datetime) -> int:
    """Cancel what of a set nobody has begun to use; return how many. Raises SetGivenUp."""
    actor = Actor.staff(user_id)
    cancelled = 0
    with transaction.atomic():
        changed = BookedSet.objects.filter(pk=set_id, cancelled_at__isnull=True).update(
            cancelled_at=at
        )
        if not changed:
            raise SetGivenUp
        made = BookedSet.objects.select_related("bank__site").get(pk=set_id)
        standing = Claim.objects.filter(stands(at), booked_set_door__booked_set=made)
        for claim_id in standing.order_by("pk").values_list("pk", flat=True):
            try:
                with transaction.atomic():
                    reservations.cancel(claim_id=claim_id, actor=actor, at=at, reason=reason)
            except BookingOver:
                continue  # somebody checked in meanwhile
            cancelled += 1
        _record(Action.SET_CANCELLED, made, actor, at, reason, doors=cancelled)
    return cancelled


def _needs(person: Person) -> int:
    return (
        person.needs_low_door + person.needs_wide_door + person.needs_charging
        + person.needs_near_entrance
    )  # fmt: skip


def _record(
    action: Action, made: BookedSet, actor: Actor, at: dt.datetime, reason: str = "", **data: int
) -> None:
    events.record(
        action=action, actor=actor, at=at, organisation_id=made.bank.site.organisation_id,
        site_id=made.bank.site_id, bank_id=made.bank_id, subject=f"booked_set:{made.pk}",
        reason=reason, data={"name": made.name, **data},
    )  # fmt: skip
