"""From a pool to a door, and friends beside each other where nobody loses by it.

Two people may change doors when neither comes to a worse level and they do not walk further
together: so what a method promised of levels and of the sum stays true.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from occupancy.allotment.flow import Seat
from occupancy.allotment.levels import Levels
from occupancy.allotment.problem import NONE, Problem


def pairs(problem: Problem) -> list[tuple[int, int]]:
    """Return who (by number) wants to be near whom, where both ask."""
    number = {one.ticket: who for who, one in enumerate(problem.applicants)}
    asks = [
        {number[ticket] for ticket in one.friends if ticket in number} for one in problem.applicants
    ]
    return sorted(
        (who, other)
        for who, others in enumerate(asks)
        for other in others
        if who < other and who in asks[other]
    )


class Swaps:
    """Who sits in which pool, where some may change with others for the sake of friends."""

    def __init__(self, problem: Problem, levels: Levels, seats: dict[int, Seat]) -> None:
        self.seats = seats
        self._problem, self._levels = problem, levels
        self._walks = [dict(zip(one.pools, one.walks, strict=True)) for one in problem.profiles]
        self._in: list[list[int]] = [[] for _pool in problem.pools]
        for who, seat in seats.items():
            self._in[seat.pool].append(who)
        self._pools_of_bank: defaultdict[int, list[int]] = defaultdict(list)
        for at, pool in enumerate(problem.pools):
            self._pools_of_bank[pool.bank].append(at)
        self._fixed: set[int] = set()

    def bring_together(self, wanted: Sequence[tuple[int, int]]) -> None:
        """Move one of two friends to the bank of the other, where it costs nobody anything."""
        for one, other in wanted:
            if one not in self.seats or other not in self.seats:
                continue
            if self._bank(one) != self._bank(other):
                self._join(other, one) or self._join(one, other)
            if self._bank(one) == self._bank(other):
                self._fixed |= {one, other}

    def _bank(self, who: int) -> int:
        return self._problem.pools[self.seats[who].pool].bank

    def _may_move(self, who: int, pool: int) -> bool:
        seat = self.seats[who]
        if who in self._fixed or seat.door != NONE:
            return False
        rank = self._levels.rank_of_pool(who, pool)
        return rank != NONE and rank == self._levels.rank_of_pool(who, seat.pool)

    def _walk(self, who: int, pool: int) -> int:
        return self._walks[self._problem.applicants[who].profile][pool]

    def _join(self, who: int, friend: int) -> bool:
        """Bring somebody to the bank of a friend: to a free place, or in place of a third."""
        here = self.seats[who].pool
        for there in self._pools_of_bank[self._bank(friend)]:
            if not self._may_move(who, there):
                continue
            gain = self._walk(who, here) - self._walk(who, there)
            if gain >= 0 and len(self._in[there]) < self._problem.pools[there].places:
                self._put(who, there)
                return True
            for other in self._in[there]:
                if (
                    other != friend
                    and self._may_move(other, here)
                    and gain + self._walk(other, there) - self._walk(other, here) >= 0
                ):
                    self._put(other, here)
                    self._put(who, there)
                    return True
        return False

    def _put(self, who: int, pool: int) -> None:
        self._in[self.seats[who].pool].remove(who)
        self._in[pool].append(who)
        self.seats[who] = Seat(pool)


def doors(
    problem: Problem, seats: Mapping[int, Seat], wanted: Iterable[tuple[int, int]]
) -> dict[int, int]:
    """Return the door of everybody: the one they named or have, friends side by side, then others.

    Whoever comes first in ``seats`` comes first in the row.
    """
    result = {who: seat.door for who, seat in seats.items() if seat.door != NONE}
    taken = set(result.values())
    sitting: list[list[int]] = [[] for _pool in problem.pools]
    for who, seat in seats.items():
        if seat.door == NONE:
            sitting[seat.pool].append(who)
    near: defaultdict[int, list[int]] = defaultdict(list)
    for one, other in wanted:
        near[one].append(other)
        near[other].append(one)
    for pool, people in zip(problem.pools, sitting, strict=True):
        here = set(people)
        free = [door for door in pool.doors if door not in taken]
        rest = []
        for who in people:
            present = problem.applicants[who].present
            if present != NONE and present in free:
                result[who] = present
                free.remove(present)
            else:
                rest.append(who)
        for who, door in zip(_in_company(rest, near, here), free, strict=False):
            result[who] = door
    return result


def _in_company(
    people: Sequence[int], near: Mapping[int, Sequence[int]], here: set[int]
) -> list[int]:
    """Return people in their order, each followed by the friends who sit in the same pool."""
    left = dict.fromkeys(people)
    row: list[int] = []
    for who in people:
        line = [who]
        while line:
            one = line.pop()
            if one in left:
                del left[one]
                row.append(one)
                line += [friend for friend in reversed(near.get(one, ())) if friend in here]
    return row
