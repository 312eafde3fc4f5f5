"""The end of a day at a pool: what is still locked opens one by one, on the virtual boards."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from lockers.models import BridgePresence, Command, Controller, Door
from lockers.services import bridge_keys
from occupancy.choices import ClosedHow
from occupancy.models import Assignment
from occupancy.services.claims import assignments
from tests import factories, servers
from tests.cabinet.process import plan
from tests.factories.cast import SETUP, Estate
from tests.occupancy.ending.held import DAY, hold, policy

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


class Cabinet:
    """The virtual cabinet: steel that can jam, drawn doors that open."""

    def __init__(self, folder: Path) -> None:
        config = folder / "cabinet.json"
        told = plan(readers=[])
        config.write_text(json.dumps(told))
        command = ["-m", "kiosk.cabinet", "--page-port", "0", "--config", str(config)]
        self.process = subprocess.Popen([sys.executable, *command], stdout=subprocess.PIPE)
        assert self.process.stdout is not None
        where = json.loads(self.process.stdout.readline())
        self.page, self.port = where["page"].rstrip("/"), where["banks"]["A"]["modbus_port"]

    def do(self, number: str, action: str) -> None:
        asked = urllib.request.Request(f"{self.page}/doors/A/{number}/{action}", method="POST")
        urllib.request.urlopen(asked, timeout=5).close()

    def is_open(self, number: str) -> bool:
        with urllib.request.urlopen(f"{self.page}/state", timeout=5) as answer:
            doors = json.load(answer)["banks"][0]["doors"]
        return bool(next(one["open"] for one in doors if one["number"] == number))

    def stop(self) -> None:
        self.process.terminate()
        assert self.process.wait(10) == 0


@pytest.fixture
def cabinet(tmp_path: Path) -> Iterator[Cabinet]:
    made = Cabinet(tmp_path)
    yield made
    made.stop()


@pytest.fixture
def bath(
    estate: Estate, server: str, cabinet: Cabinet, tmp_path: Path
) -> Iterator[dict[str, Assignment]]:
    """Five doors that somebody has: the second jams, the fourth has no lock of ours."""
    for n in (4, 5):
        made = factories.CompartmentFactory(
            bank=estate.bank, number=str(n), column=n, size=estate.small,
            controller=None if n == 4 else estate.controller, channel=None if n == 4 else n - 1,
        )  # fmt: skip
        factories.DoorFactory(compartment=made, changed_at=timezone.now())
        estate.doors.append(made)
    Controller.objects.update(
        address=f"tcp://127.0.0.1:{cabinet.port}", unit=1, channels=8, state="offline"
    )
    Door.objects.update(state="unknown")
    BridgePresence.objects.all().delete()
    at, under = timezone.now(), policy(estate, at_end="hold")
    held = {
        door.number: hold(
            estate, under, at - DAY, at - DAY / 2, door=place,
            who=factories.PersonFactory(organisation=estate.organisation, given_name=name),
        )
        for place, (door, name) in enumerate(
            zip(estate.doors, ("Ada", "Bea", "Cem", "Dia", "Eli"), strict=True)
        )
    }  # fmt: skip
    cabinet.do("2", "jam")
    code = bridge_keys.make_code(bridge=estate.bridge, actor=SETUP, at=timezone.now())
    process = subprocess.Popen(
        [sys.executable, "-m", "kiosk.bridge", "--server", server]
        + ["--state", str(tmp_path / "bridge"), "--enrolment-code", code],
        cwd=servers.ROOT,
        stderr=subprocess.DEVNULL,
    )
    try:
        servers.until(lambda: Door.objects.filter(state="closed").count() == 4)
        yield held
    finally:
        process.terminate()
        assert process.wait(10) == 0


@pytest.fixture
def page(chromium: Browser, server: str, estate: Estate, size: tuple[int, int]) -> Iterator[Page]:
    """A page of some size, of Olga's, who operates the site."""
    client = Client()
    client.force_login(estate.olga)
    name = settings.SESSION_COOKIE_NAME
    context = chromium.new_context(viewport={"width": size[0], "height": size[1]})
    context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": server}])
    made = context.new_page()
    made.set_default_timeout(15_000)
    errors: list[str] = []
    made.on("pageerror", lambda error: errors.append(str(error)))
    yield made
    context.close()
    assert errors == []


