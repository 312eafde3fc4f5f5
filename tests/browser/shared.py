"""What is dear to start, shared by the tests that follow each other: a browser, a server.

It lives as long as the next test wants it too; whoever starts one of their own finds none running.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from django.db import connection
from playwright.sync_api import Browser, sync_playwright

from tests import servers
from tests.browser.clocks import STOPPED

Thing = TypeVar("Thing")


class Shared:
    """Things by the name of their fixture, each with what ends it."""

    def __init__(self) -> None:
        self._things: dict[str, tuple[object, ExitStack]] = {}

    def get(self, name: str, start: Callable[[], AbstractContextManager[Thing]]) -> Thing:
        """Return the running one, or start it."""
        if name not in self._things:
            stack = ExitStack()
            self._things[name] = (stack.enter_context(start()), stack)
        thing: Thing = self._things[name][0]  # type: ignore[assignment]  # of its own kind by name
        return thing

    def keep(self, wanted: Collection[str]) -> None:
        """End what is not wanted any more, the latest first."""
        for name in reversed([name for name in self._things if name not in wanted]):
            self._things.pop(name)[1].close()


@dataclass(frozen=True)
class Server:
    """A shipped server, and the file in which a test may stop its clock."""

    url: str
    clock: Path


# Without a graphics card its part is played by software, which takes longer than drawing plainly.
_DRAWN_PLAINLY = ["--disable-gpu", "--disable-gpu-compositing", "--disable-software-rasterizer"]


@contextlib.contextmanager
def browsing() -> Iterator[Browser]:
    """Run a browser; every test has its own context."""
    # Playwright's own loop runs in this thread; the database is still used from it alone.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium",
            args=["--no-sandbox", "--disable-background-networking", *_DRAWN_PLAINLY],
        )
        yield browser
        browser.close()
    os.environ.pop("DJANGO_ALLOW_ASYNC_UNSAFE")


@contextlib.contextmanager
def serving() -> Iterator[Server]:
    """Run the shipped server; its clock runs until a test stops it."""
    with tempfile.TemporaryDirectory() as folder:
        clock = Path(folder) / "clock"
        with servers.serving(STOPPED, env={"STOPPED_CLOCK": str(clock)}) as url:
            yield Server(url, clock)


_IDLE_LOOKS = 3


def settle(within_s: float = 20) -> None:
    """Wait until the server is done with what it was asked: its tables are emptied next.

    Between two statements of one request it is idle, too: it must be so several times in a row.
    """
    deadline, idle = time.monotonic() + within_s, 0
    with connection.cursor() as cursor:
        while True:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                " AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
                " AND state <> 'idle'"
            )
            idle = idle + 1 if cursor.fetchone() == (0,) else 0
            if idle == _IDLE_LOOKS:
                return
            assert time.monotonic() < deadline, "the server is still busy"
            time.sleep(0.01)
