"""Small problems of every shape, and what can be found out about them by trying everything."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from typing import Any

from hypothesis import strategies as st

from occupancy.allotment.levels import Levels
from occupancy.allotment.problem import NONE, Applicant, Pool, Problem, Profile, Wish

# Of somebody without a door: worse than every level.
NOTHING = 99


@st.composite
def problems(
    draw: Any, *, people: int = 4, tenants: bool = False, rules: bool = True, doors: int = 5
) -> Problem:
    """Up to four people and five doors in up to three pools, with wishes of every kind."""
    sizes = draw(st.lists(st.integers(1, 2), min_size=1, max_size=3))
    numbers = iter(range(10, 10 + sum(sizes)))
    pools = tuple(
        Pool(tuple(itertools.islice(numbers, size)), bank=at // 2) for at, size in enumerate(sizes)
    )
    count = len(pools)
    sets = [
        tuple(one)
        for length in range(1, count + 1)
        for one in itertools.combinations(range(count), length)
    ]
    profiles = tuple(
        Profile(allowed, tuple(draw(st.integers(0, 3)) * 10 for _pool in allowed))
        for allowed in (draw(st.lists(st.sampled_from(sets), min_size=1, max_size=2)) if rules
                        else [sets[-1]])
    )  # fmt: skip
    targets = tuple(sets)
    every = [door for pool in pools for door in pool.doors]
    wish = st.one_of(
        st.builds(lambda at: Wish(target=at), st.integers(0, len(targets) - 1)),
        st.builds(lambda door: Wish(door=door), st.sampled_from(every)),
    )
    pool_of = {door: at for at, pool in enumerate(pools) for door in pool.doors}
    free = set(every)
    applicants = []
    for number in range(draw(st.integers(1, people))):
        profile = draw(st.integers(0, len(profiles) - 1))
        may_have = sorted(door for door in free if pool_of[door] in profiles[profile].pools)
        present = NONE
        if tenants and may_have and draw(st.booleans()):
            present = draw(st.sampled_from(may_have))
            free.discard(present)
        applicants.append(
            Applicant(
                ticket=f"t{number}",
                profile=profile,
                wishes=tuple(draw(st.lists(wish, max_size=2))),
                present=present,
            )
        )
    return Problem(pools, profiles, targets, tuple(applicants), metres_per_wish=100)


def assignments(problem: Problem) -> Iterator[dict[int, int]]:
    """Yield every way to give doors that keeps the rules; some may get none."""
    options = [
        [NONE, *(
            door
            for pool in problem.profiles[one.profile].pools
            for door in problem.pools[pool].doors
        )]
        for one in problem.applicants
    ]  # fmt: skip
    for chosen in itertools.product(*options):
        given = [door for door in chosen if door != NONE]
        if len(given) == len(set(given)):
            yield {who: door for who, door in enumerate(chosen) if door != NONE}


def ranks(problem: Problem, given: Mapping[int, int], levels: Levels | None = None) -> list[int]:
    """Return at which level everybody ends, worst for those with nothing."""
    levels = levels or Levels(problem)
    return [
        levels.rank(who, given[who]) if who in given else NOTHING
        for who in range(len(problem.applicants))
    ]


def dominated_by(problem: Problem, mine: list[int]) -> dict[int, int] | None:
    """Return a way in which nobody is worse off and somebody better; None when there is none."""
    levels = Levels(problem)
    for other in assignments(problem):
        theirs = ranks(problem, other, levels)
        if theirs != mine and all(a <= b for a, b in zip(theirs, mine, strict=True)):
            return other
    return None


def reports(problem: Problem) -> list[tuple[Wish, ...]]:
    """Return every list of up to two wishes that somebody could hand in."""
    single = [Wish(target=at) for at in range(len(problem.targets))] + [
        Wish(door=door) for door in problem.pool_of
    ]
    return [(), *((one,) for one in single), *itertools.permutations(single, 2)]


def with_wishes(problem: Problem, who: int, wishes: tuple[Wish, ...]) -> Problem:
    """Return the problem as it is when somebody hands in other wishes."""
    applicants = list(problem.applicants)
    mine = applicants[who]
    applicants[who] = Applicant(
        mine.ticket, mine.profile, wishes, mine.present, mine.comes_first, mine.friends
    )
    return Problem(
        problem.pools, problem.profiles, problem.targets, tuple(applicants),
        problem.metres_per_wish,
    )  # fmt: skip
