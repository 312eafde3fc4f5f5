"""Friends near each other, where both ask and nobody loses by it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from occupancy.allotment import run, seating
from occupancy.allotment.problem import NONE, Applicant, Method, Pool, Problem, Profile, Wish
from occupancy.allotment.report import report
from tests.occupancy.allotment.small import problems

SEED = b"s" * 32
BANK = Pool(tuple(range(1, 7)))


def pupils(*friends: tuple[str, str], count: int = 6) -> Problem:
    asked: dict[str, list[str]] = {}
    for one, other in friends:
        asked.setdefault(one, []).append(other)
    return Problem(
        pools=(BANK,),
        profiles=(Profile((0,), (0,)),),
        targets=(),
        applicants=tuple(
            Applicant(f"t{at}", 0, friends=tuple(asked.get(f"t{at}", ()))) for at in range(count)
        ),
    )


@pytest.mark.parametrize("method", Method)
def test_two_who_ask_for_each_other_sit_side_by_side(method: Method) -> None:
    problem = replace(pupils(("t0", "t5"), ("t5", "t0")), method=method)
    door = {one.ticket: one.door for one in run.allot(problem, SEED).given}
    assert abs(door["t0"] - door["t5"]) == 1


def test_one_who_asks_alone_is_no_pair() -> None:
    assert seating.pairs(pupils(("t0", "t5"))) == []


def test_a_ring_in_which_nobody_asks_back_is_no_pair() -> None:
    assert seating.pairs(pupils(("t0", "t1"), ("t1", "t2"), ("t2", "t0"))) == []


def test_friends_come_to_one_bank_where_a_third_does_not_mind() -> None:
    """Two banks of two; whoever changes places likes both the same."""
    problem = Problem(
        pools=(Pool((1, 2), bank=1), Pool((3, 4), bank=2)),
        profiles=(Profile((0, 1), (0, 0)),),
        targets=(),
        applicants=tuple(Applicant(f"t{at}", 0, friends=(f"t{at ^ 1}",)) for at in range(4)),
    )
    for number in range(20):
        found = report(problem, run.allot(problem, bytes([number]) * 32))
        assert (found.friends_near, found.friends_asked) == (2, 2)


def test_a_wish_that_came_true_is_not_given_up_for_a_friend() -> None:
    problem = Problem(
        pools=(Pool((1,), bank=1), Pool((2,), bank=2)),
        profiles=(Profile((0, 1), (0, 0)),),
        targets=((0,), (1,)),
        applicants=(
            Applicant("a", 0, (Wish(target=0),), friends=("b",)),
            Applicant("b", 0, (Wish(target=1),), friends=("a",)),
        ),
    )
    assert [one.rank for one in run.allot(problem, SEED).given] == [0, 0]


@pytest.mark.parametrize("method", Method)
@given(
    problem=problems(tenants=True), asked=st.sets(st.tuples(st.integers(0, 3), st.integers(0, 3)))
)
@settings(max_examples=60, deadline=None)
def test_nobody_loses_by_the_friends_of_others(
    method: Method, problem: Problem, asked: set[tuple[int, int]]
) -> None:
    """The levels are the same with friends and without, and nobody walks further in sum.

    By the rules alone wishes count for nothing, and so come true by chance if at all.
    """
    friends = {
        who: tuple(f"t{b}" for a, b in sorted(asked) if a == who and a != b) for who in range(4)
    }
    with_friends = replace(
        problem,
        method=method,
        applicants=tuple(
            replace(one, friends=friends[at]) for at, one in enumerate(problem.applicants)
        ),
    )
    found = run.allot(with_friends, SEED)
    alone = run.allot(with_friends, SEED, brings_friends=False)
    if method is not Method.FITTING:
        assert [one.rank for one in found.given] == [one.rank for one in alone.given]
    assert report(with_friends, found).mean_walk <= report(with_friends, alone).mean_walk
    assert {one.ticket for one in found.given if one.door == NONE} == set(alone.waiting)
