"""Freezing the wishes of 1,500 pupils and giving all their doors, beside the bare rows.

The network alone is measured in allotting; here the draw is what the office does: it reads the
school from the database, settles the input, and gives every door with its grant, its result and
its event, or none.
"""

from __future__ import annotations

import datetime as dt
import time
from typing import Any

from django.db import connection, transaction

from tests.benchmarks import school
from tests.benchmarks.figures import median
from tests.benchmarks.place import Place
from tests.benchmarks.school import PUPILS, School

TIMES = 3
WISHES = 3
AUGUST = dt.datetime(2026, 8, 17, 8, tzinfo=dt.UTC)
CLOSES = AUGUST + dt.timedelta(days=7)
_BARE = """
WITH given AS (
    INSERT INTO occupancy_claim (compartment_id, kind, holder_id, policy_id, starts_at, due_at,
                                 ends_at, started_at, closed_how, at_end, renewals)
    SELECT door, 'assignment', person, %(policy)s, %(at)s, %(until)s, %(until)s, %(at)s, '', 'hold',
           0
    FROM unnest(%(people)s::bigint[], %(doors)s::bigint[]) one(person, door)
    RETURNING id, compartment_id, holder_id),
granted AS (
    INSERT INTO access_grant (person_id, compartment_id, claim_id, starts_at, ends_at)
    SELECT holder_id, compartment_id, id, %(at)s, %(until)s FROM given),
result AS (
    INSERT INTO occupancy_allotted (entry_id, place, compartment_id, claim_id, because)
    SELECT e.id, row_number() OVER (), compartment_id, given.id, '{}'
    FROM given JOIN occupancy_entry e
      ON e.person_id = holder_id AND e.allotment_id = %(allotment)s)
INSERT INTO audit_event (occurred_at, action, actor_kind, actor_id, organisation_id, site_id,
                         person_id, subject, reason, data)
SELECT %(at)s, 'assignment.allotted', 'system', 'measured', %(organisation)s, %(site)s, holder_id,
       '', '', '{}'
FROM given
"""


def measure(place: Place) -> dict[str, Any]:
    """Return seconds to freeze and to give, and the ratio of giving to the bare rows."""
    from audit.services.events import Actor
    from occupancy.services.allotting import applying, drawing

    made = school.make(place.organisation, place.site, 20)
    actor = Actor.job("measured")
    frozen, given, bare = [], [], []
    for turn in range(TIMES):
        allotment = _opened(made, turn, actor)
        began = time.perf_counter()
        drawing.freeze(allotment=allotment, actor=actor, at=CLOSES)
        frozen.append(time.perf_counter() - began)
        bare.append(_raw(made, allotment))
        began = time.perf_counter()
        found = applying.apply(allotment=allotment, actor=actor, at=CLOSES)
        given.append(time.perf_counter() - began)
        if found.given != PUPILS:
            raise AssertionError("the draw gave other doors than there are")
        _end(made)
    return {
        "draw_1500_freeze_s": round(median(frozen), 2),
        "draw_1500_apply_s": round(median(given), 2),
        "draw_1500_apply_ratio": median([a / b for a, b in zip(given, bare, strict=True)]),
    }


def _opened(made: School, turn: int, actor: Any) -> Any:
    """Open an allotment, and let every pupil wish for three doors."""
    from occupancy.models import Allotment, AllotmentYear, Entry, Preference
    from occupancy.services.allotting import drawing
    from tests.factories.school import academic_year

    allotment = Allotment.objects.create(
        site=made.site, session=academic_year(made.site, 2030 + turn), policy=made.policy,
        name="Measured", code=f"bench{turn}", held_back=0,
    )  # fmt: skip
    allotment.banks.set([made.doors[0].bank_id])
    for year in made.years:
        AllotmentYear.objects.create(allotment=allotment, year_group=year)
    drawing.open_for_wishes(
        allotment=allotment, opens_at=AUGUST, closes_at=CLOSES, actor=actor, at=AUGUST
    )
    Preference.objects.bulk_create(
        Preference(
            entry=entry, rank=rank, compartment=made.doors[(n * 7 + rank * 13) // 2 % PUPILS]
        )
        for n, entry in enumerate(Entry.objects.filter(allotment=allotment).order_by("pk"))
        for rank in range(1, WISHES + 1)
    )
    return allotment


def _raw(made: School, allotment: Any) -> float:
    """Return how long the bare rows take; nothing of it stays."""
    named = {
        "at": CLOSES, "until": CLOSES + dt.timedelta(days=330), "policy": made.policy.pk,
        "people": [one.pk for one in made.people], "doors": [one.pk for one in made.doors],
        "allotment": allotment.pk, "organisation": made.site.organisation_id,
        "site": made.site.pk,
    }  # fmt: skip
    began = time.perf_counter()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_BARE, named)
        if cursor.rowcount != PUPILS:
            raise AssertionError("other rows than the draw writes")
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # as a commit would
        took = time.perf_counter() - began
        transaction.set_rollback(True)
    return took


def _end(made: School) -> None:
    """Give every door back, for the next turn."""
    from access.models import Grant
    from occupancy.models import Claim

    theirs = Claim.objects.filter(policy=made.policy, closed_at__isnull=True)
    Grant.objects.filter(claim_id__in=theirs.values("pk")).update(revoked_at=CLOSES)
    theirs.update(closed_at=CLOSES, closed_how="released_by_staff")
