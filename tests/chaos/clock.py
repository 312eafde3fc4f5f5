"""`python -m tests.chaos.clock FILE MODULE ...`: run a module on a machine whose clock is wrong.

FILE holds by how many seconds, now; the monotonic clock is as it is, as on a real machine.
"""

from __future__ import annotations

import ctypes
import datetime as dt
import gc
import mmap
import runpy
import struct
import sys
import time
from pathlib import Path

_SECONDS = struct.Struct("d")


class WallClock:
    """The clock of one machine, as whoever sets it sees it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.write_bytes(_SECONDS.pack(0.0))

    def set(self, ahead_s: float) -> None:
        """Let it be ahead of the true time, or behind."""
        with self.path.open("r+b") as file:
            file.write(_SECONDS.pack(ahead_s))


def _go_wrong(path: Path) -> None:
    """Shift what this process is told of the time of day."""
    with path.open("rb") as file:
        shared = mmap.mmap(file.fileno(), _SECONDS.size, access=mmap.ACCESS_READ)

    def ahead_s() -> float:
        return float(_SECONDS.unpack_from(shared)[0])

    true_time, true_time_ns, true_now = time.time, time.time_ns, dt.datetime.now
    time.time = lambda: true_time() + ahead_s()
    time.time_ns = lambda: true_time_ns() + int(ahead_s() * 1e9)

    def now(_cls: type[dt.datetime], tz: dt.tzinfo | None = None) -> dt.datetime:
        return true_now(tz) + dt.timedelta(seconds=ahead_s())

    # The type itself: a subclass would be another type to whatever reads annotations.
    gc.get_referents(dt.datetime.__dict__)[0]["now"] = classmethod(now)
    ctypes.pythonapi.PyType_Modified(ctypes.py_object(dt.datetime))


if __name__ == "__main__":
    _go_wrong(Path(sys.argv[1]))
    sys.argv = sys.argv[2:]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
