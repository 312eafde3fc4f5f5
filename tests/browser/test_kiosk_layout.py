"""Every step of the kiosk lies well: standing and lying, lowered or not, by day and in the dark."""

from __future__ import annotations

import re

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from access.services import pins
from lockers.choices import PinRule
from lockers.models import Bank, BridgePresence
from lockers.services import enrolment, openings
from tests.browser.conftest import OpenKiosk
from tests.browser.kiosk_screen import (
    LYING,
    UPRIGHT,
    PlayedBridge,
    at_step,
    fits,
    press,
    tap,
    type_on_pad,
    widen,
)
from tests.factories.cast import AMIRA_NUMBER, AMIRA_PIN, BEN_BADGE, CARLA_BADGE, SETUP, Estate

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def wide_estate(estate: Estate) -> Estate:
    widen(estate)
    return estate


def done(page: Page) -> None:
    page.get_by_role("button", name="Done").click()
    at_step(page, "attract")


def through_every_step(page: Page, estate: Estate) -> None:
    """Walk through every step, and look at each."""
    expect(page.locator("#counts")).to_contain_text("Small")
    fits(page, "attract")
    press(page, "Help")
    fits(page, "help")
    press(page, "Close")

    press(page, "Use a PIN")
    at_step(page, "pin_start")
    fits(page, "pin_start")
    press(page, "I lost my badge")
    at_step(page, "pin_lost")
    fits(page, "pin_lost")
    press(page, "Back")
    at_step(page, "pin_start")
    press(page, "Get a locker")
    at_step(page, "pin_number")
    fits(page, "pin_number")
    type_on_pad(page, AMIRA_NUMBER)
    at_step(page, "pin_code")
    fits(page, "pin_code")
    type_on_pad(page, "999111")
    expect(page.locator("#pin_code_note")).to_be_visible()
    fits(page, "pin_code wrong")
    type_on_pad(page, AMIRA_PIN)

    at_step(page, "choose")
    fits(page, "choose")
    press(page, "Choose on the drawing")
    at_step(page, "drawing")
    fits(page, "drawing")
    press(page, "Back")
    at_step(page, "choose")
    press(page, "Any")
    door = at_step(page, "door")
    fits(page, "door opening")
    bridge = PlayedBridge(estate)
    bridge.report("command_actuated", "command_opened")
    expect(door.get_by_role("status")).to_contain_text("is open")
    fits(page, "door open")
    bridge.report("command_closed")
    at_step(page, "yours")
    fits(page, "yours")
    page.clock.fast_forward(31_000)
    expect(page.locator("#still")).to_be_visible()
    fits(page, "yours still there")
    press(page, "More time")
    press(page, "Open again")
    at_step(page, "door")
    bridge.report("command_failed")
    expect(door.get_by_role("status")).to_contain_text("did not open")
    fits(page, "door failed again")
    done(page)
    at_step(page, "attract")

    press(page, "Where is my locker?")
    at_step(page, "where_ask")
    fits(page, "where_ask")
    tap(page)
    at_step(page, "place")
    fits(page, "place")
    done(page)
    press(page, "Where is my locker?")
    at_step(page, "where_ask")
    tap(page, BEN_BADGE)
    at_step(page, "nowhere")
    fits(page, "nowhere")
    done(page)

    estate.policy.limit_per_person = 2
    estate.policy.save(update_fields=["limit_per_person"])
    tap(page)
    at_step(page, "yours")
    expect(page.get_by_role("button", name="Get another locker")).to_be_visible()
    fits(page, "yours with another")
    press(page, "Get another locker")
    at_step(page, "choose")
    press(page, "Any")
    at_step(page, "door")
    bridge.report("command_failed")
    expect(door.get_by_role("status")).to_contain_text("did not open")
    fits(page, "door failed")
    done(page)
    tap(page)
    which = at_step(page, "which")
    fits(page, "which")
    which.get_by_role("button").first.click()
    at_step(page, "yours")
    page.get_by_role("button", name="Finish", exact=True).click(delay=2100)
    at_step(page, "finished")
    fits(page, "finished")
    done(page)

    tap(page, CARLA_BADGE)
    at_step(page, "refused")
    fits(page, "refused")
    tap(page, "12")
    expect(page.locator("#toast")).to_be_visible()
    fits(page, "refused toast")
    done(page)


