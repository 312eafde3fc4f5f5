"""The whole main job against the running demonstration: badge, board, sensor, map, trail.

Nothing is played here: the shipped supervisor runs its own database, server, jobs, bridges and
the virtual cabinet, whose boards speak real Modbus TCP.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest
from playwright.sync_api import Page, expect, sync_playwright

from config.postgres import strays
from config.supervisor import marks
from tests.processes import command_of

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("demo")]
BANK = "harbour-house-a"


@dataclass
class Demo:
    """A running demonstration and the table that it printed."""

    process: subprocess.Popen[str]
    table: str
    port: int
    var: Path

    @property
    def kiosk(self) -> str:
        found = re.search(r"http://\S+\?code=\S+", self.table)
        assert found is not None
        return found.group()

    def cabinet(self, path: str, body: dict[str, Any] | None = None) -> Any:
        """Ask the virtual cabinet; with a body or a path of hands, do something at it."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port + 1}{path}",
            method="GET" if path == "/state" else "POST",
            data=json.dumps(body).encode() if body is not None else None,
        )
        with urllib.request.urlopen(request, timeout=5) as answer:
            return json.loads(answer.read() or b"null")

    def door(self, number: str) -> dict[str, Any]:
        """Return how a drawn door stands."""
        bank = next(b for b in self.cabinet("/state")["banks"] if b["bank"] == BANK)
        found: dict[str, Any] = next(d for d in bank["doors"] if d["number"] == number)
        return found


