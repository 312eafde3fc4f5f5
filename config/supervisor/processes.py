"""The supervisor's children: started in sessions of their own, restarted, ended in order."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from config.postgres import strays
from config.supervisor.plan import ProcessSpec

LOG_BYTES = 5 * 1024 * 1024
STOP_WITHIN_S = 6
FIRST_WAIT_S, LONGEST_WAIT_S = 0.5, 10
SETTLED_S = 30


@dataclass
class BackOff:
    """When something that ended starts again: later each time it ended quickly."""

    wait_s: float = FIRST_WAIT_S
    started_at: float = 0.0
    again_at: float | None = None

    def started(self) -> None:
        """Note a start."""
        self.started_at, self.again_at = time.monotonic(), None

    def ended(self) -> None:
        """Note an end and settle when to start again."""
        now = time.monotonic()
        if now - self.started_at > SETTLED_S:
            self.wait_s = FIRST_WAIT_S
        self.again_at = now + self.wait_s
        self.wait_s = min(self.wait_s * 2, LONGEST_WAIT_S)

    @property
    def is_waiting(self) -> bool:
        """Say whether an end was noted and no start since."""
        return self.again_at is not None

    @property
    def is_over(self) -> bool:
        """Say whether it may start again."""
        return self.again_at is not None and time.monotonic() >= self.again_at


@dataclass
class Child:
    """One process that should run as long as the supervisor does."""

    spec: ProcessSpec
    environment: dict[str, str]
    log: Path
    process: subprocess.Popen[bytes] | None = None
    back_off: BackOff = field(default_factory=BackOff)

    def start(self) -> None:
        """Start it, with its output appended to its log (emptied when it grew too long)."""
        if self.log.exists() and self.log.stat().st_size > LOG_BYTES:
            self.log.write_bytes(b"")
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                self.spec.command,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                preexec_fn=strays.dies_with_us(),
            )
        self.back_off.started()

    @property
    def has_ended(self) -> bool:
        """Say whether it was started and is not running."""
        return self.process is not None and self.process.poll() is not None

    def watch(self) -> None:
        """Start it again when it ended by itself."""
        if self.back_off.is_waiting:
            if self.back_off.is_over:
                self.start()
        elif self.has_ended:
            assert self.process is not None  # it has ended
            say(
                f"{self.spec.name} ended with {self.process.returncode} and starts again"
                f" (its log: {self.log})"
            )
            _kill_group(self.process)
            self.back_off.ended()


def stop(children: list[Child]) -> None:
    """End children, those that need the web server first, with all that they started."""
    for needs_web in (True, False):
        _stop_together([child for child in children if child.spec.needs_web == needs_web])


def _stop_together(children: list[Child]) -> None:
    running = [child.process for child in children if child.process is not None]
    for process in running:
        process.terminate()
    until = time.monotonic() + STOP_WITHIN_S
    for process in running:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(max(0.1, until - time.monotonic()))
        _kill_group(process)
        process.wait()
    for child in children:
        child.process = None


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    """End what a process started and left behind, and itself when it still runs."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


class Keeper:
    """The small process that clears up when the supervisor is killed."""

    def __init__(self, mark: str) -> None:
        self.mark = mark
        self._start()

    def _start(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "config.supervisor.keeper", self.mark],
            stdin=subprocess.PIPE,
            start_new_session=True,
        )

    def watch(self) -> None:
        """Have another one when it was killed."""
        if self.process.poll() is not None:
            self._start()

    def dismiss(self) -> None:
        """Tell it that everything is over; it looks once more and ends."""
        assert self.process.stdin is not None  # it was opened as a pipe
        self.process.stdin.close()
        self.process.wait()


def say(text: str) -> None:
    """Tell the person in front of the terminal, if there still is one."""
    with contextlib.suppress(OSError):
        print(text, flush=True)
