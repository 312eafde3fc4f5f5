"""Where a policy can be attached, and whose policies and groups of doors somebody may see.

A policy belongs to the staff of the place that it is attached to. One of a whole organisation is
seen by staff of any of its sites and changed by those who manage all of them; a group of doors
belongs to those who manage the site of every door in it.
"""

from __future__ import annotations

from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from lockers.models import Area, Bank, Compartment, Organisation, Site
from lockers.scoping import MANAGE, VIEW, areas_of, sites_of
from occupancy.models import CompartmentGroup, Policy

NOWHERE_CLOSER = Q(site=None, area=None, bank=None, group=None)


def groups_of(user: Any, right: str = VIEW) -> Q:
    """Return the condition for groups of doors on which somebody holds a right."""
    if user.is_active and user.is_superuser:
        return Q()
    sites = sites_of(user, right)
    doors = CompartmentGroup.compartments.through.objects.filter(compartmentgroup_id=OuterRef("pk"))
    theirs = Q(compartment__bank__site__in=sites)
    if right == VIEW:
        theirs |= Q(compartment__bank__area__in=areas_of(user, right))
        is_empty = Q(organisation__in=sites.values("organisation")) & ~Q(Exists(doors))
        return Q(Exists(doors.filter(theirs))) | is_empty
    return Q(organisation__in=sites.values("organisation")) & ~Q(Exists(doors.exclude(theirs)))


def policies_of(user: Any, right: str = VIEW) -> Q:
    """Return the condition for policies on which somebody holds a right."""
    if user.is_active and user.is_superuser:
        return Q()
    sites = sites_of(user, right)
    condition = (
        Q(site__in=sites)
        | Q(area__site__in=sites)
        | Q(bank__site__in=sites)
        | Q(group__in=CompartmentGroup.objects.filter(groups_of(user, right)))
    )
    if right == VIEW:
        areas = areas_of(user, right)
        condition |= Q(area__in=areas) | Q(bank__area__in=areas)
        whole = Q(organisation__in=sites.values("organisation"))
    else:
        whole = Q(organisation__in=organisations_of_all(user, right))
    return condition | NOWHERE_CLOSER & whole


def covering(banks: QuerySet[Bank]) -> Q:
    """Return the condition for policies that cover some door of these banks."""
    up = dict(Area.objects.filter(site__in=banks.values("site")).values_list("pk", "parent_id"))
    around: set[int] = set()
    for area_id in banks.values_list("area", flat=True):
        while area_id is not None and area_id not in around:
            around.add(area_id)
            area_id = up[area_id]
    return (
        NOWHERE_CLOSER & Q(organisation__in=banks.values("site__organisation"))
        | Q(site__in=banks.values("site"))
        | Q(area__in=around)
        | Q(bank__in=banks.values("pk"))
        | Q(group__in=CompartmentGroup.objects.filter(compartments__bank__in=banks.values("pk")))
    )


def organisations_of_all(user: Any, right: str = MANAGE) -> QuerySet[Organisation]:
    """Return the organisations on every site of which somebody holds a right."""
    if user.is_active and user.is_superuser:
        return Organisation.objects.all()
    sites = sites_of(user, right)
    others = Site.objects.filter(organisation=OuterRef("pk")).exclude(pk__in=sites)
    return Organisation.objects.filter(~Exists(others), pk__in=sites.values("organisation"))


def places(user: Any, right: str = MANAGE) -> dict[str, Any]:
    """Return the places to which somebody may attach a policy: "bank:3" and the row it names."""
    sites = sites_of(user, right).select_related("organisation")
    found: dict[str, Any] = {}
    for kind, rows in (
        ("organisation", organisations_of_all(user, right)),
        ("site", sites),
        ("area", Area.objects.filter(site__in=sites).select_related("site", "parent")),
        ("bank", Bank.objects.filter(site__in=sites).select_related("site")),
        ("group", CompartmentGroup.objects.filter(groups_of(user, right))),
    ):
        found.update({f"{kind}:{row.pk}": row for row in rows})
    return found


def organisation_of(place: Any) -> int:
    """Return the organisation of a place."""
    if isinstance(place, Organisation):
        return place.pk
    if isinstance(place, Area | Bank):
        return place.site.organisation_id
    organisation_id: int = place.organisation_id
    return organisation_id


def key_of(policy: Policy) -> str:
    """Return the place of a policy in the words of ``places``."""
    for kind in ("group", "bank", "area", "site"):
        if (pk := getattr(policy, f"{kind}_id")) is not None:
            return f"{kind}:{pk}"
    return f"organisation:{policy.organisation_id}"


def attach(policy: Policy, place: Any) -> None:
    """Attach a policy to a place, unsaved."""
    policy.site = policy.area = policy.bank = policy.group = None
    policy.organisation_id = organisation_of(place)
    if not isinstance(place, Organisation):
        kinds = {Site: "site", Area: "area", Bank: "bank", CompartmentGroup: "group"}
        setattr(policy, kinds[type(place)], place)


def doors_of(user: Any, right: str = MANAGE) -> QuerySet[Compartment]:
    """Return the doors that somebody may put into a group."""
    return Compartment.objects.filter(bank__site__in=sites_of(user, right)).order_by(
        "bank__position", "bank__name", "column", "row"
    )
