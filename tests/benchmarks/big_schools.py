"""Made-up schools and universities whose doors are allotted, each method in a process of its own.

``python -m tests.benchmarks.big_schools PUPILS METHOD`` prints seconds and peak memory; ``bare``
as the method solves the matrix of pupils and pools by OR-tools alone, as anybody would first.
"""

from __future__ import annotations

import json
import random
import re
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
from ortools.graph.python import min_cost_flow

from occupancy.allotment import run
from occupancy.allotment.levels import Levels
from occupancy.allotment.problem import NONE, Applicant, Method, Pool, Problem, Profile, Wish

SEED = bytes(range(32))
SIZES, FORM, BANKS_OF_AN_AREA, DOORS_OF_A_BANK = 3, 30, 8, 100
# A place on the waiting list costs more than any door.
NOTHING = 1_000_000


def made(pupils: int, seed: int = 1) -> Problem:
    """Return as many doors as pupils, three sizes in each bank, everything allowed to everybody.

    Popular banks are wished for more often; one wish in six is for one very door; a third of the
    pupils have a door from the year before, half of them ask for a friend.
    """
    chance = random.Random(seed)
    banks = max(1, pupils // DOORS_OF_A_BANK)
    pools: list[Pool] = []
    first = 0
    for bank in range(banks):
        doors = pupils // banks + (bank < pupils % banks)
        for size in range(SIZES):
            count = doors // SIZES + (size < doors % SIZES)
            pools.append(Pool(tuple(range(first, first + count)), bank=bank))
            first += count
    areas = -(-banks // BANKS_OF_AN_AREA)
    targets = [
        tuple(at for at, one in enumerate(pools) if one.bank == bank) for bank in range(banks)
    ]
    targets += [
        tuple(at for at, one in enumerate(pools) if one.bank // BANKS_OF_AN_AREA == area)
        for area in range(areas)
    ]
    profiles = []
    for _form in range(max(1, pupils // FORM)):
        room = chance.randrange(banks)
        walks = tuple(10 + 5 * abs(one.bank - room) for one in pools)
        profiles.append(Profile(tuple(range(len(pools))), walks))
    had = list(range(pupils))
    chance.shuffle(had)

    def wish() -> Wish:
        kind = chance.random()
        if kind < 1 / 6:
            return Wish(door=chance.randrange(pupils))
        if kind < 2 / 3:
            return Wish(target=int(banks * min(0.999, chance.betavariate(1, 3))))
        return Wish(target=banks + chance.randrange(areas))

    applicants = tuple(
        Applicant(
            ticket=f"t{at}",
            profile=at % len(profiles),
            wishes=tuple(dict.fromkeys(wish() for _n in range(chance.choice((0, 1, 3, 3, 5))))),
            present=had[at] if chance.random() < 1 / 3 else NONE,
            comes_first=chance.random() < 0.02,
            friends=(f"t{at ^ 1}",) if chance.random() < 1 / 2 else (),
        )
        for at in range(pupils)
    )
    return Problem(tuple(pools), tuple(profiles), tuple(targets), applicants)


def bare(problem: Problem) -> None:
    """Solve the matrix of all pupils and pools, with the same costs, by OR-tools alone."""
    levels = Levels(problem)
    people, pools = len(problem.applicants), len(problem.pools)
    costs = np.empty((people, pools), np.int64)
    for who, one in enumerate(problem.applicants):
        row = np.array(problem.profiles[one.profile].walks, np.int64)
        ranks = levels.of(who)
        row += (len(ranks) - 1) * problem.metres_per_wish
        for rank in range(len(ranks) - 2, -1, -1):
            if ranks[rank].door == NONE:
                for pool in ranks[rank].pools:
                    walk = problem.profiles[one.profile].walks[pool]
                    row[pool] = rank * problem.metres_per_wish + walk
        costs[who] = row
    solver = min_cost_flow.SimpleMinCostFlow()
    sink = people + pools
    solver.add_arcs_with_capacity_and_unit_cost(
        np.concatenate(
            [np.repeat(np.arange(people, dtype=np.int32), pools),
             np.arange(people, sink, dtype=np.int32)]
        ),
        np.concatenate(
            [np.tile(np.arange(people, sink, dtype=np.int32), people),
             np.full(pools, sink, np.int32)]
        ),
        np.concatenate(
            [np.ones(people * pools, np.int64),
             np.array([one.places for one in problem.pools], np.int64)]
        ),
        np.concatenate([costs.reshape(-1), np.zeros(pools, np.int64)]),
    )  # fmt: skip
    supplies = np.zeros(sink + 1, np.int64)
    supplies[:people] = 1
    supplies[sink] = -people
    solver.set_nodes_supplies(np.arange(sink + 1, dtype=np.int32), supplies)
    assert solver.solve() == solver.OPTIMAL


def main(pupils: int, method: str) -> None:
    """Allot once and print what it took."""
    problem = made(pupils)
    begun = time.perf_counter()
    if method == "bare":
        bare(problem)
    else:
        run.allot(replace(problem, method=Method(method)), SEED)
    took = time.perf_counter() - begun
    print(json.dumps({"s": took, "peak_mb": _peak_mb()}))


def _peak_mb() -> float:
    """Return the most memory this program has had; ru_maxrss would count that of its parent too."""
    told = Path("/proc/self/status").read_text()
    return int(re.findall(r"^VmHWM:\s+(\d+) kB$", told, re.MULTILINE)[0]) / 1024


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
