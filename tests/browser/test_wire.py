"""The main job on boards that nobody here wrote: pymodbus over TCP, modbus_tk over a pty.

Everything between the browser and the wire is what ships: kiosk page, server, bridge process.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connections
from django.utils import timezone
from playwright.sync_api import Page, expect, sync_playwright

from audit.models import Event
from lockers.models import BridgePresence, Command, Controller, Door
from lockers.services import bridge_keys
from occupancy.models import Assignment
from tests import servers
from tests.drivers.peers import PRESENT, WirePeer
from tests.drivers.peers.boards import Boards
from tests.drivers.peers.rtu import RtuPeer
from tests.drivers.peers.tcp import TcpPeer
from tests.factories.cast import AMIRA_BADGE, SETUP, TERMINAL_TOKEN, Estate

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture(params=["tcp", "pty"])
def boards(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Boards]:
    peer: WirePeer = TcpPeer() if request.param == "tcp" else RtuPeer(tmp_path)
    playing = Boards(peer)
    yield playing
    playing.stop()


@pytest.fixture
def estate(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Estate:
    # Playwright's own loop runs in this thread; the database is still used from it alone.
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    return Estate.build(at=timezone.now())


@pytest.fixture
def server(estate: Estate) -> Iterator[str]:
    with servers.serving() as url:
        yield url


@pytest.fixture
def bridge(server: str, estate: Estate, boards: Boards, tmp_path: Path) -> Iterator[None]:
    """Wire the cast's bank to unit 1 of the boards and run its bridge until it has read them."""
    Controller.objects.update(
        address=boards.peer.address, unit=PRESENT[0], channels=8, state="offline"
    )
    Door.objects.update(state="unknown")
    BridgePresence.objects.all().delete()
    code = bridge_keys.make_code(bridge=estate.bridge, actor=SETUP, at=timezone.now())
    process = subprocess.Popen(
        [sys.executable, "-m", "kiosk.bridge", "--server", server]
        + ["--state", str(tmp_path / "bridge"), "--enrolment-code", code],
        cwd=servers.ROOT,
        stderr=subprocess.DEVNULL,
    )
    servers.until(lambda: Door.objects.filter(state="closed").count() == 3)
    yield
    process.terminate()
    assert process.wait(10) == 0


@pytest.fixture
def page(server: str) -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium",
            args=["--no-sandbox", "--disable-background-networking"],
        )
        context = browser.new_context(viewport={"width": 1280, "height": 800})
        context.add_cookies([{"name": "terminal", "value": TERMINAL_TOKEN, "url": server}])
        page = context.new_page()
        yield page
        browser.close()
        connections.close_all()


def test_a_tap_pulses_the_board_and_its_contact_decides_what_is_said(
    bridge: None, page: Page, server: str, boards: Boards, estate: Estate
) -> None:
    page.goto(f"{server}/kiosk/")
    body = page.locator("body")
    expect(body).to_have_attribute("data-tie", "up")
    page.keyboard.type(f"~{AMIRA_BADGE}")
    page.keyboard.press("Enter")
    page.get_by_role("button", name=re.compile("^Any")).click()
    status = page.locator('section[data-step="door"]').get_by_role("status")
    expect(status).to_have_text("Door 1 is open. Close it when you are done.", timeout=10_000)
    assert boards.run(boards.peer.pulses(PRESENT[0])) == [0]

    boards.run(boards.peer.push(PRESENT[0], 0, is_open=False))
    expect(body).to_have_attribute("data-step", "yours", timeout=10_000)
    command = Command.objects.get()
    assert command.status == "closed"
    assert command.sent_at and command.actuated_at and command.opened_at and command.ended_at
    assert command.sent_at <= command.actuated_at <= command.opened_at <= command.ended_at

    page.get_by_role("button", name="Finish").click(delay=2200)
    expect(body).to_have_attribute("data-step", "finished")
    assert Assignment.objects.get().closed_at is not None
    trail = list(Event.objects.order_by("id").values_list("action", flat=True))
    told = ["door.open_requested", "assignment.claimed", "door.opened", "door.closed"]
    assert [action for action in trail if action in {*told, "assignment.released"}] == [
        *told,
        "assignment.released",
    ]
