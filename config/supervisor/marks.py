"""Finding our own processes again: each carries a mark of this checkout in its environment."""

from __future__ import annotations

import contextlib
import hashlib
import os
import signal
from pathlib import Path

import psutil

MARK = "LOCKWRIGHT_RUN"
END_WITHIN_S = 6


def of(var: Path) -> str:
    """Return the mark of a checkout's processes."""
    return hashlib.sha256(os.fsencode(var.resolve())).hexdigest()[:20]


def find(mark: str, spare: set[int]) -> list[psutil.Process]:
    """Return the live processes that carry a mark, but for those to spare."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.pid in spare or process.status() == psutil.STATUS_ZOMBIE:
                continue
            if process.environ().get(MARK) == mark:
                found.append(process)
    return found


def end(processes: list[psutil.Process]) -> None:
    """End processes: by request first, then by force. PostgreSQL is asked for a fast shutdown."""
    for process in processes:
        with contextlib.suppress(psutil.Error):
            is_postgres = process.name().startswith("postgres")
            process.send_signal(signal.SIGINT if is_postgres else signal.SIGTERM)
    _gone, left = psutil.wait_procs(processes, timeout=END_WITHIN_S)
    for process in left:
        with contextlib.suppress(psutil.Error):
            process.kill()
    psutil.wait_procs(left, timeout=3)
