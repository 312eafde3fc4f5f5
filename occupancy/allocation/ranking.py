"""Which of the free doors is the best for somebody, and why. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from occupancy.choices import Criterion, Need

# What weighs how much when a door does not offer all that somebody needs. A low door that nobody
# needs is kept for those who do, as long as there is another.
_MISFIT: dict[str, int] = {
    Need.LOW_DOOR: 8, Need.WIDE_DOOR: 4, Need.CHARGING: 2, Need.NEAR_ENTRANCE: 1,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Door:
    """A door as the ranking sees it."""

    id: int
    number: str
    size_id: int
    size_rank: int
    offers: frozenset[str] = frozenset()
    areas: tuple[int, ...] = ()
    groups: frozenset[int] = frozenset()
    is_free: bool = True
    # When somebody else's booking or a closure begins, if one is planned.
    free_until: dt.datetime | None = None
    # It did not open a moment ago: offered when there is nothing else.
    is_doubtful: bool = False
    # How often it was used of late, where the ranking asks.
    uses: int = 0
    # Somebody's use or booking of it is over by the clock, and not written down yet.
    is_untidy: bool = False


@dataclass(frozen=True, slots=True)
class Wish:
    """What is known of the person and of what they would like."""

    needs: frozenset[str] = frozenset()
    near: tuple[int, ...] = ()  # the wanted place's areas, from the outermost in
    usual_door_id: int | None = None


@dataclass(frozen=True, slots=True)
class Reason:
    """How a door stands by one criterion; less is better."""

    criterion: Criterion
    value: int


@dataclass(frozen=True, slots=True)
class Ranked:
    """A door with its reasons, in the order in which they counted."""

    door: Door
    reasons: tuple[Reason, ...]

    @property
    def key(self) -> tuple[int, ...]:
        """What doors are put in order by; at last they stand as they stand."""
        return (self.door.is_doubtful, *(reason.value for reason in self.reasons), self.door.id)


def rank(doors: Iterable[Door], wish: Wish, order: Sequence[Criterion]) -> list[Ranked]:
    """Return the doors, the best first."""
    return sorted((judge(door, wish, order) for door in doors), key=lambda ranked: ranked.key)


def judge(door: Door, wish: Wish, order: Sequence[Criterion]) -> Ranked:
    """Return how a door stands by each criterion."""
    return Ranked(door, tuple(Reason(one, _value(one, door, wish)) for one in order))


def decisive(best: Ranked, other: Ranked) -> Reason | None:
    """Return the reason for which one door came before another, or None: only where they stand."""
    for mine, theirs in zip(best.reasons, other.reasons, strict=True):
        if mine.value != theirs.value:
            return mine
    return None


def distance(one: tuple[int, ...], other: tuple[int, ...]) -> int:
    """Return how many steps apart two places are in the tree of areas."""
    common = 0
    for here, there in zip(one, other, strict=False):
        if here != there:
            break
        common += 1
    return len(one) + len(other) - 2 * common


def _value(criterion: Criterion, door: Door, wish: Wish) -> int:
    if criterion is Criterion.NEEDS:
        return misfit(door, wish)
    if criterion is Criterion.SMALLEST:
        return door.size_rank
    if criterion is Criterion.NEAR:
        return distance(door.areas, wish.near) if wish.near else 0
    if criterion is Criterion.USUAL:
        return int(wish.usual_door_id is not None and door.id != wish.usual_door_id)
    return door.uses


def misfit(door: Door, wish: Wish) -> int:
    """Return how badly a door fits somebody's needs; 0 is well."""
    missing = sum(_MISFIT[need] for need in wish.needs - door.offers)
    low = Need.LOW_DOOR
    kept = _MISFIT[low] if low in door.offers and low not in wish.needs else 0
    return missing + kept
