"""Which doors a bridge may give while it is cut off, to whom, and until when: worked out ahead.

The engine runs here, for everybody who may come; the bridge only takes the first door of a list
that is free. Only day use is given that way: what lasts longer is for people to decide.
"""

from __future__ import annotations

import datetime as dt
import zoneinfo
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from access.choices import PersonStatus
from access.models import Person
from occupancy.allocation import engine, policy, terms
from occupancy.allocation.engine import Ask, Choice
from occupancy.allocation.policy import Who
from occupancy.allocation.ranking import Door, Wish
from occupancy.allocation.rules import Rules
from occupancy.choices import Need, UseModel
from occupancy.services.claims import bank_doors
from occupancy.services.policies import spots
from occupancy.services.policies.spots import Spot

# A use of these ends on the day it begins, or the next morning.
GIVEN = (UseModel.DAY_USE, UseModel.HOT)
_NEEDS = {
    "needs_low_door": Need.LOW_DOOR,
    "needs_wide_door": Need.WIDE_DOOR,
    "needs_charging": Need.CHARGING,
    "needs_near_entrance": Need.NEAR_ENTRANCE,
}


@dataclass(frozen=True, slots=True)
class Day:
    """A use that begins from then on is due then, and its door is up then."""

    begins_at: dt.datetime
    due_at: dt.datetime
    ends_at: dt.datetime


@dataclass(frozen=True, slots=True)
class AloneOffer:
    """What some people may have at a bank: under one policy, these doors, the best first."""

    policy_id: int
    people: tuple[int, ...]
    doors: tuple[int, ...]
    # How many of a policy's uses somebody may have at a time, for each policy that limits.
    limits: tuple[tuple[int, int], ...]
    credentials: frozenset[str]
    days: tuple[Day, ...]


def of_bank(bank_id: int, people: Iterable[int], at: dt.datetime, days: int) -> list[AloneOffer]:
    """Return what these people may be given at a bank from today on, for ``days``.

    People whom policies cannot tell apart are worked out once. It stays the same all day, however
    the doors are used: a bridge is told only what changed.
    """
    spot = spots.at_bank(bank_id)
    today = at.astimezone(spot.zone).replace(hour=0, minute=0, second=0, microsecond=0)
    doors = [
        replace(door, is_free=True, free_until=None, is_doubtful=False, uses=0)
        for door in bank_doors.of_bank(spot, at)
    ]
    alike: defaultdict[Who, list[int]] = defaultdict(list)
    for person_id, who in _whos(people):
        alike[who].append(person_id)
    offers = (
        offer
        for who, ids in alike.items()
        for offer in _offers(spot, who, tuple(ids), doors, today, days)
    )
    return sorted(offers, key=lambda offer: (offer.policy_id, offer.people))


def _whos(people: Iterable[int]) -> Iterator[tuple[int, Who]]:
    """Yield each person as policies ask, in two statements."""
    found = Person.objects.filter(pk__in=list(people), status=PersonStatus.ACTIVE)
    for person in found.prefetch_related("groups").order_by("pk"):
        yield (
            person.pk,
            Who(
                0,
                person.kind,
                person.department_id,
                frozenset(group.pk for group in person.groups.all()),
                frozenset() if person.role_id is None else frozenset({person.role_id}),
                frozenset(need.value for name, need in _NEEDS.items() if getattr(person, name)),
            ),
        )


def _offers(
    spot: Spot, who: Who, people: tuple[int, ...], doors: Sequence[Door], at: dt.datetime, days: int
) -> Iterator[AloneOffer]:
    """Yield what the engine says to somebody like this in an empty bank."""
    ask = Ask(who=who, at=at, zone=spot.zone, wish=Wish(who.needs))
    plan = engine.plan(spot.rulebook.policies, ask, spot.place, doors, {})
    by_policy: defaultdict[int, list[Choice]] = defaultdict(list)
    for choice in plan.choices:
        if choice.offer.rules.model in GIVEN:
            by_policy[choice.offer.rules.policy_id].append(choice)
    for policy_id, choices in by_policy.items():
        rules = choices[0].offer.rules
        limits = {
            policy_id: most for choice in choices for policy_id, most in _limits(spot, who, choice)
        }
        yield AloneOffer(
            policy_id=policy_id,
            people=people,
            doors=tuple(choice.door.id for choice in choices),
            limits=tuple(sorted(limits.items())),
            credentials=rules.credentials,
            days=tuple(_days(rules, spot.zone, at, days)),
        )


def _limits(spot: Spot, who: Who, choice: Choice) -> Iterator[tuple[int, int]]:
    place = replace(spot.place, groups=choice.door.groups)
    for one in policy.resolve(spot.rulebook.policies, who, place).limiting:
        if one.rules.limit is not None:
            yield one.rules.policy_id, one.rules.limit


def _days(rules: Rules, zone: zoneinfo.ZoneInfo, at: dt.datetime, days: int) -> Iterator[Day]:
    """Yield when uses end that begin from now on, each until the next."""
    begins, until = at, at + dt.timedelta(days=days)
    while begins < until:
        term = terms.term(rules, begins, zone)
        assert term.due_at is not None and term.ends_at is not None  # day use ends
        yield Day(begins, term.due_at, term.ends_at)
        begins = term.due_at
