"""From rows to a problem: rules become pools and profiles, wishes become sets of pools."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from access.models import Person
from lockers.models import Compartment
from occupancy.allotment import walks
from occupancy.allotment.problem import NONE, Applicant, Method, Pool, Problem, Profile, Wish
from occupancy.allotment.walks import Place
from occupancy.choices import KeepsDoor
from occupancy.errors.allotments import NothingToAllot
from occupancy.models import Allotment, Entry, Preference
from occupancy.services.allotting import facts
from occupancy.services.allotting.facts import Facts

_NEEDS = (
    ("needs_low_door", "is_accessible"),
    ("needs_wide_door", "is_wide"),
    ("needs_charging", "has_charging"),
)


@dataclass(frozen=True)
class Made:
    """A problem, and what its numbers stand for."""

    problem: Problem
    facts: Facts
    entries: dict[str, Entry]
    # What pupils wish for and cannot be had any more.
    lost: list[Preference]


@dataclass(frozen=True)
class _Rule:
    years: frozenset[int]
    houses: frozenset[int]
    forms: frozenset[int]
    banks: frozenset[int]
    sizes: frozenset[int]
    is_exclusive: bool

    def is_for(self, year: int | None, house: int | None, form: int | None) -> bool:
        return all(
            not named or one in named
            for named, one in ((self.years, year), (self.houses, house), (self.forms, form))
        )

    def covers(self, door: Compartment) -> bool:
        return (not self.banks or door.bank_id in self.banks) and (
            not self.sizes or door.size_id in self.sizes
        )


def make(allotment: Allotment, at: dt.datetime) -> Made:
    """Return the problem as it stands now, of the entries that there are.

    Raises NothingToAllot.
    """
    read = facts.read(allotment, at)
    if not read.doors or not read.pupils:
        raise NothingToAllot(pupils=len(read.pupils), doors=len(read.doors))
    entries = {
        one.person_id: one
        for one in Entry.objects.filter(allotment=allotment).prefetch_related(
            "preferences", "friends"
        )
    }
    rules = _rules(allotment)
    pools, kinds = _pools(read.doors, allotment.held_back)
    profiles = _Profiles(read.areas, rules, kinds)
    targets = _Targets(read.areas, pools, kinds)
    door_of = {person: door for door, person in read.held.items()}
    keeps = {one.year_group_id: one.keeps for one in allotment.years.all()}
    method = Method(allotment.method)
    tickets = {entry.pk: entry.ticket for entry in entries.values()}
    pool_of = {door: at for at, pool in enumerate(pools) for door in pool.doors}
    applicants = []
    lost: list[Preference] = []
    for pupil in read.pupils:
        entry = entries.get(pupil.pk)
        if entry is None:
            continue
        profile = profiles.of(pupil)
        wishes = []
        for preference in entry.preferences.all():
            wish = targets.wish(preference)
            if wish is None:
                lost.append(preference)
            else:
                wishes.append(wish)
        present = door_of.get(pupil.pk, NONE)
        keeps_it = keeps[pupil.year_group_id or 0] == KeepsDoor.ASKED and (
            entry.wants_to_keep or method is Method.TENANTS
        )
        if not keeps_it or pool_of.get(present, NONE) not in profiles.made[profile].pools:
            present = NONE
        if present != NONE and entry.wants_to_keep:
            wishes.insert(0, Wish(door=present))
        applicants.append(
            Applicant(
                ticket=entry.ticket,
                profile=profile,
                wishes=tuple(dict.fromkeys(wishes)),
                present=present,
                comes_first=has_needs(pupil),
                friends=tuple(
                    sorted(tickets[one.pk] for one in entry.friends.all() if one.pk in tickets)
                ),
            )
        )
    applicants.sort(key=lambda one: one.ticket)
    problem = Problem(
        pools=tuple(pools),
        profiles=tuple(profiles.made),
        targets=tuple(targets.made),
        applicants=tuple(applicants),
        metres_per_wish=allotment.metres_per_wish,
        method=method,
    )
    return Made(problem, read, {one.ticket: one for one in entries.values()}, lost)


def allowed(allotment: Allotment, pupil: Person) -> list[Compartment]:
    """Return the doors that the rules and their needs allow a pupil, whoever has them now."""
    doors, allowed_to = allowed_each(allotment, [pupil])
    return [door for door in doors if door.pk in allowed_to[pupil.pk]]


def allowed_each(
    allotment: Allotment, pupils: Iterable[Person]
) -> tuple[list[Compartment], dict[int, frozenset[int]]]:
    """Return the doors there are, and of each pupil which of them they may have.

    Pupils to whom the same is allowed share one set.
    """
    doors = facts.doors_of(allotment)
    pools, kinds = _pools(doors, 0)
    profiles = _Profiles(facts.areas_of(allotment), _rules(allotment), kinds)
    of = {pupil.pk: profiles.of(pupil) for pupil in pupils}
    sets = [
        frozenset(door for pool in one.pools for door in pools[pool].doors) for one in profiles.made
    ]
    return doors, {pk: sets[profile] for pk, profile in of.items()}


def among(allotment: Allotment, doors: Iterable[Compartment], pupils: Sequence[Person]) -> Problem:
    """Return what rules and wishes say of pupils, in their order, about doors that are free now.

    What somebody wishes for that is not free is left out. Tickets are the numbers of people.
    """
    entries = {
        one.person_id: one
        for one in Entry.objects.filter(allotment=allotment, person__in=pupils).prefetch_related(
            "preferences"
        )
    }
    areas = facts.areas_of(allotment)
    pools, kinds = _pools(doors, 0)
    profiles = _Profiles(areas, _rules(allotment), kinds)
    targets = _Targets(areas, pools, kinds)
    applicants = []
    for pupil in pupils:
        entry = entries.get(pupil.pk)
        named = entry.preferences.all() if entry is not None else ()
        wishes = (targets.wish(one) for one in named)
        applicants.append(
            Applicant(
                ticket=str(pupil.pk),
                profile=profiles.of(pupil),
                wishes=tuple(dict.fromkeys(wish for wish in wishes if wish is not None)),
            )
        )
    return Problem(
        pools=tuple(pools),
        profiles=tuple(profiles.made),
        targets=tuple(targets.made),
        applicants=tuple(applicants),
        metres_per_wish=allotment.metres_per_wish,
        method=Method(allotment.method),
    )


def has_needs(pupil: Person) -> bool:
    """Say whether somebody needs a door that not every door is."""
    return pupil.needs_near_entrance or any(getattr(pupil, need) for need, _has in _NEEDS)


def _rules(allotment: Allotment) -> list[_Rule]:
    rules = allotment.rules.prefetch_related(
        "year_groups", "houses", "registration_groups", "banks", "sizes"
    )
    return [
        _Rule(
            years=frozenset(year.pk for year in one.year_groups.all()),
            houses=frozenset(house.pk for house in one.houses.all()),
            forms=frozenset(form.pk for form in one.registration_groups.all()),
            banks=frozenset(bank.pk for bank in one.banks.all()),
            sizes=frozenset(size.pk for size in one.sizes.all()),
            is_exclusive=one.is_exclusive,
        )
        for one in rules
    ]


def _pools(doors: Iterable[Compartment], held_back: int) -> tuple[list[Pool], list[Compartment]]:
    """Return the pools, and of each a door that stands for all of them."""
    by_kind: dict[tuple[object, ...], list[Compartment]] = {}
    for door in doors:
        kind = (
            door.bank_id,
            door.size_id,
            door.lock_kind,
            *(getattr(door, has) for _n, has in _NEEDS),
        )
        by_kind.setdefault(kind, []).append(door)
    kept = _shares([len(found) for found in by_kind.values()], held_back)
    pools = [
        Pool(tuple(door.pk for door in found), bank=found[0].bank_id, held_back=back)
        for found, back in zip(by_kind.values(), kept, strict=True)
    ]
    return pools, [found[0] for found in by_kind.values()]


def _shares(counts: list[int], percent: int) -> list[int]:
    """Return how many of each count are a share of all together: by the largest remainder."""
    total = sum(counts) * percent // 100
    shares = [count * percent // 100 for count in counts]
    remainders = sorted(range(len(counts)), key=lambda at: (-(counts[at] * percent % 100), at))
    for at in remainders[: total - sum(shares)]:
        shares[at] += 1
    return shares


class _Profiles:
    """Pupils to whom the same is allowed, from the same room."""

    def __init__(
        self, areas: Mapping[int, Place], rules: list[_Rule], kinds: list[Compartment]
    ) -> None:
        self.made: list[Profile] = []
        self._rules, self._kinds = rules, kinds
        self._numbers: dict[Profile, int] = {}
        self._walk = lru_cache(maxsize=None)(lambda start, end: walks.metres(areas, start, end))
        self._of = lru_cache(maxsize=None)(self._number)

    def of(self, pupil: Person) -> int:
        """Return the number of a pupil's profile."""
        form = pupil.registration_group
        return self._of(
            pupil.year_group_id,
            pupil.house_id,
            form.pk if form else None,
            form.room_id if form else None,
            tuple(getattr(pupil, need) for need, _has in _NEEDS),
            pupil.needs_near_entrance,
        )

    def _number(
        self,
        year: int | None,
        house: int | None,
        form: int | None,
        room: int | None,
        needs: tuple[bool, ...],
        near_entrance: bool,
    ) -> int:
        mine = [one for one in self._rules if one.is_for(year, house, form)]
        others = [one for one in self._rules if one.is_exclusive and one not in mine]
        pools = []
        for at, door in enumerate(self._kinds):
            may = any(one.covers(door) for one in mine) if mine else True
            if not may or any(one.covers(door) for one in others):
                continue
            if near_entrance and not door.bank.is_near_entrance:
                continue
            if all(
                getattr(door, has) for (_n, has), need in zip(_NEEDS, needs, strict=True) if need
            ):
                pools.append(at)
        made = Profile(
            tuple(pools),
            tuple(self._walk(room, self._kinds[at].bank.area_id) for at in pools),
        )
        if made not in self._numbers:
            self._numbers[made] = len(self.made)
            self.made.append(made)
        return self._numbers[made]


