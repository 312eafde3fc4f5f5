"""An enrolled kiosk in a real browser, against the real server process."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect, sync_playwright

from lockers.models import BridgePresence
from tests import servers
from tests.browser.kiosk_screen import UPRIGHT
from tests.factories.cast import TERMINAL_TOKEN, Estate

OpenKiosk = Callable[..., Page]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Return one browser for the tests of a module; every test has its own context."""
    # Playwright's own loop runs in this thread; the database is still used from it alone.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium",
            args=["--no-sandbox", "--disable-background-networking"],
        )
        yield browser
        browser.close()
    os.environ.pop("DJANGO_ALLOW_ASYNC_UNSAFE")


@pytest.fixture
def estate(chromium: Browser, transactional_db: None) -> Estate:
    """Return the cast's estate; its bridge counts as heard, however long a test takes."""
    estate = Estate.build(at=timezone.now())
    BridgePresence.objects.update(last_seen_at=timezone.now().replace(year=2100))
    return estate


@pytest.fixture
def server(estate: Estate) -> Iterator[str]:
    """Run the shipped ASGI server on the test database and return its address."""
    with servers.serving() as url:
        yield url


@pytest.fixture
def open_kiosk(chromium: Browser, server: str) -> Iterator[OpenKiosk]:
    """Return what opens a live kiosk of some size, its clock at hand, with further options."""
    contexts = []
    errors: list[str] = []

    def opened(size: tuple[int, int] = UPRIGHT, **options: Any) -> Page:
        context = chromium.new_context(viewport={"width": size[0], "height": size[1]}, **options)
        contexts.append(context)
        context.add_cookies([{"name": "terminal", "value": TERMINAL_TOKEN, "url": server}])
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.clock.install()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(f"{server}/kiosk/")
        expect(page.locator("body")).to_have_attribute("data-tie", "up", timeout=15_000)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert errors == []


@pytest.fixture
def page(open_kiosk: OpenKiosk) -> Page:
    """Return a live kiosk on a standing screen."""
    return open_kiosk()
