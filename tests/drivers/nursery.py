"""Runs tests against changed copies of the package, each in a process of its own.

Starting Python and pytest takes longer than most of these tests. So this program loads both once
and then forks: it reads one order a line (JSON: the folder that holds the copy, and the tests) and
answers with the exit status of pytest and what it printed.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import tempfile
from pathlib import Path

# A changed driver may wait for ever.
GIVES_UP_S = 60
ARGUMENTS = [
    *("-q", "-x", "-rfE", "--tb=short", "--noconftest", "--import-mode=append"),
    *("-p", "pytest_asyncio.plugin", "-p", "no:cacheprovider", "-p", "no:faulthandler"),
    *("-o", "asyncio_mode=auto", "-o", "asyncio_default_fixture_loop_scope=function"),
]


def run(folder: str, tests: list[str]) -> None:
    """Run tests that import the package from a folder, and end with their exit status."""
    import pytest

    sys.path.insert(0, folder)
    import lockers.drivers

    # The tests find the project on the path as well; what is imported already stays.
    assert lockers.drivers.__path__[0].startswith(folder)
    ini = Path(folder, "pytest.ini")
    ini.write_text("[pytest]\n")
    code = pytest.main([*ARGUMENTS, f"-c{ini}", f"--rootdir={os.getcwd()}", *tests])
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def main() -> None:
    import hypothesis
    import hypothesis.strategies
    import pymodbus.client
    import pymodbus.server  # noqa: F401
    import pytest
    import pytest_asyncio.plugin
    import serial.tools  # noqa: F401
    import uhppoted.decode  # noqa: F401

    # The same examples every time: a mistake is noticed always, or never. And no smaller one is
    # looked for, which would take longer than all the rest.
    phases = (hypothesis.Phase.explicit, hypothesis.Phase.generate)
    hypothesis.settings.register_profile(
        "mutants", derandomize=True, database=None, phases=phases, deadline=None
    )
    hypothesis.settings.load_profile("mutants")
    assert pytest and pytest_asyncio
    for line in sys.stdin:
        order = json.loads(line)
        with tempfile.TemporaryFile() as printed:
            child = os.fork()
            if not child:
                signal.alarm(GIVES_UP_S)
                os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
                os.dup2(printed.fileno(), 1)
                os.dup2(printed.fileno(), 2)
                try:
                    run(**order)
                finally:
                    os._exit(70)
            code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
            printed.seek(0)
            told = {"code": code, "printed": printed.read().decode(errors="replace")}
        print(json.dumps(told), flush=True)


if __name__ == "__main__":
    main()
