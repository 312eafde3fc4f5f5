"""What each method promises, tried out on every small case there is."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings

from occupancy.allotment import run, seating, tenants
from occupancy.allotment.draw import Draw
from occupancy.allotment.levels import Levels
from occupancy.allotment.problem import (
    NONE,
    Applicant,
    Method,
    Pool,
    Problem,
    Profile,
    Wish,
)
from tests.occupancy.allotment.small import (
    NOTHING,
    assignments,
    dominated_by,
    problems,
    ranks,
    reports,
    with_wishes,
)

DRAW = Draw(b"\0" * 32)
SEED = b"s" * 32


def in_turn(problem: Problem, turns: Sequence[int]) -> dict[int, int]:
    seats = run._in_turn(problem, Levels(problem), turns, Method.TURNS)
    return seating.doors(problem, seats, [])


def by_tenants(problem: Problem, turns: Sequence[int]) -> dict[int, int]:
    return tenants.allot(problem, Levels(problem), turns, DRAW)


def optimum(problem: Problem, turns: Sequence[int]) -> dict[int, int]:
    return seating.doors(problem, run._optimum(problem, Levels(problem), turns), [])


def cost(problem: Problem, found: dict[int, int]) -> int:
    levels = Levels(problem)
    total = 0
    for who, door in found.items():
        one = problem.applicants[who]
        profile = problem.profiles[one.profile]
        walk = dict(zip(profile.pools, profile.walks, strict=True))[problem.pool_of[door]]
        total += levels.rank(who, door) * problem.metres_per_wish + walk
    return total


# ---- one after another ---------------------------------------------------------------------------


@given(problems())
@settings(max_examples=150, deadline=None)
def test_one_after_another_wastes_nothing(problem: Problem) -> None:
    """Nobody can be better off without somebody being worse off: Pareto efficient."""
    for turns in itertools.permutations(range(len(problem.applicants))):
        found = in_turn(problem, turns)
        assert dominated_by(problem, ranks(problem, found)) is None


@given(problems(people=3))
@settings(max_examples=40, deadline=None)
def test_one_after_another_nobody_gains_by_saying_what_they_do_not_want(problem: Problem) -> None:
    """Strategy-proof, whatever the draw: every other list that somebody could hand in is tried."""
    for turns in itertools.permutations(range(len(problem.applicants))):
        truth = ranks(problem, in_turn(problem, turns))
        for who in turns:
            for wishes in reports(problem):
                lied = in_turn(with_wishes(problem, who, wishes), turns)
                assert ranks(problem, lied)[who] >= truth[who]


def test_who_does_not_mind_makes_room_for_who_does() -> None:
    """The first would take any door; the second only one of them: both are served."""
    problem = Problem(
        pools=(Pool((1,)), Pool((2,))),
        profiles=(Profile((0, 1), (0, 50)),),
        targets=((0, 1), (0,)),
        applicants=(
            Applicant("any", 0, (Wish(target=0),)),
            Applicant("near", 0, (Wish(target=1),)),
        ),
    )
    assert in_turn(problem, [0, 1]) == {0: 2, 1: 1}


# ---- with those who have a door ------------------------------------------------------------------


@given(problems(tenants=True))
@settings(max_examples=150, deadline=None)
def test_nobody_who_has_a_door_ends_with_a_worse_one(problem: Problem) -> None:
    """Individually rational for every order of the draw."""
    levels = Levels(problem)
    for turns in itertools.permutations(range(len(problem.applicants))):
        found = by_tenants(problem, turns)
        for who, one in enumerate(problem.applicants):
            if one.present != NONE:
                assert levels.rank(who, found[who]) <= levels.rank(who, one.present)


@given(problems(tenants=True))
@settings(max_examples=100, deadline=None)
def test_with_tenants_nothing_is_wasted_by_the_order_of_each(problem: Problem) -> None:
    """Pareto efficient in the strict order that each of them has."""
    levels = Levels(problem)
    shelves = tenants.shelves(problem, DRAW)
    strict = [
        {door: at for at, door in enumerate(tenants.strict_order(problem, levels, who, shelves))}
        for who in range(len(problem.applicants))
    ]
    for turns in itertools.permutations(range(len(problem.applicants))):
        found = by_tenants(problem, turns)
        mine = [strict[who].get(found.get(who, NONE), NOTHING) for who in range(len(strict))]
        for other in assignments(problem):
            theirs = [strict[who].get(other.get(who, NONE), NOTHING) for who in range(len(strict))]
            assert theirs == mine or any(a > b for a, b in zip(theirs, mine, strict=True))


@given(problems(people=3, tenants=True))
@settings(max_examples=40, deadline=None)
def test_with_tenants_nobody_gains_by_saying_what_they_do_not_want(problem: Problem) -> None:
    for turns in itertools.permutations(range(len(problem.applicants))):
        truth = ranks(problem, by_tenants(problem, turns))
        for who in turns:
            for wishes in reports(problem):
                lied = by_tenants(with_wishes(problem, who, wishes), turns)
                assert ranks(problem, lied)[who] >= truth[who]


def test_a_ring_of_three_is_granted() -> None:
    """Each has the door that the next one wants."""
    problem = Problem(
        pools=(Pool((1, 2, 3)),),
        profiles=(Profile((0,), (0,)),),
        targets=(),
        applicants=tuple(
            Applicant(f"t{at}", 0, (Wish(door=at % 3 + 1),), present=(at - 1) % 3 + 1)
            for at in range(1, 4)
        ),
    )
    assert by_tenants(problem, [0, 1, 2]) == {0: 2, 1: 3, 2: 1}


# ---- the optimum ---------------------------------------------------------------------------------


@given(problems())
@settings(max_examples=150, deadline=None)
def test_the_optimum_is_what_trying_everything_finds(problem: Problem) -> None:
    """Of all ways to serve the same people none costs less; as many are served as can be."""
    turns = list(range(len(problem.applicants)))
    found = optimum(problem, turns)
    every = list(assignments(problem))
    assert len(found) == max(map(len, every))
    assert cost(problem, found) == min(
        cost(problem, other) for other in every if other.keys() == found.keys()
    )


@given(problems())
@settings(max_examples=100, deadline=None)
def test_the_draw_alone_says_who_waits(problem: Problem) -> None:
    """Whoever is left out could only be served in place of somebody drawn before them."""
    turns = list(range(len(problem.applicants)))
    found = optimum(problem, turns)
    served = [who in found for who in turns]
    for other in assignments(problem):
        assert served >= [who in other for who in turns] or len(other) < len(found)


def _fitting(problem: Problem, turns: Sequence[int]) -> dict[int, int]:
    seats = run._in_turn(problem, Levels(problem), turns, Method.FITTING)
    return seating.doors(problem, seats, [])


@given(problems())
@settings(max_examples=150, deadline=None)
def test_fitting_serves_as_many_as_the_rules_allow(problem: Problem) -> None:
    for turns in itertools.permutations(range(len(problem.applicants))):
        assert len(_fitting(problem, turns)) == max(map(len, assignments(problem)))


# ---- all of them ---------------------------------------------------------------------------------


@pytest.mark.parametrize("method", Method)
@given(problem=problems(tenants=True))
@settings(max_examples=60, deadline=None)
def test_no_method_breaks_a_rule(method: Method, problem: Problem) -> None:
    problem = replace(problem, method=method)
    outcome = run.allot(problem, SEED)
    doors = [one.door for one in outcome.given if one.door != NONE]
    assert len(doors) == len(set(doors))
    for one, got in zip(problem.applicants, outcome.given, strict=True):
        if got.door != NONE:
            assert problem.pool_of[got.door] in problem.profiles[one.profile].pools
    assert set(outcome.waiting) == {one.ticket for one in outcome.given if one.door == NONE}
    assert run.allot(problem, SEED) == outcome
