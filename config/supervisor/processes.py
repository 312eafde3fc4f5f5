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

from config.postgres.server import end_with_parent
from config.supervisor import marks

LOG_BYTES = 5 * 1024 * 1024
STOP_WITHIN_S = 6


@dataclass
class Child:
    """One process that should run as long as the supervisor does."""

    name: str
    command: list[str]
    environment: dict[str, str]
    log: Path
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    restart_at: float | None = None
    wait_s: float = field(default=0.5)

    def start(self) -> None:
        """Start it, with its output appended to its log (emptied when it grew too long)."""
        if self.log.exists() and self.log.stat().st_size > LOG_BYTES:
            self.log.write_bytes(b"")
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                self.command,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                preexec_fn=end_with_parent,
            )
        self.started_at, self.restart_at = time.monotonic(), None

    def watch(self) -> None:
        """Start it again when it ended by itself, later each time it does so quickly."""
        now = time.monotonic()
        if self.restart_at is not None:
            if now >= self.restart_at:
                self.start()
        elif self.process is not None and self.process.poll() is not None:
            if now - self.started_at > 30:
                self.wait_s = 0.5
            say(
                f"{self.name} ended with {self.process.returncode}; it starts again"
                f" (its log: {self.log})"
            )
            self.restart_at, self.wait_s = now + self.wait_s, min(self.wait_s * 2, 10)


def stop(children: list[Child]) -> None:
    """End children together: by request, then by force with all they started."""
    running = [child.process for child in children if child.process is not None]
    for process in running:
        if process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
    until = time.monotonic() + STOP_WITHIN_S
    for process in running:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(max(0.1, until - time.monotonic()))
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    for child in children:
        child.process = None


class Keeper:
    """The small process that clears up when the supervisor is killed."""

    def __init__(self, mark: str) -> None:
        environment = {name: text for name, text in os.environ.items() if name != marks.MARK}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "config.supervisor.keeper", mark],
            stdin=subprocess.PIPE,
            env=environment,
            start_new_session=True,
        )

    def dismiss(self) -> None:
        """Tell it that everything is over; it looks once more and ends."""
        assert self.process.stdin is not None  # it was opened as a pipe
        self.process.stdin.close()
        self.process.wait(20)


def say(text: str) -> None:
    """Tell the person in front of the terminal."""
    print(text, flush=True)
