"""An enrolled kiosk in a real browser, against the real server process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from lockers.models import BridgePresence
from tests import servers
from tests.browser import shared
from tests.browser.clocks import Clock
from tests.browser.kiosk_screen import UPRIGHT
from tests.conftest import MORNING
from tests.factories.cast import TERMINAL_TOKEN, Estate

OpenKiosk = Callable[..., Page]

_shared = shared.Shared()


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """Keep what is shared only as long as the next test wants it."""
    wanted = set(getattr(nextitem, "fixturenames", ()))
    if "kiosk_url" in wanted:
        wanted.add("shared_server")
    _shared.keep(wanted)


@pytest.fixture
def chromium() -> Browser:
    """Return a browser that tests share one after the other; every test has its own context."""
    return _shared.get("chromium", shared.browsing)


@pytest.fixture
def shared_server(transactional_db: None) -> Iterator[shared.Server]:
    """Return a server that tests share one after the other.

    What its process remembers goes by numbers that no later test has again.
    """
    yield _shared.get("shared_server", shared.serving)
    shared.settle()


@pytest.fixture
def stopped_clock(shared_server: shared.Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[Clock]:
    """Stop the clock at nine on a Tuesday, here and at the shared server; ask for it first."""
    clock = Clock(shared_server.clock, MORNING)
    monkeypatch.setattr(timezone, "now", clock.told)
    yield clock
    clock.run()


@pytest.fixture
def estate(chromium: Browser, transactional_db: None) -> Estate:
    """Return the cast's estate; its bridge counts as heard, however long a test takes."""
    estate = Estate.build(at=timezone.now())
    BridgePresence.objects.update(last_seen_at=timezone.now().replace(year=2100))
    return estate


@pytest.fixture
def server(shared_server: shared.Server, estate: Estate) -> str:
    """Return the address of the shared server, with the estate in its database."""
    return shared_server.url


@pytest.fixture
def own_server(estate: Estate) -> Iterator[str]:
    """Run the shipped server for one test alone, which counts or remembers nothing of others."""
    with servers.serving() as url:
        yield url


@pytest.fixture
def kiosk_url(request: pytest.FixtureRequest, estate: Estate) -> str:
    """Return the address of a screen's server: the test's own, when it has one besides."""
    name = "own_server" if "own_server" in request.fixturenames else "server"
    return str(request.getfixturevalue(name))


@pytest.fixture
def open_kiosk(chromium: Browser, kiosk_url: str) -> Iterator[OpenKiosk]:
    """Return what opens a live kiosk of some size, its clock at hand, with further options."""
    contexts = []
    errors: list[str] = []

    def opened(size: tuple[int, int] = UPRIGHT, **options: Any) -> Page:
        context = chromium.new_context(viewport={"width": size[0], "height": size[1]}, **options)
        contexts.append(context)
        context.add_cookies([{"name": "terminal", "value": TERMINAL_TOKEN, "url": kiosk_url}])
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.clock.install()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(f"{kiosk_url}/kiosk/")
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