def through_the_steps_of_a_pin(page: Page, estate: Estate) -> None:
    """Show the PIN besides the badge, then change it, with all that can go wrong."""
    Bank.objects.update(pin_rule=PinRule.ALWAYS)
    page.reload()
    expect(page.locator("body")).to_have_attribute("data-tie", "up")
    press(page, "Where is my locker?")
    at_step(page, "where_ask")
    tap(page)
    at_step(page, "pin_where")
    fits(page, "pin_where")
    press(page, "Cancel")
    at_step(page, "attract")
    tap(page)
    second = at_step(page, "pin_second")
    fits(page, "pin_second")
    type_on_pad(page, "999111")
    expect(second.get_by_role("alert")).to_be_visible()
    fits(page, "pin_second wrong")
    type_on_pad(page, AMIRA_PIN)
    at_step(page, "choose")
    fits(page, "choose with a PIN")
    press(page, "Change my PIN")
    old = at_step(page, "pin_old")
    fits(page, "pin_old")
    for typed in ("999111", "730862", "730862"):
        type_on_pad(page, typed)
    at_step(page, "pin_old")
    expect(old.get_by_role("alert")).to_be_visible()
    fits(page, "pin_old wrong")
    type_on_pad(page, AMIRA_PIN)
    new = at_step(page, "pin_new")
    fits(page, "pin_new")
    type_on_pad(page, "01011990")
    at_step(page, "pin_again")
    fits(page, "pin_again")
    type_on_pad(page, "01011990")
    at_step(page, "pin_new")
    expect(new.get_by_role("alert")).to_be_visible()
    fits(page, "pin_new weak")
    for _time in range(2):
        type_on_pad(page, "730862")
    at_step(page, "pin_changed")
    fits(page, "pin_changed")
    done(page)
    lent = pins.lend_recovery(person=estate.amira, actor=SETUP, at=timezone.now())
    press(page, "Use a PIN")
    press(page, "I lost my badge")
    press(page, "I know my personal number")
    type_on_pad(page, AMIRA_NUMBER)
    at_step(page, "pin_code")
    type_on_pad(page, lent.pin)
    at_step(page, "choose")
    expect(page.locator("#recovery")).to_be_visible()
    fits(page, "choose after a recovery")
    press(page, "Any")
    at_step(page, "door")
    fits(page, "door after a recovery")
    PlayedBridge(estate).report("command_opened", "command_closed")
    at_step(page, "yours")
    fits(page, "yours after a recovery")
    done(page)


def test_every_step_of_a_pin_fits_the_screen(wide_estate: Estate, page: Page) -> None:
    through_the_steps_of_a_pin(page, wide_estate)


def test_every_step_fits_the_screen(wide_estate: Estate, page: Page) -> None:
    through_every_step(page, wide_estate)


@pytest.mark.parametrize("size", [UPRIGHT, LYING], ids=["upright", "lying"])
def test_the_buttons_are_lowered_for_one_turn(
    wide_estate: Estate, open_kiosk: OpenKiosk, size: tuple[int, int]
) -> None:
    page = open_kiosk(size)
    lower = page.get_by_role("button", name="Lower buttons")
    lower.click()
    expect(lower).to_have_attribute("aria-pressed", "true")
    expect(page.locator("body")).to_have_attribute("data-reach", "")
    tap(page)
    buttons = at_step(page, "choose").get_by_role("button")
    expect(buttons.filter(has_text=re.compile("^Any"))).to_be_visible()
    keys = buttons.all()
    assert len(keys) > 3
    for key in keys:
        box = key.bounding_box()
        assert box is not None, key
        assert box["y"] + box["height"] / 2 > size[1] / 2, key
    # The next one finds the screen as it usually is.
    page.get_by_role("button", name="Cancel").click()
    at_step(page, "attract")
    expect(lower).to_have_attribute("aria-pressed", "false")


def test_what_is_said_before_anybody_chooses_fits_the_screen(
    wide_estate: Estate, page: Page
) -> None:
    estate = wide_estate
    at = timezone.now()
    asked = openings.request(bank=estate.bank, reason="fire drill", user_id=estate.max.pk, at=at)
    openings.confirm(opening_id=asked.pk, user_id=estate.rosa.pk, at=at)
    expect(page.get_by_role("alert").filter(has_text=re.compile("^Every door"))).to_be_visible()
    fits(page, "opening")
    tap(page)
    at_step(page, "choose")
    fits(page, "opening choose")
    BridgePresence.objects.update(connection=None)
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator("#unreachable")).to_be_visible()
    fits(page, "offline and opening")
    enrolment.revoke(
        device=estate.terminal, subject="terminal", site=estate.site, actor=SETUP, at=at
    )
    expect(page.locator("body")).to_have_attribute("data-step", "revoked", timeout=15_000)
    fits(page, "revoked")
    page.get_by_role("link", name="Set up this screen").click()
    expect(page.get_by_role("heading")).to_have_text("Set up this screen")
    fits(page, "set up")
