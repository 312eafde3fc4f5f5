"""Checks a draw without the program that made it: ``python -m occupancy.allotment DRAW.json``.

The file says the input, the seed, what was published of it before, and who got which door. Nothing
but this folder and OR-tools is needed.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from occupancy.allotment import run
from occupancy.allotment.draw import commitment
from occupancy.allotment.flow import SOLVER
from occupancy.allotment.problem import BadProblem, read


def differences(told: dict[str, Any]) -> list[str]:
    """Return what is not as the file says: nothing when the draw was done as published."""
    found = []
    seed = bytes.fromhex(told["seed"])
    if commitment(seed) != told["commitment"]:
        found.append("The seed is not the one that was published before.")
    problem = read(json.dumps(told["input"]).encode())
    if problem.digest() != told["digest"]:
        found.append("The input is not the one that was frozen.")
    outcome = run.allot(problem, seed)
    given = {one.ticket: one.door for one in outcome.given}
    for ticket, door in told["given"].items():
        if given.get(ticket) != door:
            found.append(f"{ticket} got door {door}; the draw gives {given.get(ticket)}.")
    if list(outcome.waiting) != told["waiting"]:
        found.append("The waiting list is in another order.")
    return found


def main(arguments: list[str]) -> int:
    """Check the file that was named; 0 when all is as it says."""
    if len(arguments) != 1:
        print("Name the file of the draw: python -m occupancy.allotment DRAW.json")
        return 2
    try:
        told = json.loads(Path(arguments[0]).read_bytes())
        found = differences(told)
        if found and told["solver"] != SOLVER:
            print(f"This cannot be checked with {SOLVER}: the draw was done with {told['solver']}.")
            return 2
    except (OSError, ValueError, KeyError, TypeError, BadProblem) as error:
        print(f"This cannot be checked: {error}")
        return 2
    for sentence in found:
        print(sentence)
    if not found:
        print("The draw was done as published: the same input and seed give the same doors.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
