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
    """Begin to empty what some people hold, if they may not any more; return how many doors.

    All at once, as a school lets hundreds go; where that fails, one by one.
    """
    held = Assignment.objects.filter(holder__in=person_ids)
    return sum(
        sweeping.together(claims, partial(_begin, at, reason), _name)
        for claims, reason in _found(held, at)
    )


def recover_all(*, at: dt.datetime, aside: list[str] | None = None) -> int:
    """Begin to empty what everybody holds who may not any more; return how many doors."""
    return sum(
        sweeping.each(claims, partial(_begin_one, at, reason), _name, aside)
        for claims, reason in _found(Assignment.objects.all(), at)
    )


def _found(held: QuerySet[Assignment], at: dt.datetime) -> list[tuple[list[int], str]]:
    """Return the uses that are to be emptied, by the reason why."""
    found = held.filter(in_force(at), _may_not(), recovery_at__isnull=True).order_by("pk")
    is_suspended = Q(holder__status=PersonStatus.SUSPENDED)
    return [
        (list(found.filter(is_suspended).values_list("pk", flat=True)),
         _("The holder is suspended.")),
        (list(found.exclude(is_suspended).values_list("pk", flat=True)), _("The holder left.")),
    ]  # fmt: skip


def _name(claim: int) -> str:
    return f"claim:{claim}"


def _begin_one(at: dt.datetime, reason: str, claim: int) -> int:
    return _begin(at, reason, [claim])


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
