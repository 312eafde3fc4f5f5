"""Processes that are killed, frozen and started again."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil

from config.postgres import strays
from config.postgres.server import EmbeddedPostgres
from tests import servers


class Child:
    """A program of ours; its words go to a file."""

    def __init__(self, module: list[str], log: Path) -> None:
        self._module, self.log = module, log
        self.process: subprocess.Popen[bytes] | None = None
        self.starts = 0

    def start(self) -> None:
        """Start it, if it does not run."""
        if self.process is not None:
            return
        self.starts += 1
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", *self._module],
                cwd=servers.ROOT,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                preexec_fn=strays.dies_with_us(),
            )

    def kill(self) -> None:
        """End it without a word."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(10)
            self.process = None

    def freeze(self) -> None:
        """Stop it where it is."""
        if self.process is not None:
            os.kill(self.process.pid, signal.SIGSTOP)

    def mend(self) -> None:
        """Let it go on, or start it again."""
        if self.process is not None and self.process.poll() is None:
            os.kill(self.process.pid, signal.SIGCONT)
            return
        self.process = None
        self.start()


class Database:
    """The embedded PostgreSQL, with all the processes it consists of."""

    def __init__(self, server: EmbeddedPostgres) -> None:
        self._server = server

    def kill(self) -> None:
        """End it as a crash does; the next start recovers."""
        assert self._server.process is not None
        self._server.process.kill()
        self._server.process.wait(10)

    def freeze(self) -> None:
        """Stop the server and every connection's process."""
        self._signal(signal.SIGSTOP)

    def mend(self) -> None:
        """Let it go on, or start it again."""
        process = self._server.process
        if process is not None and process.poll() is None:
            self._signal(signal.SIGCONT)
            return
        self._server.start()

    def _signal(self, number: signal.Signals) -> None:
        assert self._server.process is not None
        with contextlib.suppress(psutil.Error):
            head = psutil.Process(self._server.process.pid)
            head.send_signal(number)
            for child in head.children(recursive=True):
                with contextlib.suppress(psutil.Error):
                    child.send_signal(number)
