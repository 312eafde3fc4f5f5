"""Ending what people hold who have left. What is inside stays inside, and nobody else gets it."""

from __future__ import annotations

import datetime as dt
import logging

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from access.choices import PersonStatus
from access.models import Visit
from audit.services.events import Actor
from lockers.choices import ServiceStatus
from occupancy.choices import ClosedHow
from occupancy.errors import AssignmentAlreadyReleased
from occupancy.models import Assignment
from occupancy.services import assignments, overrides
from occupancy.services.assignments import in_force

log = logging.getLogger(__name__)
_ACTOR = Actor.job("leavers")


def release_of(*, person_id: int, at: dt.datetime) -> int:
    """Release what one person holds, if they have left; return how many doors."""
    return _release(Assignment.objects.filter(holder_id=person_id), at)


def release_all(*, at: dt.datetime) -> int:
    """Release what everybody holds who has left; return how many doors."""
    return _release(Assignment.objects.all(), at)


def _release(held: QuerySet[Assignment], at: dt.datetime) -> int:
    released = 0
    for assignment in (
        held.filter(in_force(at), _is_gone()).select_related("compartment").order_by("pk")
    ):
        try:
            released += _end(assignment, at)
        except Exception:
            # One bad row must not keep the others; the next sweep tries it again.
            log.exception("assignment %s of a leaver could not be ended", assignment.pk)
            if transaction.get_connection().in_atomic_block:
                raise
    return released


def _is_gone() -> Q:
    """Return the condition: the holder left for good, or a visitor before the visit was over.

    A visit that was over by itself changes nothing: what is in the locker follows its policy.
    """
    left_early = Visit.objects.filter(
        visitor=OuterRef("holder"),
        site=OuterRef("compartment__bank__site"),
        left_at__gte=OuterRef("started_at"),
        left_at__lt=F("expected_until"),
    )
    return Q(holder__status=PersonStatus.LEFT) | Q(Exists(left_early))


def _end(assignment: Assignment, at: dt.datetime) -> int:
    reason = _("The holder left. Empty it before somebody else gets it.")
    try:
        with transaction.atomic():
            assignments.release(
                claim_id=assignment.pk,
                how=ClosedHow.HOLDER_LEFT,
                actor=_ACTOR,
                at=at,
                reason=reason,
            )
            # Free at once it would be the next person's, with somebody's things in it. A fault
            # or a closed door stays what it is: nobody gets that one either.
            if assignment.compartment.service_status == ServiceStatus.IN_SERVICE:
                overrides.set_service_status(
                    compartment_id=assignment.compartment_id,
                    status=ServiceStatus.NEEDS_CLEANING,
                    actor=_ACTOR,
                    reason=reason,
                    at=at,
                )
    except AssignmentAlreadyReleased:
        return 0  # somebody was faster
    return 1
