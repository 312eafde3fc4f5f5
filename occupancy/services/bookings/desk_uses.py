"""What becomes of a desk booking whose person has checked in already: its end follows."""

from __future__ import annotations

import datetime as dt

from django.db import IntegrityError, connection, transaction
from django.db.models import Q

from access.services import grants
from audit.actions import Action
from audit.services.events import Actor
from lockers.models import Compartment
from occupancy.allocation import terms
from occupancy.choices import ClaimKind
from occupancy.errors.claims import AssignmentAlreadyReleased
from occupancy.errors.custody import BookedByOthers, NotWhileOverdue
from occupancy.errors.reservations import BadWindow, BookingTooLong, SiteClosed
from occupancy.models import Assignment, Claim
from occupancy.services.bookings import windows
from occupancy.services.bookings.booking_changes import Reserved, record, reserved
from occupancy.services.claims import situations
from occupancy.services.claims.assignments import in_force
from occupancy.services.policies import rulebooks


def lock(external_id: str) -> None:
    """Let what another system says of one number come one after another, known or not."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (f"desk:{external_id}",)
        )


def is_used(claim: Claim, at: dt.datetime) -> bool:
    """Say whether its person has checked in and still has the door."""
    return (
        claim.kind == ClaimKind.ASSIGNMENT
        and Assignment.objects.filter(in_force(at), pk=claim.pk, recovery_at__isnull=True).exists()
    )


def follow_end(claim: Claim, ends_at: dt.datetime, actor: Actor, at: dt.datetime) -> Reserved:
    """Let a use that began with a desk booking end with it, earlier or later.

    Raises BadWindow, BookingTooLong, SiteClosed, NotWhileOverdue, AssignmentAlreadyReleased, and
    BookedByOthers with until when it could be.
    """
    if claim.due_at == ends_at:
        return reserved(claim)
    if ends_at <= at:
        raise BadWindow
    policy, before = claim.policy, claim.due_at
    assert policy is not None and claim.holder_id is not None  # whoever checked in
    if before is not None and before <= at:
        raise NotWhileOverdue(due_at=before.isoformat())
    if ends_at - claim.starts_at > policy.longest_booking:
        raise BookingTooLong(minutes=int(policy.longest_booking.total_seconds() // 60))
    bank = claim.compartment.bank
    last = ends_at - dt.timedelta(minutes=1)
    if not windows.hours(bank.site_id, last, ends_at).is_open(last, ends_at, bank.site.zone):
        raise SiteClosed
    situation = situations.read(claim.holder_id, bank.pk, at)
    found = terms.term(
        rulebooks.attached_from(policy).rules, claim.starts_at, bank.site.zone,
        access_until=situation.access_until if situation.needs_access else None,
        window_ends_at=ends_at, leaves_at=situation.leaves_at,
    )  # fmt: skip
    # Bookings of this door wait until this is decided, or were there before it.
    Compartment.objects.select_for_update(no_key=True).get(pk=claim.compartment_id)
    try:
        with transaction.atomic():
            changed = Assignment.objects.filter(
                in_force(at), pk=claim.pk, due_at=before, recovery_at__isnull=True
            ).update(due_at=found.due_at, ends_at=found.ends_at)
    except IntegrityError as error:
        raise BookedByOthers(until=_free_until(claim, at, policy.grace)) from error
    if not changed:
        raise AssignmentAlreadyReleased
    grants.lengthen(claim_id=claim.pk, person_id=claim.holder_id, ends_at=found.ends_at)
    claim.due_at, claim.ends_at = found.due_at, found.ends_at
    record(
        Action.BOOKING_CHANGED, claim, actor, at, was_until=before, until=found.due_at,
        is_used=True,
    )  # fmt: skip
    return reserved(claim)


def _free_until(claim: Claim, at: dt.datetime, grace: dt.timedelta) -> str | None:
    following = (
        Claim.objects.filter(
            Q(ends_at__isnull=True) | Q(ends_at__gt=at),
            compartment=claim.compartment_id, closed_at__isnull=True, started_at__isnull=True,
        )
        .order_by("starts_at")
        .first()
    )  # fmt: skip
    return (following.starts_at - grace).isoformat() if following is not None else None
