"""What a person had: given back a moment ago, ended of late, and all that was before."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import Case, F, Q, QuerySet, When
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from access.models import Person
from kiosk import untils
from occupancy.choices import AtEnd, ClaimKind, ClosedHow
from occupancy.models import Assignment, Claim, Share
from occupancy.services.claims import assignments

_MOST = 50
# For so long the first page says what ended without the person.
_OF_LATE = dt.timedelta(days=1)


@dataclass(frozen=True)
class Past:
    """A use or a booking that is over: since when, and how it ended."""

    claim: Claim
    over_at: dt.datetime
    how: str


def finished(person: Person, at: dt.datetime) -> QuerySet[Assignment]:
    """Return what somebody gave back a moment ago and may still take back."""
    return Assignment.objects.filter(
        Q(ends_at__isnull=True) | Q(ends_at__gt=at),
        holder=person,
        closed_how=ClosedHow.FINISHED,
        closed_at__gt=at - assignments.UNDO_WITHIN,
    ).select_related("compartment__bank")


def ended(person: Person, at: dt.datetime, *, held: Collection[int] = ()) -> list[str]:
    """Return a sentence for each use that ended of late, and not by the person.

    Nothing of doors that are ``held`` again, or were since.
    """
    said: list[str] = []
    seen = set(held)
    for past in history(person, at):
        door_id, is_use = past.claim.compartment_id, past.claim.started_at is not None
        if is_use and past.over_at > at - _OF_LATE and door_id not in seen:
            said.append(_sentence(past, at))
        if is_use:
            seen.add(door_id)
    return [one for one in said if one]


def history(person: Person, at: dt.datetime) -> list[Past]:
    """Return what somebody had, the latest first.

    What is over by the clock is over, whether or not a job came by to close it.
    """
    end = Case(
        When(started_at__isnull=False, then=Coalesce(F("closed_at"), F("ends_at"))),
        default=Coalesce(F("closed_at"), F("lapses_at"), F("ends_at")),
    )
    by_itself = Q(closed_at__isnull=True, recovery_at__isnull=True, over_at__lte=at) & (
        Q(at_end=AtEnd.RELEASE) | Q(started_at__isnull=True)
    )
    rows = (
        Claim.objects.filter(holder=person)
        .exclude(kind__in=[ClaimKind.CLOSURE, ClaimKind.OFFER])
        .select_related("compartment__bank__site")
        .annotate(over_at=end)
        .filter(Q(closed_at__isnull=False) | by_itself)
        .order_by("-over_at", "-pk")[:_MOST]
    )
    return [Past(row, row.over_at, _how(row)) for row in rows]


def had(person: Person, claim_id: int) -> bool:
    """Say whether somebody had a door or has it, also by having it shared with them."""
    return (
        Claim.objects.filter(pk=claim_id, holder=person).exists()
        or Share.objects.filter(claim=claim_id, person=person).exists()
    )


def _how(claim: Claim) -> str:
    if claim.closed_at is None:
        return str((ClosedHow.EXPIRED if claim.started_at else ClosedHow.NO_SHOW).label)
    return claim.get_closed_how_display()


def _sentence(past: Past, at: dt.datetime) -> str:
    """Return what to know of a use that ended; nothing when the person ended it."""
    claim, bank = past.claim, past.claim.compartment.bank
    zone: zoneinfo.ZoneInfo = bank.site.zone
    facts = {"number": claim.compartment.number, "bank": bank.name}
    how = claim.closed_how or ClosedHow.EXPIRED
    if how == ClosedHow.EXPIRED:
        facts["time"] = untils.when(claim.due_at or past.over_at, zone, at)
        return (
            _(
                "Your time with door %(number)s in bank %(bank)s ended at %(time)s."
                " If something of yours is still inside, ask reception."
            )
            % facts
        )
    told = {
        ClosedHow.RELEASED_BY_STAFF.value: _(
            "Staff gave door %(number)s in bank %(bank)s back for you."
            " If something of yours was inside, ask reception."
        ),
        ClosedHow.RECOVERED.value: _(
            "Staff emptied door %(number)s in bank %(bank)s. Ask reception for your things."
        ),
        ClosedHow.HANDED_ON.value: _(
            "Door %(number)s in bank %(bank)s is no longer yours: staff handed it on."
        ),
    }
    return told.get(how, "") % facts
