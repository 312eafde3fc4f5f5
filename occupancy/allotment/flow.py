"""The cheapest way to seat everybody, as a flow.

    applicant -- rank --> level -- walk --> pool --> out
    applicant -- rank and walk --> very door --> pool --> out

Applicants of one profile who name the same go through one node for it, and doors that nobody names
are only the places of their pool: twenty thousand people and doors are some hundred thousand arcs.
The solver is the minimum cost flow of OR-tools.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import ortools
from ortools.graph.python import min_cost_flow

from occupancy.allotment.levels import Level
from occupancy.allotment.problem import NONE, Problem

# Of ways that cost the same a solver takes one, and another version of it perhaps another.
SOLVER = f"OR-tools {ortools.__version__}"


class NoWay(Exception):
    """Not everybody can be seated: whoever calls made sure of it before."""


@dataclass(frozen=True, slots=True)
class Seat:
    """Where somebody goes: a pool, and the very door where it was asked for."""

    pool: int
    door: int = NONE


# One level that somebody may be seated at, and what it costs there besides the walk.
Choice = tuple[Level, int]


@dataclass
class Network:
    """Arcs with how much may flow and what it costs, and the nodes that they join."""

    tails: list[int] = field(default_factory=list)
    heads: list[int] = field(default_factory=list)
    places: list[int] = field(default_factory=list)
    costs: list[int] = field(default_factory=list)
    nodes: int = 0

    def node(self) -> int:
        """Return the number of a new node."""
        self.nodes += 1
        return self.nodes - 1

    def arc(self, tail: int, head: int, places: int, cost: int) -> None:
        """Join two nodes."""
        self.tails.append(tail)
        self.heads.append(head)
        self.places.append(places)
        self.costs.append(cost)

    def solved(self, supplies: Mapping[int, int]) -> list[tuple[int, int, int]]:
        """Return tail, head and flow of each arc that is used, at least cost; raises NoWay."""
        solver = min_cost_flow.SimpleMinCostFlow()
        arcs = solver.add_arcs_with_capacity_and_unit_cost(
            np.array(self.tails, np.int32), np.array(self.heads, np.int32),
            np.array(self.places, np.int64), np.array(self.costs, np.int64),
        )  # fmt: skip
        solver.set_nodes_supplies(
            np.fromiter(supplies.keys(), np.int32), np.fromiter(supplies.values(), np.int64)
        )
        if solver.solve() != solver.OPTIMAL:
            raise NoWay
        flows = solver.flows(arcs)
        used = np.flatnonzero(flows).tolist()
        return [(self.tails[arc], self.heads[arc], int(flows[arc])) for arc in used]


def seated(
    problem: Problem, people: Sequence[int], choices: Mapping[int, Iterable[Choice]]
) -> dict[int, Seat]:
    """Seat everybody of ``people`` (by number) so that the costs together are least.

    Equal ways are told apart by the order of ``people`` alone. Raises NoWay.
    """
    if not people:
        return {}
    net = Network()
    walks = [dict(zip(one.pools, one.walks, strict=True)) for one in problem.profiles]
    applicants = [net.node() for _who in people]
    pools = [net.node() for _pool in problem.pools]
    sink = net.node()
    doors: dict[int, int] = {}
    levels: dict[int, int] = {}
    for node, who in zip(applicants, people, strict=True):
        profile = problem.applicants[who].profile
        for level, cost in choices[who]:
            if level.door != NONE:
                pool = level.pools[0]
                if level.door not in doors:
                    doors[level.door] = net.node()
                    net.arc(doors[level.door], pools[pool], 1, 0)
                net.arc(node, doors[level.door], 1, cost + walks[profile][pool])
                continue
            if level.alike not in levels:
                levels[level.alike] = net.node()
                for pool in level.pools:
                    places = problem.pools[pool].places
                    net.arc(levels[level.alike], pools[pool], places, walks[profile][pool])
            net.arc(node, levels[level.alike], 1, cost)
    for node, pool_ in zip(pools, problem.pools, strict=True):
        net.arc(node, sink, pool_.places, 0)
    used = net.solved({**dict.fromkeys(applicants, 1), sink: -len(people)})
    return _read(problem, people, used, len(applicants), doors)


def _read(
    problem: Problem,
    people: Sequence[int],
    used: Iterable[tuple[int, int, int]],
    first_pool: int,
    doors: Mapping[int, int],
) -> dict[int, Seat]:
    """Follow the flow from each applicant to a pool; in a level it does not matter who goes where.

    Not even where a pool was named by an earlier wish of one of them: then there would be a
    cheaper flow.
    """
    door_at = {node: door for door, node in doors.items()}
    through: dict[int, int] = {}
    leads: defaultdict[int, list[int]] = defaultdict(list)
    for tail, head, amount in used:
        if tail < first_pool:
            through[tail] = head
        elif tail not in door_at:
            leads[tail] += [head - first_pool] * amount
    ways = {node: iter(pools) for node, pools in leads.items()}
    result: dict[int, Seat] = {}
    for node, who in enumerate(people):
        via = through[node]
        if via in door_at:
            door = door_at[via]
            result[who] = Seat(problem.pool_of[door], door)
        else:
            result[who] = Seat(next(ways[via]))
    return result