class _Targets:
    """What wishes name: the pools of an area or a bank."""

    def __init__(
        self, areas: Mapping[int, Place], pools: list[Pool], kinds: list[Compartment]
    ) -> None:
        self.made: list[tuple[int, ...]] = []
        self._areas, self._kinds = areas, kinds
        self._doors = {door for pool in pools for door in pool.doors}
        self._numbers: dict[tuple[str, int], int | None] = {}

    def wish(self, preference: Preference) -> Wish | None:
        """Return what a preference means here; None where nothing of it is left."""
        if preference.compartment_id is not None:
            door = preference.compartment_id
            return Wish(door=door) if door in self._doors else None
        named = (
            ("bank", preference.bank_id)
            if preference.bank_id is not None
            else ("area", preference.area_id or 0)
        )
        if named not in self._numbers:
            self._numbers[named] = self._made(*named)
        number = self._numbers[named]
        return None if number is None else Wish(target=number)

    def _made(self, what: str, pk: int) -> int | None:
        if what == "bank":
            pools = [at for at, door in enumerate(self._kinds) if door.bank_id == pk]
        else:
            areas = walks.inside(self._areas, pk)
            pools = [at for at, door in enumerate(self._kinds) if door.bank.area_id in areas]
        if not pools:
            return None
        self.made.append(tuple(pools))
        return len(self.made) - 1
