"""`make demo`: database, web server, jobs, virtual cabinet and bridges, in one foreground group."""

from __future__ import annotations

import fcntl
import json
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import IO, Any

from config.postgres import EmbeddedPostgres, PostgresError, place
from config.supervisor import marks, ports
from config.supervisor.processes import Child, Keeper, say, stop

READY_WITHIN_S = 60


class Stopped(Exception):
    """The demonstration cannot go on; the text says why."""


class Demo:
    """Everything that runs, from start to end."""

    def __init__(self, var: Path, port: int) -> None:
        self.var, self.port = var, port
        self.mark = marks.of(var)
        self.children: list[Child] = []
        self.database: EmbeddedPostgres | None = None
        self.ending = False

    def run(self) -> None:
        """Start everything, say where it is, and stay until Ctrl-C."""
        begun = time.monotonic()
        for folder in ("run", "log", "bridges"):
            (self.var / folder).mkdir(parents=True, exist_ok=True)
        lock = _lock(self.var)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._end)
        marks.end(marks.find(self.mark, {os.getpid()}))
        ports.check(self.port)
        keeper = Keeper(self.mark)
        try:
            environment = self._environment()
            prepared = self._prepare(environment)
            self._start(environment, prepared)
            self._wait_until_it_answers()
            _print_table(prepared["table"], time.monotonic() - begun)
            while not self.ending:
                time.sleep(0.2)
                self._watch()
        finally:
            self.ending = True
            stop(self.children)
            if self.database is not None:
                self.database.stop()
            keeper.dismiss()
            lock.close()

    def _end(self, *_: object) -> None:
        if not self.ending:
            self.ending = True
            say("\nStopping ...")

    def _environment(self) -> dict[str, str]:
        environment = {
            **os.environ,
            **_secrets(self.var),
            marks.MARK: self.mark,
            "LOCKWRIGHT_DEMO": "1",
            "LOCKWRIGHT_VAR": str(self.var),
            "DJANGO_SETTINGS_MODULE": "config.settings.development",
            "PORT": str(self.port),
            "PYTHONUNBUFFERED": "1",
        }
        if not environment.get("DATABASE_URL"):
            user = place.runner()
            self.database = EmbeddedPostgres(
                place.home(self.var, user),
                user=user,
                environment={marks.MARK: self.mark},
                log=self.var / "log" / "postgres.log",
            )
            (self.var / "run" / "postgres-home").write_text(str(self.database.home))
            self.database.start()
            environment["DATABASE_URL"] = self.database.url()
        return environment

    def _prepare(self, environment: dict[str, str]) -> dict[str, Any]:
        """Migrate, seed when empty, and learn what to run; one child, so that we stay small."""
        if self.ending:
            raise Stopped("Stopped.")
        done = subprocess.run(
            [sys.executable, "manage.py", "prepare_demo"],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            start_new_session=True,
        )
        lines = done.stdout.strip().splitlines()
        if done.returncode or not lines:
            raise Stopped(f"The demonstration could not be prepared:\n{done.stdout.strip()}")
        prepared: dict[str, Any] = json.loads(lines[-1])
        for line in lines[:-1]:
            say(line)
        return prepared

    def _start(self, environment: dict[str, str], prepared: dict[str, Any]) -> None:
        python, server = sys.executable, f"http://127.0.0.1:{self.port}"
        self._add("web", [python, "-m", "uvicorn", "config.asgi:application", "--lifespan", "on",
                          "--host", "127.0.0.1", "--port", str(self.port), "--no-access-log",
                          "--log-level", "warning"], environment)  # fmt: skip
        cabinet = prepared["cabinet"]
        self._add("cabinet", [python, "-m", "kiosk.cabinet", "--page-port",
                              str(cabinet["page_port"]), "--config", cabinet["config"]],
                  environment)  # fmt: skip
        self._wait_until_it_answers()
        for bridge in prepared["bridges"]:
            command = [python, "-m", "kiosk.bridge", "--server", server, "--state",
                       bridge["state"], "--screen",
                       f"127.0.0.1:{bridge['screen_port']}"]  # fmt: skip
            if bridge["enrolment_code"]:
                command += ["--enrolment-code", bridge["enrolment_code"]]
            self._add(Path(bridge["state"]).name, command, environment)
        self._add("jobs", [python, "manage.py", "qcluster"], environment)

    def _add(self, name: str, command: list[str], environment: dict[str, str]) -> None:
        child = Child(name, command, environment, self.var / "log" / f"{name}.log")
        self.children.append(child)
        child.start()

    def _wait_until_it_answers(self) -> None:
        until = time.monotonic() + READY_WITHIN_S
        while not self.ending:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/healthz/", timeout=2):
                    return
            except (urllib.error.URLError, OSError):
                web = self.children[0].process
                if web is not None and web.poll() is not None:
                    raise Stopped(
                        f"The web server ended at once. Its log: {self.children[0].log}"
                    ) from None
            if time.monotonic() > until:
                raise Stopped(f"The web server does not answer. Its log: {self.children[0].log}")
            time.sleep(0.05)
        raise Stopped("Stopped.")

    def _watch(self) -> None:
        if self.database is not None:
            process = self.database.process
            if process is not None and process.poll() is not None and not self.ending:
                say("The database ended; it starts again.")
                self.database.start()
        for child in self.children:
            if not self.ending:
                child.watch()


