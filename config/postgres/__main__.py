"""Run a command against a throw-away PostgreSQL: `python -m config.postgres run -- COMMAND`."""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import psutil

from config.postgres import place, strays
from config.postgres.place import PostgresError
from config.postgres.server import EmbeddedPostgres

PREFIX = "lockwright-throwaway-"


def main(arguments: list[str]) -> int:
    """Run the command with DATABASE_URL of a new server; return the command's exit status."""
    split = arguments.index("--") if "--" in arguments else len(arguments)
    command = arguments[split + 1 :]
    parser = argparse.ArgumentParser(
        prog="python -m config.postgres", usage="%(prog)s run [options] -- COMMAND ..."
    )
    parser.add_argument("verb", choices=["run"])
    parser.add_argument("--binaries", type=Path, help="another PostgreSQL's bin folder")
    parser.add_argument("--durable", action="store_true", help="sync to disk, as in production")
    asked = parser.parse_args(arguments[:split])
    if not command:
        parser.error("the command is missing")
    try:
        return _run(command, binaries=asked.binaries, durable=asked.durable)
    except PostgresError as error:
        print(error, file=sys.stderr)
        return 1


def _run(command: list[str], *, binaries: Path | None, durable: bool) -> int:
    place.forget_other_servers()
    user = place.runner()
    folder = place.temporary(user)
    _remove_left_overs(folder)
    home = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-", dir=folder))
    server = EmbeddedPostgres(home, user=user, binaries=binaries, durable=durable)
    child: subprocess.Popen[bytes] | None = None

    def end(number: int, _frame: object) -> None:
        # Ctrl-C reaches the command by itself, and what it then does decides.
        if child is None:
            sys.exit(128 + number)
        if number != signal.SIGINT:
            child.send_signal(number)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, end)
    try:
        place.own(home, user)
        server.start()
        environment = {**os.environ, "DATABASE_URL": server.url()}
        child = subprocess.Popen(command, env=environment, preexec_fn=strays.dies_with_us())
        status = child.wait()
        return status if status >= 0 else 128 - status
    finally:
        server.stop()
        shutil.rmtree(home, ignore_errors=True)


def _remove_left_overs(folder: Path) -> None:
    """Remove what killed runs left: folders whose process is gone."""
    for left in folder.glob(f"{PREFIX}*"):
        with contextlib.suppress(ValueError, OSError, psutil.Error, PostgresError):
            number = int(left.name.removeprefix(PREFIX).split("-")[0])
            if not psutil.pid_exists(number) or not strays.is_alive(psutil.Process(number)):
                strays.end_server(left / "data")
                shutil.rmtree(left, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
