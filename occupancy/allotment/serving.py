"""Doors that come free after a draw, one after another to those who wait, each for good.

Whoever comes earlier chooses first, the best of what is free by their wishes, then the nearest.
Nobody is moved afterwards: the door is told at once. Whom no free door fits is passed over and
keeps their place.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from occupancy.allotment.levels import Level, Levels
from occupancy.allotment.problem import NONE, Method, Problem


@dataclass(frozen=True, slots=True)
class Served:
    """Who (by number) gets which door; ``is_reserve`` where it is one that was held back."""

    who: int
    door: int
    wish: int
    is_reserve: bool


def serve(problem: Problem, late: Collection[int]) -> list[Served]:
    """Return who gets which door, in the order of the applicants.

    ``late`` (numbers of applicants) may have what pools hold back; nobody else may.
    """
    left = [list(pool.doors) for pool in problem.pools]
    levels = Levels(problem)
    found = []
    for who in range(len(problem.applicants)):
        wanted: Sequence[Level] = (
            levels.anything(who) if problem.method is Method.FITTING else levels.of(who)
        )
        for level in wanted:
            got = _first(problem, level, left, is_late=who in late)
            if got is not None:
                pool, door = got
                is_reserve = len(left[pool]) <= problem.pools[pool].held_back
                left[pool].remove(door)
                found.append(Served(who, door, level.wish, is_reserve))
                break
    return found


def _first(
    problem: Problem, level: Level, left: list[list[int]], *, is_late: bool
) -> tuple[int, int] | None:
    for pool in level.pools:
        spare = len(left[pool]) - (0 if is_late else problem.pools[pool].held_back)
        if spare <= 0:
            continue
        if level.door == NONE:
            return pool, left[pool][0]
        if level.door in left[pool]:
            return pool, level.door
    return None
