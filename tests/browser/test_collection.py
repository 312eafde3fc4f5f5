"""July on a tablet: a form is collected, with a connection and without, by touch and by key."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from access.models import User
from lockers.models import BridgePresence
from maintenance.models import CollectionEntry, Ticket
from occupancy.models import Claim, DayEndDoor
from tests import factories, servers
from tests.browser.clocks import STOPPED, Clock
from tests.conftest import MORNING
from tests.factories.cast import Estate
from tests.factories.school_collections import TermEnd, term_end

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
TABLET, UPRIGHT, PHONE = (1024, 768), (768, 1024), (390, 844)


@dataclass
class Hall:
    """The school at its term's end, its server on a clock that stands still, and who looks."""

    end: TermEnd
    url: str
    browser: Browser
    contexts: list[Any] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def tablet(self, user: User, size: tuple[int, int] = TABLET, **options: Any) -> Page:
        """Return a tablet on which somebody is logged in."""
        client = Client()
        client.force_login(user)
        name = settings.SESSION_COOKIE_NAME
        context = self.browser.new_context(
            viewport={"width": size[0], "height": size[1]}, **options
        )
        cookie = {"name": name, "value": client.cookies[name].value, "url": self.url}
        context.add_cookies([cookie])  # type: ignore[list-item]  # a dictionary of the right keys
        self.contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        return page

    @property
    def form(self) -> str:
        """The page of form 7A."""
        number = self.end.school.form("7A").pk
        return f"{self.url}/upkeep/collections/{self.end.collection.pk}/{number}/"


@pytest.fixture
def hall(
    chromium: Browser, transactional_db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Hall]:
    clock = Clock(tmp_path / "clock", MORNING)
    monkeypatch.setattr(timezone, "now", clock.told)
    monkeypatch.setenv("STOPPED_CLOCK", str(clock.file))
    monkeypatch.setenv("LOCKWRIGHT_VAR", str(tmp_path / "var"))
    end = term_end(Estate.build(at=MORNING), MORNING)
    BridgePresence.objects.update(last_seen_at=MORNING.replace(year=2100))
    with servers.serving(STOPPED) as url:
        made = Hall(end, url, chromium)
        yield made
        for context in made.contexts:
            context.close()
    assert made.errors == []


def look(page: Page, name: str) -> None:
    """See that it fits the screen, and keep a picture where somebody asked for one."""
    if folder := os.environ.get("LOCKWRIGHT_PICTURES"):
        page.screenshot(path=Path(folder) / f"collection-{name}.png", full_page=True)
    page.wait_for_function("document.documentElement.scrollWidth <= innerWidth")


def touch(page: Page, pupil: str, what: str, answer: str) -> None:
    row = page.locator(".pupil").filter(has_text=pupil)
    row.get_by_role("group", name=what).get_by_role("button", name=answer, exact=True).click()


def test_a_form_is_collected_with_one_touch_for_each_answer(hall: Hall) -> None:
    end = hall.end
    tutor: User = factories.UserFactory.create(username="tutor")
    end.school.form("7A").tutors.add(tutor)
    page = hall.tablet(tutor)
    page.goto(f"{hall.url}/upkeep/collections/")
    expect(page.locator(".forms__one")).to_have_count(1)  # their own form only
    look(page, "1-forms")
    page.locator(".forms__one").click()
    look(page, "2-form")
    touch(page, "Pupil1", "Emptied", "Yes")
    touch(page, "Pupil1", "Condition", "Good")
    expect(page.locator("#progress")).to_have_text("1 of 3 collected")
    done = page.locator(".pupil").filter(has_text="Pupil1")
    expect(done.locator(".pupil__says")).to_be_hidden()
    expect(done.locator(".pupil__summary")).to_have_text("Emptied, good")
    servers.until(lambda: Claim.objects.get(pk=end.claims[0].pk).closed_at is not None)

    touch(page, "Pupil2", "Emptied", "Yes")
    touch(page, "Pupil2", "Key", "Not back")
    touch(page, "Pupil2", "Condition", "Damaged")
    note = page.locator(".pupil").filter(has_text="Pupil2").get_by_label("What is damaged")
    note.fill("Hinge bent")
    # A charge is for the office to make.
    expect(page.get_by_text("The key is lost")).to_have_count(0)
    look(page, "3-said")
    page.get_by_role("button", name="Keep").filter(visible=True).click()
    servers.until(lambda: Ticket.objects.exists())
    touch(page, "Pupil2", "Key", "Back")
    expect(page.locator("#progress")).to_have_text("2 of 3 collected")
    touch(page, "Pupil3", "Emptied", "Yes")
    touch(page, "Pupil3", "Condition", "Good")
    expect(page.locator("#all-done")).to_be_visible()
    servers.until(lambda: end.line(3).cleared_at is not None)
    look(page, "4-all")
    page.reload()
    expect(page.locator("#part-collected .pupil")).to_have_count(3)


