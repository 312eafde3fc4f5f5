"""Staff give, hand on, share and take back a door in its panel, and give many from a list."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Browser, Locator, Page, expect

from occupancy.models import Assignment, Policy, Share
from occupancy.services.custody import giving
from tests import factories
from tests.browser.looks import look
from tests.factories.cast import SETUP, Estate

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

OpenAt = Callable[..., Page]
WIDE, PHONE = (1280, 800), (390, 844)


@pytest.fixture
def open_at(chromium: Browser, server: str, estate: Estate) -> Iterator[OpenAt]:
    """Return what opens a page as Olga, who operates the site."""
    contexts, mistakes = [], []
    client = Client()
    client.force_login(estate.olga)
    cookie = client.cookies[settings.SESSION_COOKIE_NAME].value

    def opened(path: str, size: tuple[int, int] = WIDE) -> Page:
        context = chromium.new_context(viewport={"width": size[0], "height": size[1]})
        contexts.append(context)
        name = settings.SESSION_COOKIE_NAME
        context.add_cookies([{"name": name, "value": cookie, "url": server}])
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.on("pageerror", lambda error: mistakes.append(str(error)))
        page.goto(f"{server}{path}")
        return page

    yield opened
    for context in contexts:
        context.close()
    assert mistakes == []


def _panel(page: Page, estate: Estate, door: int = 0) -> Locator:
    """Follow a link that leads to a door on the map."""
    panel = page.locator("#map-panel")
    expect(panel.locator(".story__number")).to_have_text(f"Door {estate.doors[door].number}")
    return panel


def _map(estate: Estate, door: int = 0) -> str:
    return f"/map/{estate.site.pk}/?door={estate.doors[door].pk}"


def _mine(estate: Estate, *, door: int = 0) -> Assignment:
    Policy.objects.filter(pk=estate.policy.pk).update(renewals=1)
    return giving.give(
        policy_id=estate.policy.pk, person_id=estate.amira.pk,
        compartment_id=estate.doors[door].pk, actor=SETUP, at=timezone.now(),
    )  # fmt: skip


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_a_door_is_given_in_a_few_clicks_and_a_refusal_keeps_what_was_typed(
    open_at: OpenAt, estate: Estate, size: tuple[int, int]
) -> None:
    page = open_at(_map(estate), size)
    panel = _panel(page, estate)
    panel.get_by_text("Give to somebody").click()
    who = panel.get_by_label("To whom")
    who.press_sequentially("Ami")
    option = panel.locator("#people-give option")
    expect(option).to_have_attribute("value", "1001")
    who.fill("nobody at all")
    panel.get_by_role("button", name="Give", exact=True).click()
    expect(panel.locator("[data-code]")).to_contain_text("Nobody here is called that")
    look(page, f"give-refused-{size[0]}")
    expect(who).to_have_value("nobody at all")
    who.fill("1001")
    panel.get_by_role("button", name="Give", exact=True).click()
    expect(panel.locator("[data-code]")).to_contain_text("Given to Amira")
    expect(panel.locator(".facts")).to_contain_text("Amira")
    look(page, f"given-{size[0]}")
    assert Assignment.objects.get().holder == estate.amira
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= size[0]


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_what_somebody_has_is_renewed_shared_and_moved(
    open_at: OpenAt, estate: Estate, size: tuple[int, int]
) -> None:
    _mine(estate)
    page = open_at(_map(estate), size)
    panel = _panel(page, estate)
    look(page, f"held-{size[0]}")
    panel.locator("#act-renew").click()
    panel.get_by_role("button", name="Renew").click()
    expect(panel.locator("[data-code]")).to_contain_text("Renewed until")
    panel.locator("#act-share").click()
    panel.get_by_label("With whom").fill("1002")
    look(page, f"share-{size[0]}")
    panel.get_by_role("button", name="Share").click()
    expect(panel.locator("[data-code]")).to_contain_text("may open it until")
    end = panel.get_by_role("button", name="End sharing with Ben")
    expect(end).to_be_visible()
    look(page, f"shared-{size[0]}")
    end.click()
    expect(panel.locator("[data-code]")).to_contain_text("may no longer open it")
    assert Share.objects.get().ended_at is not None
    panel.locator("#act-move").click()
    panel.get_by_label("To door").fill("3")
    panel.locator("#reason-move").fill("Needs more room")
    look(page, f"move-{size[0]}")
    panel.get_by_role("button", name="Move", exact=True).click()
    expect(panel.locator("[data-code]")).to_contain_text("has door 3 now")
    held = Assignment.objects.get(closed_at__isnull=True)
    assert (held.compartment.number, held.renewals) == ("3", 1)


def test_three_overrides_stand_side_by_side_and_each_asks_why(
    open_at: OpenAt, estate: Estate
) -> None:
    _mine(estate)
    page = open_at(_map(estate))
    panel = _panel(page, estate)
    for name, says in {
        "open": "keeps it, with what is inside", "release": "What is inside stays inside",
        "recover": "empty it into lost property",
    }.items():  # fmt: skip
        panel.locator(f"#act-{name}").click()
        expect(panel.locator("details[open]")).to_contain_text(says)
        expect(panel.locator(f"#reason-{name}")).to_be_visible()
    look(page, "overrides")
    panel.locator("#reason-recover").fill("Not given back")
    panel.get_by_role("button", name="Begin recovery").click()
    expect(panel.locator("[data-code]")).to_contain_text("Recovery has begun")
    expect(panel.locator("#act-release")).to_have_count(0)


def test_a_door_with_a_key_offers_no_opening(open_at: OpenAt, estate: Estate) -> None:
    keyed = factories.CompartmentFactory(
        bank=estate.bank, size=estate.small, number="9", column=9, lock_kind="keyed",
        has_sensor=False,
    )  # fmt: skip
    page = open_at(f"/map/{estate.site.pk}/?door={keyed.pk}")
    panel = page.locator("#map-panel")
    panel.get_by_text("Give to somebody").click()
    panel.get_by_label("To whom").fill("1001")
    panel.get_by_role("button", name="Give", exact=True).click()
    expect(panel.locator("[data-code]")).to_contain_text("Hand out its key, too.")
    expect(panel.locator("#act-open")).to_have_count(0)
    look(page, "keyed")


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_a_list_is_tried_corrected_and_given(
    open_at: OpenAt, estate: Estate, size: tuple[int, int]
) -> None:
    page = open_at(reverse("admin:occupancy_claim_give"), size)
    look(page, f"give-page-{size[0]}")
    page.get_by_label("Policy").select_option(label="Day use")
    page.get_by_label("Or a list").set_input_files(
        {"name": "list.csv", "mimeType": "text/csv", "buffer": b"person,door\n1001,1\n1002,77\n"}
    )
    page.get_by_role("button", name="Try it").click()
    expect(page.get_by_role("alert").first).to_contain_text("1 line cannot be read")
    expect(page.locator("tr[data-problem]")).to_contain_text("no door of that number")
    look(page, f"give-bad-{size[0]}")
    lines = page.get_by_label("People")
    expect(lines).to_have_value("1001; 1\n1002; 77")
    lines.fill("1001; 1\n1002; 3")
    page.get_by_role("button", name="Try it again").click()
    give = page.get_by_role("button", name="Give 2 doors")
    expect(give).to_be_visible()
    look(page, f"give-tried-{size[0]}")
    assert not Assignment.objects.exists()
    give.click()
    expect(page.get_by_text("Given: 2.")).to_be_visible()
    assert Assignment.objects.count() == 2


def test_the_pages_of_the_desk_are_seen(open_at: OpenAt, estate: Estate) -> None:
    mine = _mine(estate)
    at = timezone.now()
    Share.objects.create(claim=mine, person=estate.ben, starts_at=at, until=at + dt.timedelta(1))
    page = open_at(reverse("admin:occupancy_claim_change", args=[mine.pk]))
    for name in ("Inspect", "Release", "Recover"):
        expect(page.get_by_role("link", name=name).first).to_be_attached()
    look(page, "claim-page")
    page.goto(page.url.split("/admin/")[0] + reverse("admin:occupancy_share_changelist"))
    expect(page.get_by_text("may open")).to_be_visible()
    look(page, "shares")
    page.goto(page.url.split("/admin/")[0] + reverse("admin:occupancy_reservation_changelist"))
    expect(page.get_by_role("heading", name="Bookings")).to_be_visible()
    look(page, "bookings")
    door = reverse("admin:lockers_compartment_change", args=[estate.doors[0].pk])
    page.goto(page.url.split("/admin/")[0] + door)
    expect(page.get_by_role("link", name="On the live map")).to_be_attached()
    page.get_by_role("link", name="On the live map").scroll_into_view_if_needed()
    look(page, "compartment-page")
