"""PINs at the screen: besides the badge, changed by their owner, and instead of a lost badge."""

from __future__ import annotations

import re

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from access.choices import CredentialStatus
from access.models import Credential
from access.services import credentials, pins
from audit.models import Event
from lockers.choices import PinRule
from lockers.models import Bank, Command
from occupancy.models import Assignment
from tests.browser.conftest import OpenKiosk
from tests.browser.kiosk_screen import (
    PlayedBridge,
    at_step,
    has_a_door,
    press,
    tap,
    type_on_pad,
)
from tests.factories.cast import (
    AMIRA_BADGE,
    AMIRA_NUMBER,
    AMIRA_PIN,
    BEN_BADGE,
    SETUP,
    Estate,
)

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

NEW_PIN = "730862"
NEW_BADGE = "0004215999"


@pytest.fixture
def strict(estate: Estate) -> Estate:
    """Let bank A ask for the PIN besides every badge."""
    Bank.objects.update(pin_rule=PinRule.ALWAYS)
    return estate


def identified() -> int:
    return Event.objects.filter(action="person.identified").count()


def test_a_bank_that_asks_for_it_takes_badge_and_pin_together(
    strict: Estate, open_kiosk: OpenKiosk
) -> None:
    page = open_kiosk()
    tap(page)
    second = at_step(page, "pin_second")
    expect(second.get_by_role("heading")).to_have_text("Type your PIN as well.")
    # Until then nobody is named and nothing is known of them.
    expect(page.locator("#who")).to_be_hidden()
    assert identified() == 0
    type_on_pad(page, "999111")
    expect(second.get_by_role("alert")).to_have_text("That PIN does not match. Try again.")
    assert identified() == 0
    type_on_pad(page, AMIRA_PIN)
    at_step(page, "choose")
    assert identified() == 1
    press(page, "Any")
    at_step(page, "door")
    assert Assignment.objects.get().holder == strict.amira


def test_a_second_badge_begins_anew_and_takes_nothing_of_the_first(
    strict: Estate, open_kiosk: OpenKiosk
) -> None:
    pins.set_pin(person=strict.ben, pin=NEW_PIN, actor=SETUP, at=timezone.now())
    page = open_kiosk()
    tap(page)
    at_step(page, "pin_second").get_by_role("button", name="9", exact=True).click()
    tap(page, BEN_BADGE)
    expect(page.locator('section[data-step="pin_second"] [data-pad-echo]')).to_have_text("")
    type_on_pad(page, NEW_PIN)
    at_step(page, "choose")
    expect(page.locator("#who")).to_have_text(f"Hello, {strict.ben.initials}")


def test_asking_where_with_a_pin_opens_nothing(strict: Estate, open_kiosk: OpenKiosk) -> None:
    page = open_kiosk()
    press(page, "Where is my locker?")
    at_step(page, "where_ask")
    tap(page)
    at_step(page, "pin_where")
    type_on_pad(page, AMIRA_PIN)
    at_step(page, "nowhere")
    assert not Command.objects.exists()


def test_a_badge_left_at_the_second_question_is_forgotten(
    strict: Estate, open_kiosk: OpenKiosk
) -> None:
    page = open_kiosk()
    tap(page)
    at_step(page, "pin_second")
    page.clock.fast_forward(31_000)
    expect(page.locator("#still")).to_be_visible()
    page.clock.fast_forward(16_000)
    at_step(page, "attract")
    assert identified() == 0


def test_somebody_changes_their_own_pin(page: Page, estate: Estate) -> None:
    tap(page)
    at_step(page, "choose")
    press(page, "Change my PIN")
    at_step(page, "pin_old")
    type_on_pad(page, AMIRA_PIN)
    new = at_step(page, "pin_new")
    # Refused in words, and asked for again: the old one is still known.
    for pin, why in [
        ("123123", "do not repeat"),
        ("01011990", "looks like a date"),
        (f"{AMIRA_NUMBER}77", "personal number"),
    ]:
        type_on_pad(page, pin)
        at_step(page, "pin_again")
        type_on_pad(page, pin)
        at_step(page, "pin_new")
        expect(new.get_by_role("alert")).to_contain_text(why)
    type_on_pad(page, NEW_PIN)
    at_step(page, "pin_again")
    type_on_pad(page, "730863")
    at_step(page, "pin_new")
    expect(new.get_by_role("alert")).to_contain_text("not the same")
    type_on_pad(page, NEW_PIN)
    at_step(page, "pin_again")
    type_on_pad(page, NEW_PIN)
    at_step(page, "pin_changed")
    press(page, "Done")
    at_step(page, "attract")
    press(page, "Use a PIN")
    press(page, "Get a locker")
    type_on_pad(page, AMIRA_NUMBER)
    code = at_step(page, "pin_code")
    type_on_pad(page, AMIRA_PIN)
    expect(code.get_by_role("alert")).to_contain_text("do not match")
    type_on_pad(page, NEW_PIN)
    at_step(page, "choose")