@pytest.mark.parametrize("size", [UPRIGHT, PHONE], ids=["upright", "phone"])
def test_it_fits_a_smaller_screen_and_goes_by_keyboard(hall: Hall, size: tuple[int, int]) -> None:
    page = hall.tablet(hall.end.estate.olga, size)
    page.goto(hall.form)
    look(page, f"5-{size[0]}")
    first = page.locator(".pupil").filter(has_text="Pupil1")
    first.get_by_role("button", name="Yes").focus()
    page.keyboard.press("Enter")
    for _step in range(2):
        page.keyboard.press("Tab")
    page.keyboard.press("Space")
    expect(first.locator(".pupil__summary")).to_be_visible()
    # The next pupil is under the fingers already.
    second = page.locator(".pupil").filter(has_text="Pupil2")
    expect(second.get_by_role("button", name="Yes")).to_be_focused()
    look(page, f"6-{size[0]}")


def test_what_is_touched_without_a_line_waits_and_is_sent_once(hall: Hall) -> None:
    end = hall.end
    page = hall.tablet(end.estate.olga)
    page.goto(hall.form)
    page.evaluate("navigator.serviceWorker.ready.then(() => null)")
    page.wait_for_function("navigator.serviceWorker.controller !== null")
    page.reload()
    page.context.set_offline(True)
    touch(page, "Pupil1", "Emptied", "Yes")
    touch(page, "Pupil1", "Condition", "Good")
    expect(page.locator("#no-line")).to_be_visible()
    expect(page.locator("#waiting")).to_have_text("2 waiting to be sent")
    look(page, "7-offline")
    page.reload()
    expect(page.locator("#progress")).to_have_text("1 of 3 collected")
    assert not CollectionEntry.objects.exists()
    page.context.set_offline(False)
    servers.until(lambda: CollectionEntry.objects.count() == 2)
    expect(page.locator("#waiting")).to_be_hidden()
    assert end.line(1).cleared_at is not None


def test_what_cannot_be_done_is_said_and_the_row_goes_back(hall: Hall) -> None:
    page = hall.tablet(hall.end.estate.olga)
    page.goto(hall.form)
    hall.end.all_back(1, MORNING)  # by another tablet
    touch(page, "Pupil1", "Emptied", "No")
    expect(page.locator("#refused article")).to_contain_text("was given back already")
    look(page, "8-refused")
    page.get_by_role("button", name="I have read it").click()
    expect(page.locator("#refused article")).to_have_count(0)


def test_without_scripts_each_touch_is_a_page(hall: Hall) -> None:
    page = hall.tablet(hall.end.estate.olga, java_script_enabled=False)
    page.goto(hall.form)
    touch(page, "Pupil1", "Emptied", "Yes")
    touch(page, "Pupil1", "Condition", "Good")
    expect(page.locator("#progress")).to_have_text("1 of 3 collected")
    assert hall.end.line(1).cleared_at is not None


def test_the_office_opens_the_doors_of_a_form_one_after_another(hall: Hall) -> None:
    page = hall.tablet(hall.end.estate.olga)
    page.goto(hall.form)
    page.get_by_text("Open the doors of this form").click()
    look(page, "9-open")
    page.get_by_role("button", name="Open 1 door").click()
    page.wait_for_url("**/day-ends/**")
    assert DayEndDoor.objects.get().compartment == hall.end.estate.doors[0]
