"""The dials of collected lockers are turned to the next combination, before somebody else has them.

Who had a locker knows its combination: the next holder is never told the same one.
"""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from access.models import Lock
from access.services import combinations
from access.services.combinations import Line, Step
from audit.actions import Action
from audit.services.events import Actor
from maintenance.models import Collection, CollectionLine
from maintenance.services.collections import story
from occupancy.models import Assignment
from occupancy.services.claims.assignments import in_force


def plan(collection_id: int, at: dt.datetime) -> list[Step]:
    """Return what a rotation would do; a lock with one combination stays where it is."""
    return combinations.plan(_locks(collection_id, at))


def rotate(
    *, collection_id: int, expected: str, reason: str, actor: Actor, at: dt.datetime
) -> list[Line]:
    """Point each collected lock at its next combination, once; return the list for the dials.

    ``expected`` is the fingerprint of the plan that was looked at. Raises LocksChanged,
    NoCombination and CombinationsSealed.
    """
    with transaction.atomic():
        one = (
            Collection.objects.select_for_update(no_key=True, of=("self",))
            .select_related("site")
            .get(pk=collection_id)
        )
        lines = combinations.advance(
            locks=_locks(collection_id, at), expected=expected, reason=reason, actor=actor, at=at
        )
        doors = [line.lock.compartment_id for line in lines]
        CollectionLine.objects.filter(collection=one, compartment__in=doors).update(rotated_at=at)
        story.record(
            Action.COLLECTION_ROTATED, one, actor, at, reason=reason, locks=len(lines)
        )  # fmt: skip
    return lines


def _locks(collection_id: int, at: dt.datetime) -> QuerySet[Lock]:
    """Return the locks of lockers that were given back, that nobody has, and not turned yet."""
    given_back = CollectionLine.objects.filter(
        collection=collection_id, compartment=OuterRef("compartment"), rotated_at__isnull=True,
        claim__closed_at__isnull=False,
    )  # fmt: skip
    # Whoever has it by now was told the combination that is in force.
    held = Assignment.objects.filter(in_force(at), compartment=OuterRef("compartment"))
    return Lock.objects.filter(Exists(given_back), ~Exists(held)).order_by(
        "compartment__bank__position", "compartment__bank__name", "compartment__column",
        "compartment__row",
    )  # fmt: skip
