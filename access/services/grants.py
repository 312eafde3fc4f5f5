"""Giving and taking the right to open."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from django.db import connection
from django.db.models import Q

from access.decisions import Decision, Facts, decide
from access.models import Grant, Person
from access.services import holds
from lockers.models import Compartment


def issue(
    *,
    compartment_id: int,
    claim_id: int | None,
    starts_at: dt.datetime,
    ends_at: dt.datetime | None,
    person_id: int | None = None,
    role_id: int | None = None,
    department_id: int | None = None,
) -> None:
    """Let a person, a role or a department open a compartment, with the claim it comes from."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO access_grant (person_id, role_id, department_id, compartment_id, claim_id,"
            " starts_at, ends_at) VALUES (%s, %s, %s, %s, %s, %s, %s)",
            (person_id, role_id, department_id, compartment_id, claim_id, starts_at, ends_at),
        )


def lengthen(*, claim_id: int, person_id: int | None, ends_at: dt.datetime | None) -> None:
    """Let what a claim granted its holder last until its new end; others keep their own times."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE access_grant SET ends_at = %s WHERE claim_id = %s AND revoked_at IS NULL"
            " AND person_id IS NOT DISTINCT FROM %s",
            (ends_at, claim_id, person_id),
        )


def revoke(*, claim_id: int, at: dt.datetime, person_id: int | None = None) -> None:
    """Take back what a claim granted, to everybody or only to one person, from now on."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE access_grant SET revoked_at = %s WHERE claim_id = %s AND revoked_at IS NULL"
            " AND (%s::bigint IS NULL OR person_id = %s)",
            (at, claim_id, person_id, person_id),
        )


def revoke_all(*, claims: Collection[int], at: dt.datetime) -> None:
    """Take back what several claims granted, to everybody, from now on."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE access_grant SET revoked_at = %s"
            " WHERE claim_id = ANY(%s) AND revoked_at IS NULL",
            (at, list(claims)),
        )


def reinstate(*, claim_id: int, person_id: int | None, ends_at: dt.datetime | None) -> None:
    """Give a person back what was revoked with a claim, when its end is undone; nobody else.

    It lasts until the claim's end of now: that may have been moved while the grant was revoked.
    """
    reinstate_all([(claim_id, person_id, ends_at)])


def reinstate_all(claims: Collection[tuple[int, int | None, dt.datetime | None]]) -> None:
    """Give back what was revoked with several claims, each to its person and until its end."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE access_grant SET revoked_at = NULL, ends_at = one.ends_at"
            " FROM unnest(%s::bigint[], %s::bigint[], %s::timestamptz[])"
            " one(claim, person, ends_at)"
            " WHERE claim_id = one.claim AND person_id IS NOT DISTINCT FROM one.person",
            tuple([one[part] for one in claims] for part in range(3)),
        )


def theirs(person: Person) -> Q:
    """Return the condition: somebody's own, or their role's or department's at this moment."""
    mine = Q(person=person)
    if person.role_id is not None:
        mine |= Q(role_id=person.role_id)
    if person.department_id is not None:
        mine |= Q(department_id=person.department_id)
    return mine


def may_open(*, person: Person, compartment_id: int, at: dt.datetime) -> bool:
    """Say whether a grant of somebody's holds now; what else the decision asks is not asked."""
    return Grant.objects.filter(
        theirs(person),
        Q(ends_at__isnull=True) | Q(ends_at__gt=at),
        compartment_id=compartment_id,
        starts_at__lte=at,
        revoked_at__isnull=True,
    ).exists()


def decide_open(*, person: Person, compartment: Compartment, at: dt.datetime) -> Decision:
    """Decide whether a person may open a compartment now, from the best grant they have."""
    bank = compartment.bank
    # Those that hold now before others, of these the latest.
    grant = max(
        Grant.objects.filter(theirs(person), compartment=compartment, revoked_at__isnull=True),
        key=lambda one: (one.is_in_force(at), one.starts_at),
        default=None,
    )
    return decide(
        Facts(
            person_status=person.status,
            is_held=holds.is_held(person_id=person.pk, at=at),
            needs_grant=True,
            grant_from=grant.starts_at if grant else None,
            grant_until=grant.ends_at if grant else None,
            service_status=compartment.service_status,
            curfew=bank.curfew,
            time_zone=bank.site.time_zone,
        ),
        at,
    )
