"""Doors and people that no policy tells apart: whatever is asked of one holds for all of them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from access.choices import PersonStatus
from access.models import Person
from lockers.models import Area, Bank, Compartment
from occupancy.allocation.policy import Attached, Level, Place, Who
from occupancy.choices import Need

Groups = Mapping[int, frozenset[int]]


@dataclass
class Doors:
    """The doors of a bank that are alike to every policy, before and after."""

    old: Place
    new: Place
    size_id: int
    size_rank: int
    ids: list[int] = field(default_factory=list)
    banks: Counter[int] = field(default_factory=Counter)


def doors(
    organisation_id: int, old: Groups, new: Groups, policies: Sequence[Attached]
) -> list[Doors]:
    """Put the doors together that no policy tells apart; a place that none names is left out."""
    named = {level: {one.place_id for one in policies if one.level == level} for level in Level}
    parents = dict(
        Area.objects.filter(site__organisation_id=organisation_id).values_list("pk", "parent_id")
    )
    places: dict[int, tuple[int, int, tuple[int, ...]]] = {}
    for pk, site_id, area_id in Bank.objects.filter(
        site__organisation_id=organisation_id
    ).values_list("pk", "site_id", "area_id"):
        up = tuple(area for area in _up(area_id, parents) if area in named[Level.AREA])
        places[pk] = (
            site_id if site_id in named[Level.SITE] else 0,
            pk if pk in named[Level.BANK] else 0,
            up,
        )
    classes: dict[tuple[object, ...], Doors] = {}
    rows = Compartment.objects.filter(bank__in=list(places)).order_by()
    for pk, bank_id, size_id, rank in rows.values_list("pk", "bank_id", "size_id", "size__rank"):
        site_id, bank, up = places[bank_id]
        before = old.get(pk, frozenset()) & named[Level.GROUP]
        after = new.get(pk, frozenset()) & named[Level.GROUP]
        key = (site_id, bank, up, before, after, size_id)
        kind = classes.get(key)
        if kind is None:
            kind = classes[key] = Doors(
                Place(organisation_id, site_id, bank, up, before),
                Place(organisation_id, site_id, bank, up, after),
                size_id,
                rank,
            )
        kind.ids.append(pk)
        kind.banks[bank_id] += 1
    return list(classes.values())


def _up(area_id: int | None, parents: Mapping[int, int | None]) -> tuple[int, ...]:
    """Return an area and those around it, from the outermost in."""
    way: list[int] = []
    while area_id is not None and area_id not in way:
        way.insert(0, area_id)
        area_id = parents.get(area_id)
    return tuple(way)


_NEEDS = (
    (Need.LOW_DOOR, "needs_low_door"),
    (Need.WIDE_DOOR, "needs_wide_door"),
    (Need.CHARGING, "needs_charging"),
    (Need.NEAR_ENTRANCE, "needs_near_entrance"),
)


def people(organisation_id: int, policies: Sequence[Attached]) -> dict[Who, list[int]]:
    """Put the people together whom no policy tells apart."""

    def asked(facet: str) -> frozenset[object]:
        return frozenset().union(*(getattr(one.rules, facet) for one in policies))

    kinds, departments, roles, needs, groups = (
        asked(facet) for facet in ("kinds", "departments", "roles", "needs", "groups")
    )
    member_of: defaultdict[int, set[int]] = defaultdict(set)
    joined = Person.groups.through.objects.filter(group_id__in=list(groups))
    for person_id, group_id in joined.values_list("person_id", "group_id"):
        member_of[person_id].add(group_id)
    found: defaultdict[Who, list[int]] = defaultdict(list)
    rows = Person.objects.filter(organisation_id=organisation_id, status=PersonStatus.ACTIVE)
    for pk, kind, department, role, *has in rows.order_by().values_list(
        "pk", "kind", "department_id", "role_id", *(name for _need, name in _NEEDS)
    ):
        theirs = {need.value for (need, _n), is_so in zip(_NEEDS, has, strict=True) if is_so}
        who = Who(
            0,
            kind if kind in kinds else "",
            department if department in departments else None,
            frozenset(member_of.get(pk, ())),
            frozenset({role} & roles) if role is not None else frozenset(),
            frozenset(theirs & needs),
        )
        found[who].append(pk)
    return dict(found)
