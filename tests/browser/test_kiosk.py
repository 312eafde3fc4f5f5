"""The kiosk in a real browser, against the real server process.

The bridge is played by the services that its consumer calls: commands taken, journal lines in.
"""

from __future__ import annotations

import re

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from audit.models import Event
from lockers.services import enrolment
from occupancy.models import Assignment
from tests.browser.kiosk_screen import PlayedBridge, at_step, tap
from tests.factories.cast import AMIRA_BADGE, SETUP, Estate

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_the_main_job_from_tap_to_undo(page: Page, estate: Estate) -> None:
    bridge = PlayedBridge(estate)
    expect(page.locator("#counts")).to_have_text(re.compile(r"2 Small\s*1 Large"))
    tap(page)
    at_step(page, "choose").get_by_role("button", name=re.compile("^Any")).click()

    door = at_step(page, "door")
    expect(door.locator("[data-number]")).to_have_text("1")
    expect(door.locator("[data-where]")).to_have_text(
        "It is the first on the left, at waist height."
    )
    live = door.get_by_role("status")
    expect(live).to_have_text("Door 1 is opening.")
    # The board's acknowledgement is not a door.
    bridge.report("command_actuated")
    expect(door.locator("#ladder li[data-done]")).to_have_count(2)
    expect(live).to_have_text("Door 1 is opening.")
    bridge.report("command_opened")
    expect(live).to_have_text("Door 1 is open. Close it when you are done.")
    bridge.report("command_closed")

    yours = at_step(page, "yours")
    # Until midnight; whoever tests in the last minutes before it is told how many they are.
    expect(yours.get_by_role("status")).to_have_text(re.compile("^Door 1 is yours "))
    finish = yours.get_by_role("button", name="Finish")
    finish.click(delay=300)
    expect(page.locator("body")).to_have_attribute("data-step", "yours")
    assert Assignment.objects.get().closed_at is None
    finish.click(delay=2200)
    at_step(page, "finished").get_by_role("button", name=re.compile("^Undo")).click()
    at_step(page, "yours")
    assert Assignment.objects.get().closed_at is None
    trail = Event.objects.order_by("id").values_list("action", flat=True)
    assert [a for a in trail if a.startswith(("assignment", "door", "person"))] == [
        "person.identified",
        "door.open_requested",
        "assignment.claimed",
        "door.opened",
        "door.closed",
        "assignment.released",
        "assignment.release_undone",
    ]
    yours.get_by_role("button", name="Done").click()
    at_step(page, "attract")
    assert "AE" not in page.locator("#stage").inner_text()


def test_a_door_that_did_not_open_offers_another(page: Page, estate: Estate) -> None:
    tap(page)
    at_step(page, "choose").get_by_role("button", name="Choose on the drawing").click()
    at_step(page, "drawing")
    page.get_by_role("button", name=re.compile("^Door 2, Small")).click()
    door = at_step(page, "door")
    PlayedBridge(estate).report("command_failed")
    expect(door.get_by_role("status")).to_have_text(
        "Door 2 did not open. Try again, or take another."
    )
    door.get_by_role("button", name="Take another").click()
    expect(door.locator("[data-number]")).to_have_text("1")
    held = Assignment.objects.get(closed_at=None)
    assert held.compartment == estate.doors[0]


def test_a_read_that_is_not_whole_reaches_neither_pin_nor_button(page: Page) -> None:
    page.get_by_role("button", name="Use a PIN").click()
    at_step(page, "pin_start").get_by_role("button", name=re.compile("Get a locker")).click()
    pad = at_step(page, "pin_number")
    pad.get_by_role("button", name="7").focus()
    for broken in (AMIRA_BADGE, f"~{AMIRA_BADGE[1:]}", f"~{AMIRA_BADGE}9"):
        page.keyboard.type(broken)
        page.keyboard.press("Enter")
        expect(page.locator("#toast")).to_contain_text("not read whole")
        expect(pad.locator("[data-pad-echo]")).to_have_text("")
    assert not Event.objects.filter(action="person.identified").exists()
    # The keyboard itself still works: Enter presses the key that has the focus.
    page.keyboard.press("Enter")
    expect(pad.locator("[data-pad-echo]")).to_have_text("7")


def test_an_offline_bridge_is_said_before_anybody_chooses(page: Page, estate: Estate) -> None:
    presence = estate.bridge.presence
    presence.connection = None
    presence.save(update_fields=["connection"])
    expect(page.locator("#unreachable")).to_have_text(
        "These lockers cannot be reached right now. Ask reception."
    )
    expect(page.get_by_role("button", name="Use a PIN")).to_be_disabled()


def test_a_token_revoked_mid_flow_fills_the_screen(page: Page, estate: Estate) -> None:
    tap(page)
    at_step(page, "choose")

    def revoke() -> None:
        enrolment.revoke(
            device=estate.terminal,
            subject="terminal",
            site=estate.site,
            actor=SETUP,
            at=timezone.now(),
        )

    # In the very moment of the claim: a moment later the page would know by itself.
    page.route("**/kiosk/claim", lambda route: (revoke(), route.continue_()))
    page.get_by_role("button", name=re.compile("^Any")).click()
    expect(at_step(page, "revoked").get_by_role("alert")).to_have_text(
        "This screen is not set up any more."
    )
    assert not Assignment.objects.exists()


def test_finish_without_holding_takes_two_presses(page: Page, estate: Estate) -> None:
    tap(page)
    at_step(page, "choose").get_by_role("button", name=re.compile("^Any")).click()
    at_step(page, "door")
    PlayedBridge(estate).report("command_opened", "command_closed")
    at_step(page, "yours")
    page.locator("#finish_plain").click()
    expect(page.locator("#finish_plain")).to_have_text("Press again to finish")
    assert Assignment.objects.get().closed_at is None
    page.locator("#finish_plain").click()
    at_step(page, "finished")
