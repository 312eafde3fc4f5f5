"""Late arrivals, and the doors that a draw held back for them.

The reserve is counted, not marked: of the doors of a pool (doors that the draw did not tell apart)
as many stay back as the frozen input says, less those that people without a ticket have by now.
Whoever gives theirs back fills it up again. A door that was not in the draw, such as one that was
out of service then, belongs to no reserve.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import replace

from django.db.models import Count

from access.models import Person
from occupancy.allotment import problem as problems_as_written
from occupancy.allotment.problem import Problem
from occupancy.choices import ClaimKind
from occupancy.models import Allotment, Claim, Entry
from occupancy.services.allotting import problems

# A door may be ready before somebody's first day, but not all winter long.
_AHEAD = dt.timedelta(days=14)


def arrivals(allotment: Allotment, pupils: Iterable[Person], today: dt.date) -> list[Person]:
    """Return who came after the draw, of pupils: access needs first, then by first day."""
    known = set(Entry.objects.filter(allotment=allotment).values_list("person_id", flat=True))
    came = [
        one
        for one in pupils
        if one.pk not in known and (one.starts_on is None or one.starts_on <= today + _AHEAD)
    ]
    return sorted(
        came, key=lambda one: (not problems.has_needs(one), one.starts_on or dt.date.min, one.pk)
    )


def held_back(allotment: Allotment, free: Problem) -> Problem:
    """Return a problem of free doors in which pools hold back what is left of the reserve."""
    assert allotment.frozen_input is not None  # doors were given: by constraint
    frozen = problems_as_written.read(bytes(allotment.frozen_input))
    pools = [pool for pool in frozen.pools if pool.held_back]
    if not pools:
        return free
    taken = _taken(allotment, [door for pool in pools for door in pool.doors])
    back = [0] * len(free.pools)
    for pool in pools:
        left = pool.held_back - sum(taken.get(door, 0) for door in pool.doors)
        here = [free.pool_of[door] for door in pool.doors if door in free.pool_of]
        # The last of the row: a waiting pupil's door is never taken from the front for it.
        for at in here[-left:] if left > 0 else ():
            back[at] += 1
    return replace(
        free,
        pools=tuple(
            replace(pool, held_back=held) for pool, held in zip(free.pools, back, strict=True)
        ),
    )


def _taken(allotment: Allotment, doors: list[int]) -> dict[int, int]:
    """Return which of the doors are somebody's who has no ticket."""
    return dict(
        Claim.objects.filter(
            compartment__in=doors, kind=ClaimKind.ASSIGNMENT, closed_at__isnull=True
        )
        .exclude(holder__in=Entry.objects.filter(allotment=allotment).values("person"))
        .values("compartment")
        .annotate(n=Count("pk"))
        .values_list("compartment", "n")
    )
