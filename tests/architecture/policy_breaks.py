"""How to break every constraint of policies, claims and what is counted, around the services."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from access.models import Department, Role
from lockers.models import Area
from occupancy.models import Assignment, Claim, CompartmentGroup, Quota
from tests import factories
from tests.factories.cast import Estate

NINE = dt.datetime(2026, 11, 17, 9, tzinfo=dt.UTC)
NOON = NINE + dt.timedelta(hours=3)


def assignment(estate: Estate, **values: Any) -> Claim:
    return Assignment.objects.create(
        **{
            "compartment": estate.doors[0],
            "kind": "assignment",
            "holder": estate.amira,
            "policy": estate.policy,
            "starts_at": NINE,
            "ends_at": NOON,
            "started_at": NINE,
            **values,
        }
    )


def policy(estate: Estate, **values: Any) -> None:
    factories.PolicyFactory(organisation=estate.organisation, **values)


def _one_number_twice(estate: Estate) -> None:
    for door in estate.doors[:2]:
        claim = assignment(estate, compartment=door)
        Quota.objects.create(claim=claim, policy=estate.policy, holder=estate.amira, slot=1)


def _two_holders(estate: Estate) -> None:
    role = Role.objects.create(organisation=estate.organisation, name="Duty manager")
    assignment(estate, role=role)


def _two_places(estate: Estate) -> None:
    area = Area.objects.create(site=estate.site, name="Floor 1", kind="floor")
    policy(estate, site=estate.site, area=area)


BREAKS: dict[str, Callable[[Estate], object]] = {
    "occupancy_no_more_than_the_limit": _one_number_twice,
    # An end before the start makes no range at all: PostgreSQL refuses it without a name, so the
    # empty range, of no length, is the one that the check is for.
    "occupancy_claim_ends_after_it_starts": lambda e: assignment(e, ends_at=NINE),
    "occupancy_claim_closes_after_it_starts": lambda e: assignment(
        e, closed_at=NINE - dt.timedelta(seconds=1)
    ),
    "occupancy_claim_is_due_before_it_ends": lambda e: assignment(
        e, due_at=NOON + dt.timedelta(seconds=1)
    ),
    "occupancy_every_use_has_one_holder": _two_holders,
    "occupancy_assignment_has_started_under_a_policy": lambda e: assignment(e, policy=None),
    "occupancy_only_what_has_begun_is_recovered": lambda e: assignment(
        e, recovery_at=NINE - dt.timedelta(seconds=1)
    ),
    "occupancy_group_name_is_used_once": lambda e: [
        CompartmentGroup.objects.create(organisation=e.organisation, name="Row 1") for _n in (1, 2)
    ],
    "occupancy_policy_name_is_used_once": lambda e: policy(e, name=e.policy.name),
    "occupancy_policy_is_attached_once": _two_places,
    "occupancy_policy_limit_is_sensible": lambda e: policy(e, limit_per_person=21),
    "occupancy_policy_for_hours_says_how_many": lambda e: policy(e, model="session"),
    "occupancy_policy_for_shifts_says_when": lambda e: policy(e, model="shift"),
    "occupancy_policy_for_a_period_says_how_long": lambda e: policy(e, model="fixed"),
    "occupancy_policy_for_booking_says_how_far_ahead": lambda e: policy(e, model="reservation"),
    "occupancy_policy_times_run_forward": lambda e: policy(e, grace=dt.timedelta(minutes=-1)),
    "access_grant_is_for_one": lambda e: Department.objects.create(
        organisation=e.organisation, name="Facilities"
    ).grants.create(person=e.amira, compartment=e.doors[0], starts_at=NINE),
}
