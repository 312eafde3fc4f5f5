"""What came of a method in figures, so that methods can be laid side by side."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from statistics import mean
from typing import Any

from occupancy.allotment import seating
from occupancy.allotment.levels import Levels
from occupancy.allotment.problem import NONE, Problem
from occupancy.allotment.run import Outcome


@dataclass(frozen=True)
class Report:
    """Counts and means; shares are of those who wished for something."""

    pupils: int
    doors: int
    served: int
    waiting: int
    wished: int
    # How many got their first, second ... wish.
    wishes: list[int]
    # How many wished, and got something else.
    other: int
    # Of those who had a door: who keeps it, and who ends with one they like less.
    kept: int
    worse: int
    mean_walk: int
    longest_walk: int
    friends_asked: int
    friends_near: int
    # Counted anew, from the rules: none, or the method is wrong.
    violations: int

    @property
    def first_share(self) -> float:
        """Return which share of those who wished got their first wish."""
        return self.wishes[0] / self.wished if self.wished and self.wishes else 0.0

    @property
    def satisfied(self) -> float:
        """Return how near everybody came to their first wish, 1 where all did, 0 where none did.

        The nth wish counts 1/n, something else or nothing counts nothing.
        """
        if not self.wished:
            return 0.0
        return sum(count / at for at, count in enumerate(self.wishes, 1)) / self.wished

    def told(self) -> dict[str, Any]:
        """Return it as JSON takes it."""
        return asdict(self)


def report(problem: Problem, outcome: Outcome) -> Report:
    """Count what came of a method; the rules are asked again, not the method."""
    walks = [dict(zip(one.pools, one.walks, strict=True)) for one in problem.profiles]
    walked: list[int] = []
    wishes: list[int] = [0] * max((len(one.wishes) for one in problem.applicants), default=0)
    wished = other = kept = worse = 0
    levels = Levels(problem)
    for who, (one, got) in enumerate(zip(problem.applicants, outcome.given, strict=True)):
        wished += bool(one.wishes)
        if got.door != NONE:
            walked.append(walks[one.profile].get(problem.pool_of[got.door], 0))
        if got.wish != NONE:
            wishes[got.wish] += 1
        elif one.wishes and got.door != NONE:
            other += 1
        if one.present != NONE:
            kept += got.door == one.present
            worse += got.door == NONE or got.rank > levels.rank(who, one.present)
    pairs = seating.pairs(problem)
    return Report(
        pupils=len(problem.applicants),
        doors=sum(pool.places for pool in problem.pools),
        served=len(walked),
        waiting=len(outcome.waiting),
        wished=wished,
        wishes=wishes,
        other=other,
        kept=kept,
        worse=worse,
        mean_walk=round(mean(walked)) if walked else 0,
        longest_walk=max(walked, default=0),
        friends_asked=len(pairs),
        friends_near=sum(_same_bank(problem, outcome, *pair) for pair in pairs),
        violations=violations(problem, outcome),
    )


def violations(problem: Problem, outcome: Outcome) -> int:
    """Count the rules that an outcome breaks: two with one door, or a door that is not allowed."""
    seen: set[int] = set()
    found = 0
    used = [0] * len(problem.pools)
    for one, got in zip(problem.applicants, outcome.given, strict=True):
        if got.door == NONE:
            continue
        pool = problem.pool_of.get(got.door)
        if got.door in seen or pool is None or pool not in problem.profiles[one.profile].pools:
            found += 1
        seen.add(got.door)
        if pool is not None:
            used[pool] += 1
    # A door that somebody had is theirs also where it would have been held back.
    owned = {problem.pool_of[one.present] for one in problem.applicants if one.present != NONE}
    return found + sum(
        max(0, used[at] - pool.places) for at, pool in enumerate(problem.pools) if at not in owned
    )


def _same_bank(problem: Problem, outcome: Outcome, one: int, other: int) -> bool:
    doors = (outcome.given[one].door, outcome.given[other].door)
    return (
        NONE not in doors
        and len({problem.pools[problem.pool_of[door]].bank for door in doors}) == 1
    )
