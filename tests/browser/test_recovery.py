"""From a door that was not given back to one that is free, in the browser of those who do it."""

from __future__ import annotations

import datetime as dt
import io
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect

from access.models import User
from audit.models import Event
from lockers.models import BridgePresence
from occupancy import jobs
from occupancy.models import LostItem, Recovery
from occupancy.services.ending import lost_property
from occupancy.services.ending.lost_property import Found
from tests import servers
from tests.browser.clocks import STOPPED, Clock
from tests.conftest import MORNING
from tests.factories.cast import SETUP, Estate
from tests.occupancy.ending.held import HOUR, hold, policy, with_mail

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
DESK, PHONE = (1280, 800), (390, 844)


@dataclass
class House:
    """The estate, its server on a clock that stands still, and who looks at it."""

    estate: Estate
    clock: Clock
    url: str
    browser: Browser
    contexts: list[Any] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def as_user(self, user: User, size: tuple[int, int] = DESK) -> Page:
        """Return a browser in which somebody is logged in."""
        client = Client()
        client.force_login(user)
        name = settings.SESSION_COOKIE_NAME
        context = self.browser.new_context(viewport={"width": size[0], "height": size[1]})
        context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": self.url}])
        self.contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        return page

    def map(self, page: Page) -> None:
        page.goto(f"{self.url}/map/{self.estate.site.pk}/")
        expect(page.locator("#map-live")).to_have_attribute("data-is", "live")

    def go(self, page: Page, path: str) -> None:
        page.goto(f"{self.url}{path}")


