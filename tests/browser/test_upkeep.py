"""A technician with a phone, and somebody who scans the label of a door."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
from django.utils import timezone
from guardian.shortcuts import assign_perm
from playwright.sync_api import Browser, Page, expect

from access.models import User
from lockers.models import Command
from maintenance import door_labels
from maintenance.choices import Category, Source
from maintenance.models import Photo, Ticket
from maintenance.services.tickets import reporting
from maintenance.services.tickets.subjects import Subject
from tests import factories
from tests.browser.kiosk_screen import PlayedBridge, widen
from tests.browser.upkeep_pages import PHONE, OpenPage, looks_well, opening
from tests.factories.cast import SETUP, Estate
from tests.factories.upkeep import ChecklistFactory, ChecklistItemFactory
from tests.pictures import picture

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def open_page(chromium: Browser, server: str) -> Iterator[OpenPage]:
    with opening(chromium, server) as opened:
        yield opened


@pytest.fixture
def tina(estate: Estate) -> User:
    """The technician."""
    user: User = factories.UserFactory(username="tina")
    for right in ("view_site", "maintain_site"):
        assign_perm(right, user, estate.site)
    return user


def report(estate: Estate, door: int, category: str, *, ago: int = 0, words: str = "") -> Ticket:
    """Let the system report a fault some hours ago."""
    at = timezone.now() - dt.timedelta(hours=ago)
    reported = reporting.report(
        subject=Subject.of_door(estate.doors[door]), category=Category(category),
        source=Source.SYSTEM, actor=SETUP, at=at, words=words,
    )  # fmt: skip
    return reported.ticket


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def test_a_ticket_is_worked_through_on_a_phone(
    open_page: OpenPage, estate: Estate, tina: User
) -> None:
    widen(estate)
    late = report(estate, 2, "damaged", ago=2000, words="The hinge is bent")
    jam = report(estate, 0, "jammed")
    Ticket.objects.filter(pk=jam.pk).update(priority=1)
    report(estate, 1, "dirty")
    items = ChecklistFactory(organisation=estate.organisation, name="Jams", closes="jammed")
    ChecklistItemFactory(checklist=items, text="The bolt moves freely")
    page = open_page("/upkeep/", tina)
    doors = page.locator(".task__number")
    expect(doors).to_have_text(["Door 1", "Door 2", "Door 3"])
    expect(page.locator(".task", has_text="Urgent")).to_have_count(1)
    expect(page.locator(".task", has_text="Overdue")).to_contain_text("Damaged", ignore_case=True)
    looks_well(page, "tickets")

    page.locator(".task").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Door 1 Bank A")
    looks_well(page, "ticket-open")
    in_reach(page, "Start")
    press(page, "Start")
    expect(page.get_by_text("You are on it.")).to_be_visible()
    stands = page.locator("#stands")
    expect(stands).to_have_text("The door is closed.")
    in_reach(page, "Open the door to look")
    page.locator(".upkeep__bar").get_by_role("button").click()
    expect(page.get_by_text("The door was asked to open.")).to_be_visible()
    expect(stands).to_have_text("The door is opening.")
    expect(stands).to_have_attribute("data-door", "closed")
    bridge = PlayedBridge(estate)
    bridge.report("command_actuated")
    expect(stands).to_have_text("The door is opening.")
    bridge.report("command_opened")
    expect(stands).to_have_text("The door is open. Close it when you are done.")
    looks_well(page, "ticket-look")
    bridge.report("command_closed")
    expect(stands).to_have_text("The door is closed.")

    page.get_by_label("What was done").fill("Greased the bolt")
    in_reach(page, "Done")
    press(page, "Done")
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("The bolt moves freely")
    expect(page.get_by_label("What was done")).to_have_value("Greased the bolt")
    looks_well(page, "ticket-refused")
    press(page, "The bolt moves freely")
    tick = page.get_by_role("button", name="The bolt moves freely")
    expect(tick).to_have_attribute("aria-pressed", "true")
    large = picture(size=(3000, 2000))
    page.locator("#photo-after").set_input_files(
        {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": large}
    )
    expect(page.get_by_text("The photo is kept.")).to_be_visible()
    expect(page.locator(".pictures img")).to_be_visible()
    page.get_by_text("Minutes worked").click()
    page.get_by_label("Minutes", exact=True).fill("15")
    press(page, "Write down")
    expect(page.get_by_text("15 minutes")).to_be_visible()
    page.get_by_label("What was done").fill("Greased the bolt")
    press(page, "Done")
    expect(page.get_by_text("Greased the bolt").first).to_be_visible()
    looks_well(page, "ticket-done")
    jam.refresh_from_db()
    assert (jam.status, jam.resolution) == ("done", "Greased the bolt")
    assert Photo.objects.get().moment == "after"
    assert Command.objects.get().purpose == "inspect"
    page.get_by_role("link", name="Next: door 2, bank A").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("2")
    assert late.closed_at is None


def in_reach(page: Page, name: str) -> None:
    """See that the button lies in the lower third of the phone, without scrolling."""
    button = page.locator(".upkeep__bar").get_by_role("button", name=name)
    box = button.bounding_box()
    assert box is not None
    assert box["y"] >= PHONE[1] * 2 / 3
    assert box["y"] + box["height"] <= PHONE[1]


def test_a_report_by_the_label_of_a_door(open_page: OpenPage, estate: Estate) -> None:
    page = open_page(f"/d/{door_labels.code_of(estate.doors[1].pk)}/")
    looks_well(page, "label")
    # Three touches: what, perhaps a word or a photo, and off.
    page.get_by_label("It does not close or lock").check()
    page.get_by_label("In your words").fill("It springs open again")
    photo = page.locator("#photo")
    photo.set_input_files({"name": "none.jpg", "mimeType": "image/jpeg", "buffer": b"no picture"})
    expect(page.get_by_text("That is no photo that can be read.")).to_be_visible()
    press(page, "Send")
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("Choose a photo")
    expect(page.get_by_label("In your words")).to_have_value("It springs open again")
    expect(page.get_by_label("It does not close or lock")).to_be_checked()
    looks_well(page, "label-refused")
    large = picture("PNG", size=(4000, 3000), somewhere=True)
    photo.set_input_files({"name": "a.png", "mimeType": "image/png", "buffer": large})
    expect(page.get_by_text("The photo goes with it.")).to_be_visible()
    assert page.evaluate("document.querySelector('#photo').files[0].type") == "image/jpeg"
    looks_well(page, "label-photo")
    press(page, "Send")
    expect(page.get_by_role("heading", name="Thank you.")).to_be_visible()
    looks_well(page, "label-thanks")
    ticket = Ticket.objects.get()
    assert (ticket.category, ticket.source) == ("wont_close", "label")
    assert ticket.summary == "It springs open again"
    assert ticket.photos.count() == 1


def test_a_report_works_where_no_script_runs(open_page: OpenPage, estate: Estate) -> None:
    page = open_page(f"/d/{door_labels.code_of(estate.doors[1].pk)}/", java_script_enabled=False)
    page.get_by_label("It is not clean").check()
    page.locator("#photo").set_input_files(
        {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": picture()}
    )
    press(page, "Send")
    expect(page.get_by_role("heading", name="Thank you.")).to_be_visible()
    assert Ticket.objects.get().photos.count() == 1


def test_the_label_leads_a_technician_to_the_door_and_its_ticket(
    open_page: OpenPage, estate: Estate, tina: User
) -> None:
    report(estate, 0, "dirty")
    page = open_page(f"/d/{door_labels.code_of(estate.doors[0].pk)}/", tina)
    expect(page.get_by_role("heading", name="Open tickets")).to_be_visible()
    looks_well(page, "door")
    page.get_by_label("Something is broken").check()
    press(page, "Open a ticket")
    expect(page.get_by_role("heading", name="Also wrong with this door")).to_be_visible()
    assert Ticket.objects.filter(category="damaged", source="staff").count() == 1
