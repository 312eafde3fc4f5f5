"""Processes that outlive their parent: preventing them, and ending those that are there."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import psutil

from config.postgres.place import PostgresError

_PR_SET_PDEATHSIG = 1


def dies_with_us(how: signal.Signals = signal.SIGTERM) -> Callable[[], None]:
    """Return what a new child calls before its program starts: Linux then ends it with us.

    Made in the parent, so that a child whose parent is gone already notices.
    """
    parent = os.getpid()
    if sys.platform != "linux":
        return lambda: None
    prctl = ctypes.CDLL(None).prctl

    def ask() -> None:
        prctl(_PR_SET_PDEATHSIG, how)
        if os.getppid() != parent:
            os._exit(1)

    return ask


def end_with_make() -> None:
    """Have Linux tell us to end when the make that started us is killed: nobody else would.

    Only make: a shell that started us in the background may leave us behind on purpose.
    """
    with contextlib.suppress(psutil.Error):
        if sys.platform == "linux" and psutil.Process(os.getppid()).name() in {"make", "gmake"}:
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def is_alive(process: psutil.Process) -> bool:
    """Say whether a process still runs.

    A zombie does not: where process 1 never reaps, it stays for ever and holds nothing.
    """
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def wait(processes: Iterable[psutil.Process], timeout_s: float) -> list[psutil.Process]:
    """Wait until processes are gone; return those that still live after the time."""
    until = time.monotonic() + timeout_s
    left = [process for process in processes if is_alive(process)]
    while left and time.monotonic() < until:
        time.sleep(0.02)
        left = [process for process in left if is_alive(process)]
    return left


def end_server(data: Path) -> None:
    """End a server that a killed parent left on this data, and clear a dead one's lock file."""
    lock = data / "postmaster.pid"
    try:
        stray = psutil.Process(int(lock.read_text(encoding="utf-8").splitlines()[0]))
        serves = is_alive(stray) and str(data) in stray.cmdline()
    except FileNotFoundError:
        return
    except (psutil.Error, ValueError, IndexError):
        serves = False
    if serves:
        # Fast shutdown, immediate shutdown, and what nothing resists.
        for how, within_s in ((signal.SIGINT, 10), (signal.SIGQUIT, 5), (signal.SIGKILL, 5)):
            with contextlib.suppress(psutil.NoSuchProcess):
                stray.send_signal(how)
            if not wait([stray], within_s):
                break
        else:
            raise PostgresError(f"Another PostgreSQL (process {stray.pid}) holds {data}.")
    lock.unlink(missing_ok=True)
