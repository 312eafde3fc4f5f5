"""A visitor at the kiosk without staff, and access that is approved by the link in a letter."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from django.core import mail
from django.test import override_settings
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from access.choices import PersonKind
from access.models import AccessRequest, Person, TemporaryAccess, Visit, VisitorRules
from access.services import credentials, departures, notices, visits
from occupancy.models import Assignment
from tests import factories
from tests.browser.conftest import OpenKiosk
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
    """Return an office whose visitors register themselves, many of them to see Amira."""
    widen(estate)
    VisitorRules.objects.create(site=estate.site, visitors_may_register=True)
    estate.amira.email = "amira@northwind.example"
    estate.amira.save(update_fields=["email"])
    return estate


def test_a_visitor_gets_a_locker_without_staff_and_comes_back_with_the_code(
    welcoming: Estate, open_kiosk: OpenKiosk
) -> None:
    page = open_kiosk()
    press(page, "I am a visitor")
    press(page, "I am new here")
    name = at_step(page, "visitor_name")
    expect(name.get_by_role("button", name="Next")).to_be_disabled()
    type_letters(page, "véra o'hara")
    at_step(page, "visitor_company")
    page.get_by_role("button", name="Skip").click()
    host = at_step(page, "visitor_host")
    type_letters(page, "9999")
    at_step(page, "visitor_agree")
    expect(page.get_by_role("heading", name="Véra O'Hara, to see 9999")).to_be_visible()
    press(page, "I agree")
    at_step(page, "visitor_host")
    expect(host.get_by_role("alert")).to_contain_text("Nobody here has that")
    for _digit in range(4):
        host.get_by_role("button", name="Delete the last letter").click()
    type_letters(page, "amira@northwind.example")
    at_step(page, "visitor_agree")
    press(page, "I agree")
    at_step(page, "visitor_welcome")
    code = page.locator("#visitor_code").inner_text()
    assert re.fullmatch(r"\d{4} \d{4}", code)
    press(page, "Choose a locker")
    at_step(page, "choose")
    press(page, "Any")
    at_step(page, "door")
    PlayedBridge(welcoming).report("command_opened", "command_closed")
    at_step(page, "yours")
    press(page, "Done")
    at_step(page, "attract")
    assert code not in page.content(), "the next person finds nothing of it"
    assert "O'Hara" not in page.content()

    visit = Visit.objects.get()
    assert str(visit.visitor) == "Véra O'Hara"
    assert visit.host == welcoming.amira
    assert visit.agreed_at is not None
    press(page, "I am a visitor")
    press(page, "I have a code")
    at_step(page, "visitor_code")
    type_on_pad(page, "00000000")
    expect(page.locator("#visitor_code_note")).to_contain_text("not known here")
    type_on_pad(page, code.replace(" ", ""))
    at_step(page, "yours")
    press(page, "Done")

    departures.leave(visit=visit, actor=SETUP, at=timezone.now())
    kept = Assignment.objects.get(holder=visit.visitor)
    assert kept.recovery_at is not None, "emptied before anybody else gets the door"
    assert kept.closed_at is None
    press(page, "I am a visitor")
    press(page, "I have a code")
    type_on_pad(page, code.replace(" ", ""))
    refused = at_step(page, "refused")
    expect(refused.get_by_role("alert")).to_contain_text("This code is over")


def test_who_is_expected_needs_only_two_names_and_no_accents(
    welcoming: Estate, open_kiosk: OpenKiosk
) -> None:
    Person.objects.filter(pk=welcoming.amira.pk).update(family_name="Björk")
    now = timezone.now()
    visits.expect(
        site=welcoming.site, host=welcoming.amira, given_name="Renée", family_name="Müller",
        company="Sparks", expected_from=now, expected_until=now + dt.timedelta(hours=3),
        source="staff", actor=SETUP, at=now,
    )  # fmt: skip
    page = open_kiosk()
    press(page, "I am a visitor")
    press(page, "I am new here")
    type_letters(page, "renee muller")
    page.get_by_role("button", name="Skip").click()
    at_step(page, "visitor_host")
    type_letters(page, "bjork")
    press(page, "I agree")
    at_step(page, "visitor_welcome")
    assert str(Visit.objects.get(arrived_at__isnull=False).visitor) == "Renée Müller"


def test_accents_are_typed_with_a_keyboard_alone_and_are_called_by_name(
    welcoming: Estate, page: Page
) -> None:
    press(page, "I am a visitor")
    press(page, "I am new here")
    name = at_step(page, "visitor_name")
    accents = name.get_by_role("button", name="Letters with accents")
    expect(accents).to_have_attribute("aria-pressed", "false")
    accents.focus()
    page.keyboard.press("Enter")
    expect(accents).to_have_attribute("aria-pressed", "true")
    expect(accents).to_be_focused()
    assert name.get_by_role("button", name="K", exact=True).count() == 0
    letters = name.locator("[data-key]:visible")
    called = letters.evaluate_all(
        "all => all.filter((one) => /[^ -~]/.test(one.dataset.key))"
        ".map((one) => one.getAttribute('aria-label'))"
    )
    assert len(called) == len(set(called)) == 40
    assert all(re.fullmatch(r"[A-Z] with .+|[AO] and E in one|sharp S", one) for one in called)
    name.get_by_role("button", name="O with two dots").focus()
    page.keyboard.press("Space")
    expect(name.locator("[data-echo]")).to_have_text("Ö")
    expect(accents).to_have_attribute("aria-pressed", "false")
    expect(accents).to_be_focused()
    # Again is small: it is not the first letter of a word.
    for key in ("L with a stroke", "sharp S"):
        accents.press("Enter")
        name.get_by_role("button", name=key).press("Enter")
    expect(name.locator("[data-echo]")).to_have_text("Öłß")


def test_the_screen_offers_visitors_what_the_rules_say_at_once(
    welcoming: Estate, page: Page
) -> None:
    offer = page.get_by_role("button", name="I am a visitor")
    expect(offer).to_be_visible()
    VisitorRules.objects.get().delete()
    expect(offer).to_be_hidden(timeout=2_000)


def log_in(page: Page, name: str) -> None:
    page.locator("[name=login]").fill(name)
    page.locator("[name=password]").fill("correct horse")
    page.locator("main form [type=submit], main form button").first.click()


def test_access_is_asked_for_at_the_screen_and_approved_by_the_link_in_a_letter(
    welcoming: Estate, open_kiosk: OpenKiosk, chromium: Browser, server: str
) -> None:
    estate = welcoming
    estate.max.email = "max@northwind.example"
    estate.max.save(update_fields=["email"])
    eve = factories.PersonFactory(
        organisation=estate.organisation, home_site=estate.site, given_name="Eve",
        kind=PersonKind.CONTRACTOR,
    )  # fmt: skip
    credentials.issue_badge(person=eve, text=EVE_BADGE, actor=SETUP, at=timezone.now())
    kiosk = open_kiosk()
    tap(kiosk, EVE_BADGE)
    at_step(kiosk, "choose")
    press(kiosk, "Any")
    at_step(kiosk, "refused")
    expect(kiosk.locator("[data-refusal]")).to_contain_text("You have no access")
    fits(kiosk, "refused without access")
    press(kiosk, "Ask for access")
    at_step(kiosk, "asked")
    fits(kiosk, "asked")
    press(kiosk, "Done")

    with override_settings(PUBLIC_URL=server):
        assert notices.send_due(at=timezone.now()) == 1
    letter = mail.outbox[-1]
    assert letter.to == ["max@northwind.example"]
    link = re.search(r"http://\S+", letter.body)
    assert link is not None

    context = chromium.new_context(viewport={"width": 390, "height": 844})
    phone = context.new_page()
    phone.set_default_timeout(10_000)
    phone.goto(link.group())
    log_in(phone, "max")
    told = phone.get_by_role("heading", name="Eve Example, access at Harbour House")
    expect(told).to_be_visible()
    phone.get_by_role("button", name="Refuse").click()
    expect(phone.get_by_role("alert")).to_contain_text("Say why you refuse.")
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
    phone.get_by_role("button", name="Approve").click()
    expect(phone.get_by_text("Approved", exact=True)).to_be_visible()
    assert phone.get_by_role("button", name="Approve").count() == 0
    context.close()

    asked = AccessRequest.objects.get()
    assert (asked.status, asked.decided_by) == ("approved", estate.max.pk)
    access = TemporaryAccess.objects.get()
    assert access.ends_at - asked.asked_at <= dt.timedelta(days=1)
    tap(kiosk, EVE_BADGE)
    at_step(kiosk, "choose")
    press(kiosk, "Any")
    at_step(kiosk, "door")
