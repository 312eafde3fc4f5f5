"""What people do at the kiosk, and what they are told when it does not work."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, Route, expect

from audit.models import Event
from kiosk.models import Scan
from occupancy.models import Assignment
from tests.browser.kiosk_screen import (
    PlayedBridge,
    at_step,
    has_a_door,
    press,
    tap,
    type_on_pad,
)
from tests.factories.cast import (
    AMIRA_NUMBER,
    AMIRA_PIN,
    BEN_BADGE,
    Estate,
)

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


# ---- nobody there any more -----------------------------------------------------------------


def test_an_idle_screen_counts_down_and_forgets_the_person(page: Page, estate: Estate) -> None:
    has_a_door(page, estate)
    still = page.locator("#still")
    page.clock.fast_forward(29_000)
    expect(still).to_be_hidden()
    page.clock.fast_forward(2_000)
    expect(still).to_contain_text("Still there? This screen clears in 14 seconds.")
    expect(page.locator("#still_told")).to_have_text(re.compile("^Still there?"))
    page.clock.fast_forward(6_000)
    expect(still).to_contain_text("This screen clears in 8 seconds.")
    with page.expect_response("**/kiosk/end"):
        page.clock.fast_forward(9_000)
    assert Scan.objects.get().ended_at is not None
    at_step(page, "attract")
    expect(still).to_be_hidden()
    for trace in ("AE", "is yours", "waist height"):
        assert trace not in page.evaluate("document.body.textContent"), trace
    expect(page.locator("#who")).to_be_hidden()


def test_a_touch_keeps_the_screen(page: Page, estate: Estate) -> None:
    has_a_door(page, estate)
    for _time in range(3):
        page.clock.fast_forward(40_000)
        expect(page.locator("#still")).to_be_visible()
        page.locator("#bank").click()
        expect(page.locator("#still")).to_be_hidden()
    page.clock.fast_forward(40_000)
    press(page, "More time")
    expect(page.locator("#still")).to_be_hidden()
    at_step(page, "yours")


def test_the_same_badge_right_after_the_screen_was_cleared_begins_anew(page: Page) -> None:
    held: list[Route] = []
    page.route("**/kiosk/end", lambda one: held.append(one))
    tap(page)
    at_step(page, "choose")
    press(page, "Cancel")
    at_step(page, "attract")
    asked: list[str] = []
    page.on("request", lambda one: asked.append(one.url))
    tap(page)
    # Not before the last turn is over at the server too.
    page.evaluate("new Promise(requestAnimationFrame)")
    assert not [url for url in asked if url.endswith("/kiosk/scan")]
    with page.expect_request("**/kiosk/scan"):
        held.pop().continue_()
    at_step(page, "choose")
    press(page, "Any")
    at_step(page, "door")


def test_help_that_was_left_open_goes_too(page: Page) -> None:
    press(page, "Help")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.clock.fast_forward(46_000)
    expect(page.get_by_role("dialog")).to_be_hidden()
    at_step(page, "attract")


# ---- finishing -------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["Enter", "Space"])
def test_finish_is_held_for_two_seconds_on_the_keyboard_too(
    page: Page, estate: Estate, key: str
) -> None:
    has_a_door(page, estate)
    finish = page.locator("#finish")
    finish.focus()
    page.keyboard.down(key)
    expect(finish).to_have_attribute("data-held", "")
    page.keyboard.up(key)
    expect(finish).not_to_have_attribute("data-held", "")
    page.clock.fast_forward(3_000)
    at_step(page, "yours")
    assert Assignment.objects.get().closed_at is None
    page.keyboard.down(key)
    page.clock.run_for(2_100)
    at_step(page, "finished")
    page.keyboard.up(key)
    assert Assignment.objects.get().closed_at is not None


def test_a_finish_let_go_early_does_nothing(page: Page, estate: Estate) -> None:
    has_a_door(page, estate)
    box = page.locator("#finish").bounding_box()
    assert box
    page.mouse.move(box["x"] + 40, box["y"] + 40)
    page.mouse.down()
    page.clock.run_for(1_800)
    expect(page.locator("#finish")).to_have_attribute("data-held", "")
    page.mouse.up()
    page.clock.run_for(2_000)
    at_step(page, "yours")
    assert not Event.objects.filter(action="assignment.released").exists()


def test_a_finish_can_be_undone_while_its_seconds_run(page: Page, estate: Estate) -> None:
    has_a_door(page, estate)
    page.locator("#finish").click(delay=2200)
    finished = at_step(page, "finished")
    undo = page.locator("#undo")
    expect(undo).to_have_text(re.compile(r"Undo \((60|59) seconds\)"))
    page.clock.fast_forward(30_000)
    expect(undo).to_have_text(re.compile(r"Undo \((30|29|28) seconds\)"))
    undo.click()
    at_step(page, "yours")
    assert Assignment.objects.get().closed_at is None

    page.locator("#finish").click(delay=2200)
    at_step(page, "finished")
    page.clock.fast_forward(50_000)
    expect(undo).to_be_visible()
    # A sign of life keeps the screen, but not the offer.
    press(page, "More time")
    page.clock.fast_forward(11_000)
    expect(undo).to_be_hidden()
    expect(finished.get_by_text("Changed your mind?")).to_be_hidden()
    at_step(page, "finished")


# ---- by PIN ------------------------------------------------------------------------------------


def test_a_pin_gets_a_door_and_opens_it_again(page: Page, estate: Estate) -> None:
    press(page, "Use a PIN")
    at_step(page, "pin_start")
    press(page, "Get a locker")
    pad = at_step(page, "pin_number")
    expect(pad.get_by_role("heading")).to_have_text("Type your personal number.")
    type_on_pad(page, AMIRA_NUMBER)
    code = at_step(page, "pin_code")
    for digit in AMIRA_PIN:
        code.get_by_role("button", name=digit, exact=True).click()
    expect(code.locator("[data-pad-echo]")).to_have_text("●" * len(AMIRA_PIN))
    assert AMIRA_PIN not in page.content()
    code.get_by_role("button", name="OK").click()
    at_step(page, "choose")
    press(page, "Any")
    at_step(page, "door")
    bridge = PlayedBridge(estate)
    bridge.report("command_opened", "command_closed")
    at_step(page, "yours")
    press(page, "Done")
    at_step(page, "attract")

    press(page, "Use a PIN")
    press(page, "Open my locker")
    expect(at_step(page, "pin_number").get_by_role("heading")).to_have_text(
        "Type the number of your door."
    )
    type_on_pad(page, "1")
    at_step(page, "pin_code")
    type_on_pad(page, AMIRA_PIN)
    at_step(page, "yours")
    press(page, "Open again")
    at_step(page, "door")
    bridge.report("command_opened")
    expect(at_step(page, "door").get_by_role("status")).to_have_text(
        "Door 1 is open. Close it when you are done."
    )
    assert Assignment.objects.count() == 1


def test_wrong_pins_are_made_to_wait_and_the_seconds_are_counted(page: Page) -> None:
    press(page, "Use a PIN")
    press(page, "Get a locker")
    at_step(page, "pin_number")
    type_on_pad(page, AMIRA_NUMBER)
    code = at_step(page, "pin_code")
    note = code.get_by_role("alert")
    for _attempt in range(4):
        type_on_pad(page, "999111")
        expect(code.locator("[data-pad-echo]")).to_have_text("")
        expect(note).to_contain_text("do not match")
    type_on_pad(page, "999111")
    expect(note).to_have_text(
        re.compile(r"^That PIN does not match\. You can try again in \d+ seconds\.$")
    )
    keys = code.locator("[data-pad] button")
    for key in keys.all():
        expect(key).to_be_disabled()
    before = seconds(note.inner_text())
    page.clock.fast_forward(10_000)
    expect(note).not_to_contain_text(f"in {before} seconds")
    assert before - 12 <= seconds(note.inner_text()) <= before - 10
    page.clock.fast_forward(21_000)
    expect(note).to_have_text("You can try again now.")
    expect(code.get_by_role("button", name="1", exact=True)).to_be_enabled()


def seconds(sentence: str) -> int:
    found = re.search(r"in (\d+) second", sentence)
    assert found, sentence
    return int(found[1])


def test_the_keys_do_not_stay_shut_for_the_next_person(page: Page, estate: Estate) -> None:
    press(page, "Use a PIN")
    press(page, "Get a locker")
    type_on_pad(page, AMIRA_NUMBER)
    code = at_step(page, "pin_code")
    for _attempt in range(5):
        type_on_pad(page, "999111")
        expect(code.locator("[data-pad-echo]")).to_have_text("")
        expect(code.get_by_role("alert")).to_be_visible()
    expect(code.get_by_role("button", name="1", exact=True)).to_be_disabled()
    # A badge is no guess.
    tap(page, BEN_BADGE)
    at_step(page, "choose")
    press(page, "Cancel")
    press(page, "Use a PIN")
    press(page, "Open my locker")
    type_on_pad(page, "3")
    at_step(page, "pin_code")
    expect(page.locator("#pin_code_note")).to_be_hidden()
    expect(code.get_by_role("button", name="1", exact=True)).to_be_enabled()
