"""Giving and taking the right to open."""

from __future__ import annotations

import datetime as dt

from django.db import connection

from access.decisions import Decision, Facts, decide
from access.models import Person
from access.services import holds
from lockers.models import Compartment


def issue(
    *,
    person_id: int,
    compartment_id: int,
    claim_id: int | None,
    starts_at: dt.datetime,
    ends_at: dt.datetime | None,
) -> None:
    """Let a person open a compartment, in the transaction of the claim it comes from."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO access_grant (person_id, compartment_id, claim_id, starts_at, ends_at)"
            " VALUES (%s, %s, %s, %s, %s)",
            (person_id, compartment_id, claim_id, starts_at, ends_at),
        )


def lengthen(*, claim_id: int, ends_at: dt.datetime) -> None:
    """Let what a claim granted last until its new end."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE access_grant SET ends_at = %s WHERE claim_id = %s AND revoked_at IS NULL",
            (ends_at, claim_id),
        )


def revoke(*, claim_id: int, at: dt.datetime) -> None:
    """Take back what a claim granted, from now on."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE access_grant SET revoked_at = %s WHERE claim_id = %s AND revoked_at IS NULL",
            (at, claim_id),
        )


def reinstate(*, claim_id: int) -> None:
    """Give back what was revoked with a claim, when its end is undone."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE access_grant SET revoked_at = NULL WHERE claim_id = %s", (claim_id,))


def decide_open(*, person: Person, compartment: Compartment, at: dt.datetime) -> Decision:
    """Decide whether a person may open a compartment now, from the best grant they have."""
    bank = compartment.bank
    grant = (
        person.grants.filter(compartment=compartment, revoked_at__isnull=True)
        .order_by("-starts_at")
        .first()
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