def _lock(var: Path) -> IO[str]:
    """Hold the checkout's lock for as long as we live; raises Stopped when another has it."""
    lock = (var / "run" / "supervisor.lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise Stopped(
            "A demonstration of this checkout is running already. Stop it with Ctrl-C there."
        ) from None
    return lock


def _secrets(var: Path) -> dict[str, str]:
    """Return this checkout's secrets, made at the first start."""
    path = var / "secrets.json"
    if not path.exists():
        made = {
            name: secrets.token_urlsafe(48)
            for name in ("LOCKWRIGHT_SECRET_KEY", "LOCKWRIGHT_BADGE_KEY")
        }
        new = var / "secrets.json.new"
        new.unlink(missing_ok=True)
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            json.dump(made, file)
        new.rename(path)
    kept: dict[str, str] = json.loads(path.read_text())
    return kept


def _print_table(table: list[list[str]], seconds: float) -> None:
    width = max(len(name) for name, _ in table)
    say("")
    for name, text in table:
        say(f"  {name.ljust(width)}  {text}")
    say(f"\nReady in {seconds:.1f} s. Ctrl-C ends it; make demo-reset starts over.")


def become_the_owner() -> None:
    """As root in somebody's checkout, go on as that person: their later start finds their files."""
    owner = place.CHECKOUT.stat()
    if os.geteuid() != 0 or owner.st_uid == 0:
        return
    os.setgroups([])
    os.setgid(owner.st_gid)
    os.setuid(owner.st_uid)
    try:
        os.environ["HOME"] = pwd.getpwuid(owner.st_uid).pw_dir
    except KeyError:
        os.environ.pop("HOME", None)


def reset(var: Path) -> None:
    """Remove the demonstration's data, wherever it lies."""
    if not var.exists():
        return
    (var / "run").mkdir(exist_ok=True)
    with _lock(var):
        marks.end(marks.find(marks.of(var), {os.getpid()}))
        moved = var / "run" / "postgres-home"
        if moved.exists():
            shutil.rmtree(moved.read_text(), ignore_errors=True)
        for name in ("postgres", "bridges", "log", "run", "static"):
            shutil.rmtree(var / name, ignore_errors=True)
        (var / "secrets.json").unlink(missing_ok=True)


def main(verb: str) -> int:
    """Run a verb; return the exit status."""
    os.chdir(place.CHECKOUT)
    become_the_owner()
    var = Path(os.environ.get("LOCKWRIGHT_VAR") or place.CHECKOUT / "var").resolve()
    try:
        if verb == "reset":
            reset(var)
            say("The demonstration's data is gone. make demo makes it anew.")
        else:
            Demo(var, ports.parse(os.environ.get("PORT") or "8000")).run()
    except (Stopped, ports.PortError, PostgresError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0