def look(page: Page, name: str) -> None:
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name
    if folder := os.environ.get("LOCKWRIGHT_PICTURES"):
        page.screenshot(path=Path(folder) / f"day-end-{name}.png", full_page=True)


def finish(held: Assignment) -> None:
    assignments.release(claim_id=held.pk, how=ClosedHow.FINISHED, actor=SETUP, at=timezone.now())


@pytest.mark.parametrize("size", [(1280, 800), (390, 844)], ids=["desk", "phone"])
def test_each_door_is_tried_and_its_result_shown_and_the_rest_go_on(
    page: Page, server: str, estate: Estate, cabinet: Cabinet, bath: dict[str, Assignment],
    size: tuple[int, int],
) -> None:  # fmt: skip
    name = "desk" if size[0] > 600 else "phone"
    page.goto(f"{server}/map/{estate.site.pk}/")
    page.get_by_role("link", name="End of day").click()
    expect(page.get_by_text("5 doors are still locked.")).to_be_visible()
    expect(page.locator("#held tbody tr")).to_have_count(5)
    look(page, f"{name}-1-list")
    # While somebody reads the list, Eli comes and finishes.
    finish(bath["5"])
    page.get_by_label("Reason").fill("The pool closes")
    page.get_by_role("button", name="Open them, one after another").click()
    rows = page.locator("#doors tbody tr")
    results = ["success", "failed", "success", "skipped", "already_free"]
    for place, result in enumerate(results):
        expect(rows.nth(place)).to_have_attribute("data-result", result, timeout=30_000)
    expect(rows.nth(1)).to_contain_text("the door stayed shut")
    expect(rows.nth(3)).to_contain_text("open it by key")
    expect(page.locator("#counts")).to_have_text(
        re.compile(r"2\s+opened · 1\s+failed · 1\s+skipped · 1\s+already free")
    )
    look(page, f"{name}-2-results")
    assert [cabinet.is_open(number) for number in "12345"] == [True, False, True, False, False]
    # One after another, as they stand.
    asked = Command.objects.order_by("not_before").values_list("compartment__number", "not_before")
    assert [number for number, _at in asked] == ["1", "2", "3"]
    times = [at for _number, at in asked]
    assert all(later > earlier for earlier, later in zip(times, times[1:], strict=False))
    # Seen empty: only what opened can be given back here.
    expect(page.locator("input[name=door]")).to_have_count(2)
    page.get_by_label("1", exact=True).check()
    page.get_by_role("button", name="Release the empty ones").click()
    expect(page.get_by_text("1 door is free.")).to_be_visible()
    look(page, f"{name}-3-released")
    assert list(
        Assignment.objects.filter(closed_at=None).values_list("compartment__number", flat=True)
        .order_by("compartment__number")
    ) == ["2", "3", "4"]  # fmt: skip


def test_the_command_opens_them_too_and_prints_what_came_of_each(
    estate: Estate, cabinet: Cabinet, bath: dict[str, Assignment]
) -> None:
    finish(bath["5"])
    out = io.StringIO()
    call_command("end_of_day", site=estate.site.name, stagger_ms=50, release=True, stdout=out)
    assert out.getvalue().splitlines() == [
        "A 1: opened",
        "A 2: failed (the lock was asked, and the door stayed shut)",
        "A 3: opened",
        "A 4: skipped (no electronic lock: open it by key)",
        "1 failed, 2 opened, 1 skipped",
    ]
    assert Assignment.objects.filter(closed_how="released_by_staff").count() == 2
    assert cabinet.is_open("3")
