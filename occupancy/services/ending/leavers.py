"""What people hold who have left or are suspended: staff empty it, and nobody gets it before."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from functools import partial

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from access.choices import PersonStatus
from access.models import Visit
from audit.services.events import Actor
from occupancy.choices import AtEnd
from occupancy.models import Assignment
from occupancy.services.claims.assignments import in_force
from occupancy.services.ending import recovery, sweeping

_ACTOR = Actor.job("leavers")


def hold(*, person_ids: list[int], site_id: int | None, at: dt.datetime) -> int:
    """Keep what people have until it is emptied, whatever its planned end; return how many doors.

    Its recovery begins right afterwards; but should the process die in between, and the end come
    before the sweep does, the door must not be somebody else's with the things still inside.
    """
    theirs = Assignment.objects.filter(in_force(at), holder__in=person_ids)
    if site_id is not None:
        theirs = theirs.filter(compartment__bank__site=site_id)
    return theirs.update(at_end=AtEnd.HOLD)


def recover_of(*, person_ids: list[int], at: dt.datetime) -> int:
    """Begin to empty what some people hold, if they may not any more; return how many doors."""
    return _recover(Assignment.objects.filter(holder__in=person_ids), at)


def recover_all(*, at: dt.datetime, aside: list[str] | None = None) -> int:
    """Begin to empty what everybody holds who may not any more; return how many doors."""
    return _recover(Assignment.objects.all(), at, aside)


def _recover(held: QuerySet[Assignment], at: dt.datetime, aside: list[str] | None = None) -> int:
    found = held.filter(in_force(at), _may_not(), recovery_at__isnull=True)
    is_suspended = Q(holder__status=PersonStatus.SUSPENDED)
    return sum(
        sweeping.together(
            list(theirs.order_by("pk").values_list("pk", flat=True)),
            partial(_begin, at, reason),
            lambda claim: f"claim:{claim}",
            aside,
        )
        for theirs, reason in (
            (found.filter(is_suspended), _("The holder is suspended.")),
            (found.exclude(is_suspended), _("The holder left.")),
        )
    )


def _begin(at: dt.datetime, reason: str, claims: Sequence[int]) -> int:
    return len(recovery.begin_all(claims=claims, actor=_ACTOR, at=at, reason=reason))


def _may_not() -> Q:
    """Return the condition: the holder left or is suspended, or a visitor left early.

    A visit that was over by itself changes nothing: what is in the locker follows its policy.
    """
    left_early = Visit.objects.filter(
        visitor=OuterRef("holder"),
        site=OuterRef("compartment__bank__site"),
        left_at__gte=OuterRef("started_at"),
        left_at__lt=F("expected_until"),
    )
    return Q(holder__status__in=[PersonStatus.LEFT, PersonStatus.SUSPENDED]) | Q(Exists(left_early))
