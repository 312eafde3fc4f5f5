"""Finding our own processes again: each carries a mark of this checkout in its environment."""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import signal
from pathlib import Path

import psutil

from config.postgres import strays

NAME = "LOCKWRIGHT_RUN"
END_WITHIN_S = 6


def of(var: Path) -> str:
    """Return what the marks of all of a checkout's runs begin with."""
    return hashlib.sha256(os.fsencode(var.resolve())).hexdigest()[:20]


def new(var: Path) -> str:
    """Return the mark of one run, so that clearing up after it spares the next."""
    return f"{of(var)}.{secrets.token_hex(4)}"


def find(mark: str) -> list[psutil.Process]:
    """Return the live processes, but for ourselves, whose mark begins so."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            is_marked = process.environ().get(NAME, "").startswith(mark)
            if is_marked and process.pid != os.getpid() and strays.is_alive(process):
                found.append(process)
    return found


def clear(mark: str) -> None:
    """End every process with a mark: the database last, and nobody left."""
    found = find(mark)
    database = [process for process in found if _is_database(process)]
    _end([process for process in found if process not in database], signal.SIGTERM)
    # A fast shutdown.
    _end(database, signal.SIGINT)
    # Whatever was born meanwhile.
    _end(find(mark), signal.SIGKILL)


def _is_database(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.Error):
        return process.name().startswith("postgres")
    return False


def _end(processes: list[psutil.Process], how: signal.Signals) -> None:
    """End processes: by this request first, then by force."""
    for process in processes:
        with contextlib.suppress(psutil.Error):
            process.send_signal(how)
    left = strays.wait(processes, END_WITHIN_S)
    for process in left:
        with contextlib.suppress(psutil.Error):
            process.kill()
    strays.wait(left, 3)
