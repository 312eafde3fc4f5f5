"""Bookings that nobody came for: over at that instant by the clock, tidied up here."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Coalesce

from audit.actions import Action
from audit.services import events
from audit.services.events import Actor
from occupancy.choices import ClaimKind, ClosedHow
from occupancy.models import Claim
from occupancy.services.ending import sweeping
from occupancy.services.queue import offering


def stands(at: dt.datetime) -> Q:
    """Return the condition under which a booking still keeps its door at ``at``."""
    return Q(kind=ClaimKind.RESERVATION, closed_at__isnull=True, ends_at__gt=at) & (
        Q(lapses_at__isnull=True) | Q(lapses_at__gt=at)
    )


def release_no_shows(
    at: dt.datetime,
    *,
    bank_id: int | None = None,
    holder_id: int | None = None,
    aside: list[str] | None = None,
) -> int:
    """Close the bookings that nobody checked in to in time; return how many.

    Each is one compare-and-set with its audit event, dated at the instant from which it was over,
    so that running late, twice or after a day off gives the same result. Whoever waits for such a
    door is offered it in the same transaction.
    """
    over = (
        Claim.objects.filter(
            Q(lapses_at__lte=at) | Q(lapses_at__isnull=True, ends_at__lte=at),
            kind=ClaimKind.RESERVATION,
            closed_at__isnull=True,
        )
        .annotate(
            in_bank=F("compartment__bank"),
            in_site=F("compartment__bank__site"),
            in_organisation=F("compartment__bank__site__organisation"),
        )
        .order_by(Coalesce("lapses_at", "ends_at"), "pk")
    )
    if bank_id is not None:
        over = over.filter(compartment__bank=bank_id)
    if holder_id is not None:
        over = over.filter(holder=holder_id)
    return sweeping.each(
        over, lambda one: _release(one, at), lambda one: f"booking {one.pk}", aside
    )


def _release(claim: Any, at: dt.datetime) -> int:
    over_at = claim.lapses_at or claim.ends_at
    assert over_at is not None  # by constraint
    with transaction.atomic():
        closed = Claim.objects.filter(
            pk=claim.pk, kind=ClaimKind.RESERVATION, closed_at__isnull=True,
            lapses_at=claim.lapses_at,
        ).update(closed_at=over_at, closed_how=ClosedHow.NO_SHOW)  # fmt: skip
        if not closed:
            return 0
        events.record(
            action=Action.NO_SHOW,
            actor=Actor.job("no-shows"),
            at=over_at,
            organisation_id=claim.in_organisation,
            site_id=claim.in_site,
            bank_id=claim.in_bank,
            compartment_id=claim.compartment_id,
            person_id=claim.holder_id,
            data={"claim": claim.pk},
        )
        offering.freed(compartment_id=claim.compartment_id, at=at)
    return 1
