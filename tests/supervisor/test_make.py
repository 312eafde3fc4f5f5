"""What make does when it is killed, and when two of them run at once."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from config.postgres import place, strays
from tests.supervisor.conftest import await_that

# In place of Python: makes its own environment, and installs for as long as a file is there.
PYTHON = """#!/bin/sh
case "$*" in
"-m venv .venv") mkdir -p .venv/bin && cp "$0" .venv/bin/python ;;
*"pip install"*) echo installed >> installations; while test -e slow; do sleep 0.05; done ;;
esac
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout of the Makefile alone, whose name has a space."""
    made = tmp_path / "my checkout"
    made.mkdir()
    shutil.copy(place.CHECKOUT / "Makefile", made)
    (made / "requirements.lock").write_text("")
    (made / "python").write_text(PYTHON)
    (made / "python").chmod(0o755)
    return made


def _install(checkout: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        ["make", "install", "PYTHON=./python"],
        cwd=checkout,
        env={"PATH": os.environ["PATH"]},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def test_a_start_waits_for_what_a_killed_one_still_installs(checkout: Path) -> None:
    (checkout / "slow").touch()
    killed = _install(checkout)
    await_that((checkout / "installations").exists, "pip is at work")
    killed.kill()
    killed.wait()

    waiting = _install(checkout)
    assert waiting.stdout is not None  # it was asked for
    assert waiting.stdout.readline() == "Another start is installing; waiting for it ...\n"
    (checkout / "slow").unlink()

    assert waiting.communicate(timeout=20) == ("", None)
    assert waiting.returncode == 0
    assert (checkout / "installations").read_text() == "installed\n"
    assert list((checkout / ".venv").glob(".installed-*"))


def test_a_finished_installation_is_not_repeated(checkout: Path) -> None:
    for said in ("Installing into .venv ...\n", ""):
        assert _install(checkout).communicate(timeout=20) == (said, None)
    assert (checkout / "installations").read_text() == "installed\n"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells of a parent's end")
def test_whoever_make_started_ends_with_a_killed_make(tmp_path: Path) -> None:
    told = tmp_path / "told"
    program = (
        "import os, time; from config.postgres import strays; strays.end_with_make();"
        f" open({str(told)!r}, 'w').write(str(os.getpid())); time.sleep(600)"
    )
    (tmp_path / "Makefile").write_text(f'demo:\n\t@exec {sys.executable} -c "{program}"\n')
    make = subprocess.Popen(["make", "-f", tmp_path / "Makefile", "demo"], cwd=place.CHECKOUT)
    await_that(lambda: told.exists() and told.read_text() != "", "the program runs")
    started = psutil.Process(int(told.read_text()))

    make.kill()
    make.wait()

    await_that(lambda: not strays.is_alive(started), "it ends too")
