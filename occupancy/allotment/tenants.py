"""You request my house, I get your turn: nobody who has a door ends with a worse one.

In the order of the draw each asks for the best door that is left. Whoever's door is asked for, and
who has not had their turn, gets it at once, before the one who asked; a ring of such requests is
granted to all in it (A. Abdulkadiroglu and T. Sonmez, "House allocation with existing tenants",
Journal of Economic Theory 88, 1999). The result is Pareto efficient and individually rational, and
nobody gains by saying something else than what they want, each by the strict order below.

Strict order: level by level; within one the door that somebody has, then the pools by the walk,
then by their number, and in a pool the doors that nobody has before those that somebody has.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from occupancy.allotment.draw import Draw
from occupancy.allotment.levels import Levels
from occupancy.allotment.problem import NONE, Problem


class _Shelf:
    """The doors of a pool in the one order that is everybody's; those that are gone are skipped."""

    def __init__(self, doors: Sequence[int]) -> None:
        self.doors, self._first = doors, 0

    def first(self, gone: set[int]) -> int | None:
        while self._first < len(self.doors):
            if self.doors[self._first] not in gone:
                return self.doors[self._first]
            self._first += 1
        return None


def shelves(problem: Problem, draw: Draw) -> list[list[int]]:
    """Return the doors of each pool that are to be given, those that somebody has last.

    What is held back for later is never a door that somebody has.
    """
    owned = {one.present for one in problem.applicants} - {NONE}
    found = []
    for pool in problem.pools:
        drawn = sorted(pool.doors, key=lambda door: (draw.number("door", str(door)), door))
        free = [door for door in drawn if door not in owned]
        kept = free[: max(0, len(free) - pool.held_back)]
        found.append(kept + [door for door in drawn if door in owned])
    return found


def strict_order(
    problem: Problem, levels: Levels, who: int, order: Sequence[Sequence[int]]
) -> Iterator[int]:
    """Yield every door that somebody may have, the best first: what ``allot`` goes by."""
    one = problem.applicants[who]
    yielded: set[int] = set()
    for level in levels.of(who):
        if level.door != NONE:
            doors = [level.door] if level.door in order[level.pools[0]] else []
        else:
            doors = [door for pool in level.pools for door in order[pool]]
            if one.present in doors:
                doors.remove(one.present)
                doors.insert(0, one.present)
        for door in doors:
            if door not in yielded:
                yielded.add(door)
                yield door


class _Asking:
    """What each asks for at any moment: nothing better ever comes back, so nobody looks twice."""

    def __init__(self, problem: Problem, levels: Levels, draw: Draw) -> None:
        self._problem, self._levels = problem, levels
        self._shelves = [_Shelf(doors) for doors in shelves(problem, draw)]
        self._given = {door for shelf in self._shelves for door in shelf.doors}
        self.gone: set[int] = set()
        self._at: dict[int, Iterator[Callable[[], int | None]]] = {}
        self._now: dict[int, Callable[[], int | None]] = {}

    def best(self, who: int) -> int | None:
        """Return the best door that is left for somebody."""
        if who not in self._at:
            self._at[who] = self._places(who)
        while True:
            if who in self._now and (door := self._now[who]()) is not None:
                return door
            following = next(self._at[who], None)
            if following is None:
                self._now.pop(who, None)
                return None
            self._now[who] = following

    def _places(self, who: int) -> Iterator[Callable[[], int | None]]:
        one = self._problem.applicants[who]
        for level in self._levels.of(who):
            if level.door != NONE:
                if level.door in self._given:
                    yield self._single(level.door)
                continue
            if one.present != NONE and self._levels.has(level, self._problem.pool_of[one.present]):
                yield self._single(one.present)
            for pool in level.pools:
                yield self._of_shelf(self._shelves[pool])

    def _single(self, door: int) -> Callable[[], int | None]:
        return lambda: None if door in self.gone else door

    def _of_shelf(self, shelf: _Shelf) -> Callable[[], int | None]:
        return lambda: shelf.first(self.gone)


def allot(problem: Problem, levels: Levels, order: Sequence[int], draw: Draw) -> dict[int, int]:
    """Return who (by number) gets which door; ``order`` is whose turn comes when."""
    asking = _Asking(problem, levels, draw)
    owner = {one.present: who for who, one in enumerate(problem.applicants) if one.present != NONE}
    result: dict[int, int] = {}
    done: set[int] = set()

    def settle(who: int, door: int | None) -> None:
        done.add(who)
        if door is not None:
            result[who] = door
            asking.gone.add(door)

    for begins in order:
        if begins in done:
            continue
        line, place = [begins], {begins: 0}
        while line:
            who = line[-1]
            door = asking.best(who)
            has_it = owner.get(door) if door is not None else None
            if door is None or has_it is None or has_it in done or has_it == who:
                settle(who, door)
                del place[line.pop()]
            elif has_it in place:
                # A ring: each gets what they asked for, the door of whoever stands behind them.
                ring = line[place[has_it] :]
                wanted = [asking.best(one) for one in ring]
                for one, its in zip(ring, wanted, strict=True):
                    settle(one, its)
                    del place[one]
                del line[-len(ring) :]
            else:
                place[has_it] = len(line)
                line.append(has_it)
    return result