@pytest.fixture
def house(
    chromium: Browser, transactional_db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[House]:
    clock = Clock(tmp_path / "clock", MORNING)
    monkeypatch.setattr(timezone, "now", clock.told)
    monkeypatch.setenv("STOPPED_CLOCK", str(clock.file))
    monkeypatch.setenv("LOCKWRIGHT_VAR", str(tmp_path / "var"))
    estate = Estate.build(at=MORNING)
    BridgePresence.objects.update(last_seen_at=MORNING.replace(year=2100))
    with servers.serving(STOPPED) as url:
        made = House(estate, clock, url, chromium)
        yield made
        for context in made.contexts:
            context.close()
    assert made.errors == []


def look(page: Page, name: str) -> None:
    """See that it fits the screen, and keep a picture where somebody asked for one."""
    if folder := os.environ.get("LOCKWRIGHT_PICTURES"):
        page.screenshot(path=Path(folder) / f"{name}.png")
    # Not before the administration's own scripts have folded what they fold.
    page.wait_for_function("document.documentElement.scrollWidth <= innerWidth")


def door(page: Page, number: str = "1") -> Locator:
    return page.locator(f'.door[aria-label^="Door {number},"]')


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def verb(page: Page, name: str) -> None:
    """Choose a verb of the page of a recovery or a lost thing; on a phone it stands in the page."""
    page.get_by_role("link", name=re.compile(f"{name}$")).filter(visible=True).first.click()


def photo() -> bytes:
    """Return a small photo as a phone makes it."""
    held = io.BytesIO()
    Image.new("RGB", (64, 48), (70, 90, 120)).save(held, "JPEG")
    return held.getvalue()


def recovery_page(house: House, page: Page) -> None:
    case = Recovery.objects.get()
    house.go(page, f"/admin/occupancy/recovery/{case.pk}/change/")


def steps() -> list[str]:
    return list(Recovery.objects.get().steps.values_list("kind", flat=True))


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_from_overdue_to_free_with_a_second_person_and_the_things_signed_for(
    house: House, size: tuple[int, int]
) -> None:
    estate, name = house.estate, "phone" if size == PHONE else "desk"
    with_mail(estate.amira)
    under = policy(estate, at_end="hold", recovery_takes_two=True)
    hold(estate, under, MORNING, MORNING + 2 * HOUR)
    house.clock.forward(hours=3)
    olga, maxi = house.as_user(estate.olga, size), house.as_user(estate.max, size)

    # Flagged on the map, and begun from there.
    house.map(olga)
    expect(door(olga)).to_have_class(re.compile("is-overdue"))
    door(olga).click()
    olga.locator("#act-recover").click()
    look(olga, f"{name}-1-begin")
    olga.locator("#reason-recover").fill("Not given back since eleven")
    press(olga, "Begin recovery")
    expect(door(olga)).to_have_class(re.compile("is-recovery"))
    look(olga, f"{name}-2-map")
    olga.get_by_role("link", name="Go on with the recovery").click()
    expect(olga.get_by_text("Two of you: one confirms")).to_be_visible()
    look(olga, f"{name}-3-case")

    # Alone it does not open; with the word of somebody else it does.
    verb(olga, "Open")
    press(olga, "Open")
    expect(olga.get_by_role("alert")).to_contain_text("A second person has to confirm first")
    look(olga, f"{name}-4-alone")
    recovery_page(house, maxi)
    verb(maxi, "Confirm")
    look(maxi, f"{name}-5-confirm")
    press(maxi, "Confirm")
    press(olga, "Open")
    expect(olga.get_by_text("The door was asked to open.")).to_be_visible()

    # What is inside goes into lost property; only then the door is free.
    verb(olga, "Store a thing")
    olga.get_by_label("What is it").fill("Black rucksack")
    olga.get_by_label("Stored where").fill("Cellar, shelf 3")
    olga.get_by_label("Seal number").fill("S-0042")
    olga.get_by_label("Witness").fill("Max")
    olga.locator("input[type=file]").set_input_files(
        {"name": "found.jpg", "mimeType": "image/jpeg", "buffer": photo()}
    )
    look(olga, f"{name}-6-store")
    press(olga, "Store")
    expect(olga.get_by_text("Stored: Black rucksack.")).to_be_visible()
    look(olga, f"{name}-7-stored")
    verb(olga, "Reset and free the door")
    press(olga, "Reset and free")
    expect(olga.get_by_text("The door is free.")).to_be_visible()
    look(olga, f"{name}-8-closed")
    assert steps() == [
        "begun", "notified", "confirmed", "opened", "found", "stored", "reset", "closed",
        "notified",
    ]  # fmt: skip
    house.map(olga)
    expect(door(olga)).to_have_class(re.compile("is-free"))

    # Amira comes for it, and signs.
    item = LostItem.objects.get()
    house.go(olga, f"/admin/occupancy/lostitem/{item.pk}/change/")
    picture = olga.get_by_role("img", name="Black rucksack")
    expect(picture).to_be_visible()
    assert picture.evaluate("(one) => one.naturalWidth") == 64
    look(olga, f"{name}-9-item")
    verb(olga, "Hand it out")
    expect(olga.get_by_label("Handed to")).to_have_value(str(estate.amira))
    press(olga, "Hand out")
    expect(olga.get_by_role("alert").first).to_be_visible()
    pad = olga.locator(".signature-pad canvas").bounding_box()
    assert pad is not None
    olga.mouse.move(pad["x"] + 30, pad["y"] + 40)
    olga.mouse.down()
    for step in range(1, 9):
        olga.mouse.move(pad["x"] + 30 + 25 * step, pad["y"] + 40 + 30 * (step % 2))
    olga.mouse.up()
    look(olga, f"{name}-10-sign")
    press(olga, "Hand out")
    expect(olga.get_by_text("Done.")).to_be_visible()
    item.refresh_from_db()
    assert (item.status, item.signed_how, item.seal_number) == ("claimed", "drawn", "S-0042")
    expect(olga.get_by_role("img", name="signature")).to_be_visible()
    look(olga, f"{name}-11-handed-out")


def test_an_empty_one_is_free_in_three_steps(house: House) -> None:
    hold(house.estate, policy(house.estate, at_end="hold"), MORNING, MORNING + HOUR)
    house.clock.forward(hours=2)
    page = house.as_user(house.estate.olga)
    house.map(page)
    door(page).click()
    page.locator("#act-recover").click()
    page.locator("#reason-recover").fill("Closing")
    press(page, "Begin recovery")
    page.get_by_role("link", name="Go on with the recovery").click()
    verb(page, "Opened by key")
    press(page, "Save")
    verb(page, "Nothing inside")
    press(page, "Save")
    verb(page, "Reset and free the door")
    press(page, "Reset and free")
    house.map(page)
    expect(door(page)).to_have_class(re.compile("is-free"))


def test_what_nobody_comes_for_is_disposed_of_after_its_days_and_not_before(house: House) -> None:
    estate = house.estate
    for what, days in (("Umbrella", 28), ("Watch", 90)):
        lost_property.store(
            site=estate.site, actor=SETUP, at=MORNING, owner=estate.amira,
            found=Found(what=what, stored_where="Desk", kept_days=days),
        )  # fmt: skip
    waiting = "/admin/occupancy/lostitem/?to_go=yes"
    for days, shown in ((27, []), (28, ["Umbrella"]), (90, ["Umbrella", "Watch"])):
        house.clock.set(MORNING + dt.timedelta(days=days))
        jobs.propose_disposal()
        page = house.as_user(estate.olga)
        house.go(page, waiting)
        expect(page.locator("#result_list tbody tr")).to_have_count(len(shown))
    page.get_by_role("link", name="Umbrella", exact=True).click()
    verb(page, "Dispose of it")
    look(page, "desk-12-dispose")
    page.get_by_label("How", exact=True).fill("Given to charity")
    press(page, "It is gone")
    expect(page.get_by_text("Done.")).to_be_visible()
    item = LostItem.objects.get(what="Umbrella")
    assert (item.status, item.disposed_how) == ("disposed", "Given to charity")
    house.go(page, waiting)
    expect(page.locator("#result_list tbody tr")).to_have_count(1)
    assert Event.objects.filter(action="lost_property.disposed").count() == 1
