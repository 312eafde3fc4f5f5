"""A jam at the virtual cabinet, from the steel to the technician's phone and back to the map.

Everything between is what ships: the cabinet, the bridge, the server and its pages.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.utils import timezone
from guardian.shortcuts import assign_perm
from playwright.sync_api import Browser, Locator, Page, expect

from access.models import User
from audit.models import Event
from audit.services.events import Actor
from lockers.models import BridgePresence, Command, Controller, Door, LockEvent
from lockers.services import bridge_keys
from maintenance.models import Finding, Ticket
from occupancy.services.claims import assignments
from tests import factories, servers
from tests.browser.test_day_end import Cabinet
from tests.browser.upkeep_pages import DESK, OpenPage, looks_well, opening
from tests.factories.cast import SETUP, Estate

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def cabinet(tmp_path: Path) -> Iterator[Cabinet]:
    made = Cabinet(tmp_path)
    yield made
    made.stop()


@pytest.fixture
def bridge(estate: Estate, server: str, cabinet: Cabinet, tmp_path: Path) -> Iterator[None]:
    """The bank's bridge, which drives the cabinet's boards and has read its doors."""
    Controller.objects.update(
        address=f"tcp://127.0.0.1:{cabinet.port}", unit=1, channels=8, state="offline"
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
    try:
        servers.until(lambda: Door.objects.filter(state="closed").count() == 3)
        yield
    finally:
        process.terminate()
        assert process.wait(10) == 0


@pytest.fixture
def open_page(chromium: Browser, server: str) -> Iterator[OpenPage]:
    with opening(chromium, server) as opened:
        yield opened


@pytest.fixture
def tina(estate: Estate) -> User:
    user: User = factories.UserFactory(username="tina")
    for right in ("view_site", "maintain_site"):
        assign_perm(right, user, estate.site)
    return user


def tried(estate: Estate) -> None:
    """Let staff ask door 2 to open, and wait until that has failed."""
    before = LockEvent.objects.filter(kind="command_failed").count()
    assignments.open_override(
        compartment=estate.doors[1], actor=Actor.staff(estate.olga.pk), reason="It is stuck",
        at=timezone.now(),
    )  # fmt: skip
    servers.until(lambda: LockEvent.objects.filter(kind="command_failed").count() > before)


def test_a_jam_becomes_one_ticket_is_repaired_from_a_phone_and_the_door_is_back_on_the_map(
    bridge: None, cabinet: Cabinet, open_page: OpenPage, estate: Estate, tina: User
) -> None:
    cabinet.do("2", "jam")
    for _time in range(3):
        tried(estate)
    servers.until(lambda: Ticket.objects.exists())
    servers.until(lambda: Finding.objects.count() == 3)
    ticket = Ticket.objects.get()
    assert (ticket.compartment, ticket.category, ticket.source) == (
        estate.doors[1], "jammed", "system",
    )  # fmt: skip
    assert ticket.occurrences == 2
    on_map = open_page(f"/map/{estate.site.pk}/", tina, DESK)
    expect(door_on(on_map, "2")).not_to_have_class("door is-free")

    phone = open_page("/upkeep/", tina)
    phone.get_by_role("link", name="Door 2").click()
    phone.get_by_role("button", name="Start").click()
    bar, stands = phone.locator(".upkeep__bar"), phone.locator("#stands")
    # It still sticks: the page says so, and that no door is open.
    bar.get_by_role("button", name="Open the door to look").click()
    expect(stands).to_have_text("The door did not open.", timeout=15_000)
    expect(stands).to_have_attribute("data-door", "closed")
    looks_well(phone, "cabinet-did-not-open")
    cabinet.do("2", "unjam")
    phone.get_by_role("button", name="Open the door to look").click()
    expect(stands).to_have_attribute("data-door", "open", timeout=15_000)
    expect(stands).to_have_text("The door is open. Close it when you are done.")
    cabinet.do("2", "close")
    expect(stands).to_have_text("The door is closed.", timeout=15_000)
    phone.get_by_label("What was done").fill("Straightened the bolt")
    bar.get_by_role("button", name="Done").click()
    expect(phone.get_by_text("Done.", exact=True)).to_be_visible()

    expect(door_on(on_map, "2")).to_have_class("door is-free", timeout=15_000)
    ticket.refresh_from_db()
    estate.doors[1].refresh_from_db()
    assert (ticket.status, ticket.door_was) == ("done", "")
    assert estate.doors[1].service_status == "in_service"
    assert Ticket.objects.count() == 1
    assert Command.objects.filter(purpose="inspect").count() == 2
    actions = set(Event.objects.values_list("action", flat=True))
    assert {"ticket.opened", "ticket.closed", "ticket.door_out", "ticket.door_back"} <= actions


def door_on(page: Page, number: str) -> Locator:
    return page.locator(f'.door[aria-label^="Door {number},"]')
