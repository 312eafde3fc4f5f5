"""Every step of a visitor, and of who asks for access, lies well on both screens."""

from __future__ import annotations

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from access.choices import PersonKind
from access.models import VisitorRules
from access.services import credentials
from tests import factories
from tests.browser.kiosk_screen import (
    PlayedBridge,
    at_step,
    fits,
    press,
    tap,
    type_letters,
    type_on_pad,
    widen,
)
from tests.factories.cast import SETUP, Estate

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

EVE_BADGE = "0004290001"


@pytest.fixture
def welcoming(estate: Estate) -> Estate:
    widen(estate)
    VisitorRules.objects.create(site=estate.site, visitors_may_register=True)
    eve = factories.PersonFactory(
        organisation=estate.organisation, home_site=estate.site, kind=PersonKind.CONTRACTOR
    )
    credentials.issue_badge(person=eve, text=EVE_BADGE, actor=SETUP, at=timezone.now())
    return estate


def letters_fit(page: Page, step: str) -> None:
    """Look at both pages of the letters."""
    fits(page, step)
    accents = at_step(page, step).get_by_role("button", name="Letters with accents")
    accents.click()
    expect(accents).to_have_attribute("aria-pressed", "true")
    fits(page, f"{step} with accents")
    accents.click()
    expect(accents).to_have_attribute("aria-pressed", "false")


def through_the_steps_of_a_visitor(page: Page, estate: Estate) -> None:
    fits(page, "attract with visitors")
    press(page, "I am a visitor")
    at_step(page, "visitor")
    fits(page, "visitor")
    press(page, "I am new here")
    letters_fit(page, "visitor_name")
    type_letters(page, "maximiliane von und zu hohenberg-übersee")
    letters_fit(page, "visitor_company")
    type_letters(page, "łódź lifts")
    host = at_step(page, "visitor_host")
    letters_fit(page, "visitor_host")
    type_letters(page, "9999")
    at_step(page, "visitor_agree")
    fits(page, "visitor_agree")
    press(page, "I agree")
    at_step(page, "visitor_host")
    expect(host.get_by_role("alert")).to_be_visible()
    fits(page, "visitor_host wrong")
    for _digit in range(4):
        host.get_by_role("button", name="Delete the last letter").click()
    long = "somebody.with.a.very.long.name@northwind.example"
    estate.amira.email = long
    estate.amira.save(update_fields=["email"])
    for letter in long:
        host.locator(f'[data-key="{letter.upper()}"]').click()
    letters_fit(page, "visitor_host")
    host.get_by_role("button", name="Next").click()
    at_step(page, "visitor_agree")
    fits(page, "visitor_agree with a long address")
    press(page, "I agree")
    at_step(page, "visitor_welcome")
    fits(page, "visitor_welcome")
    page.clock.fast_forward(31_000)
    expect(page.locator("#still")).to_be_visible()
    fits(page, "visitor_welcome still there")
    press(page, "More time")
    press(page, "Choose a locker")
    at_step(page, "choose")
    fits(page, "choose as a visitor")
    press(page, "Any")
    at_step(page, "door")
    PlayedBridge(estate).report("command_opened", "command_closed")
    at_step(page, "yours")
    fits(page, "yours as a visitor")
    press(page, "Done")
    at_step(page, "attract")


def through_the_code(page: Page) -> None:
    press(page, "I am a visitor")
    press(page, "I have a code")
    code = at_step(page, "visitor_code")
    fits(page, "visitor_code")
    for _time in range(5):
        type_on_pad(page, "00000000")
        expect(code.get_by_role("alert")).to_be_visible()
        fits(page, "visitor_code wrong")
    expect(code.get_by_role("alert")).to_contain_text("second")
    fits(page, "visitor_code waits")
    press(page, "Back")
    press(page, "Back")
    at_step(page, "attract")


def through_asking(page: Page) -> None:
    tap(page, EVE_BADGE)
    at_step(page, "choose")
    press(page, "Any")
    refused = at_step(page, "refused")
    expect(refused.get_by_role("button", name="Ask for access")).to_be_visible()
    fits(page, "refused without access")
    press(page, "Ask for access")
    at_step(page, "asked")
    fits(page, "asked")
    press(page, "Done")
    at_step(page, "attract")


def test_every_step_of_a_visitor_fits_the_screen(welcoming: Estate, page: Page) -> None:
    through_the_steps_of_a_visitor(page, welcoming)
    through_the_code(page)
    through_asking(page)
    VisitorRules.objects.update(visitors_may_register=False)
    press(page, "I am a visitor")
    at_step(page, "visitor")
    expect(page.get_by_role("button", name="I am new here")).to_be_hidden()
    fits(page, "visitor with a code alone")