def _free_range() -> int:
    """Return a port behind which the demonstration's other ports are free as well."""
    # Another worker of this run looks elsewhere first: between looking and binding is a gap.
    for step in range(20):
        first = 26000 + (os.getpid() + step) % 20 * 400
        if all(map(_is_free, [*range(first, first + 5), *range(first + 100, first + 165)])):
            return first
    raise AssertionError("no free ports")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def start(var: Path, port: int) -> Demo:
    """Start the demonstration as `make demo` does and wait for its table."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in {"DATABASE_URL", "DJANGO_SETTINGS_MODULE"}
        and not name.startswith("LOCKWRIGHT_")
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "config.supervisor", "demo"],
        env={**environment, "LOCKWRIGHT_VAR": str(var), "PORT": str(port)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    table = ""
    for line in process.stdout:
        table += line
        if "Ready in" in line:
            return Demo(process, table, port, var)
    raise AssertionError(f"the demonstration did not start:\n{table}")


def left_over(var: Path) -> list[str]:
    """Return the processes that a demonstration left behind."""
    commands = [command_of(process) for process in marks.find(marks.of(var))]
    return [" ".join(command) for command in commands if command]


@pytest.fixture(scope="module")
def var() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="lockwright-demo-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def demo(var: Path) -> Iterator[Demo]:
    running = start(var, _free_range())
    yield running
    running.process.send_signal(signal.SIGINT)
    running.process.wait(30)
    assert left_over(var) == []


@pytest.fixture
def browser() -> Iterator[Any]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path="/usr/bin/chromium",
            args=["--no-sandbox", "--disable-background-networking"],
        )
        yield chromium
        chromium.close()


def at_step(page: Page, step: str) -> Any:
    expect(page.locator("body")).to_have_attribute("data-step", step, timeout=15_000)
    return page.locator(f'section[data-step="{step}"]')


def test_a_tap_opens_a_real_door_and_everyone_sees_it(demo: Demo, browser: Any) -> None:
    staff = browser.new_page(viewport={"width": 1440, "height": 900})
    staff.goto(f"http://127.0.0.1:{demo.port}/map/")
    staff.get_by_label("User name or e-mail address").fill("demo")
    staff.get_by_label("Password").fill("demo-lockers")
    staff.locator("[type=submit]").first.click()
    staff.goto(f"http://127.0.0.1:{demo.port}/map/")
    expect(staff.get_by_text("Live", exact=True)).to_be_visible()

    # The kiosk's browser loads its bridge's own origin, which passes the server's pages through.
    kiosk = browser.new_page(viewport={"width": 1080, "height": 1920})
    kiosk.goto(demo.kiosk)
    kiosk.get_by_role("button").first.click()
    at_step(kiosk, "attract")
    expect(kiosk.locator("body")).to_have_attribute("data-tie", "up")
    kiosk.keyboard.type("~0004215873")
    kiosk.keyboard.press("Enter")
    at_step(kiosk, "choose").get_by_role("button", name=re.compile("^Any")).click()

    door = at_step(kiosk, "door")
    number = door.locator("[data-number]").inner_text()
    live = door.get_by_role("status")
    expect(live).to_have_text(f"Door {number} is open. Close it when you are done.", timeout=15_000)
    assert demo.door(number)["open"] is True
    drawn = staff.get_by_role("button", name=re.compile(rf"^Door {number}\b.*open", re.I))
    expect(drawn).to_have_count(1)

    demo.cabinet(f"/doors/{BANK}/{number}/close")
    yours = at_step(kiosk, "yours")
    expect(staff.get_by_role("button", name=re.compile(rf"^Door {number}\b.*In use", re.I)))
    yours.get_by_role("button", name="Finish").click(delay=2200)
    at_step(kiosk, "finished")
    expect(
        staff.get_by_role("button", name=re.compile(rf"^Door {number}\b.*Free", re.I))
    ).to_have_count(1)

    # The jobs of the demo write into the trail in between: only the order of these is a promise.
    api = staff.request.get(f"http://127.0.0.1:{demo.port}/api/v1/events/")
    newest_first = iter([event["action"] for event in api.json()["results"]])
    for action in (
        "assignment.released",
        "door.closed",
        "door.opened",
        "assignment.claimed",
        "door.open_requested",
        "person.identified",
    ):
        assert action in newest_first, f"{action} is not in the trail, or out of order"


def test_a_wired_reader_and_a_jammed_door(demo: Demo, browser: Any) -> None:
    kiosk = browser.new_page(viewport={"width": 1280, "height": 800})
    again = start_code(demo, browser)
    kiosk.goto(again)
    kiosk.get_by_role("button").first.click()
    at_step(kiosk, "attract")
    expect(kiosk.locator("body")).to_have_attribute("data-tie", "up")
    demo.cabinet(f"/readers/{BANK}/present", {"text": "0004215874", "door": None})
    choose = at_step(kiosk, "choose")
    for number in [d["number"] for d in _bank(demo)["doors"]]:
        demo.cabinet(f"/doors/{BANK}/{number}/jam")
    choose.get_by_role("button", name=re.compile("^Any")).click()
    door = at_step(kiosk, "door")
    expect(door.get_by_role("status")).to_contain_text("did not open", timeout=15_000)
    for number in [d["number"] for d in _bank(demo)["doors"]]:
        demo.cabinet(f"/doors/{BANK}/{number}/unjam")
    door.get_by_role("button", name=re.compile("^Try again")).click()
    expect(door.get_by_role("status")).to_contain_text("is open", timeout=15_000)


def _bank(demo: Demo) -> dict[str, Any]:
    found: dict[str, Any] = next(b for b in demo.cabinet("/state")["banks"] if b["bank"] == BANK)
    return found


def start_code(demo: Demo, browser: Any) -> str:
    """Make another code for the kiosk of bank A, as an administrator does."""
    environment = {
        **os.environ,
        **json.loads((demo.var / "secrets.json").read_text()),
        "DJANGO_SETTINGS_MODULE": "config.settings.development",
        "LOCKWRIGHT_VAR": str(demo.var),
    }
    web = next(
        p for p in marks.find(marks.of(demo.var)) if "config.asgi:application" in command_of(p)
    )
    environment["DATABASE_URL"] = psutil.Process(web.pid).environ()["DATABASE_URL"]
    code = (
        "import django; django.setup();"
        "from django.utils import timezone; from kiosk.models import Terminal;"
        "from lockers.services import enrolment; from audit.services.events import Actor;"
        "t = Terminal.objects.select_related('bank__site').filter(bank__name='A').first();"
        "print(enrolment.make_code(device=t, subject='t', site=t.bank.site,"
        " actor=Actor.job('test'), at=timezone.now()))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    return f"{demo.kiosk.split('?')[0]}?code={done.stdout.strip().splitlines()[-1]}"


def test_a_killed_supervisor_leaves_no_orphan_and_the_next_start_keeps_the_data() -> None:
    folder = Path(tempfile.mkdtemp(prefix="lockwright-demo-"))
    folder.chmod(0o755)
    port = _free_range()
    try:
        first = start(folder, port)
        os.kill(first.process.pid, signal.SIGKILL)
        first.process.wait()
        gone = strays.wait(marks.find(marks.of(folder)), 20)
        assert gone == []
        again = start(folder, port)
        # The estate is there: nothing was seeded anew.
        assert "Ready in" in again.table
        again.process.send_signal(signal.SIGTERM)
        assert again.process.wait(30) == 0
        assert left_over(folder) == []
    finally:
        shutil.rmtree(folder, ignore_errors=True)
