"""kill -9: of the supervisor, of its keeper, and where process 1 never reaps."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil

from config.postgres import place, strays
from config.supervisor import folder
from tests.processes import command_of
from tests.supervisor import stand_in
from tests.supervisor.conftest import ALL, Stage, await_that, end

_PR_SET_CHILD_SUBREAPER = 36


def keeper_of(supervisor: subprocess.Popen[str]) -> psutil.Process:
    children = psutil.Process(supervisor.pid).children()
    (keeper,) = [child for child in children if "config.supervisor.keeper" in command_of(child)]
    return keeper


def test_a_killed_supervisor_leaves_no_orphan(stage: Stage) -> None:
    supervisor, _printed = stage.start_ready()
    keeper = keeper_of(supervisor)
    assert len(stage.running()) == ALL

    supervisor.kill()

    await_that(lambda: stage.running() == [], "everything ends")
    await_that(lambda: not strays.is_alive(keeper), "the keeper ends")


def test_a_start_after_a_kill_has_all_data_at_once(stage: Stage) -> None:
    first, _printed = stage.start_ready()
    old = {process.pid for process in stage.running()}

    first.kill()
    second, printed = stage.start_ready()

    assert "  Starts  2\n" in printed
    await_that(lambda: old.isdisjoint(p.pid for p in stage.running()), "the old ones end")
    assert len(stage.running()) == ALL
    assert second.poll() is None


def test_what_outlives_even_the_keeper_is_cleared_by_the_next_start(stage: Stage) -> None:
    first, _printed = stage.start_ready()
    keeper = keeper_of(first)
    worker = stage.one(stand_in.WORKER)

    keeper.kill()
    first.kill()
    assert strays.is_alive(worker)
    _second, printed = stage.start_ready()

    assert "  Starts  2\n" in printed
    assert not strays.is_alive(worker)
    assert len(stage.running()) == ALL


def test_a_killed_keeper_is_replaced(stage: Stage) -> None:
    supervisor, _printed = stage.start_ready()
    keeper = keeper_of(supervisor)

    keeper.kill()
    await_that(
        lambda: (
            keeper.pid not in {child.pid for child in psutil.Process(supervisor.pid).children()}
            and strays.is_alive(keeper_of(supervisor))
        ),
        "another keeper",
    )
    supervisor.kill()

    await_that(lambda: stage.running() == [], "everything ends")


def test_zombies_that_nobody_reaps_block_no_start(stage: Stage) -> None:
    prctl = ctypes.CDLL(None).prctl
    # The orphans become this process's children, and it never looks after them.
    assert prctl(_PR_SET_CHILD_SUBREAPER, 1) == 0
    try:
        first, _printed = stage.start_ready()
        old = [process.pid for process in stage.running()]
        first.kill()
        second, printed = stage.start_ready()
        end(second)
    finally:
        prctl(_PR_SET_CHILD_SUBREAPER, 0)
    states = [psutil.Process(pid).status() for pid in old]
    for pid in old:
        os.waitpid(pid, 0)

    assert states == [psutil.STATUS_ZOMBIE] * ALL
    assert "  Starts  2\n" in printed


def test_a_half_finished_first_start_is_repaired(stage: Stage) -> None:
    # Killed within initdb: folders and a password, and files under a name that is not the last.
    with folder.held(stage.var):
        server = folder.database(stage.var, "test")
    server._make_folder(server.home)
    half = server.home / "data.new-1"
    half.mkdir()
    (half / "PG_VERSION").write_text("18\n")
    (server.home / "password").write_text("cut o")
    place.own(server.home, server.user)

    supervisor, printed = stage.start_ready()

    assert "  Starts  1\n" in printed
    assert not half.exists()
    end(supervisor)


def test_a_first_start_killed_at_any_moment_is_repaired(stage: Stage) -> None:
    first = stage.start()
    await_that(lambda: any(stage.var.glob("postgres/data.new-*/*")), "initdb is at work")
    first.send_signal(signal.SIGKILL)

    _second, printed = stage.start_ready()

    assert "  Starts  1\n" in printed


def test_a_throw_away_server_ends_with_its_killed_runner_and_the_next_clears_up(
    tmp_path: Path,
) -> None:
    told = tmp_path / "told"
    command = f"import time; open({str(told)!r}, 'w').write('up'); time.sleep(600)"
    run = [sys.executable, "-m", "config.postgres", "run", "--", sys.executable, "-c"]
    runner = subprocess.Popen([*run, command], cwd=place.CHECKOUT)
    await_that(told.exists, "the command runs")
    children = psutil.Process(runner.pid).children(recursive=True)
    assert any("postgres" in command_of(child) for child in children)

    runner.kill()
    runner.wait()

    await_that(lambda: not any(strays.is_alive(child) for child in children), "all end")
    left = f"lockwright-throwaway-{runner.pid}-*"
    assert list(place.temporary(place.runner()).glob(left))
    subprocess.run([*run, "pass"], cwd=place.CHECKOUT, check=True)
    assert not list(place.temporary(place.runner()).glob(left))
