"""Everything of a demonstration in one foreground group: started in order, watched, ended."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from config.postgres import EmbeddedPostgres, PostgresError, place, strays
from config.supervisor import folder, marks, plan, ports
from config.supervisor.plan import Plan
from config.supervisor.processes import BackOff, Child, Keeper, say, stop

READY_WITHIN_S = 60
PAGES_WITHIN_S = 5
LOOK_EVERY_S = 0.2


class Stopped(Exception):
    """The demonstration cannot go on; the text says why."""


class Demo:
    """Everything that runs, from start to end."""

    def __init__(
        self,
        var: Path,
        port: int,
        *,
        prepare: list[str] = plan.PREPARE,
        read: Callable[[dict[str, Any], int], Plan] = plan.read,
    ) -> None:
        self.var, self.port = var, port
        self.mark = marks.new(var)
        self.children: list[Child] = []
        self.database: EmbeddedPostgres | None = None
        self.ending = False
        self._prepare_command, self._read = prepare, read
        self._database_back_off = BackOff()

    def run(self) -> None:
        """Start everything, say where it is, and stay until Ctrl-C.

        Raises Stopped, AlreadyRunning, PortError and PostgresError, with nothing left running.
        """
        begun = time.monotonic()
        with folder.held(self.var):
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, self._end)
            marks.clear(marks.of(self.var))
            ports.check(self.port)
            keeper = Keeper(self.mark)
            try:
                table = self._start()
                if not self.ending:
                    _print_table(table, time.monotonic() - begun)
                while not self.ending:
                    time.sleep(LOOK_EVERY_S)
                    keeper.watch()
                    self._watch()
            finally:
                if self.ending:
                    say("\nStopping ...")
                self.ending = True
                stop(self.children)
                if self.database is not None:
                    self.database.stop()
                keeper.dismiss()

    def _end(self, *_: object) -> None:
        # Nothing is said here: a signal may come in the middle of a line that we print, and Python
        # refuses to print another within it.
        self.ending = True

    def _start(self) -> list[list[str]]:
        environment = self._environment()
        prepared = self._prepare(environment)
        if prepared is None:
            return []
        planned = self._read(prepared, self.port)
        ports.check(self.port, [*planned.pages, *planned.devices])
        self._start_those(planned, environment, needs_web=False)
        self._wait_until_it_answers()
        self._start_those(planned, environment, needs_web=True)
        self._wait_for_pages(planned.pages)
        return planned.table

    def _environment(self) -> dict[str, str]:
        environment = {
            **os.environ,
            **folder.keys(self.var),
            marks.NAME: self.mark,
            "LOCKWRIGHT_DEMO": "1",
            "LOCKWRIGHT_VAR": str(self.var),
            "DJANGO_SETTINGS_MODULE": "config.settings.development",
            "PORT": str(self.port),
            "LOCKWRIGHT_URL": f"http://127.0.0.1:{self.port}",
            "PYTHONUNBUFFERED": "1",
            "PYTHONIOENCODING": "utf-8",
        }
        if not environment.get("DATABASE_URL"):
            place.forget_other_servers()
            environment = {k: v for k, v in environment.items() if not k.startswith("PG")}
            self.database = folder.database(self.var, self.mark)
            self.database.start()
            self._database_back_off.started()
            environment["DATABASE_URL"] = self.database.url()
        return environment

    def _prepare(self, environment: dict[str, str]) -> dict[str, Any] | None:
        """Migrate, seed when empty, and learn what to run; None when we were told to end.

        One child, so that we stay small. Raises Stopped with all that it said when it failed.
        """
        if self.ending:
            return None
        with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
            child = subprocess.Popen(
                self._prepare_command,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=errors,
                start_new_session=True,
                preexec_fn=strays.dies_with_us(),
            )
            while child.poll() is None:
                if self.ending:
                    child.kill()
                    child.wait()
                    return None
                time.sleep(0.02)
            lines, said = (_text(file) for file in (output, errors))
        with contextlib.suppress(json.JSONDecodeError, IndexError):
            if child.returncode == 0:
                prepared: dict[str, Any] = json.loads(lines[-1])
                for line in lines[:-1]:
                    say(line)
                return prepared
        told = "\n".join([*lines, *said])
        raise Stopped(f"The demonstration could not be prepared:\n{told}")

    def _start_those(self, planned: Plan, environment: dict[str, str], *, needs_web: bool) -> None:
        for spec in planned.processes:
            if spec.needs_web == needs_web and not self.ending:
                child = Child(spec, environment, self.var / "log" / f"{spec.name}.log")
                self.children.append(child)
                child.start()

    def _wait_until_it_answers(self) -> None:
        until = time.monotonic() + READY_WITHIN_S
        while not self.ending and not self._answers():
            web = self.children[0]
            if web.has_ended:
                last = web.log.read_text(encoding="utf-8", errors="replace").splitlines()[-8:]
                raise Stopped("\n".join(["The web server ended at once.", *last]))
            if time.monotonic() > until:
                raise Stopped(f"The web server does not answer. Its log: {web.log}")
            time.sleep(0.05)

    def _answers(self) -> bool:
        # Not urllib: a proxy in the environment is none of 127.0.0.1's business.
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=2)
        try:
            link.request("GET", "/healthz/")
            return link.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            link.close()

    def _wait_for_pages(self, pages: list[int]) -> None:
        """Wait a moment for the other pages; one that is late does not hold up the rest."""
        until = time.monotonic() + PAGES_WITHIN_S
        while pages and not self.ending and time.monotonic() < until:
            pages = [port for port in pages if not ports.answers(port)]
            time.sleep(0.02)

    def _watch(self) -> None:
        self._watch_database()
        for child in self.children:
            if not self.ending:
                child.watch()

    def _watch_database(self) -> None:
        if self.database is None or self.ending:
            return
        process, back_off = self.database.process, self._database_back_off
        if not back_off.is_waiting and (process is None or process.poll() is not None):
            say(f"The database ended and starts again (its log: {self.database.log})")
            back_off.ended()
        if back_off.is_over:
            try:
                self.database.start()
            except PostgresError as error:
                say(str(error))
                back_off.ended()
            else:
                back_off.started()


def _text(file: Any) -> list[str]:
    file.seek(0)
    text: str = file.read().decode("utf-8", "replace")
    return text.strip().splitlines()


def _print_table(table: list[list[str]], seconds: float) -> None:
    width = max((len(name) for name, _ in table), default=0)
    say("")
    for name, text in table:
        say(f"  {name.ljust(width)}  {text}")
    say(f"\nReady in {seconds:.1f} s. Ctrl-C ends it; make demo-reset starts over.")
