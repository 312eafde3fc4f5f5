"""A supervisor that a test starts, kills and looks at."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest

from config.postgres import place
from config.supervisor import marks, ports
from config.supervisor.folder import reset
from tests.processes import command_of

WITHIN_S = 20
# Web, jobs, the jobs' worker, and the database.
ALL = 4


def await_that(condition: Callable[[], bool], what: str) -> None:
    """Wait until a condition holds; fail after a while."""
    until = time.monotonic() + WITHIN_S
    while not condition():
        assert time.monotonic() < until, f"in vain: {what}"
        time.sleep(0.05)


@dataclass
class Stage:
    """One checkout's var folder and port, and the supervisors that a test starts on it."""

    var: Path
    port: int
    started: list[subprocess.Popen[str]] = field(default_factory=list)

    def start(self, **environment: str) -> subprocess.Popen[str]:
        """Start a supervisor with stand-in processes."""
        kept = {name: text for name, text in os.environ.items() if name != "DATABASE_URL"}
        kept |= {"LOCKWRIGHT_VAR": str(self.var), "PORT": str(self.port), **environment}
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.supervisor.stand_in"],
            cwd=place.CHECKOUT,
            env=kept,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.started.append(process)
        return process

    def start_ready(self) -> tuple[subprocess.Popen[str], str]:
        """Start one, wait until all of it runs, and return what it printed until then."""
        process = self.start()
        assert process.stdout is not None  # it was asked for
        printed = ""
        for line in process.stdout:
            printed += line
            if line.startswith("Ready in"):
                await_that(lambda: len(self.running()) >= ALL, "the jobs' worker runs")
                return process, printed
        raise AssertionError(f"it did not become ready:\n{printed}")

    def running(self) -> list[psutil.Process]:
        """Return the processes of this stage that are still there, the database's too."""
        return marks.find(marks.of(self.var))

    def one(self, argument: str) -> psutil.Process:
        """Return the one process with an argument, or a program, of this name."""
        (found,) = [one for one in self.running() if argument in command_of(one)]
        return found


def end(process: subprocess.Popen[str], how: signal.Signals = signal.SIGINT) -> str:
    """End a supervisor and return what it still printed."""
    process.send_signal(how)
    printed, _none = process.communicate(timeout=WITHIN_S)
    return printed


def free_port(worker: str) -> int:
    """Return a PORT whose neighbours are free; test processes side by side look elsewhere."""
    first = 21000 + 200 * int(worker.removeprefix("gw") or 0) if worker != "master" else 21000
    for port in range(first, first + 200, 10):
        try:
            ports.check(port)
        except ports.PortError:
            continue
        return port
    raise AssertionError("no port is free")


@pytest.fixture
def stage(worker_id: str) -> Iterator[Stage]:
    """A new var folder that PostgreSQL's user can reach; all is ended and removed afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="lockwright-test-"))
    folder.chmod(0o755)
    made = Stage(folder / "var", free_port(worker_id))
    yield made
    for process in made.started:
        if process.poll() is None:
            process.kill()
        process.communicate()
    marks.clear(marks.of(made.var))
    reset(made.var)
    shutil.rmtree(folder)
