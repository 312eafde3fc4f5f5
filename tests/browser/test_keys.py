"""The key desk in a real browser: a key issued for a signature, a master key by two people."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.utils import timezone
from playwright.sync_api import Browser, Locator, Page, expect

from access.choices import SignedHow
from access.models import Incident, KeyHolding, MasterRelease, StandIn, User
from access.services import grants, keys
from occupancy.services.claims import assignments
from occupancy.services.claims.assignments import Wanted
from tests import factories
from tests.access.cabinet import TYPED, Cabinet
from tests.factories.cast import SETUP, Estate

SIZE = {"width": 1280, "height": 800}
pytestmark = pytest.mark.django_db(transaction=True)
OpenDesk = Callable[[User], Page]


@pytest.fixture
def cabinet(estate: Estate) -> Cabinet:
    return Cabinet.build(estate, timezone.now())


@pytest.fixture
def open_desk(chromium: Browser, server: str, cabinet: Cabinet) -> Iterator[OpenDesk]:
    """Return what opens the administration as somebody, each in a browser of their own."""
    contexts = []
    errors: list[str] = []

    def opened(user: User) -> Page:
        session = SessionStore()
        session[SESSION_KEY] = str(user.pk)
        session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
        session[HASH_SESSION_KEY] = user.get_session_auth_hash()
        session.save()
        context = chromium.new_context(viewport=SIZE, base_url=server)
        contexts.append(context)
        cookie = {"name": settings.SESSION_COOKIE_NAME, "value": session.session_key or ""}
        context.add_cookies([{**cookie, "url": server}])
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("pageerror", lambda error: errors.append(str(error)))
        return page

    yield opened
    for context in contexts:
        context.close()
    assert errors == []


def sign(page: Page) -> None:
    """Draw a line with some corners on the pad."""
    pad: Locator = page.locator(".signature-pad canvas")
    pad.scroll_into_view_if_needed()
    box = pad.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 40, box["y"] + 80)
    page.mouse.down()
    for step in range(1, 9):
        page.mouse.move(box["x"] + 40 + step * 30, box["y"] + (40 if step % 2 else 120))
    page.mouse.up()


def choose_person(page: Page, name: str) -> None:
    """Search for somebody and take the first that is found, with the keyboard."""
    page.locator(".select2-selection").first.click()
    page.locator(".select2-search__field").fill(name)
    page.locator(".select2-results__option", has_text=name).click()


def message(page: Page, text: str) -> None:
    expect(page.get_by_text(text).first).to_be_visible()


def test_a_key_is_issued_for_a_drawn_signature_and_returned_for_a_typed_name(
    open_desk: OpenDesk, estate: Estate, cabinet: Cabinet
) -> None:
    page = open_desk(estate.olga)
    page.goto(f"/admin/access/key/{cabinet.key.pk}/change/")
    page.get_by_role("link", name="Issue").click()
    choose_person(page, "Amira")
    sign(page)
    page.get_by_role("button", name="Clear").click()
    page.get_by_role("button", name="Issue").click()
    message(page, "Have it signed")
    sign(page)
    page.get_by_role("button", name="Issue").click()
    message(page, "Amira Example has the key now.")
    holding = KeyHolding.objects.get()
    assert (holding.person, holding.signed_how) == (estate.amira, SignedHow.DRAWN)
    assert holding.signature.startswith("M")

    page.get_by_role("link", name="Return").click()
    page.get_by_label("Or type the name of who signs").fill("Amira Example")
    page.keyboard.press("Enter")
    message(page, "The key is back.")
    holding.refresh_from_db()
    assert holding.return_signature == "Amira Example"


def test_a_signature_is_still_there_when_something_else_was_wrong(
    open_desk: OpenDesk, estate: Estate, cabinet: Cabinet
) -> None:
    page = open_desk(estate.olga)
    page.goto(f"/admin/access/key/{cabinet.key.pk}/issue/")
    page.locator("form[method=post]").last.evaluate("form => { form.noValidate = true; }")
    sign(page)
    drawn = page.locator("input[name=drawn]").input_value()
    page.get_by_role("button", name="Issue").click()
    message(page, "This field is required")
    assert page.locator("input[name=drawn]").input_value() == drawn
    choose_person(page, "Ben")
    page.get_by_role("button", name="Issue").click()
    message(page, "Ben Example has the key now.")
    assert KeyHolding.objects.get().signature == drawn


def test_a_master_key_is_released_by_two_people(
    open_desk: OpenDesk, estate: Estate, cabinet: Cabinet
) -> None:
    olga, max_ = open_desk(estate.olga), open_desk(estate.max)
    olga.goto(f"/admin/access/key/{cabinet.master.pk}/change/")
    olga.get_by_role("link", name="Ask for release").click()
    choose_person(olga, "Amira")
    olga.get_by_label("Reason").fill("door 12 is jammed")
    olga.get_by_role("button", name="Ask").click()
    message(olga, "Another member of staff has to hand it out")

    release = MasterRelease.objects.get()
    olga.goto(f"/admin/access/masterrelease/{release.pk}/confirm/")
    olga.get_by_label("Or type the name of who signs").fill("Amira Example")
    olga.get_by_role("button", name="Hand out").click()
    message(olga, "A second person has to confirm this")
    assert not KeyHolding.objects.exists()

    max_.goto("/admin/access/masterrelease/")
    message(max_, "olga asks for Old wing master / 1, for Amira Example: door 12 is jammed.")
    max_.get_by_role("link", name="Hand it out").first.click()
    sign(max_)
    max_.get_by_role("button", name="Hand out").click()
    message(max_, "Amira Example has the master key now.")
    holding = KeyHolding.objects.get()
    assert (holding.key, holding.release.requested_by, holding.release.confirmed_by) == (
        cabinet.master, estate.olga, estate.max,
    )  # fmt: skip


def test_a_lost_key_is_charged_and_a_pin_given_on_one_page(
    open_desk: OpenDesk, estate: Estate
) -> None:
    at = timezone.now()
    lock = factories.LockFactory(compartment=estate.doors[0])
    (key,) = keys.cut(opens=lock, count=1, actor=SETUP, at=at)
    keys.issue(key=key, person=estate.amira, signature=TYPED, actor=SETUP, at=at)
    grants.issue(
        person_id=estate.amira.pk, compartment_id=estate.doors[0].pk, claim_id=None,
        starts_at=at, ends_at=None,
    )  # fmt: skip
    page = open_desk(estate.olga)
    page.goto(f"/admin/access/key/{key.pk}/change/")
    page.get_by_role("link", name="Report lost").click()
    page.get_by_label("Reason").fill("left on a train")
    page.get_by_label("a temporary PIN").check()
    page.get_by_role("button", name="Report lost").click()
    message(page, "Amira Example owes 15.00 GBP.")
    message(page, "A lock change was asked for: A 1.")
    expect(page.locator("#lent_pin")).to_have_text(re.compile(r"^\d{4} \d{4}$"))
    page.get_by_role("link", name="Done").click()
    expect(page.get_by_role("link", name="Found again")).to_have_count(0)  # Max may
    assert StandIn.objects.get().pin is not None


def test_an_incident_is_reported_from_the_map_with_door_and_holder_filled_in(
    open_desk: OpenDesk, estate: Estate
) -> None:
    at = timezone.now()
    assignments.claim(
        person_id=estate.amira.pk, bank_id=estate.bank.pk, at=at,
        wanted=Wanted(compartment_id=estate.doors[0].pk), actor=SETUP,
    )  # fmt: skip
    page = open_desk(estate.olga)
    page.goto(f"/map/{estate.site.pk}/")
    page.locator(f"svg [data-door='{estate.doors[0].pk}']").first.click()
    page.get_by_role("link", name="Report an incident").click()
    page.get_by_label("What happened").fill("The hinge is bent.")
    page.get_by_label("Kind").select_option("damage")
    page.get_by_role("button", name="Save", exact=True).click()
    message(page, "The hinge is bent.")
    incident = Incident.objects.get()
    assert (incident.compartment, incident.person) == (estate.doors[0], estate.amira)
    page.goto(f"/map/{estate.site.pk}/")
    page.locator(f"svg [data-door='{estate.doors[0].pk}']").first.click()
    expect(page.get_by_role("link", name="1 open incident")).to_be_visible()
