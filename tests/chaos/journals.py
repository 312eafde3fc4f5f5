"""When the lines of the bridges' journals were written, by the clock of the run.

The lines themselves bear the time of a box whose clock may be wrong.
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
import time
from pathlib import Path

LOOKS_EVERY_S = 0.03


class Journals:
    """Looks at the files all the time, from a thread of its own."""

    def __init__(self) -> None:
        self._paths: dict[int, Path] = {}
        self._files: dict[int, sqlite3.Connection] = {}
        self._newest: dict[int, int] = {}
        # When a line was there first: (bridge, number).
        self.seen: dict[tuple[int, int], float] = {}
        self._turn = threading.Lock()
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="journals", daemon=True)

    def start(self, paths: dict[int, Path]) -> None:
        """Look at the journals of these bridges."""
        self._paths = paths
        self._thread.start()

    def stop(self) -> None:
        """Look no more."""
        if self._thread.is_alive():
            self._ending.set()
            self._thread.join()
        for file in self._files.values():
            file.close()

    def newest(self, bridge: int) -> int:
        """Return the number of the newest line that is on a bridge's disk now."""
        with self._turn:
            self._look(bridge)
            return self._newest.get(bridge, 0)

    def _run(self) -> None:
        while not self._ending.wait(LOOKS_EVERY_S):
            for bridge in self._paths:
                self.newest(bridge)

    def _look(self, bridge: int) -> None:
        path = self._paths[bridge]
        if bridge not in self._files and path.exists():
            self._files[bridge] = sqlite3.connect(path, check_same_thread=False)
        # It may be made at this moment.
        with contextlib.suppress(KeyError, sqlite3.OperationalError):
            (newest,) = self._files[bridge].execute("SELECT max(seq) FROM line").fetchone()
            at, before = time.time(), self._newest.get(bridge, 0)
            for seq in range(before + 1, (newest or 0) + 1):
                self.seen[bridge, seq] = at
            self._newest[bridge] = max(before, newest or 0)