def test_who_has_no_pin_is_not_offered_to_change_it(page: Page) -> None:
    tap(page, BEN_BADGE)
    at_step(page, "choose")
    expect(page.get_by_role("button", name="Change my PIN")).to_be_hidden()


def at_the_desk(chromium: Browser, server: str, estate: Estate) -> Page:
    """Log Max in, who manages the site, and return his browser."""
    estate.max.set_password("desk-of-the-tests")
    estate.max.save()
    context = chromium.new_context()
    desk = context.new_page()
    desk.set_default_timeout(15_000)
    desk.goto(f"{server}/admin/login/?next=/admin/access/person/{estate.amira.pk}/change/")
    desk.locator("input[name=username], input[name=login]").fill(estate.max.username)
    desk.locator("input[name=password]").fill("desk-of-the-tests")
    desk.keyboard.press("Enter")
    expect(desk.get_by_text("PIN and lost badge")).to_be_visible()
    return desk


def test_a_lost_badge_a_recovery_pin_and_a_new_badge(
    page: Page, estate: Estate, chromium: Browser, server: str
) -> None:
    has_a_door(page, estate)
    press(page, "Done")
    at_step(page, "attract")

    desk = at_the_desk(chromium, server, estate)
    person = f"{server}/admin/access/person/{estate.amira.pk}"
    desk.goto(f"{person}/badge-lost")
    desk.get_by_role("radio").first.check()
    desk.get_by_role("button", name="Save").click()
    expect(desk).to_have_url(re.compile("recovery-pin"))
    lost = Credential.objects.get(person=estate.amira, kind="badge")
    assert lost.status == CredentialStatus.SUSPENDED
    assert pins.has_own(person_id=estate.amira.pk, at=timezone.now())
    desk.get_by_role("checkbox").check()
    desk.get_by_role("button", name="Save").click()
    pin = re.sub(r"\s", "", desk.locator("#lent_pin").inner_text())
    assert re.fullmatch(r"\d{8}", pin)

    # The lost one opens nothing; the recovery PIN opens the door, once.
    tap(page)
    expect(at_step(page, "refused").get_by_role("alert")).to_contain_text("suspended")
    press(page, "Done")
    press(page, "Use a PIN")
    press(page, "I lost my badge")
    at_step(page, "pin_lost")
    press(page, "I know my door")
    type_on_pad(page, "1")
    at_step(page, "pin_code")
    type_on_pad(page, pin)
    at_step(page, "yours")
    expect(page.get_by_text("Get a new badge at reception.")).to_be_visible()
    press(page, "Open again")
    door = at_step(page, "door")
    PlayedBridge(estate).report("command_opened")
    expect(door.get_by_role("status")).to_contain_text("is open")
    PlayedBridge(estate).report("command_closed")
    at_step(page, "yours")
    press(page, "Done")
    at_step(page, "attract")
    expect(page.locator("#recovery")).to_be_hidden()
    press(page, "Use a PIN")
    press(page, "I lost my badge")
    press(page, "I know my door")
    type_on_pad(page, "1")
    code = at_step(page, "pin_code")
    type_on_pad(page, pin)
    expect(code.get_by_role("alert")).to_contain_text("do not match")
    press(page, "Back")
    press(page, "Back")
    press(page, "Back")
    at_step(page, "attract")

    credentials.issue_badge(person=estate.amira, text=NEW_BADGE, actor=SETUP, at=timezone.now())
    tap(page, NEW_BADGE)
    at_step(page, "yours")
    press(page, "Done")
    at_step(page, "attract")
    tap(page, AMIRA_BADGE)
    expect(at_step(page, "refused").get_by_role("alert")).to_contain_text("suspended")
    trail = str(list(Event.objects.values_list("data", "reason")))
    assert pin not in trail
    desk.context.close()
