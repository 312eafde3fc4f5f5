"""The figures by which methods are compared."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings

from occupancy.allotment import run
from occupancy.allotment.problem import NONE, Applicant, Method, Pool, Problem, Profile, Wish
from occupancy.allotment.report import report, violations
from tests.occupancy.allotment.small import problems

SEED = b"s" * 32


@pytest.mark.parametrize("method", Method)
@given(problem=problems(tenants=True))
@settings(max_examples=60, deadline=None)
def test_every_pupil_is_counted_once(method: Method, problem: Problem) -> None:
    problem = replace(problem, method=method)
    found = report(problem, run.allot(problem, SEED))
    assert found.served + found.waiting == found.pupils
    assert sum(found.wishes) + found.other <= found.wished
    assert found.violations == 0
    if method is Method.TENANTS:
        assert found.worse == 0


def test_an_outcome_that_breaks_rules_is_found_out() -> None:
    problem = Problem(
        pools=(Pool((1, 2)), Pool((3,))),
        profiles=(Profile((0,), (10,)),),
        targets=(),
        applicants=(Applicant("a", 0), Applicant("b", 0)),
    )
    right = run.allot(problem, SEED)
    assert violations(problem, right) == 0
    one, other = right.given
    twice = replace(right, given=(one, replace(other, door=one.door)))
    assert violations(problem, twice) == 1
    beyond = replace(right, given=(one, replace(other, door=3)))
    assert violations(problem, beyond) == 1


def test_the_first_wish_counts_one_the_second_a_half() -> None:
    problem = Problem(
        pools=(Pool((1,)), Pool((2,))),
        profiles=(Profile((0, 1), (10, 20)),),
        targets=((0,), (1,)),
        applicants=tuple(
            Applicant(name, 0, (Wish(target=0), Wish(target=1))) for name in ("a", "b")
        ),
    )
    found = report(problem, run.allot(problem, SEED))
    assert (found.wishes, found.other, found.first_share, found.satisfied) == ([1, 1], 0, 0.5, 0.75)
    assert (found.mean_walk, found.longest_walk) == (15, 20)
    assert NONE not in {one.door for one in run.allot(problem, SEED).given}
