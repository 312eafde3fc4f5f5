"""The electronic doors of a form are opened, one after another, so that its pupils can empty them.

It goes the way of an end of day: each door is written down first, asked in its turn, and what came
of it stands on a page.
"""

from __future__ import annotations

import datetime as dt

from audit.services.events import Actor
from maintenance.errors.collections import (
    CollectionNotBegun,
    CollectionOver,
    NoDoorsToOpen,
)
from maintenance.models import Collection, CollectionLine
from occupancy.models import Assignment, DayEnd
from occupancy.services.claims.assignments import in_force
from occupancy.services.ending import day_ends


def open_doors(
    *, collection_id: int, form: int | None, stagger_ms: int, actor: Actor, at: dt.datetime
) -> DayEnd:
    """Ask the doors that a form still has, each so much later than the one before.

    ``form`` is None for pupils of no form. Raises CollectionOver, CollectionNotBegun and
    NoDoorsToOpen.
    """
    one = Collection.objects.select_related("site").get(pk=collection_id)
    if one.closed_at is not None:
        raise CollectionOver
    if one.begun_at is None:
        raise CollectionNotBegun
    lines = CollectionLine.objects.filter(
        collection=one, registration_group=form, cleared_at__isnull=True,
        compartment__controller__isnull=False,
        claim__in=Assignment.objects.filter(in_force(at)),
    ).exclude(emptied=True)  # fmt: skip
    names = {line.form for line in lines}
    claims = [line.claim_id for line in lines]
    if not claims:
        raise NoDoorsToOpen
    reason = ": ".join(filter(None, [str(one), names.pop()]))
    day_end = day_ends.plan(
        site=one.site, reason=reason, actor=actor, at=at, claims=claims, stagger_ms=stagger_ms
    )
    day_ends.go_on(day_end=day_end, actor=actor, at=at)
    return day_end
