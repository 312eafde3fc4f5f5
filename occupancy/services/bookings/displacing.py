"""Bookings whose door is not going to be free: moved to an equal one, or staff are told.

Whoever is overdue keeps the door until they finish; nobody else is put to it. What takes a door
away (a recovery, a service status, a closure) moves the bookings at once; who merely stays past
their time is given as long as the booking allows.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from django.db import transaction
from django.db.models import BooleanField, Exists, ExpressionWrapper, OuterRef, Q, QuerySet

from audit.actions import Action
from audit.services.events import Actor
from lockers.choices import ServiceStatus
from occupancy.choices import AtEnd, ClaimKind
from occupancy.models import Claim
from occupancy.services.bookings import booking_letters, equal_doors
from occupancy.services.bookings.booking_changes import record
from occupancy.services.bookings.no_shows import stands
from occupancy.services.ending import sweeping

_ACTOR = Actor.job("displaced bookings")
# How long before a booking begins it is moved: late enough that most overdue ones have finished.
BEFORE = equal_doors.SOON
# Who is not overdue yet may stay until the very start; then it is too late to tell the other.
LAST_MINUTES = dt.timedelta(minutes=5)
# What lies further ahead than an emptying takes is left where it is, and looked at again.
EMPTIED_WITHIN = dt.timedelta(days=1)


def displace_due(at: dt.datetime, aside: list[str] | None = None) -> int:
    """Move the bookings that begin soon away from doors that are not free; return how many.

    One row per transaction; told once to staff where there is no other door, and tried again.
    """
    lost = Q(is_lost=True, starts_at__lte=at + BEFORE)
    held = Q(is_held=True, starts_at__lte=at + LAST_MINUTES)
    found = _judged(at).filter(lost | held | Q(unserved_since__isnull=False))
    return sweeping.each(
        found, lambda one: _see_to(one, at), lambda one: f"booking {one.pk}", aside
    )


def at_once(
    *, compartments: Collection[int], at: dt.datetime, within: dt.timedelta | None = None
) -> int:
    """Move the bookings of doors that were just taken away; staff are told of the others.

    ``within``: those alone that begin so soon. Return how many were moved.
    """
    booked = _rows(at).filter(compartment__in=compartments)
    if within is not None:
        booked = booked.filter(starts_at__lte=at + within)
    return sweeping.each(
        booked, lambda one: _move_or_tell(one, at), lambda one: f"booking {one.pk}"
    )


def clear(
    *, compartment_id: int, starts_at: dt.datetime, ends_at: dt.datetime | None, at: dt.datetime
) -> bool:
    """Move every booking of a door away that a closure would run into; False when one stays."""
    booked = _rows(at).filter(compartment=compartment_id, ends_at__gt=starts_at)
    if ends_at is not None:
        booked = booked.filter(starts_at__lt=ends_at)
    return all(displace(one, at) for one in booked)


def displace(claim: Claim, at: dt.datetime, *, is_here: bool = False) -> bool:
    """Move a booking to an equal door, and tell the person; False where there is none.

    With ``is_here`` to one of the same bank: the person stands in front of it.
    """
    was = claim.compartment
    with transaction.atomic():
        if not equal_doors.move(claim, at, is_here=is_here):
            return False
        claim.refresh_from_db(
            fields=["compartment", "policy", "due_at", "ends_at", "lapses_at", "unserved_since"]
        )
        record(Action.BOOKING_MOVED, claim, _ACTOR, at, was=was.number, was_at=was.pk)
        booking_letters.moved(claim, was.number, at)
    return True


def tell_staff(claim: Claim, at: dt.datetime) -> bool:
    """Tell the staff of the site, once, that a booking has no door."""
    with transaction.atomic():
        told = Claim.objects.filter(
            # Not when it was moved meanwhile: it has a door.
            compartment=claim.compartment_id,
            pk=claim.pk, kind=ClaimKind.RESERVATION, closed_at__isnull=True,
            unserved_since__isnull=True,
        ).update(unserved_since=at)  # fmt: skip
        if told:
            record(Action.BOOKING_UNSERVED, claim, _ACTOR, at)
            booking_letters.unserved(claim, at)
    return bool(told)


def is_blocked(claim: Claim, at: dt.datetime) -> bool:
    """Say whether somebody has the door of a booking, or it is out of use."""
    door = claim.compartment
    if door.service_status != ServiceStatus.IN_SERVICE:
        return True
    return Claim.objects.filter(
        Q(started_at__isnull=False)
        | Q(starts_at__lte=max(at, claim.starts_at))
        & (Q(ends_at__isnull=True) | Q(ends_at__gt=at)),
        compartment=door, closed_at__isnull=True,
    ).exclude(pk=claim.pk).exists()  # fmt: skip


def unserved(at: dt.datetime) -> Q:
    """Return the condition for bookings that staff have to find a door for."""
    return stands(at) & Q(unserved_since__isnull=False)


def _rows(at: dt.datetime) -> QuerySet[Claim]:
    return (
        Claim.objects.filter(stands(at))
        .select_related("compartment__bank__site", "holder", "policy")
        .order_by("starts_at", "pk")
    )


def _judged(at: dt.datetime) -> QuerySet[Claim]:
    """Return the bookings with whether their door is lost to them, or still somebody's."""
    here = Claim.objects.filter(
        # Whoever booked on after themselves stays where their things are.
        ~Q(holder=OuterRef("holder")) | Q(holder__isnull=True),
        compartment=OuterRef("compartment"),
    )
    stays = Q(closed_at__isnull=True, started_at__isnull=False, at_end=AtEnd.HOLD)
    is_lost = Exists(here.filter(equal_doors.overrun(at))) | ~Q(
        compartment__service_status=ServiceStatus.IN_SERVICE
    )
    return _rows(at).annotate(
        is_lost=ExpressionWrapper(Q(is_lost), output_field=BooleanField()),
        is_held=Exists(here.filter(stays)),
    )


def _see_to(claim: Claim, at: dt.datetime) -> int:
    """Move one, or tell staff; one that got its door back is nobody's business any more."""
    is_lost, is_held = getattr(claim, "is_lost", False), getattr(claim, "is_held", False)
    if is_lost:
        return _move_or_tell(claim, at)
    if is_held and claim.starts_at <= at + LAST_MINUTES:
        return int(displace(claim, at))
    if Claim.objects.filter(pk=claim.pk, unserved_since=claim.unserved_since).update(
        unserved_since=None
    ):
        record(Action.BOOKING_SERVED, claim, _ACTOR, at)
    return 0


def _move_or_tell(claim: Claim, at: dt.datetime) -> int:
    if displace(claim, at):
        return 1
    tell_staff(claim, at)
    return 0
