"""Doing a rollover: leavers out, years up, doors kept or given back, each step written down."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext as _

from access.models import Credential, Grant, Person, RegistrationGroup
from access.services import leaving
from audit.actions import Action
from audit.services import events
from audit.services.events import Actor, Line
from occupancy.choices import ClosedHow, RolloverStep
from occupancy.errors.rollovers import DoneAlready, NotReady, PlanChanged
from occupancy.models import Claim, Rollover, RolloverChange
from occupancy.services.rollovers import planning
from occupancy.services.rollovers.planning import Plan, Up

_BATCH = 1000
_UP = """
UPDATE access_person SET year_group_id = row.year, registration_group_id = row.form
FROM unnest(%(people)s::bigint[], %(years)s::bigint[], %(forms)s::bigint[]) row(id, year, form)
WHERE access_person.id = row.id
"""
_KEEP = """
UPDATE occupancy_claim c SET due_at = %(due_at)s, ends_at = %(due_at)s + p.grace
FROM occupancy_policy p WHERE p.id = c.policy_id AND c.id = ANY(%(claims)s)
"""
# What lets the holders open ends with their use.
KEEP_GRANTS = """
UPDATE access_grant g SET ends_at = c.ends_at FROM occupancy_claim c
WHERE g.claim_id = c.id AND g.revoked_at IS NULL AND c.id = ANY(%(claims)s)
"""


@dataclass(frozen=True)
class Done:
    """How many pupils and doors a rollover touched."""

    left: int
    up: int
    kept: int
    ended: int


def apply(*, rollover: Rollover, actor: Actor, at: dt.datetime, expected: str = "") -> Done:
    """Do all of a rollover in one transaction.

    ``expected`` is the digest of the plan that somebody looked at. Raises DoneAlready, NotReady
    and PlanChanged.
    """
    with transaction.atomic():
        now = (
            Rollover.objects.select_for_update(no_key=True, of=("self",))
            .select_related("site", "from_session", "to_session")
            .get(pk=rollover.pk)
        )
        if now.applied_at is not None:
            raise DoneAlready
        plan = planning.plan(now)
        if plan.problems:
            raise NotReady(problems=" ".join(plan.problems))
        if expected and expected != plan.digest:
            raise PlanChanged
        changes = [
            *_leave(plan.leavers, actor, at),
            *_go_up(plan.up),
            *_move_tutors(plan.tutors),
            *_keep(now, plan.kept),
            *_end(plan.ended, at),
        ]
        for change in changes:
            change.rollover = now
        RolloverChange.objects.bulk_create(changes, batch_size=_BATCH)
        Rollover.objects.filter(pk=now.pk).update(applied_at=at)
        rollover.applied_at = at
        _record(now, plan, actor, at)
    return Done(len(plan.leavers), len(plan.up), len(plan.kept), len(plan.ended))


def _leave(people: Iterable[Person], actor: Actor, at: dt.datetime) -> list[RolloverChange]:
    """Let leavers go by the verb that everybody leaves by; remember what it takes from them."""
    people = list(people)
    credentials: dict[int, dict[str, str]] = {}
    for pk, person_id, status in Credential.objects.filter(person__in=people).values_list(
        "pk", "person_id", "status"
    ):
        credentials.setdefault(person_id, {})[str(pk)] = status
    grants_of: dict[int, list[int]] = {}
    for pk, person_id in Grant.objects.filter(
        person__in=people, revoked_at__isnull=True
    ).values_list("pk", "person_id"):
        grants_of.setdefault(person_id or 0, []).append(pk)
    changes = [
        RolloverChange(
            step=RolloverStep.LEFT,
            person=person,
            before={
                "status": person.status,
                "year": person.year_group_id,
                "form": person.registration_group_id,
                "credentials": credentials.get(person.pk, {}),
                "grants": grants_of.get(person.pk, []),
            },
            after={"left_at": str(at)},
        )
        for person in people
    ]
    leaving.leave_all(people=people, actor=actor, at=at, reason=_("end of the academic year"))
    return changes


def _go_up(ups: list[Up]) -> list[RolloverChange]:
    changes = [
        RolloverChange(
            step=RolloverStep.UP,
            person=one.person,
            before={
                "year": one.person.year_group_id, "form": one.person.registration_group_id
            },
            after={"year": one.year.pk, "form": one.form.pk if one.form is not None else None},
        )
        for one in ups
    ]  # fmt: skip
    write_places([(change.person_id or 0, change.after) for change in changes])
    return changes


def write_places(people: list[tuple[int, dict[str, Any]]]) -> None:
    """Write year and form of many pupils in one statement."""
    with connection.cursor() as cursor:
        cursor.execute(
            _UP,
            {
                "people": [person for person, _place in people],
                "years": [place["year"] for _person, place in people],
                "forms": [place["form"] for _person, place in people],
            },
        )


def _move_tutors(
    moves: list[tuple[RegistrationGroup, RegistrationGroup]],
) -> list[RolloverChange]:
    """Let the tutors of each form be those of the form that it becomes; all at once."""
    forms = {form.pk for pair in moves for form in pair}
    tutors: dict[int, list[int]] = {form: [] for form in forms}
    through: Any = RegistrationGroup.tutors.through
    rows = through.objects.filter(registrationgroup__in=forms).order_by("user_id")
    for form, user in rows.values_list("registrationgroup_id", "user_id"):
        tutors[form].append(user)
    after: dict[int, list[int]] = {form: [] for form in forms}
    for form_, becomes in moves:
        after[becomes.pk] = sorted({*after[becomes.pk], *tutors[form_.pk]})
    changes = []
    for pk, users in after.items():
        if users == tutors[pk]:
            continue
        RegistrationGroup(pk=pk).tutors.set(users)
        changes.append(
            RolloverChange(
                step=RolloverStep.TUTORS, subject=pk, before={"tutors": tutors[pk]},
                after={"tutors": users},
            )
        )  # fmt: skip
    return changes


def _keep(rollover: Rollover, claims: list[Claim]) -> list[RolloverChange]:
    due_at = planning.ends_at(rollover)
    values: dict[str, Any] = {
        "due_at": due_at,
        "claims": [one.pk for one in claims if one.due_at is not None],
    }
    with connection.cursor() as cursor:
        cursor.execute(_KEEP, values)
        cursor.execute(KEEP_GRANTS, values)
    return [
        RolloverChange(
            step=RolloverStep.DOOR_KEPT, person_id=one.holder_id, subject=one.pk,
            before=told(one),
            after={"due_at": due_at.isoformat() if one.due_at is not None else None},
        )
        for one in claims
    ]  # fmt: skip


def _end(claims: list[Claim], at: dt.datetime) -> list[RolloverChange]:
    Claim.objects.filter(pk__in=[one.pk for one in claims], closed_at__isnull=True).update(
        closed_at=at, closed_how=ClosedHow.RELEASED_BY_STAFF
    )
    Grant.objects.filter(claim_id__in=[one.pk for one in claims], revoked_at__isnull=True).update(
        revoked_at=at
    )
    return [
        RolloverChange(
            step=RolloverStep.DOOR_ENDED, person_id=one.holder_id, subject=one.pk,
            before=told(one), after={"closed_at": at.isoformat()},
        )
        for one in claims
    ]  # fmt: skip


def told(claim: Claim) -> dict[str, Any]:
    """Return the end of a claim as a change remembers it."""
    return {
        "due_at": claim.due_at.isoformat() if claim.due_at is not None else None,
        "ends_at": claim.ends_at.isoformat() if claim.ends_at is not None else None,
    }


def _record(rollover: Rollover, plan: Plan, actor: Actor, at: dt.datetime) -> None:
    where: dict[str, Any] = {
        "actor": actor,
        "at": at,
        "organisation_id": rollover.site.organisation_id,
        "site_id": rollover.site_id,
    }
    subject = f"rollover:{rollover.pk}"
    events.record_many(
        [
            *(
                Line(
                    action=Action.WENT_UP, person_id=one.person.pk, subject=subject,
                    data={"year": str(one.year), "form": str(one.form or "")}, **where,
                )
                for one in plan.up
            ),
            *(
                Line(
                    action=action, person_id=one.holder_id, compartment_id=one.compartment_id,
                    bank_id=one.compartment.bank_id, subject=subject, reason=str(rollover),
                    data={"claim": one.pk}, **where,
                )
                for action, claims in (
                    (Action.EXTENDED, plan.kept), (Action.RELEASED_BY_STAFF, plan.ended)
                )
                for one in claims
            ),
            Line(
                action=Action.ROLLED_OVER, subject=subject,
                data={"left": len(plan.leavers), "up": len(plan.up), "kept": len(plan.kept),
                      "ended": len(plan.ended)},
                **where,
            ),
        ]
    )  # fmt: skip
