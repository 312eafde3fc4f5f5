"""Which policy governs a door for a person, and how many they may have. Pure.

The rule, in four sentences. Of the policies that cover a door, the closest level comes first:
group of doors, bank, inner area, outer area, site, organisation. A policy that keeps its doors for
its people hides every wider policy there. Of those that are left and are for the person, the
closest one makes the choices; of two equally close the one that says more about whom it is for,
then the older one. Limits are not chosen but add up: the person stays within the limit of every
policy that is for them and covers the door, however wide.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum

from occupancy.allocation.rules import Rules


class Level(IntEnum):
    """Where a policy is attached; a higher number is closer to the door."""

    ORGANISATION = 1
    SITE = 2
    AREA = 3
    BANK = 4
    GROUP = 5


@dataclass(frozen=True, slots=True)
class Who:
    """What a policy may ask about a person."""

    person_id: int
    kind: str
    department_id: int | None = None
    groups: frozenset[int] = frozenset()
    roles: frozenset[int] = frozenset()
    needs: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Place:
    """Where a door stands; ``areas`` from the outermost in."""

    organisation_id: int
    site_id: int
    bank_id: int
    areas: tuple[int, ...] = ()
    groups: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Attached:
    """A policy's rules and where they hold."""

    rules: Rules
    level: Level
    place_id: int


@dataclass(frozen=True, slots=True)
class Considered:
    """One policy that covers the door, and what became of it: a line of the explanation."""

    policy_id: int
    name: str
    level: Level
    verdict: str

    def __str__(self) -> str:
        return f"{self.name} ({self.level.name.lower()}): {self.verdict}"


@dataclass(frozen=True, slots=True)
class Resolution:
    """What holds at a door for a person: the policy that governs, and every one that limits."""

    governing: Attached | None
    limiting: tuple[Attached, ...] = ()
    considered: tuple[Considered, ...] = ()


def is_for(rules: Rules, who: Who) -> bool:
    """Say whether a policy is for somebody; what it does not ask about, everybody meets."""
    return (
        (not rules.kinds or who.kind in rules.kinds)
        and (not rules.groups or bool(rules.groups & who.groups))
        and (not rules.departments or who.department_id in rules.departments)
        and (not rules.roles or bool(rules.roles & who.roles))
        and (not rules.needs or bool(rules.needs & who.needs))
    )


def closeness(attached: Attached, place: Place) -> int | None:
    """Return how close to the door a policy is attached, or None when it is elsewhere."""
    level, at = attached.level, attached.place_id
    # Areas lie in one another; between two of them the inner one is closer.
    step = level * 100
    if level == Level.ORGANISATION:
        return step if at == place.organisation_id else None
    if level == Level.SITE:
        return step if at == place.site_id else None
    if level == Level.AREA:
        return step + place.areas.index(at) if at in place.areas else None
    if level == Level.BANK:
        return step if at == place.bank_id else None
    return step if at in place.groups else None


def resolve(policies: Iterable[Attached], who: Who, place: Place) -> Resolution:
    """Return what holds at a door for a person, and why."""
    near = [(one, close) for one in policies if (close := closeness(one, place)) is not None]
    kept_from = max((close for one, close in near if one.rules.is_exclusive), default=0)
    theirs = [(one, close) for one, close in near if is_for(one.rules, who)]
    candidates = [pair for pair in theirs if pair[1] >= kept_from]
    governing = max(candidates, key=_precedence, default=(None, 0))[0]
    return Resolution(
        governing=governing,
        limiting=tuple(one for one, _close in theirs if one.rules.limit is not None),
        considered=tuple(
            Considered(
                one.rules.policy_id,
                one.rules.name,
                one.level,
                _verdict(one, close, governing, kept_from, is_for(one.rules, who)),
            )
            for one, close in sorted(near, key=_precedence, reverse=True)
        ),
    )


def _precedence(pair: tuple[Attached, int]) -> tuple[int, int, int]:
    one, close = pair
    return close, one.rules.asks, -one.rules.policy_id


def _verdict(
    one: Attached, close: int, governing: Attached | None, kept_from: int, is_theirs: bool
) -> str:
    if one is governing:
        return "governs"
    if not is_theirs:
        return "for others"
    if close < kept_from:
        return "hidden: these doors are kept for others"
    return "limits only" if one.rules.limit is not None else "wider than the one that governs"


@dataclass(frozen=True, slots=True)
class Counts:
    """The numbers a next use takes, one per limiting policy; or the limits that are reached."""

    taken: Mapping[int, int] = field(default_factory=dict)
    reached: tuple[Attached, ...] = ()
    # How many more the person may have; None: as many as there are.
    left: int | None = None


def count(resolution: Resolution, held: Mapping[int, Sequence[int]]) -> Counts:
    """Return the lowest free number under every limit; ``held`` are the numbers in use by policy.

    A second use needs the next number of each, and no two open uses have the same one, so that the
    database holds every limit even in a race.
    """
    taken: dict[int, int] = {}
    reached: list[Attached] = []
    left: int | None = None
    for one in resolution.limiting:
        assert one.rules.limit is not None  # that is what makes it one of them
        used = set(held.get(one.rules.policy_id, ()))
        rest = max(0, one.rules.limit - len(used))
        left = rest if left is None else min(left, rest)
        free = next((n for n in range(1, one.rules.limit + 1) if n not in used), None)
        # Numbers above a limit that was lowered since still count.
        if free is None or not rest:
            reached.append(one)
        else:
            taken[one.rules.policy_id] = free
    return Counts(taken, tuple(reached), left)
