"""The policies of an organisation as the engine takes them, kept as long as they are the same."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from occupancy.allocation.policy import Attached, Level
from occupancy.allocation.rules import USUAL_ORDER, Ahead, Rules
from occupancy.choices import AtEnd, Criterion, UseModel
from occupancy.models import CompartmentGroup, Policy


@dataclass(frozen=True)
class Rulebook:
    """All active policies, and in which groups doors are that a policy is attached to."""

    policies: tuple[Attached, ...]
    groups: Mapping[int, frozenset[int]]

    @cached_property
    def for_booking(self) -> tuple[Attached, ...]:
        """All policies, limited by how many doors somebody may have booked at once."""
        return tuple(
            replace(
                one,
                rules=replace(
                    one.rules, limit=one.rules.ahead.per_person if one.rules.ahead else None
                ),
            )
            for one in self.policies
        )


# By organisation, with the version that the database had. Reading twenty policies with all that
# they ask about takes as long as a claim; comparing one number takes nothing.
_kept: dict[int, tuple[int, Rulebook]] = {}
_lock = threading.Lock()


def of(organisation_id: int, version: int) -> Rulebook:
    """Return the rulebook of an organisation whose policies have this version now."""
    kept = _kept.get(organisation_id)
    if kept is not None and kept[0] == version:
        return kept[1]
    book = read(organisation_id)
    with _lock:
        _kept[organisation_id] = (version, book)
    return book


def read(organisation_id: int) -> Rulebook:
    """Read it from the database."""
    policies = Policy.objects.filter(
        organisation_id=organisation_id, is_active=True
    ).prefetch_related("groups", "departments", "roles", "sizes")
    attached = tuple(attached_from(policy) for policy in policies)
    groups: dict[int, set[int]] = {}
    members = CompartmentGroup.compartments.through.objects.filter(
        compartmentgroup_id__in=[one.place_id for one in attached if one.level == Level.GROUP]
    )
    for group_id, compartment_id in members.values_list("compartmentgroup_id", "compartment_id"):
        groups.setdefault(compartment_id, set()).add(group_id)
    return Rulebook(attached, {door: frozenset(ids) for door, ids in groups.items()})


def attached_from(policy: Policy) -> Attached:
    """Return a saved policy as the engine takes it."""
    return Attached(
        rules_from(
            policy,
            groups=(one.pk for one in policy.groups.all()),
            departments=(one.pk for one in policy.departments.all()),
            roles=(one.pk for one in policy.roles.all()),
            sizes=(one.pk for one in policy.sizes.all()),
        ),
        *place_of(policy),
    )


def place_of(policy: Policy) -> tuple[Level, int]:
    """Return where a policy is attached."""
    if policy.group_id is not None:
        return Level.GROUP, policy.group_id
    if policy.bank_id is not None:
        return Level.BANK, policy.bank_id
    if policy.area_id is not None:
        return Level.AREA, policy.area_id
    if policy.site_id is not None:
        return Level.SITE, policy.site_id
    return Level.ORGANISATION, policy.organisation_id


def rules_from(
    policy: Policy,
    *,
    groups: Iterable[int] = (),
    departments: Iterable[int] = (),
    roles: Iterable[int] = (),
    sizes: Iterable[int] = (),
) -> Rules:
    """Return the rules of a policy, also of one that is not saved yet."""
    return Rules(
        policy_id=policy.pk or 0,
        name=policy.name,
        model=UseModel(policy.model),
        kinds=frozenset(policy.person_kinds),
        groups=frozenset(groups),
        departments=frozenset(departments),
        roles=frozenset(roles),
        needs=frozenset(policy.needs),
        is_exclusive=policy.is_exclusive,
        sizes=frozenset(sizes),
        credentials=frozenset(policy.credentials),
        limit=policy.limit_per_person,
        ends_at_time=policy.ends_at_time,
        lasts=policy.lasts,
        days=policy.days,
        months=policy.months,
        shifts=tuple(policy.shifts),
        handover=policy.handover,
        renewals=policy.renewals,
        may_share=policy.may_share,
        grace=policy.grace,
        at_end=AtEnd(policy.at_end),
        ranking=tuple(Criterion(one) for one in policy.ranking) or USUAL_ORDER,
        ahead=_ahead(policy),
    )


def _ahead(policy: Policy) -> Ahead | None:
    if policy.books_ahead is None:
        return None
    return Ahead(
        books_ahead=policy.books_ahead,
        least_notice=policy.least_notice,
        longest=policy.longest_booking,
        no_show_after=policy.no_show_after,
        checks_in_before=policy.checks_in_before,
        per_person=policy.bookings_per_person,
    )
