"""Allotting the doors of a school and of a university, beside OR-tools on the bare matrix."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

from occupancy.allotment.problem import Method
from tests.benchmarks.figures import median
from tests.benchmarks.place import Place

# A school takes a tenth of a second: more runs, and digits enough for a ratio.
TIMES = {1_500: 9, 20_000: 3}


def measure(place: Place) -> dict[str, Any]:
    """Return seconds of each method for 1,500 and 20,000 pupils and doors, and peak memory.

    ``allot_…_s`` is the slowest method. The ratio is that of the optimum, with its draw, its
    friends and the building of its network, to the bare solve of pupils by pools.
    """
    figures: dict[str, Any] = {}
    for pupils in TIMES:
        took = {name: _median(pupils, name) for name in (*map(str, Method), "bare")}
        methods = [took[str(one)] for one in Method]
        figures[f"allot_{pupils}_s"] = round(max(one["s"] for one in methods), 2)
        figures[f"allot_{pupils}_by_method_s"] = {
            str(one): round(took[str(one)]["s"], 2) for one in Method
        }
        figures[f"allot_{pupils}_peak_mb"] = round(max(one["peak_mb"] for one in methods))
        figures[f"allot_{pupils}_ratio"] = round(took["optimum"]["s"] / took["bare"]["s"], 2)
    return figures


def _median(pupils: int, method: str) -> dict[str, float]:
    found = [_once(pupils, method) for _time in range(TIMES[pupils])]
    return {name: median((one[name] for one in found), 4) for name in ("s", "peak_mb")}


def _once(pupils: int, method: str) -> dict[str, float]:
    told = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.big_schools", str(pupils), method],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    answer: dict[str, float] = json.loads(told.stdout)
    return answer
