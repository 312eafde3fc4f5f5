"""What a bridge is told includes keys of readers: over plain http only where that is wanted."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from kiosk.bridge.__main__ import is_private
from tests.servers import ROOT


@pytest.mark.parametrize(
    "server",
    ["https://lockers.example", "http://127.0.0.1:8000", "http://localhost", "http://[::1]:8000"],
)
def test_nobody_reads_https_nor_this_machine(server: str) -> None:
    assert is_private(server)


@pytest.mark.parametrize(
    "server",
    ["http://lockers.example", "http://10.0.0.9:8000", "http://127.0.0.1.example", "lockers"],
)
def test_a_network_may_be_read(server: str) -> None:
    assert not is_private(server)


def start(folder: Path, *more: str) -> subprocess.CompletedProcess[str]:
    # Nobody is at that address; without a code the bridge ends before it asks.
    return subprocess.run(
        [sys.executable, "-m", "kiosk.bridge", "--server", "http://lockers.invalid"]
        + ["--state", str(folder / "state"), *more],
        cwd=ROOT, capture_output=True, text=True, timeout=60,
    )  # fmt: skip


def test_a_bridge_does_not_start_over_plain_http(tmp_path: Path) -> None:
    ended = start(tmp_path)
    assert ended.returncode == 2 and "--without-tls" in ended.stderr
    assert not (tmp_path / "state").exists()


def test_a_bridge_starts_over_plain_http_when_that_is_said(tmp_path: Path) -> None:
    assert "not enrolled" in start(tmp_path, "--without-tls").stderr
