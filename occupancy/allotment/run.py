"""The methods of an allotment, and the one way to run them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from occupancy.allotment import flow, seating, tenants
from occupancy.allotment.draw import Draw
from occupancy.allotment.flow import Seat
from occupancy.allotment.levels import Levels
from occupancy.allotment.problem import NONE, Method, Problem
from occupancy.allotment.turns import Turns


@dataclass(frozen=True, slots=True)
class Given:
    """What one applicant got: a door and the level of theirs it is; neither for the waiting list.

    ``place`` is the place in the draw, from 1.
    """

    ticket: str
    place: int
    door: int = NONE
    rank: int = NONE
    wish: int = NONE


@dataclass(frozen=True)
class Outcome:
    """What came of a method: in the order of the problem, and who waits, the first first."""

    digest: str
    given: tuple[Given, ...]
    waiting: tuple[str, ...]


def order(problem: Problem, draw: Draw) -> list[int]:
    """Return whose turn comes when: access needs first, then as the draw says."""
    place = [draw.number("applicant", one.ticket) for one in problem.applicants]
    return sorted(
        range(len(place)),
        key=lambda who: (
            not problem.applicants[who].comes_first, place[who], problem.applicants[who].ticket
        ),
    )  # fmt: skip


def allot(problem: Problem, seed: bytes, *, brings_friends: bool = True) -> Outcome:
    """Allot the doors of a problem. The same problem and seed give the same, wherever it runs.

    Without ``brings_friends`` it stops at what the method itself gives.
    """
    digest = problem.digest()
    draw = Draw.mixed(seed, digest)
    levels = Levels(problem)
    turns = order(problem, draw)
    wanted = seating.pairs(problem) if brings_friends else []
    method = problem.method
    if method is Method.TENANTS:
        found = tenants.allot(problem, levels, turns, draw)
        seats = {who: _seat(problem, levels, who, found[who]) for who in turns if who in found}
    elif method is Method.OPTIMUM:
        seats = _optimum(problem, levels, turns)
    else:
        seats = _in_turn(problem, levels, turns, method)
    swaps = seating.Swaps(problem, levels, seats)
    swaps.bring_together(wanted)
    doors = seating.doors(problem, swaps.seats, wanted)
    return _outcome(problem, levels, digest, turns, doors)


def _seat(problem: Problem, levels: Levels, who: int, door: int) -> Seat:
    """Return a seat that holds on to the door that was asked for, or is somebody's already."""
    level = levels.of(who)[levels.rank(who, door)]
    is_theirs = level.door != NONE or problem.applicants[who].present == door
    return Seat(problem.pool_of[door], door if is_theirs else NONE)


def _in_turn(
    problem: Problem, levels: Levels, turns: Sequence[int], method: Method
) -> dict[int, Seat]:
    """Let one after another choose; seat all of them at their level with the least walk."""
    if method is Method.FITTING:
        turns = _tightest_first(problem, turns)
    state = Turns(problem)
    choices: dict[int, list[flow.Choice]] = {}
    for who in turns:
        theirs = levels.anything(who) if method is Method.FITTING else levels.of(who)
        rank = state.choose(theirs)
        if rank is not None:
            choices[who] = [(theirs[rank], 0)]
    return flow.seated(problem, list(choices), choices)


def _tightest_first(problem: Problem, turns: Sequence[int]) -> list[int]:
    """Put those first whom the rules leave the fewest doors; the draw decides between equals."""
    doors = [sum(problem.pools[pool].places for pool in one.pools) for one in problem.profiles]
    return sorted(
        turns,
        key=lambda who: (
            not problem.applicants[who].comes_first, doors[problem.applicants[who].profile]
        ),
    )  # fmt: skip


def _optimum(problem: Problem, levels: Levels, turns: Sequence[int]) -> dict[int, Seat]:
    """Seat as many as the rules allow so that wishes and walks together cost least.

    Where there are too few doors the draw alone says who waits, not what somebody wished for.
    """
    state = Turns(problem)
    served = [who for who in turns if state.choose(levels.anything(who)) is not None]
    choices = {
        who: [(level, rank * problem.metres_per_wish) for rank, level in enumerate(levels.of(who))]
        for who in served
    }
    return flow.seated(problem, served, choices)


def _outcome(
    problem: Problem,
    levels: Levels,
    digest: str,
    turns: Sequence[int],
    doors: Mapping[int, int],
) -> Outcome:
    place = {who: at for at, who in enumerate(turns, 1)}
    given = []
    for who, one in enumerate(problem.applicants):
        door = doors.get(who)
        if door is None:
            given.append(Given(one.ticket, place[who]))
            continue
        rank = levels.rank(who, door)
        given.append(Given(one.ticket, place[who], door, rank, levels.of(who)[rank].wish))
    waiting = tuple(problem.applicants[who].ticket for who in turns if who not in doors)
    return Outcome(digest, tuple(given), waiting)
