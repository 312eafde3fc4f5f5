"""Root, the checkout's owner, and folders that only one of them may enter."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.postgres import PostgresError, place
from config.postgres.place import Runner
from config.postgres.server import EmbeddedPostgres
from config.supervisor import folder
from tests.supervisor.conftest import Stage, end

IS_ROOT = os.geteuid() == 0


@pytest.fixture
def private(stage: Stage) -> Iterator[Stage]:
    """The stage, in a folder that only we may enter."""
    stage.var.parent.chmod(0o700)
    yield stage
    assert stat.S_IMODE(stage.var.parent.stat().st_mode) == 0o700


def test_a_private_checkout_works_and_its_data_is_found_again(private: Stage) -> None:
    first, _printed = private.start_ready()
    end(first)
    second, printed = private.start_ready()
    end(second)

    assert "  Starts  2\n" in printed
    moved = place.moved(private.var)
    # Root's private folder is closed to the user that the database runs as; one's own is not.
    assert moved.exists() == IS_ROOT
    assert (private.var / "postgres").exists() == (not IS_ROOT)
    folder.reset(private.var)
    assert not moved.exists()
    assert not (private.var / "postgres").exists()


def test_binaries_that_the_user_cannot_read_are_copied_once(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.var.mkdir()
    user = place.runner()
    place.own(stage.var, user)
    reach = place.can_reach

    def reach_elsewhere(path: Path, user: Runner) -> bool:
        return "site-packages" not in path.parts and reach(path, user)

    monkeypatch.setattr(place, "can_reach", reach_elsewhere)
    server = EmbeddedPostgres(stage.var / "postgres", user=user, durable=False)
    try:
        server.start()
        assert server.process is not None
        assert server.binaries.is_relative_to(server.home)
        assert server.binaries.stat().st_uid == user.uid
        made_at = server.binaries.stat().st_mtime_ns
    finally:
        server.stop()

    server.prepare()

    assert server.binaries.stat().st_mtime_ns == made_at


def test_somebody_elses_folder_is_left_alone_with_a_sentence(stage: Stage) -> None:
    stage.var.mkdir()
    home = stage.var / "postgres"
    home.mkdir()
    stranger = Runner(uid=os.geteuid() + 54321, gid=54321)

    with pytest.raises(PostgresError, match="belongs to somebody else"):
        EmbeddedPostgres(home, user=stranger).prepare()

    assert list(home.iterdir()) == []


def test_a_folder_that_may_only_be_walked_through_is_no_obstacle(tmp_path: Path) -> None:
    user = Runner(uid=os.geteuid() + 54321, gid=54321)
    through = place.temporary(user) / f"lockwright-test-{os.getpid()}"
    (through / "checkout").mkdir(parents=True)
    try:
        (through / "checkout").chmod(0o755)
        through.chmod(0o711)
        assert place.can_reach(through / "checkout", user)
        through.chmod(0o700)
        assert not place.can_reach(through / "checkout", user)
    finally:
        (through / "checkout").rmdir()
        through.rmdir()


def test_data_of_another_version_is_refused_with_a_sentence(stage: Stage) -> None:
    stage.var.mkdir()
    user = place.runner()
    place.own(stage.var, user)
    server = EmbeddedPostgres(stage.var / "postgres", user=user, durable=False)
    server.prepare()
    (server.data / "PG_VERSION").write_text("12\n")

    with pytest.raises(PostgresError, match="was made by PostgreSQL 12.*make demo-reset"):
        server.start()
