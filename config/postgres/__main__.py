"""Run a command against a throw-away PostgreSQL: `python -m config.postgres run -- COMMAND`."""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import psutil

from config.postgres import place
from config.postgres.place import PostgresError
from config.postgres.server import EmbeddedPostgres

PREFIX = "lockwright-throwaway-"


def main() -> int:
    """Run the command with DATABASE_URL of a new server; return the command's exit status."""
    parser = argparse.ArgumentParser(prog="config.postgres")
    parser.add_argument("verb", choices=["run"])
    parser.add_argument("--binaries", type=Path, help="another PostgreSQL's bin folder")
    parser.add_argument("--durable", action="store_true", help="sync to disk, as in production")
    parser.add_argument("command", nargs="+")
    arguments = parser.parse_args()
    user = place.runner()
    _remove_left_overs()
    home = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-"))
    if not user.is_me:
        os.chown(home, user.uid, user.gid)
    server = EmbeddedPostgres(
        home,
        user=user,
        binaries=arguments.binaries,
        durable=arguments.durable,
        log=home / "log" if user.is_me else None,
    )
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        server.start()
        environment = {**os.environ, "DATABASE_URL": server.url()}
        return subprocess.run(arguments.command, env=environment, check=False).returncode
    except PostgresError as error:
        print(error, file=sys.stderr)
        return 1
    finally:
        server.stop()
        shutil.rmtree(home, ignore_errors=True)


def _remove_left_overs() -> None:
    """Remove what killed runs left: folders whose process is gone."""
    for left in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        number = left.name.removeprefix(PREFIX).split("-")[0]
        if number.isdigit() and not psutil.pid_exists(int(number)):
            shutil.rmtree(left, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
