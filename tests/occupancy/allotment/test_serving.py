"""Free doors given one after another: what it promises, on small cases of every shape."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from occupancy.allotment.levels import Levels
from occupancy.allotment.problem import Problem
from occupancy.allotment.serving import serve
from tests.occupancy.allotment.small import problems


@st.composite
def cases(draw: Any) -> tuple[Problem, set[int]]:
    """A problem whose pools hold some doors back, and who of its people is late: the last ones."""
    problem = draw(problems())
    pools = tuple(
        replace(pool, held_back=draw(st.integers(0, len(pool.doors)))) for pool in problem.pools
    )
    people = len(problem.applicants)
    on_time = draw(st.integers(0, people))
    return replace(problem, pools=pools), set(range(on_time, people))


@given(cases())
def test_nobody_gets_two_doors_or_one_that_is_not_allowed(case: tuple[Problem, set[int]]) -> None:
    problem, late = case
    found = serve(problem, late)
    assert len({one.door for one in found}) == len({one.who for one in found}) == len(found)
    for one in found:
        profile = problem.profiles[problem.applicants[one.who].profile]
        assert problem.pool_of[one.door] in profile.pools


@given(cases())
def test_only_who_is_late_gets_what_is_held_back(case: tuple[Problem, set[int]]) -> None:
    problem, late = case
    found = serve(problem, late)
    for at, pool in enumerate(problem.pools):
        on_time = [one for one in found if problem.pool_of[one.door] == at and one.who not in late]
        assert len(on_time) <= pool.places
    assert all(one.who in late for one in found if one.is_reserve)


@given(cases())
def test_nobody_would_rather_have_what_a_later_one_got_or_what_is_left(
    case: tuple[Problem, set[int]],
) -> None:
    problem, late = case
    levels = Levels(problem)
    found = {one.who: one for one in serve(problem, late)}
    for who in range(len(problem.applicants)):
        earlier = {one.door for one in found.values() if one.who < who}
        for door, pool in problem.pool_of.items():
            taken = sum(problem.pool_of[one] == pool for one in earlier)
            room = len(problem.pools[pool].doors) - taken
            back = 0 if who in late else problem.pools[pool].held_back
            if door in earlier or room <= back:
                continue
            if pool not in problem.profiles[problem.applicants[who].profile].pools:
                continue
            assert who in found
            assert levels.rank(who, found[who].door) <= levels.rank(who, door)


@given(cases())
def test_it_is_the_same_each_time(case: tuple[Problem, set[int]]) -> None:
    assert serve(*case) == serve(*case)
