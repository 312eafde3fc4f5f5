"""What people booked who will not come: whoever has left, or a visitor who left early.

Whoever is suspended keeps their bookings, in case that is lifted in time; nobody checks in to
them, no recurring booking goes on, and what nobody came for is released as ever.
"""

from __future__ import annotations

import datetime as dt

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from access.choices import PersonStatus
from access.decisions import Code, decide
from access.models import Visit
from audit.services.events import Actor
from occupancy.errors.reservations import BookingOver, SeriesOver
from occupancy.models import Claim, Series
from occupancy.services.bookings import booking_changes, series
from occupancy.services.bookings.no_shows import stands
from occupancy.services.claims import situations
from occupancy.services.ending import sweeping

_ACTOR = Actor.job("leavers")
# Not a curfew or a hold, which may be over by then.
_FOR_GOOD = {Code.PERSON_LEFT, Code.NO_ACCESS, Code.ACCESS_OVER}


def cancel_of(*, person_ids: list[int], at: dt.datetime) -> int:
    """Cancel what some people booked, if they will not come; return how many bookings."""
    return _cancel(
        Series.objects.filter(person__in=person_ids),
        Claim.objects.filter(holder__in=person_ids),
        at,
    )


def cancel_all(*, at: dt.datetime, aside: list[str] | None = None) -> int:
    """Cancel what everybody booked who will not come; return how many bookings."""
    return _cancel(Series.objects.all(), Claim.objects.all(), at, aside)


def _cancel(
    repeated: QuerySet[Series],
    booked: QuerySet[Claim],
    at: dt.datetime,
    aside: list[str] | None = None,
) -> int:
    reason = _("The holder left.")

    def end(one: Series) -> int:
        try:
            return series.end(series_id=one.pk, actor=_ACTOR, at=at, reason=reason)
        except SeriesOver:
            return 0  # somebody was faster

    def cancel(one: Claim) -> int:
        if not _will_not_come(one, at):
            return 0
        try:
            booking_changes.cancel(claim_id=one.pk, actor=_ACTOR, at=at, reason=reason)
        except BookingOver:
            return 0  # somebody was faster
        return 1

    running = repeated.filter(ended_at__isnull=True, person__status=PersonStatus.LEFT)
    ended = sweeping.each(running.order_by("pk"), end, lambda one: f"series:{one.pk}", aside)
    visited = Visit.objects.filter(
        visitor=OuterRef("holder"), site=OuterRef("compartment__bank__site"), left_at__lte=at
    )
    standing = booked.filter(
        Q(holder__status=PersonStatus.LEFT) | Exists(visited), stands(at)
    ).select_related("compartment", "holder")
    return ended + sweeping.each(
        standing.order_by("pk"), cancel, lambda one: f"booking {one.pk}", aside
    )


def _will_not_come(claim: Claim, at: dt.datetime) -> bool:
    holder = claim.holder
    if holder is None or holder.status == PersonStatus.LEFT:
        return True
    starts_at = max(claim.starts_at, at)
    situation = situations.read(holder.pk, claim.compartment.bank_id, starts_at, booking_at=at)
    return decide(situation.facts(), starts_at).code in _FOR_GOOD
