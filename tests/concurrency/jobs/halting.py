"""Holding jobs in the middle of a row, by the database: no sleep, and nothing in the job itself."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from django.db import connection, connections
from django.utils.module_loading import import_string

from audit.actions import Action
from audit.errors import Refusal
from occupancy.services.ending.sweeping import RowsSetAside
from tests import servers
from tests.concurrency import racing
from tests.concurrency.jobs.scenes import Scene

# Whoever is held waits for this advisory lock of the test's own connection.
_LOCK = 40_116_004
_KILLED = "a job to be killed"


def _execute(statement: str, *values: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values or None)


def _number(statement: str, *values: object) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return int(cursor.fetchone()[0])


@contextlib.contextmanager
def _trigger(when: str, does: str) -> Iterator[None]:
    """Let something happen whenever an event is written that ``when`` is true of."""
    _execute(
        "CREATE FUNCTION tests_meddle() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        f" IF {when} THEN {does}; END IF; RETURN NEW; END $$"
    )
    _execute(
        "CREATE TRIGGER tests_meddle BEFORE INSERT ON audit_event"
        " FOR EACH ROW EXECUTE FUNCTION tests_meddle()"
    )
    try:
        yield
    finally:
        _execute("DROP FUNCTION tests_meddle() CASCADE")


@contextlib.contextmanager
def poisoned(scene: Scene, row: int) -> Iterator[None]:
    """Make one row of a job impossible: its event cannot be written."""
    when = f"NEW.action = '{scene.action.value}' AND {scene.row_sql} = {row}"
    with _trigger(when, "RAISE EXCEPTION 'poisoned'"):
        yield


@contextlib.contextmanager
def held_at(action: Action, done: int) -> Iterator[None]:
    """Hold everybody within the row after the first ``done``, until the block ends."""
    when = (
        f"NEW.action = '{action.value}' AND"
        f" (SELECT count(*) FROM audit_event WHERE action = '{action.value}') = {done}"
    )
    with _trigger(when, f"PERFORM pg_advisory_xact_lock_shared({_LOCK})"):
        yield


@contextlib.contextmanager
def locked() -> Iterator[None]:
    """Keep those waiting who are held, until the block ends."""
    _execute(f"SELECT pg_advisory_lock({_LOCK})")
    try:
        yield
    finally:
        _execute(f"SELECT pg_advisory_unlock({_LOCK})")


def kill_in_the_middle(scene: Scene, at: str) -> None:
    """Run a job in a process of its own and kill it (-9) within its second row."""
    address = {"DATABASE_URL": servers.database_url(), "PGAPPNAME": _KILLED}
    with held_at(scene.action, 1):
        with locked():
            process = subprocess.Popen(
                [sys.executable, "-m", "tests.concurrency.jobs.one_job", scene.job, at],
                cwd=servers.ROOT,
                env={**os.environ, **address},
            )
            try:
                servers.until(lambda: _backends("AND wait_event = 'advisory'") == 1, 60)
            finally:
                os.kill(process.pid, signal.SIGKILL)
                process.wait(10)
        # Let go, its backend finds nobody at the other end.
        servers.until(lambda: _backends() == 0)


def _backends(more: str = "") -> int:
    return _number(
        "SELECT count(*) FROM pg_stat_activity"
        f" WHERE datname = current_database() AND application_name = %s {more}",
        _KILLED,
    )


@dataclass
class Run:
    """Something in a thread, on a connection of its own."""

    do: Callable[[], object]
    error: Exception | None = None
    is_over: bool = False
    thread: threading.Thread = field(init=False)

    def __post_init__(self) -> None:
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self) -> None:
        try:
            self.do()
        except Exception as error:
            self.error = error
        finally:
            self.is_over = True
            connections.close_all()

    @property
    def ended(self) -> str:
        """Say what became of it: "done", or the code of a refusal."""
        if not self.is_over:
            return "hangs"
        if isinstance(self.error, Refusal):
            return self.error.code
        return "done" if self.error is None else repr(self.error)


def twice_at_once(scene: Scene) -> list[Exception | None]:
    """Run a job twice: both are in the middle of a row before either has finished one."""
    job = import_string(scene.job)
    with held_at(scene.action, 0):
        with locked():
            runs = [Run(job) for _each in range(2)]
            # Each waits for the test, or for the row that the other one is about.
            servers.until(lambda: waiting() + sum(run.is_over for run in runs) == 2)
        racing.join(run.thread for run in runs)
    return [run.error for run in runs]


def in_the_middle(
    action: Action, first: Callable[[], object], second: Callable[[], object]
) -> tuple[Run, Run, bool]:
    """Begin something while another is about to write its event; say whether it had to wait."""
    with held_at(action, 0):
        with locked():
            one = Run(first)
            servers.until(lambda: waiting() == 1)
            other = Run(second)
            servers.until(lambda: other.is_over or waiting() == 2)
            had_to_wait = not other.is_over
        racing.join([one.thread, other.thread])
    return one, other, had_to_wait


def waiting() -> int:
    """Return how many connections wait for a lock."""
    return _number(
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )


def set_aside(scene: Scene) -> list[str]:
    """Run a job, and return what it set aside."""
    try:
        import_string(scene.job)()
    except RowsSetAside as error:
        return error.rows
    return []
