"""Doors that somebody has, made by hand: with any end, under any policy."""

from __future__ import annotations

import datetime as dt
from typing import Any

from access.models import Person
from access.services import grants
from occupancy.models import Assignment, Policy
from tests import factories
from tests.factories.cast import Estate

HOUR, MINUTE, DAY = dt.timedelta(hours=1), dt.timedelta(minutes=1), dt.timedelta(days=1)


def policy(estate: Estate, **values: Any) -> Policy:
    """Return a policy of the estate's site with the usual warnings."""
    return factories.PolicyFactory(organisation=estate.organisation, site=estate.site, **values)


def with_mail(person: Person) -> str:
    """Give somebody an address, and return it."""
    address = f"{person.given_name.lower()}@northwind.example"
    Person.objects.filter(pk=person.pk).update(email=address)
    person.email = address
    return address


def hold(
    estate: Estate,
    under: Policy,
    starts_at: dt.datetime,
    due_at: dt.datetime | None,
    *,
    door: int = 0,
    who: Person | None = None,
) -> Assignment:
    """Give somebody a door until an end, as the engine would."""
    holder = who or estate.amira
    ends_at = due_at + under.grace if due_at is not None else None
    claim = Assignment.objects.create(
        compartment=estate.doors[door], kind="assignment", holder=holder, policy=under,
        starts_at=starts_at, started_at=starts_at, due_at=due_at, ends_at=ends_at,
        at_end=under.at_end,
    )  # fmt: skip
    grants.issue(
        person_id=holder.pk, compartment_id=estate.doors[door].pk, claim_id=claim.pk,
        starts_at=starts_at, ends_at=ends_at,
    )  # fmt: skip
    return claim
