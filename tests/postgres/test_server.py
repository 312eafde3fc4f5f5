from __future__ import annotations

import contextlib
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from config.postgres import EmbeddedPostgres, place
from config.postgres.place import Runner


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that PostgreSQL's user can reach (pytest's own are private to us)."""
    user = place.runner()
    made = Path(tempfile.mkdtemp(prefix="lockwright-test-"))
    if not user.is_me:
        os.chown(made, user.uid, user.gid)
    yield made
    shutil.rmtree(made, ignore_errors=True)


@contextlib.contextmanager
def running(home: Path, *, durable: bool = False) -> Iterator[EmbeddedPostgres]:
    server = EmbeddedPostgres(home, durable=durable)
    server.start()
    try:
        yield server
    finally:
        server.stop()


def test_it_runs_as_an_unprivileged_user_behind_a_private_socket(folder: Path) -> None:
    with running(folder / "pg") as server:
        assert server.process is not None
        assert psutil.Process(server.process.pid).uids().effective != 0
        assert stat.S_IMODE(server.sockets.stat().st_mode) == 0o700
        assert stat.S_IMODE((server.home / "password").stat().st_mode) == 0o600
        assert "listen_addresses=" in " ".join(server.command())
        with psycopg.connect(server.url()) as link:
            assert link.info.server_version >= 150000


def test_the_password_is_really_asked_for(folder: Path) -> None:
    with running(folder / "pg") as server:
        wrong = server.url().replace(
            (server.home / "password").read_text().strip(), "not-the-password"
        )
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(wrong)


def test_data_outlives_a_killed_server_whose_lock_file_stays(folder: Path) -> None:
    with running(folder / "pg", durable=True) as server:
        with psycopg.connect(server.url(), autocommit=True) as link:
            link.execute("CREATE TABLE kept (n int)")
        assert server.process is not None
        os.killpg(server.process.pid, signal.SIGKILL)
        server.process.wait()
    assert (server.data / "postmaster.pid").exists()
    with running(folder / "pg") as again, psycopg.connect(again.url()) as link:
        assert link.execute("SELECT count(*) FROM kept").fetchone() == (0,)


def test_a_stray_server_of_the_same_data_is_ended_first(folder: Path) -> None:
    with running(folder / "pg") as stray:
        assert stray.process is not None
        with running(folder / "pg") as server:
            assert stray.process.wait(5) is not None
            with psycopg.connect(server.url()) as link:
                assert link.execute("SELECT 1").fetchone() == (1,)


def test_a_half_finished_first_start_is_made_good(folder: Path) -> None:
    server = EmbeddedPostgres(folder / "pg", durable=False)
    server._make_folder(server.home)
    left = server.home / "data.new-1"
    left.mkdir()
    (left / "PG_VERSION").write_text("18")
    with running(folder / "pg") as good:
        assert not left.exists()
        assert good.data.exists()


def test_a_very_long_path_gets_its_socket_elsewhere(folder: Path) -> None:
    deep = folder / ("d" * 60) / ("e" * 60)
    deep.parent.mkdir()
    user = place.runner()
    if not user.is_me:
        os.chown(deep.parent, user.uid, user.gid)
    with running(deep) as server:
        assert not server.sockets.is_relative_to(deep)
        with psycopg.connect(server.url()) as link:
            assert link.execute("SELECT 1").fetchone() == (1,)
    shutil.rmtree(server.sockets)


def test_a_private_folder_is_left_as_it_is_and_the_data_goes_elsewhere(folder: Path) -> None:
    private = folder / "private"
    private.mkdir(mode=0o700)
    stranger = Runner(uid=54321, gid=54321)
    assert not place.can_reach(private / "var", stranger)
    moved = place.home(private / "var", stranger)
    assert moved.is_relative_to("/var/lib/lockwright")
    assert stat.S_IMODE(private.stat().st_mode) == 0o700
    assert place.home(folder / "var", place.runner()) == folder / "var" / "postgres"


def test_binaries_that_cannot_be_read_are_copied_beside_the_data(folder: Path) -> None:
    stranger = Runner(uid=54321, gid=54321)
    copied = place.binaries(None, folder, place.runner())
    assert (copied / "postgres").exists()
    if not place.can_reach(copied / "postgres", stranger):
        assert copied.is_relative_to(folder)


def test_a_command_runs_against_a_throw_away_server() -> None:
    done = subprocess.run(
        [
            *(sys.executable, "-m", "config.postgres", "run", "--"),
            *(sys.executable, "-c", "import os; print(os.environ['DATABASE_URL']); exit(3)"),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 3
    assert "postgresql://lockwright:" in done.stdout
