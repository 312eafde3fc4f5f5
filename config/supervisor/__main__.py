"""`python -m config.supervisor demo` and `... reset`."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from config.postgres import PostgresError, place, strays
from config.supervisor import folder, ports
from config.supervisor.demo import Demo, Stopped
from config.supervisor.processes import say


def main(arguments: list[str]) -> int:
    """Run a verb; return the exit status."""
    if arguments not in (["demo"], ["reset"]):
        print("Say: python -m config.supervisor demo (or reset)", file=sys.stderr)
        return 2
    os.chdir(place.CHECKOUT)
    try:
        become_the_owner()
        strays.end_with_make()
        var = Path(os.environ.get("LOCKWRIGHT_VAR") or place.CHECKOUT / "var").resolve()
        if arguments == ["reset"]:
            folder.reset(var)
            say("The demonstration's data is gone. make demo makes it anew.")
        else:
            Demo(var, ports.parse(os.environ.get("PORT") or "8000")).run()
    except (Stopped, folder.AlreadyRunning, ports.PortError, PostgresError) as error:
        print(error, file=sys.stderr)
        return 1
    except PermissionError as error:
        print(
            f"{error.filename} belongs to somebody else. Start as its owner, or remove it.",
            file=sys.stderr,
        )
        return 1
    except OSError as error:
        print(f"The demonstration cannot go on: {error}", file=sys.stderr)
        return 1
    return 0


def become_the_owner() -> None:
    """As root in somebody's checkout, go on as that person: their later start finds their files.

    Raises Stopped when that person may not run this Python.
    """
    person = place.owner()
    if os.geteuid() != 0 or person is None:
        return
    os.initgroups(person.pw_name, person.pw_gid)
    os.setgid(person.pw_gid)
    os.setuid(person.pw_uid)
    os.environ["HOME"] = person.pw_dir
    if not os.access(sys.executable, os.X_OK):
        raise Stopped(
            f"The owner of this checkout ({person.pw_name}) may not run {sys.executable}."
            " Start as that user, or remove .venv and start again."
        )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
