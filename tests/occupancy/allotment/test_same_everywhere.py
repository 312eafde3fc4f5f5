"""The same input and seed give the same doors: in every process, and from one release to the next.

A draw of last August is checked with the program of today. Whoever changes a pinned digest, by an
own change or by another release of the solver, takes that away from all draws before.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from occupancy.allotment import run
from occupancy.allotment.__main__ import main
from occupancy.allotment.draw import commitment
from occupancy.allotment.flow import SOLVER
from occupancy.allotment.problem import (
    NONE,
    Applicant,
    Method,
    Pool,
    Problem,
    Profile,
    Wish,
    read,
    written,
)

SEED = bytes(range(32))
GIVEN = {
    Method.TURNS: "7921712dc7d51953002cb6145716193c3fbc37fa122928a01141e92a8d4d3fc2",
    Method.TENANTS: "363ef33af0663129192b3b6f2df110e1c1b421db57626df6ab3d4d56ae9d6fe4",
    Method.OPTIMUM: "6790a64fdb2c94993cd2153169293351088ad2d1c306c5605ad03ba993e76536",
    Method.FITTING: "d2180f3d676c91dc54ddecbeca50a6eb8ae54a1cf5222991c3307341ec5965d4",
}


def school(method: Method) -> Problem:
    """Make 90 pupils and 80 doors: wishes of every kind, tenants, needs, friends and a reserve."""
    rng = random.Random(1)
    pools = tuple(
        Pool(tuple(range(at * 10, at * 10 + 10)), bank=at // 2, held_back=at % 2)
        for at in range(8)
    )  # fmt: skip
    profiles = tuple(
        Profile(tuple(range(at, 8)), tuple(10 * (1 + (at + pool) % 5) for pool in range(at, 8)))
        for at in range(4)
    )
    targets = tuple((at, at + 1) for at in range(0, 8, 2))
    applicants = []
    for at in range(90):
        lowest = 10 * (at % 4)
        wishes = [Wish(target=rng.randrange(4)), Wish(door=rng.randrange(lowest, 80))]
        applicants.append(
            Applicant(
                f"t{at}", at % 4, tuple(wishes[: rng.randrange(3)]),
                present=79 - at if at < 20 else NONE, comes_first=at % 30 == 0,
                friends=(f"t{at ^ 1}",) if at % 3 else (),
            )
        )  # fmt: skip
    return Problem(pools, profiles, targets, tuple(applicants), method=method)


def digest(problem: Problem) -> str:
    outcome = run.allot(problem, SEED)
    told = [[one.ticket, one.door] for one in outcome.given] + [list(outcome.waiting)]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def drawn(method: Method) -> dict[str, Any]:
    """Return the file of a draw."""
    problem = school(method)
    outcome = run.allot(problem, SEED)
    return {
        "commitment": commitment(SEED), "digest": problem.digest(), "seed": SEED.hex(),
        "solver": SOLVER, "input": json.loads(written(problem)),
        "given": {one.ticket: one.door for one in outcome.given if one.door != NONE},
        "waiting": list(outcome.waiting),
    }  # fmt: skip


@pytest.mark.parametrize("method", Method)
def test_a_draw_comes_out_as_it_always_has(method: Method) -> None:
    assert digest(school(method)) == GIVEN[method]
    assert read(written(school(method))) == school(method)


@pytest.mark.parametrize("hash_seed", ["0", "1", "4294967295"])
def test_another_process_draws_the_same(hash_seed: str, tmp_path: Path) -> None:
    for method in Method:
        file = tmp_path / f"{method}.json"
        file.write_text(json.dumps(drawn(method)))
        told = subprocess.run(
            [sys.executable, "-m", "occupancy.allotment", str(file)],
            env={**os.environ, "PYTHONHASHSEED": hash_seed}, capture_output=True, text=True,
        )  # fmt: skip
        assert (told.returncode, told.stderr) == (0, "")


def test_another_release_of_the_solver_is_named_before_anybody_is_blamed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = drawn(Method.TURNS)
    told["given"] = {**told["given"], told["waiting"][0]: 1}
    file = tmp_path / "draw.json"
    file.write_text(json.dumps(told))
    assert main([str(file)]) == 1
    file.write_text(json.dumps({**told, "solver": "OR-tools 1.0"}))
    assert main([str(file)]) == 2
    assert "the draw was done with OR-tools 1.0" in capsys.readouterr().out
