"""What each applicant likes how much: levels of doors, the best first.

Level 0 is the first wish, and so on; whatever else the rules allow makes the last level. Within a
level everything is as good, whatever it is. A door counts for the first level that it is in, so
that a level may name again what is in an earlier one.
"""

from __future__ import annotations

from dataclasses import dataclass

from occupancy.allotment.problem import NONE, Problem, Wish


@dataclass(frozen=True, slots=True, eq=False)
class Level:
    """Doors that somebody likes as much: any of some pools, or one very door of a pool."""

    # The nearest first.
    pools: tuple[int, ...]
    door: int = NONE
    # Which wish it is, from 0; NONE for what is left when no wish came true.
    wish: int = NONE
    # The same number for the same profile and pools: those who have it may change places.
    alike: int = NONE


class Levels:
    """The levels of every applicant of a problem; alike lists are worked out once."""

    def __init__(self, problem: Problem) -> None:
        self._problem = problem
        self._allowed = [frozenset(profile.pools) for profile in problem.profiles]
        self._made_levels: dict[tuple[int, int], Level] = {}
        self._sets: dict[int, frozenset[int]] = {}
        self._near: dict[int, dict[int, int]] = {}
        self._known: dict[tuple[int, tuple[Wish, ...]], tuple[Level, ...]] = {}
        self._of = [self._found(one.profile, one.wishes) for one in problem.applicants]
        self._ranks: dict[int, dict[int, int]] = {}

    def of(self, who: int) -> tuple[Level, ...]:
        """Return the levels of an applicant (by number), none of them empty."""
        return self._of[who]

    def anything(self, who: int) -> tuple[Level, ...]:
        """Return what the rules allow somebody as a single level."""
        profile = self._problem.applicants[who].profile
        level = self._level(profile, NONE, NONE)
        return (level,) if level.pools else ()

    def has(self, level: Level, pool: int) -> bool:
        """Say whether a pool is one of a level's, which names no very door."""
        return pool in self._sets[level.alike]

    def rank(self, who: int, door: int) -> int:
        """Return at which level a door is; raises KeyError for one that is not allowed."""
        for rank, level in enumerate(self._of[who]):
            if level.door == door:
                return rank
            if level.door == NONE and self.has(level, self._problem.pool_of[door]):
                return rank
        raise KeyError(door)

    def rank_of_pool(self, who: int, pool: int) -> int:
        """Return at which level any door of a pool is, or NONE where it is at none."""
        known = self._ranks.setdefault(who, {})
        if pool not in known:
            known[pool] = next(
                (
                    rank
                    for rank, level in enumerate(self._of[who])
                    if level.door == NONE and self.has(level, pool)
                ),
                NONE,
            )
        return known[pool]

    def _found(self, profile: int, wishes: tuple[Wish, ...]) -> tuple[Level, ...]:
        key = (profile, wishes)
        if key not in self._known:
            self._known[key] = self._made(profile, wishes)
        return self._known[key]

    def _made(self, profile: int, wishes: tuple[Wish, ...]) -> tuple[Level, ...]:
        new = set(self._allowed[profile])
        levels: list[Level] = []
        named: set[int] = set()
        for at, wish in enumerate(wishes):
            if wish.door != NONE:
                pool = self._problem.pool_of[wish.door]
                if pool in new and wish.door not in named:
                    named.add(wish.door)
                    levels.append(Level((pool,), wish.door, at))
                continue
            level = self._level(profile, wish.target, at)
            if new & self._sets[level.alike]:
                new -= self._sets[level.alike]
                levels.append(level)
        if new:
            levels.append(self._level(profile, NONE, NONE))
        return tuple(levels)

    def _places(self, profile: int) -> dict[int, int]:
        """Return the pools of a profile with their places by the walk."""
        if profile not in self._near:
            one = self._problem.profiles[profile]
            near = sorted(zip(one.walks, one.pools, strict=True))
            self._near[profile] = {pool: place for place, (_walk, pool) in enumerate(near)}
        return self._near[profile]

    def _level(self, profile: int, target: int, wish: int) -> Level:
        known = self._made_levels.get((profile, target))
        if known is None:
            places = self._places(profile)
            named = self._problem.targets[target] if target != NONE else places
            pools = sorted((one for one in named if one in places), key=places.__getitem__)
            known = Level(tuple(pools), alike=len(self._made_levels))
            self._made_levels[profile, target] = known
            self._sets[known.alike] = frozenset(pools)
        return Level(known.pools, NONE, wish, known.alike)
