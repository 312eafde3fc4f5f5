"""Taking a school of 1,500 pupils with doors to its next year and back, beside the bare rows.

The bare rows are those of the pupils who go up and of the doors that they keep, in a handful of
statements; whoever leaves does so by the verb that everybody leaves by, one after another.
"""

from __future__ import annotations

import datetime as dt
import time
from typing import Any

from django.db import connection, transaction

from tests.benchmarks import school
from tests.benchmarks.figures import median
from tests.benchmarks.place import Place
from tests.benchmarks.school import PUPILS, YEARS

TIMES = 3
ENDS = dt.datetime(2027, 7, 21, 23, tzinfo=dt.UTC)
AUGUST = dt.datetime(2027, 8, 20, 8, tzinfo=dt.UTC)
_BARE = [
    """UPDATE access_person p
       SET year_group_id = up.goes_to_id, registration_group_id = form.goes_to_id
       FROM occupancy_rolloveryear up, occupancy_rolloverform form
       WHERE up.rollover_id = %(rollover)s AND form.rollover_id = %(rollover)s
         AND up.year_group_id = p.year_group_id AND up.goes_to_id IS NOT NULL
         AND form.registration_group_id = p.registration_group_id RETURNING p.id""",
    """UPDATE occupancy_claim SET due_at = %(until)s, ends_at = %(until)s
       WHERE holder_id = ANY(%(people)s) AND closed_at IS NULL""",
    """UPDATE access_grant SET ends_at = %(until)s
       WHERE person_id = ANY(%(people)s) AND revoked_at IS NULL""",
    """INSERT INTO audit_event (occurred_at, action, actor_kind, actor_id, organisation_id, site_id,
                                person_id, subject, reason, data)
       SELECT now(), one.action, 'system', 'measured', %(organisation)s, %(site)s, p.id, '', '',
              '{}'
       FROM access_person p, (VALUES ('person.went_up'), ('assignment.extended')) one(action)
       WHERE p.id = ANY(%(people)s)""",
    """INSERT INTO occupancy_rolloverchange (rollover_id, step, person_id, subject, before, after)
       SELECT %(rollover)s, one.step, p.id, NULL, '{}', '{}'
       FROM access_person p, (VALUES ('up'), ('kept')) one(step) WHERE p.id = ANY(%(people)s)""",
]  # fmt: skip


def measure(place: Place) -> dict[str, Any]:
    """Return seconds to look at, do and undo a rollover, and the ratio of doing to bare rows."""
    from audit.services.events import Actor
    from occupancy.services.rollovers import applying, planning, undoing

    rollover = _build(place)
    actor = Actor.job("measured")
    looked, done, undone, bare = [], [], [], []
    for turn in range(TIMES):
        at = AUGUST + dt.timedelta(hours=turn)
        began = time.perf_counter()
        plan = planning.plan(rollover)
        looked.append(time.perf_counter() - began)
        _check(len(plan.up) == PUPILS * (YEARS - 1) // YEARS and not plan.problems)
        bare.append(_raw(place, rollover))
        began = time.perf_counter()
        found = applying.apply(rollover=rollover, actor=actor, at=at)
        done.append(time.perf_counter() - began)
        _check((found.left, found.up, found.kept) == (300, 1_200, 1_200))
        began = time.perf_counter()
        undoing.undo(rollover=rollover, actor=actor, at=at + dt.timedelta(minutes=1))
        undone.append(time.perf_counter() - began)
        rollover = _again(rollover)
    return {
        "rollover_1500_preview_s": round(median(looked), 3),
        "rollover_1500_s": round(median(done), 2),
        "rollover_1500_undo_s": round(median(undone), 2),
        "rollover_1500_ratio": median([a / b for a, b in zip(done, bare, strict=True)]),
    }


def _check(is_so: bool) -> None:
    if not is_so:
        raise AssertionError("a rollover of other people than were made")


def _raw(place: Place, rollover: Any) -> float:
    """Return how long the bare rows take; nothing of it stays."""
    named: dict[str, Any] = {
        "rollover": rollover.pk, "organisation": place.organisation, "site": place.site,
        "until": ENDS + dt.timedelta(days=365),
    }  # fmt: skip
    began = time.perf_counter()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_BARE[0], named)
        named["people"] = [row[0] for row in cursor.fetchall()]
        _check(len(named["people"]) == PUPILS * (YEARS - 1) // YEARS)
        for statement in _BARE[1:]:
            cursor.execute(statement, named)
        took = time.perf_counter() - began
        transaction.set_rollback(True)
    return took


def _again(rollover: Any) -> Any:
    """Prepare the same one anew: what was undone stays as it was."""
    from occupancy.models import Rollover
    from occupancy.services.rollovers import planning

    found = Rollover.objects.create(
        site=rollover.site, from_session=rollover.from_session, to_session=rollover.to_session
    )
    planning.prepare(rollover=found)
    return found


def _build(place: Place) -> Any:
    """Make the school, each pupil with a door of their own."""
    from access.models import Grant
    from occupancy.choices import ClaimKind
    from occupancy.models import Claim, Rollover
    from occupancy.services.rollovers import planning
    from tests.factories.school import academic_year

    made = school.make(place.organisation, place.site, 7)
    begun = ENDS - dt.timedelta(days=300)
    claims = Claim.objects.bulk_create(
        Claim(
            kind=ClaimKind.ASSIGNMENT, compartment=door, holder=person, policy=made.policy,
            starts_at=begun, started_at=begun, due_at=ENDS, ends_at=ENDS,
            at_end=made.policy.at_end,
        )
        for door, person in zip(made.doors, made.people, strict=True)
    )  # fmt: skip
    Grant.objects.bulk_create(
        Grant(
            person_id=claim.holder_id, compartment_id=claim.compartment_id, claim_id=claim.pk,
            starts_at=begun, ends_at=ENDS,
        )
        for claim in claims
    )  # fmt: skip
    rollover = Rollover.objects.create(
        site=made.site, from_session=academic_year(made.site),
        to_session=academic_year(made.site, 2027),
    )  # fmt: skip
    planning.prepare(rollover=rollover)
    return rollover
