from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.db import connections
from playwright.sync_api import Page, expect, sync_playwright

from audit.actions import Action
from audit.models import Event
from lockers.models import Bridge, BridgePresence, Command, Compartment, Door
from tests import factories, servers
from tests.factories.cast import Estate

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

COLUMNS, ROWS = 4, 3


@pytest.fixture
def estate(transactional_db: None) -> Estate:
    """A second bank beside the cast's own: four columns of three doors, its bridge heard."""
    estate = Estate.build()
    BridgePresence.objects.update(last_seen_at=estate.doors[0].door.changed_at.replace(year=2100))
    second = factories.BankFactory(
        site=estate.site, bridge=Bridge.objects.get(), name="B", position=1
    )
    doors = Compartment.objects.bulk_create(
        Compartment(
            bank=second,
            number=f"{100 + column * ROWS + row + 1}",
            size=estate.small,
            column=column + 1,
            row=row + 1,
            x_mm=column * 300,
            y_mm=row * 400,
            width_mm=300,
            height_mm=400,
            floor_mm=100,
        )
        for column in range(COLUMNS)
        for row in range(ROWS)
    )
    estate.extra["second"] = doors
    return estate


def _cookie(user: Any, port: int) -> Any:
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    return {
        "name": settings.SESSION_COOKIE_NAME,
        "value": session.session_key,
        "url": f"http://127.0.0.1:{port}",
    }


@pytest.fixture
def seen(estate: Estate) -> Iterator[tuple[Page, Estate, int]]:
    """The map of the site, open in a browser as Olga, who operates it."""
    port = servers.free_port()
    cookie = _cookie(estate.olga, port)
    # Playwright keeps an event loop in this thread; Django would refuse the database there.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    with contextlib.ExitStack() as stack:
        stack.callback(os.environ.pop, "DJANGO_ALLOW_ASYNC_UNSAFE")
        server = stack.enter_context(contextlib.ExitStack())
        server.enter_context(servers.serving(port=port))
        play = stack.enter_context(sync_playwright())
        # And while that loop runs, the test has a database connection of its own.
        stack.callback(connections.close_all)
        browser = play.chromium.launch(
            executable_path="/usr/bin/chromium",
            args=["--no-sandbox", "--disable-background-networking"],
        )
        stack.callback(browser.close)
        context = browser.new_context(viewport={"width": 1280, "height": 800})
        context.add_cookies([cookie])
        page = context.new_page()
        mistakes: list[str] = []
        page.on("pageerror", lambda error: mistakes.append(str(error)))
        estate.extra["server"] = server
        page.goto(f"http://127.0.0.1:{port}/map/{estate.site.pk}/")
        expect(page.locator("#map-live")).to_have_attribute("data-is", "live")
        yield page, estate, port
        assert mistakes == []


def _door(page: Page, number: str) -> Any:
    return page.locator(f'.door[aria-label^="Door {number},"]')


def test_the_keyboard_walks_the_doors_as_they_stand(seen: tuple[Page, Estate, int]) -> None:
    page, _, _ = seen
    _door(page, "101").focus()
    for key, number in [
        ("ArrowDown", "102"),
        ("ArrowRight", "105"),
        ("ArrowRight", "108"),
        ("ArrowUp", "107"),
        ("ArrowLeft", "104"),
        ("ArrowLeft", "101"),
        # Past the edge is the bank before, and back.
        ("ArrowLeft", "3"),
        ("ArrowRight", "101"),
    ]:
        page.keyboard.press(key)
        expect(_door(page, number)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".story__number")).to_have_text("Door 101")
    page.keyboard.press("Escape")
    expect(page.locator(".story")).to_have_count(0)
    expect(_door(page, "101")).to_be_focused()


def test_a_change_in_the_database_is_seen_and_nothing_is_open_before_a_sensor_said_so(
    seen: tuple[Page, Estate, int],
) -> None:
    page, estate, _ = seen
    door = _door(page, "1")
    expect(door).to_have_class("door is-free")
    door.click()
    page.get_by_text("Open this door").click()
    page.locator("#reason-open").fill("Forgot the badge")
    page.get_by_role("button", name="Open", exact=True).click()
    progress = page.locator(".progress")
    expect(progress).to_contain_text("Waiting for the lock")
    # What is being written stays while the story looks again.
    page.get_by_text("Take out of service").first.click()
    reason = page.locator("#reason-service")
    reason.fill("Half a sent")
    Command.objects.update(status="actuated")
    expect(progress).to_contain_text("No sensor has said so yet")
    expect(reason).to_have_value("Half a sent")
    page.get_by_text("Take out of service").first.click()
    expect(door).to_have_class("door is-free is-selected")
    Command.objects.update(status="opened")
    Door.objects.filter(compartment=estate.doors[0]).update(state="open")
    expect(progress).to_contain_text("the sensor says so")
    expect(door).to_have_class("door is-free is-open is-left is-selected")
    Command.objects.update(status="closed")
    Door.objects.filter(compartment=estate.doors[0]).update(state="closed")
    expect(progress).to_contain_text("closed again")
    asked = Event.objects.filter(reason="Forgot the badge", action=Action.OPEN_REQUESTED)
    assert asked.count() == 1


def test_filter_search_and_list_find_a_door(seen: tuple[Page, Estate, int]) -> None:
    page, estate, _ = seen
    Compartment.objects.filter(pk=estate.doors[1].pk).update(service_status="out_of_service")
    chip = page.locator('.chip[data-state="out_of_service"]')
    expect(chip).to_contain_text("1")
    chip.click()
    expect(page.locator(".door:not(.is-quiet)")).to_have_count(1)
    page.get_by_role("button", name="Show all").click()
    expect(page.locator(".door.is-quiet")).to_have_count(0)
    page.get_by_role("button", name="List").click()
    expect(page.locator(".list tbody tr")).to_have_count(3 + COLUMNS * ROWS)
    expect(page.locator(".list tbody tr").nth(1)).to_contain_text("Out of service")
    page.get_by_role("button", name="Drawing").click()
    page.get_by_label("Door number").fill("109")
    page.keyboard.press("Enter")
    expect(page.locator(".story__number")).to_have_text("Door 109")


def test_a_lost_server_greys_the_doors_and_the_map_comes_back_by_itself(
    seen: tuple[Page, Estate, int],
) -> None:
    page, estate, port = seen
    estate.extra["server"].close()  # type: ignore[attr-defined]
    expect(page.locator("#map-banner")).to_contain_text("may be old", timeout=10_000)
    expect(_door(page, "1")).to_have_class("door is-offline")
    Compartment.objects.filter(pk=estate.doors[0].pk).update(service_status="out_of_service")
    with servers.serving(port=port):
        expect(_door(page, "1")).to_have_class("door is-out_of_service", timeout=20_000)
        expect(page.locator("#map-banner")).to_be_hidden()
