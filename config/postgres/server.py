"""One PostgreSQL server: made once, started as our own foreground child, ended with us."""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psutil
import psycopg

from config.postgres import place
from config.postgres.place import PostgresError, Runner

USER = DATABASE = "lockwright"
START_WITHIN_S = 30
# Linux keeps a socket's whole path in 108 bytes, and ".s.PGSQL.5432" is part of it.
SOCKET_PATH_BYTES = 107 - len("/.s.PGSQL.5432")


class EmbeddedPostgres:
    """A private PostgreSQL whose data lives in ``home``; reached by a socket only."""

    def __init__(
        self,
        home: Path,
        *,
        user: Runner | None = None,
        binaries: Path | None = None,
        durable: bool = True,
        environment: dict[str, str] | None = None,
        log: Path | None = None,
    ) -> None:
        self.home = home
        self.data = home / "data"
        self.user = user or place.runner()
        self.durable = durable
        self.environment = environment or {}
        self.log = log
        self._given = binaries
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def sockets(self) -> Path:
        """The folder of the server's socket (0700)."""
        beside = self.home / "socket"
        if len(os.fsencode(beside)) <= SOCKET_PATH_BYTES:
            return beside
        digest = hashlib.sha256(os.fsencode(self.home.resolve())).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"lockwright-{self.user.uid}-{digest}"

    def url(self, database: str = DATABASE) -> str:
        """Return the DATABASE_URL of one of its databases."""
        password = (self.home / "password").read_text(encoding="ascii").strip()
        host = quote(str(self.sockets.resolve()), safe="")
        return f"postgresql://{USER}:{password}@{host}/{database}"

    def prepare(self) -> None:
        """Make folders, password and database files; what an earlier start left half is redone."""
        self._make_folder(self.home)
        self._make_folder(self.sockets)
        self.binaries = place.binaries(self._given, self.home, self.user)
        password = self.home / "password"
        if not self.data.exists():
            password.unlink(missing_ok=True)
        if not password.exists():
            descriptor = os.open(password, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w", encoding="ascii") as file:
                file.write(secrets.token_urlsafe(24))
            self._give(password)
        if not self.data.exists():
            self._make_data(password)

    def _make_folder(self, folder: Path) -> None:
        if folder.exists():
            if folder.stat().st_uid != self.user.uid:
                raise PostgresError(
                    f"{folder} belongs to somebody else (uid {folder.stat().st_uid})."
                    " Remove it, or set DATABASE_URL."
                )
            return
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir(mode=0o700)
        self._give(folder)

    def _give(self, path: Path) -> None:
        if not self.user.is_me:
            os.chown(path, self.user.uid, self.user.gid)

    def _make_data(self, password: Path) -> None:
        for left in self.home.glob("data.new-*"):
            shutil.rmtree(left, ignore_errors=True)
        new = self.home / f"data.new-{os.getpid()}"
        arguments = [str(self.binaries / "initdb"), "-D", str(new), "-U", USER]
        arguments += ["--auth=scram-sha-256", f"--pwfile={password}", "--encoding=UTF8"]
        arguments += ["--no-locale"] + ([] if self.durable else ["--no-sync"])
        made = subprocess.run(
            arguments,
            cwd=self.home,
            env=self._clean_environment(),
            capture_output=True,
            text=True,
            check=False,
            **self._switch(),
        )
        if made.returncode:
            shutil.rmtree(new, ignore_errors=True)
            raise PostgresError(f"PostgreSQL could not make its files:\n{made.stderr.strip()}")
        new.rename(self.data)

    def command(self) -> list[str]:
        """Return the arguments of the foreground server."""
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.sockets.resolve()),
            "unix_socket_permissions": "0700",
            "max_connections": "200",
            "shared_buffers": "128MB",
            "jit": "off",
        }
        if not self.durable:
            settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        arguments = [str(self.binaries / "postgres"), "-D", str(self.data)]
        return arguments + [f"-c{name}={value}" for name, value in settings.items()]

    def start(self) -> None:
        """Start the server and wait until it answers; what a killed one left is cleared first."""
        self.prepare()
        self._end_stray()
        until = time.monotonic() + START_WITHIN_S
        self._spawn()
        while not self._answers():
            if self.process is not None and self.process.poll() is not None:
                # Its predecessor's children hold the shared memory until they notice.
                if time.monotonic() > until:
                    raise PostgresError(f"PostgreSQL ended at once. Its log: {self.log}")
                time.sleep(0.2)
                self._spawn()
            if time.monotonic() > until:
                self.stop()
                raise PostgresError(f"PostgreSQL did not answer in time. Its log: {self.log}")
            time.sleep(0.02)

    def _spawn(self) -> None:
        output = self.log.open("ab") if self.log else subprocess.DEVNULL
        try:
            self.process = subprocess.Popen(
                self.command(),
                cwd=self.home,
                env=self._clean_environment(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                preexec_fn=partial(end_with_parent, signal.SIGINT),
                **self._switch(),
            )
        finally:
            if not isinstance(output, int):
                output.close()

    def _answers(self) -> bool:
        try:
            with psycopg.connect(self.url("postgres"), autocommit=True, connect_timeout=2) as link:
                found = link.execute(
                    "SELECT 1 FROM pg_database WHERE datname = %s", (DATABASE,)
                ).fetchone()
                if not found:
                    link.execute(f"CREATE DATABASE {DATABASE}")
            return True
        except psycopg.OperationalError:
            return False

    def stop(self) -> None:
        """End the server: fast shutdown first, then by force."""
        if self.process is None:
            return
        if self.process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()
        self.process = None

    def _end_stray(self) -> None:
        """End a server that a killed supervisor left behind, and clear a dead one's lock file."""
        lock = self.data / "postmaster.pid"
        try:
            stray = psutil.Process(int(lock.read_text(encoding="utf-8").splitlines()[0]))
            # A zombie that process 1 never reaps still answers signals: it holds nothing.
            alive = stray.status() != psutil.STATUS_ZOMBIE and str(self.data) in stray.cmdline()
        except FileNotFoundError:
            return
        except (psutil.Error, ValueError, IndexError):
            alive = False
        if alive:
            stray.send_signal(signal.SIGINT)
            try:
                stray.wait(10)
            except psutil.TimeoutExpired:
                stray.kill()
                stray.wait(10)
        lock.unlink(missing_ok=True)

    def _clean_environment(self) -> dict[str, str]:
        path = os.environ.get("PATH", "/usr/bin:/bin")
        return {"PATH": path, "LC_ALL": "C", "TZ": "UTC", **self.environment}

    def _switch(self) -> dict[str, Any]:
        if self.user.is_me:
            return {}
        return {"user": self.user.uid, "group": self.user.gid, "extra_groups": []}


def end_with_parent(how: signal.Signals = signal.SIGTERM) -> None:
    """Ask Linux to end this process when its parent dies; to be called in the new child."""
    if sys.platform == "linux":
        pr_set_pdeathsig = 1
        ctypes.CDLL(None).prctl(pr_set_pdeathsig, how)
