"""One after another, each the best that is left: serial dictatorship over levels.

Whoever comes later never costs an earlier one a level, but may have them seated elsewhere within
it: "any door of the north wing" stays true, while the very door somebody else named goes to them.
So nothing is wasted where people do not mind (L.-G. Svensson, "Queue allocation of indivisible
goods", Social Choice and Welfare 11, 1994), the result is Pareto efficient, and nobody gains by
saying something else than what they want. In random order: random serial dictatorship.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from occupancy.allotment.levels import Level
from occupancy.allotment.problem import NONE, Problem

# From which pool somebody is moved on, and whom of those that are alike.
_Step = tuple[int, int]


class Turns:
    """Who has which level so far, with a way to seat all of them.

    Pools are filled to their places; of a very door, its pool is filled and the door is taken.
    """

    def __init__(self, problem: Problem) -> None:
        self._free = [pool.places for pool in problem.pools]
        self._taken: set[int] = set()
        # How many sit in a pool and do not mind, by the level within which they may be moved.
        self._seated: list[dict[int, int]] = [{} for _pool in problem.pools]
        self._pools_of: dict[int, tuple[int, ...]] = {}
        # Full for good: whoever sits there cannot be moved to anywhere with a free place. It
        # holds for what an earlier wish named as well, so that nobody is moved to a better level.
        self._is_closed = [False] * len(problem.pools)

    def choose(self, levels: Sequence[Level]) -> int | None:
        """Give whoever's turn it is the best level that can be had; return it, None for none."""
        for rank, level in enumerate(levels):
            if self._seat(level):
                return rank
        return None

    def _seat(self, level: Level) -> bool:
        if level.door in self._taken:
            return False
        pool = self._with_room(level)
        if pool is None:
            return False
        self._free[pool] -= 1
        if level.door != NONE:
            self._taken.add(level.door)
        elif len(level.pools) > 1:
            self._pools_of[level.alike] = level.pools
            self._count(pool, level.alike, 1)
        return True

    def _count(self, pool: int, alike: int, more: int) -> None:
        seated = self._seated[pool]
        seated[alike] = seated.get(alike, 0) + more
        if not seated[alike]:
            del seated[alike]

    def _with_room(self, level: Level) -> int | None:
        """Return a pool of a level with a free place, after moving others on where that helps."""
        free, is_closed = self._free, self._is_closed
        queue: deque[int] = deque()
        for pool in level.pools:
            if not is_closed[pool]:
                if free[pool]:
                    return pool
                queue.append(pool)
        came_from: dict[int, _Step] = {}
        seen, asked = set(queue), {level.alike}
        while queue:
            pool = queue.popleft()
            for alike in self._seated[pool]:
                if alike in asked:
                    continue
                asked.add(alike)
                for other in self._pools_of[alike]:
                    if is_closed[other] or other in seen:
                        continue
                    seen.add(other)
                    came_from[other] = (pool, alike)
                    if free[other]:
                        return self._moved_on(other, came_from)
                    queue.append(other)
        for pool in seen:
            is_closed[pool] = True
        return None

    def _moved_on(self, free: int, came_from: dict[int, _Step]) -> int:
        """Move one person along each step towards a free place; return where room was made."""
        while free in came_from:
            pool, alike = came_from[free]
            self._count(pool, alike, -1)
            self._count(free, alike, 1)
            self._free[free] -= 1
            self._free[pool] += 1
            free = pool
        return free
