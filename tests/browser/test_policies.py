"""An administrator who has never seen it sets up three policies for one bank in the browser."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser, Locator, Page, expect

from access.models import TemporaryAccess
from occupancy.models import Claim, Policy, PolicyWarning
from occupancy.services.claims import claiming
from occupancy.services.claims.assignments import Wanted
from tests import factories
from tests.browser.looks import look
from tests.factories.cast import Estate

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
FEWER_THAN = 20


@dataclass
class Hand:
    """A hand on a mouse that is counted; opening a list and choosing in it are two clicks."""

    page: Page
    clicks: int = 0

    def click(self, what: Locator) -> None:
        what.click()
        self.clicks += 1

    def choose(self, what: Locator, label: str) -> None:
        what.select_option(label=label)
        self.clicks += 2


@pytest.fixture
def hand(chromium: Browser, server: str, estate: Estate) -> Iterator[Hand]:
    client = Client()
    client.force_login(estate.max)
    context = chromium.new_context(viewport={"width": 1280, "height": 800})
    cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": server}])
    page = context.new_page()
    page.set_default_timeout(15_000)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(f"{server}/admin/")
    yield Hand(page)
    context.close()
    assert errors == []


def test_three_policies_for_one_bank_in_under_twenty_clicks(hand: Hand, estate: Estate) -> None:
    for n in (3, 4, 5):
        factories.CompartmentFactory(
            bank=estate.bank, number=str(n + 1), column=n, row=2, y_mm=450,
            size=estate.small if n < 5 else estate.large,
            controller=estate.controller, channel=n,
        )  # fmt: skip
    facilities = factories.DepartmentFactory(organisation=estate.organisation, name="Facilities")
    fay = factories.PersonFactory(organisation=estate.organisation, department=facilities)
    vera = factories.PersonFactory(organisation=estate.organisation, kind="visitor")
    now = timezone.now()
    TemporaryAccess.objects.create(
        person=vera,
        site=estate.site,
        starts_at=now,
        given_at=now,
        ends_at=now + dt.timedelta(days=3),
    )
    estate.policy.delete()
    page = hand.page

    hand.click(page.locator("nav, aside, #nav-sidebar").get_by_role("link", name="Policies").first)
    look(page, "list")
    hand.click(page.get_by_role("link", name="Add policy").first)
    look(page, "start")
    hand.click(page.get_by_role("link", name="Visitors One small door"))
    hand.choose(page.get_by_label("Where it holds"), "Harbour House: A")
    look(page, "visitors")
    hand.click(page.get_by_role("button", name="Save", exact=True))
    expect(page.get_by_text("Nothing is saved yet.")).to_be_visible()
    look(page, "preview-visitors")
    hand.click(page.get_by_role("button", name="Save and add another"))

    hand.click(page.get_by_role("link", name="Staff, for the day"))
    hand.click(page.get_by_role("button", name="Save", exact=True))
    hand.click(page.get_by_role("button", name="Save and add another"))

    hand.click(page.get_by_role("link", name="A team's own doors"))
    hand.click(page.get_by_label("Facilities"))
    hand.click(page.get_by_label("Only these doors"))
    page.keyboard.type("row 1")
    look(page, "team")
    hand.click(page.get_by_role("button", name="Save", exact=True))
    expect(page.get_by_text("could no longer get these doors")).to_be_visible()
    look(page, "preview-team")
    hand.click(page.get_by_role("button", name="Save", exact=True))
    expect(page.get_by_text("was added successfully")).to_be_visible()
    look(page, "done")

    assert hand.clicks < FEWER_THAN
    assert Policy.objects.count() == 3

    def offered(person_id: int) -> list[tuple[str, dt.time]]:
        plan = claiming.look(
            person_id=person_id, bank_id=estate.bank.pk, wanted=Wanted(), at=timezone.now()
        )
        return [
            (one.door.number, one.offer.term.due_at.astimezone(estate.site.zone).time())
            for one in plan.choices
            if one.offer.term.due_at is not None
        ]

    six, midnight = dt.time(18), dt.time(0)
    # Doors 1 to 3 are row 1; of the others 4 and 5 are small.
    assert sorted(offered(vera.pk)) == [("4", six), ("5", six)]
    assert sorted(offered(estate.amira.pk)) == [("4", midnight), ("5", midnight), ("6", midnight)]
    assert sorted(offered(fay.pk))[:3] == [("1", midnight), ("2", midnight), ("3", midnight)]


def test_the_page_asks_only_what_the_model_needs(hand: Hand, server: str) -> None:
    page = hand.page
    page.goto(f"{server}/admin/occupancy/policy/add/?start=staff")
    shown = {name: page.locator(f"[name={name}]").first for name in ("ends_at_time", "lasts",
             "shifts", "days", "no_show_after", "doors")}  # fmt: skip
    expect(shown["ends_at_time"]).to_be_visible()
    for name in ("lasts", "shifts", "days", "no_show_after", "doors"):
        expect(shown[name]).to_be_hidden()
    page.get_by_label("Model").select_option("shift")
    expect(shown["shifts"]).to_be_visible()
    expect(shown["ends_at_time"]).to_be_hidden()
    page.get_by_label("Where it holds").select_option(label="Harbour House: A")
    expect(shown["doors"]).to_be_visible()
    page.get_by_label("Model").select_option("session")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Write how long a use lasts, such as 3 h.")).to_be_visible()
    look(page, "error")


def test_doors_of_a_group_are_clicked_on_the_drawing(hand: Hand, server: str) -> None:
    page = hand.page
    page.goto(f"{server}/admin/occupancy/compartmentgroup/add/")
    page.get_by_label("Name").fill("Two doors")
    page.get_by_role("checkbox", name="1", exact=True).click()
    page.get_by_role("checkbox", name="2", exact=True).click()
    expect(page.locator("#id_doors")).to_have_value("A 1-2")
    page.locator("#id_doors").fill("A row 1")
    expect(page.get_by_role("checkbox", name="3", exact=True)).to_be_checked()
    look(page, "group")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("A 1-3", exact=True)).to_be_visible()
    look(page, "preview-group")


def test_what_applies_is_explained_on_a_page(hand: Hand, server: str) -> None:
    page = hand.page
    page.goto(f"{server}/admin/occupancy/policy/explain")
    page.get_by_label("Person").fill("Amira")
    page.get_by_label("Bank").select_option(label="Harbour House: A")
    page.get_by_role("button", name="Explain").click()
    expect(page.get_by_text("Decides: the closest one that is for this person.")).to_be_visible()
    page.get_by_text("How it is decided").click()
    expect(page.get_by_text("Limits are not chosen but add up")).to_be_visible()
    look(page, "explain")


def test_warnings_lie_folded_until_somebody_looks_and_the_step_says_what_they_do(
    hand: Hand, server: str, estate: Estate
) -> None:
    estate.amira.email = "amira@example.org"
    estate.amira.save(update_fields=["email"])
    now = timezone.now()
    Claim.objects.create(
        compartment=estate.doors[0], kind="assignment", holder=estate.amira, policy=estate.policy,
        starts_at=now - dt.timedelta(hours=2), started_at=now - dt.timedelta(hours=2),
        due_at=now + dt.timedelta(hours=5), ends_at=now + dt.timedelta(hours=5),
    )  # fmt: skip
    page = hand.page
    page.goto(f"{server}/admin/occupancy/policy/{estate.policy.pk}/change/")
    first = page.locator("[name=warnings-0-before]")
    expect(first).to_be_hidden()
    expect(page.get_by_label("No warnings from")).to_be_hidden()
    look(page, "change")
    page.get_by_text("Warnings before the end").click()
    expect(first).to_have_value("1 d")
    first.scroll_into_view_if_needed()
    look(page, "warnings")
    page.locator("[name=warnings-1-before]").fill("nothing")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("“nothing” is no length of time.")).to_be_visible()
    look(page, "warnings-wrong")
    page.locator("[name=warnings-1-before]").fill("6 h")
    page.get_by_role("button", name="Save", exact=True).click()
    step = page.get_by_text("A warning would be sent at once for 1 compartment in use.")
    expect(step).to_be_visible()
    look(page, "warnings-step")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("was changed successfully")).to_be_visible()
    assert PolicyWarning.objects.filter(before=dt.timedelta(hours=6)).exists()


@pytest.mark.parametrize("size", [(1280, 800), (390, 844)])
def test_who_sees_it_the_first_time_sees_first_what_to_do(
    hand: Hand, server: str, size: tuple[int, int]
) -> None:
    page = hand.page
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.goto(f"{server}/admin/occupancy/policy/add/")
    start = page.get_by_role("navigation", name="Start from")
    expect(start).to_be_in_viewport()
    look(page, f"first-{size[0]}")
    expect(start).to_contain_text("Choose what comes nearest")
    start.get_by_role("link", name="Staff, for the day").click()
    # Then the next thing to do is in sight, and what there was to begin with is out of the way.
    expect(page.get_by_label("Where it holds")).to_be_in_viewport()
    expect(start.get_by_role("link", name="Shifts")).to_be_hidden()
    look(page, f"started-{size[0]}")
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
