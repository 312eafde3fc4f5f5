"""A technician commissions a bank on its guided page: browser, server, bridge and boards ship.

The boards are emulated in a process of their own: closed is shorted backwards, low doors are told
first, the locks hang on other connections than the numbers on the doors say, and two are free.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from audit.models import Event
from lockers import wiring
from lockers.models import BridgePresence, Compartment, Controller, Door
from lockers.services import bridge_keys
from tests import factories, servers
from tests.drivers.peers.lcb8a import Emulator
from tests.factories.cast import SETUP, Estate

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SCREENS = [(1280, 800), (390, 844)]
# Which lock of board 2 is behind which door.
LOCKS = {1: "3", 2: "1", 4: "5", 5: "2", 7: "4", 8: "6"}


@pytest.fixture
def boards() -> Iterator[Emulator]:
    emulator = Emulator(
        {"address": 2, "shorted_when": "open", "byte_order": "low_first", "jammed": [3, 6]}
    )
    emulator.start()
    yield emulator
    emulator.stop()


@pytest.fixture
def bank(estate: Estate) -> Estate:
    """Make six doors, none of which is wired yet."""
    for number, column, row in (("4", 1, 2), ("5", 2, 2), ("6", 3, 2)):
        factories.CompartmentFactory(
            bank=estate.bank, number=number, column=column, row=row, y_mm=450, size=estate.small,
            x_mm=Compartment.objects.get(bank=estate.bank, column=column, row=1).x_mm,
        )  # fmt: skip
    Compartment.objects.update(controller=None, channel=None)
    Controller.objects.all().delete()
    BridgePresence.objects.all().delete()
    return estate


@pytest.fixture
def bridge(own_server: str, bank: Estate, tmp_path: Path) -> Iterator[None]:
    code = bridge_keys.make_code(bridge=bank.bridge, actor=SETUP, at=timezone.now())
    process = subprocess.Popen(
        [sys.executable, "-m", "kiosk.bridge", "--server", own_server]
        + ["--state", str(tmp_path / "bridge"), "--enrolment-code", code],
        cwd=servers.ROOT,
        stderr=subprocess.DEVNULL,
    )
    servers.until(lambda: BridgePresence.objects.filter(connection__isnull=False).exists())
    yield
    process.terminate()
    assert process.wait(10) == 0


@pytest.fixture(params=SCREENS, ids=lambda size: f"{size[0]}")
def page(
    request: pytest.FixtureRequest, chromium: Browser, own_server: str, bank: Estate
) -> Iterator[Page]:
    client = Client()
    client.force_login(bank.max)
    width, height = request.param
    context = chromium.new_context(viewport={"width": width, "height": height})
    cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
    context.add_cookies(
        [{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": own_server}]
    )
    page = context.new_page()
    page.set_default_timeout(15_000)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    context.close()
    assert errors == []


def look(page: Page, name: str) -> None:
    """See that the page is no wider than its screen; keep a picture where somebody asked."""
    assert page.viewport_size is not None
    width = page.viewport_size["width"]
    assert page.evaluate("document.documentElement.scrollWidth") <= width, name
    if folder := os.environ.get("LOCKWRIGHT_PICTURES"):
        page.screenshot(path=Path(folder) / f"commissioning-{name}-{width}.png")


def asked(page: Page, text: str) -> None:
    """Wait until the page asks this, and see that whoever cannot look is led there."""
    heading = page.locator("#asked")
    expect(heading).to_have_text(text, timeout=15_000)
    expect(heading).to_be_focused()


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def test_a_bank_is_commissioned_door_by_door(
    bridge: None, page: Page, own_server: str, boards: Emulator, bank: Estate
) -> None:
    here = f"{own_server}/admin/lockers/bank/{bank.bank.pk}/commission"
    page.goto(here)
    look(page, "begin")
    press(page, "Begin")
    asked(page, "Which wire are the boards on?")
    page.get_by_label("Boards", exact=True).select_option("lcb8a")
    page.get_by_label("Address").fill("nowhere")
    press(page, "Look for boards")
    expect(page.get_by_role("alert")).to_contain_text("neither a serial port")
    page.get_by_label("Address").fill(boards.address)
    look(page, "wire")
    press(page, "Look for boards")
    asked(page, "1 board answers")
    look(page, "found")
    press(page, "Go on with these")
    for lock in range(1, 9):
        asked(page, "Close all doors")
        if lock == 1:
            look(page, "ready")
        press(page, f"Open connection {lock}")
        asked(page, "Which door opened?")
        assert boards.ask("pulses", board=2)[-1] == lock
        if lock == 4:
            look(page, "which")
            page.reload()
            asked(page, "Which door opened?")
        if lock not in LOCKS:
            press(page, "No door opened")
            continue
        page.get_by_role("button", name=f"Door {LOCKS[lock]}", exact=True).press("Enter")
        asked(page, f"Now close door {LOCKS[lock]}")
        if lock == 4:
            look(page, "close")
        boards.ask("push", board=2, lock=lock, open=False)
    asked(page, "Every door is found")
    look(page, "summary")
    press(page, "Go live")
    expect(page.get_by_text("Version 1 of this bank's wiring is live.")).to_be_visible()
    expect(page.get_by_text("The bridge has it.")).to_be_visible(timeout=15_000)
    look(page, "live")
    wired = Compartment.objects.filter(bank=bank.bank).select_related("controller")
    assert {door.number: door.channel for door in wired} == {
        number: lock - 1 for lock, number in LOCKS.items()
    }
    board = Controller.objects.get()
    assert (board.unit, board.profile, board.pulse_ms) == (
        2,
        {"shorted_when": "open", "byte_order": "low_first"},
        300,
    )
    assert wiring.of(bank.bank).standing == "commissioned"
    # What was found out is what the bridge now drives.
    servers.until(lambda: Door.objects.filter(state="closed").count() == 6)
    boards.ask("push", board=2, lock=5, open=True)
    servers.until(lambda: Door.objects.filter(state="open").exists())
    assert Door.objects.get(state="open").compartment.number == LOCKS[5]
    assert Event.objects.filter(action="lock.tried").count() == 8
    see_frames(page, own_server, board)


def see_frames(page: Page, own_server: str, board: Controller) -> None:
    page.goto(f"{own_server}/admin/lockers/controller/{board.pk}/frames")
    press(page, "Ask the bridge")
    expect(page.locator("#frames tbody tr").first).to_be_visible(timeout=15_000)
    look(page, "frames")
    assert 1 < page.locator("#frames tbody tr").count() <= 200
    assert "80 02 00 33 b1" in page.locator("#frames").inner_text()
