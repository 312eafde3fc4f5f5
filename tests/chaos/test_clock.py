"""A machine's time of day is wrong, and its monotonic clock is not."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from tests import servers
from tests.chaos.clock import WallClock

# It tells its times whenever it reads a line.
PROGRAM = """
import datetime as dt, sys, time
while sys.stdin.readline():
    times = time.time(), time.time_ns() / 1e9, dt.datetime.now().timestamp()
    print(*times, dt.datetime.now(dt.UTC).timestamp(), time.monotonic(), flush=True)
"""


def test_every_time_of_day_jumps_at_once_and_back_and_nothing_else_does(tmp_path: Path) -> None:
    clock = WallClock(tmp_path / "clock")
    (tmp_path / "telling.py").write_text(PROGRAM)
    with subprocess.Popen(
        [sys.executable, "-m", "tests.chaos.clock", str(clock.path), "telling"],
        cwd=servers.ROOT,
        env={"PYTHONPATH": str(tmp_path)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None and process.stdout is not None
        for ahead_s in (0.0, 1800.0, -600.0, 0.0):
            clock.set(ahead_s)
            begun, begun_at = time.monotonic(), time.time()
            print(file=process.stdin, flush=True)
            *days, monotonic = map(float, process.stdout.readline().split())
            took_s = time.monotonic() - begun
            assert begun <= monotonic <= begun + took_s
            for day in days:
                assert begun_at + ahead_s <= day + 0.001 <= begun_at + ahead_s + took_s + 0.002
        process.stdin.close()
