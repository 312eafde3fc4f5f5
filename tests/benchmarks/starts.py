"""How long a second `make demo` takes until the table is printed."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
from typing import Any

from tests.benchmarks.figures import RUNS, median
from tests.benchmarks.place import Place


def measure(place: Place) -> dict[str, Any]:
    """Return the seconds of a first start and the median of later ones."""
    with tempfile.TemporaryDirectory(prefix="lockwright-bench-") as var:
        os.chmod(var, 0o755)
        first = _start(var)
        later = [_start(var) for _ in range(RUNS)]
    return {"start_s": median(later), "first_start_s": first}


def _start(var: str) -> float:
    environment = {k: v for k, v in os.environ.items() if k != "DATABASE_URL"}
    environment |= {"LOCKWRIGHT_VAR": var, "PORT": "23400"}
    process = subprocess.Popen(
        [sys.executable, "-m", "config.supervisor", "demo"],
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None  # it was asked for
    seconds = None
    for line in process.stdout:
        found = re.search(r"Ready in ([\d.]+) s", line)
        if found:
            seconds = float(found.group(1))
            break
    process.send_signal(signal.SIGINT)
    process.stdout.read()
    process.wait(30)
    if seconds is None:
        raise AssertionError("the demonstration did not start")
    return seconds
