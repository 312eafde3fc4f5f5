"""Shipped server processes on the test database, for tests that need a real one."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

from django.db import connection

ROOT = Path(__file__).resolve().parents[1]
# As the README tells to run them.
ASGI = ["uvicorn", "config.asgi:application", "--lifespan", "on"]
WSGI = ["granian", "config.wsgi:application", "--interface", "wsgi", "--workers", "2"]
WSGI += ["--blocking-threads", "2"]


def database_url() -> str:
    """Return the address of this test's database; its host may be a folder of sockets."""
    told = connection.settings_dict
    host, port = quote(str(told["HOST"]), safe=""), told["PORT"]
    where = f"{host}:{port}" if port else host
    return f"postgresql://{told['USER']}:{told['PASSWORD']}@{where}/{told['NAME']}"


def free_port() -> int:
    """Return a port that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(condition: Callable[[], bool], within_s: float = 20) -> None:
    """Wait for what another process does."""
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


@contextlib.contextmanager
def serving(
    command: list[str] = ASGI, port: int | None = None, env: dict[str, str] | None = None
) -> Iterator[str]:
    """Run a shipped server until the block ends; yields its address."""
    port = port or free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", *command, "--host", "127.0.0.1", "--port", str(port)]
        + ["--log-level", "warning"],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": database_url(), **(env or {})},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        _wait_until_it_answers(url, process)
        yield url
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_until_it_answers(url: str, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 30
    while time.monotonic() < until:
        assert process.poll() is None, "the server ended"
        with contextlib.suppress(OSError):
            urllib.request.urlopen(f"{url}/healthz/", timeout=1).close()
            return
        time.sleep(0.05)
    raise AssertionError("the server did not answer within 30 s")
