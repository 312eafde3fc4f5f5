"""One PostgreSQL server: made once, started as our own foreground child, ended with us."""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import shutil
import signal
import stat
import subprocess
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg

from config.postgres import place, strays
from config.postgres.place import PostgresError, Runner

USER = DATABASE = "lockwright"
PORT = 5432
START_WITHIN_S = 30
STOP_WITHIN_S = 10
LOG_BYTES = 5 * 1024 * 1024
# Linux keeps a socket's whole path in 108 bytes, the last of them empty.
SOCKET_PATH_BYTES = 107 - len(f"/.s.PGSQL.{PORT}")


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
        self.home = home.absolute()
        self.data = self.home / "data"
        self.user = user or place.runner()
        self.durable = durable
        self.environment = environment or {}
        self.log = log or self.home / "server.log"
        self.process: subprocess.Popen[bytes] | None = None
        self._given = binaries
        self._log_begins = 0

    @property
    def sockets(self) -> Path:
        """The folder of the server's socket (0700)."""
        beside = self.home / "socket"
        if len(os.fsencode(beside)) <= SOCKET_PATH_BYTES:
            return beside
        digest = hashlib.sha256(os.fsencode(self.home)).hexdigest()[:12]
        return place.temporary(self.user) / f"lockwright-{self.user.uid}-{digest}"

    def url(self, database: str = DATABASE) -> str:
        """Return the DATABASE_URL of one of its databases."""
        password = (self.home / "password").read_text(encoding="ascii").strip()
        host = quote(str(self.sockets), safe="")
        return f"postgresql://{USER}:{password}@{host}:{PORT}/{database}"

    def prepare(self) -> None:
        """Make folders, password and database files; what an earlier start left half is redone.

        Raises PostgresError when that cannot be.
        """
        try:
            self._make_folder(self.home)
            self._make_folder(self.sockets)
            self.binaries = place.binaries(self._given, self.home, self.user)
            password = self.home / "password"
            if not self.data.exists():
                self._make_password(password)
                self._make_data(password)
        except OSError as error:
            raise PostgresError(f"PostgreSQL could not make its files: {error}") from error
        if not password.exists():
            raise PostgresError(f"{password} is gone, so nobody can log in. {place.START_OVER}")
        made_by = (self.data / "PG_VERSION").read_text(encoding="ascii").strip()
        if made_by != str(self._version()):
            raise PostgresError(
                f"The data in {self.data} was made by PostgreSQL {made_by}, and this is"
                f" PostgreSQL {self._version()}. {place.START_OVER}"
            )

    def _make_folder(self, folder: Path) -> None:
        with contextlib.suppress(FileNotFoundError):
            found = folder.lstat()
            if not stat.S_ISDIR(found.st_mode) or found.st_uid != self.user.uid:
                raise PostgresError(
                    f"{folder} belongs to somebody else (user {found.st_uid}). Start as that user,"
                    " remove it, or set DATABASE_URL."
                )
            return
        place.make_parents(folder, self.user)
        folder.mkdir(mode=0o700)
        place.own(folder, self.user)

    def _make_password(self, path: Path) -> None:
        path.unlink(missing_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(24))
        place.own(path, self.user)

    def _make_data(self, password: Path) -> None:
        for left in self.home.glob("data.new-*"):
            shutil.rmtree(left, ignore_errors=True)
        new = self.home / f"data.new-{os.getpid()}"
        arguments = [str(self.binaries / "initdb"), "-D", str(new), "-U", USER]
        arguments += ["--auth=scram-sha-256", f"--pwfile={password}", "--encoding=UTF8"]
        # Every letter of every language, sorted by code point; no locale of the system is needed.
        arguments += ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        if self._version() < 17:
            arguments[-3:] = ["--locale=C.UTF-8"]
        arguments += [] if self.durable else ["--no-sync"]
        made = subprocess.run(
            arguments,
            cwd=self.home,
            env=self._clean_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
            start_new_session=True,
            preexec_fn=strays.dies_with_us(),
            **self._switch(),
        )
        if made.returncode:
            shutil.rmtree(new, ignore_errors=True)
            raise PostgresError(f"PostgreSQL could not make its files:\n{made.stdout.strip()}")
        new.rename(self.data)

    def _version(self) -> int:
        """Return the major version of the binaries."""
        told = subprocess.run(
            [str(self.binaries / "postgres"), "--version"],
            env=self._clean_environment(),
            cwd=self.home,
            capture_output=True,
            text=True,
            check=False,
            **self._switch(),
        )
        if told.returncode:
            raise PostgresError(f"PostgreSQL does not run here:\n{told.stderr.strip()}")
        # "postgres (PostgreSQL) 15.12 (Debian 15.12-0+deb12u2)"
        return int(told.stdout.split()[2].split(".")[0])

    def command(self) -> list[str]:
        """Return the arguments of the foreground server."""
        settings = {
            "listen_addresses": "",
            "port": str(PORT),
            "unix_socket_directories": str(self.sockets),
            "unix_socket_permissions": "0700",
            "max_connections": "200",
            "shared_buffers": "128MB",
            # A small machine gains nothing from either, and containers have little shared memory.
            "max_parallel_workers_per_gather": "0",
            "jit": "off",
        }
        if not self.durable:
            settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        arguments = [str(self.binaries / "postgres"), "-D", str(self.data)]
        return arguments + [f"-c{name}={value}" for name, value in settings.items()]

    def start(self) -> None:
        """Start the server and wait until it answers; what a killed one left is cleared first.

        Raises PostgresError.
        """
        self.prepare()
        strays.end_server(self.data)
        if self.log.exists() and self.log.stat().st_size > LOG_BYTES:
            self.log.write_bytes(b"")
        until = time.monotonic() + START_WITHIN_S
        process = self._spawn()
        while not self._answers():
            if time.monotonic() > until:
                self.stop()
                raise PostgresError(f"PostgreSQL did not answer in time.\n{self._said()}")
            if process.poll() is None:
                time.sleep(0.02)
            elif "shared memory block" in self._said():
                # Its predecessor's children hold the shared memory until they notice.
                time.sleep(0.2)
                process = self._spawn()
            else:
                raise PostgresError(f"PostgreSQL ended at once.\n{self._said()}")

    def _spawn(self) -> subprocess.Popen[bytes]:
        try:
            with self.log.open("ab") as output:
                self._log_begins = output.tell()
                self.process = subprocess.Popen(
                    self.command(),
                    cwd=self.home,
                    env=self._clean_environment(),
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    start_new_session=True,
                    preexec_fn=strays.dies_with_us(signal.SIGINT),
                    **self._switch(),
                )
        except OSError as error:
            raise PostgresError(f"PostgreSQL could not be started: {error}") from error
        return self.process

    def _said(self) -> str:
        """Return the last lines of the server's log since it was started."""
        with self.log.open("rb") as file:
            file.seek(self._log_begins)
            lines = file.read().decode("utf-8", "replace").splitlines()
        return "\n".join([*lines[-8:], f"Its log: {self.log}"])

    def _answers(self) -> bool:
        try:
            with psycopg.connect(self.url("postgres"), autocommit=True, connect_timeout=2) as link:
                found = link.execute(
                    "SELECT 1 FROM pg_database WHERE datname = %s", (DATABASE,)
                ).fetchone()
                if not found:
                    link.execute(f"CREATE DATABASE {DATABASE}")
            return True
        except psycopg.OperationalError as error:
            if "password authentication failed" in str(error):
                self.stop()
                raise PostgresError(
                    f"The password in {self.home} is not this database's. {place.START_OVER}"
                ) from error
            return False

    def stop(self) -> None:
        """End the server: fast shutdown first, then by force."""
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(STOP_WITHIN_S)
            except subprocess.TimeoutExpired:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()
        self.process = None

    def _clean_environment(self) -> dict[str, str]:
        path = os.environ.get("PATH", "/usr/bin:/bin")
        return {"PATH": path, "LC_ALL": "C", "TZ": "UTC", **self.environment}

    def _switch(self) -> dict[str, Any]:
        if self.user.is_me:
            return {}
        return {"user": self.user.uid, "group": self.user.gid, "extra_groups": []}
