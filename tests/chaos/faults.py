"""What goes wrong, and when: drawn from one seed before anything begins."""

from __future__ import annotations

import random
from dataclasses import dataclass

# What can happen to whom, and for how long at least and at most.
FAULTS: dict[tuple[str, str], tuple[float, float]] = {
    ("server 1", "kill"): (1.0, 5.0),
    ("server 1", "freeze"): (2.0, 10.0),
    ("server 2", "kill"): (1.0, 5.0),
    ("server 2", "freeze"): (2.0, 10.0),
    ("database", "kill"): (0.5, 4.0),
    ("database", "freeze"): (1.0, 6.0),
    ("bridge north", "kill"): (0.2, 4.0),
    ("bridge north", "freeze"): (1.0, 10.0),
    ("bridge south", "kill"): (0.2, 4.0),
    ("bridge south", "freeze"): (1.0, 10.0),
    ("line north", "cut"): (2.0, 18.0),
    ("line north", "freeze up"): (1.0, 12.0),
    ("line north", "freeze down"): (1.0, 12.0),
    ("line north", "delay"): (2.0, 8.0),
    ("line north", "duplicate"): (2.0, 10.0),
    ("line north", "reroute"): (0.1, 0.2),
    ("line south", "cut"): (2.0, 18.0),
    ("line south", "freeze up"): (1.0, 12.0),
    ("line south", "freeze down"): (1.0, 12.0),
    ("line south", "delay"): (2.0, 8.0),
    ("line south", "duplicate"): (2.0, 10.0),
    ("line south", "reroute"): (0.1, 0.2),
    ("broker", "kill"): (0.5, 4.0),
    ("broker", "freeze"): (0.5, 3.0),
    ("bus north", "cut"): (0.5, 5.0),
    ("bus north", "freeze"): (0.5, 4.0),
    ("bus north", "noise"): (1.0, 6.0),
    ("bus south", "cut"): (0.5, 5.0),
    # So long that its box is started again meanwhile now and then, and has no other time.
    ("clock north", "ahead"): (3.0, 30.0),
    ("clock north", "behind"): (3.0, 30.0),
    ("clock south", "ahead"): (3.0, 30.0),
    ("clock south", "behind"): (3.0, 30.0),
    ("clock 1", "ahead"): (3.0, 15.0),
    ("clock 1", "behind"): (3.0, 15.0),
    ("clock 2", "ahead"): (3.0, 15.0),
    ("clock 2", "behind"): (3.0, 15.0),
}
# Between the beginnings of two faults.
APART_S = (0.8, 2.8)
# A run opens with this, so that doors are given and given back alone in the shortest one, too; what
# drives those doors suffers nothing meanwhile. For less than that, every other kind follows.
FIRST, FIRST_S = ("line south", "cut"), (18.0, 20.0)
WITH_FIRST = ("bridge south", "bus south", "broker")
IN_FIRST_ROUND_S = 3.5
FIRST_APART_S = 1.75
# Somebody has to get something done before the first and after the last.
QUIET_FIRST_S = 6.0
CALM_S = 15.0
# Between two faults of the same victim.
REST_S = 0.5


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong."""

    at_s: float
    whom: str
    what: str
    lasts_s: float

    def __str__(self) -> str:
        return f"{self.at_s:6.1f} s  {self.whom}: {self.what} for {self.lasts_s:.1f} s"


def kind(whom: str, what: str) -> tuple[str, str]:
    """Return what a fault is, whichever of two suffers it: ("line", "cut")."""
    return whom.partition(" ")[0], what


KINDS = {kind(*fault) for fault in FAULTS}


def schedule(seconds: float, seed: int) -> list[Fault]:
    """Draw the faults of a run: one of each kind, then all in turn, in a new order each time.

    Nobody suffers two at once, and all are over when the calm begins.
    """
    chance = random.Random(seed)
    calm_at = seconds - CALM_S
    found = _first_round(chance)
    free_at = {fault.whom: fault.at_s + fault.lasts_s + REST_S for fault in found}
    at_s = found[-1].at_s + chance.uniform(*APART_S)
    left: list[tuple[str, str]] = []
    while at_s < calm_at - 1:
        if not left:
            left = list(FAULTS)
            chance.shuffle(left)
        ready = [one for one in left if free_at.get(one[0], 0) <= at_s]
        if ready:
            left.remove(ready[0])
            whom, what = ready[0]
            lasts_s = min(chance.uniform(*FAULTS[whom, what]), calm_at - at_s)
            found.append(Fault(at_s, whom, what, lasts_s))
            free_at[whom] = at_s + lasts_s + REST_S
        at_s += chance.uniform(*APART_S)
    return found


def _first_round(chance: random.Random) -> list[Fault]:
    """Draw one fault of each kind, of north or south and of the one server or the other."""
    first = Fault(QUIET_FIRST_S, *FIRST, chance.uniform(*FIRST_S))
    free_at = dict.fromkeys([first.whom, *WITH_FIRST], first.at_s + first.lasts_s + REST_S)
    left = list(FAULTS)
    chance.shuffle(left)
    found, at_s = [first], QUIET_FIRST_S
    left = [one for one in left if kind(*one) != kind(*FIRST)]
    while left:
        at_s += FIRST_APART_S
        ready = [one for one in left if free_at.get(one[0], 0) <= at_s]
        if ready:
            whom, what = ready[0]
            least_s, most_s = FAULTS[whom, what]
            lasts_s = chance.uniform(least_s, min(most_s, IN_FIRST_ROUND_S))
            found.append(Fault(at_s, whom, what, lasts_s))
            free_at[whom] = at_s + lasts_s + REST_S
            left = [one for one in left if kind(*one) != kind(whom, what)]
    return found
