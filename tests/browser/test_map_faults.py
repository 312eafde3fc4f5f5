"""Hardware that does not work, as staff see it on the map and in the administration."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, Page, expect

from lockers.choices import BoardState, ReaderTransport
from lockers.models import BridgePresence, Controller, Door, Reader
from tests.factories.cast import Estate

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
OpenPage = Callable[[str, tuple[int, int]], Page]
WIDE, NARROW = (1280, 800), (390, 844)


@pytest.fixture
def open_page(chromium: Browser, server: str, estate: Estate) -> Iterator[OpenPage]:
    """Return what opens a page as Olga, who operates the site."""
    client = Client()
    client.force_login(estate.olga)
    cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
    contexts = []
    errors: list[str] = []

    def opened(path: str, size: tuple[int, int]) -> Page:
        context = chromium.new_context(viewport={"width": size[0], "height": size[1]})
        contexts.append(context)
        context.add_cookies(
            [{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": server}]
        )
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(server + path)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert errors == []


def break_things(estate: Estate) -> None:
    """Let a reader be away, the wire noisy and a door be stuck."""
    reader = Reader.objects.create(
        bank=estate.bank, name="Entrance", transport=ReaderTransport.WIRED, address="tcp://h:1"
    )
    Controller.objects.update(state=BoardState.OK)
    Door.objects.filter(compartment=estate.doors[0]).update(failed_opens=2)
    BridgePresence.objects.filter(bridge=estate.bridge).update(
        health={
            "buses": {
                estate.controller.address: {"state": "degraded", "code": "noise", "detail": ""}
            },
            "readers": {str(reader.pk): {"state": "offline", "code": "no_route", "detail": ""}},
        }
    )


@pytest.mark.parametrize("size", [WIDE, NARROW])
def test_a_fault_shows_at_its_bank_at_once_and_leads_to_what_to_do(
    open_page: OpenPage, estate: Estate, size: tuple[int, int]
) -> None:
    page = open_page(f"/map/{estate.site.pk}/", size)
    fault = page.get_by_role("button", name="Hardware fault at bank A: what to do")
    expect(page.locator(".door").first).to_be_visible()
    expect(fault).to_be_hidden()
    break_things(estate)
    expect(fault).to_be_visible()
    expect(fault).to_have_text("Hardware fault")
    fault.click()
    panel = page.locator("#map-panel")
    expect(panel).to_contain_text("There is noise on")
    expect(panel).to_contain_text("There is no way to tcp://h:1.")
    expect(panel).to_contain_text("Check the device's power and network cable, then the address.")
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= size[0]


def test_a_stuck_door_says_what_to_do(open_page: OpenPage, estate: Estate) -> None:
    break_things(estate)
    page = open_page(f"/map/{estate.site.pk}/?door={estate.doors[0].pk}", WIDE)
    panel = page.locator("#map-panel")
    expect(panel).to_contain_text("It did not open when it was asked to, again and again.")
    expect(panel).to_contain_text("Look whether something blocks it")


@pytest.mark.parametrize("size", [WIDE, NARROW])
def test_the_administration_lists_everything_that_is_not_well(
    open_page: OpenPage, estate: Estate, size: tuple[int, int]
) -> None:
    break_things(estate)
    page = open_page("/admin/", size)
    page.get_by_role("link", name="Devices that are not well").click()
    expect(page.get_by_role("heading", name="What is not well")).to_be_visible()
    told = page.get_by_role("main").or_(page.locator("#content, #main")).first
    expect(told).to_contain_text("Look whether something blocks it")
    expect(told).to_contain_text("There is noise on")
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
