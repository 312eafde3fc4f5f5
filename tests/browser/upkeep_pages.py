"""What the tests of the technician's pages share: a logged-in phone, and looks at the page."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, Page

from access.models import User
from tests.browser import looks

PHONE, SMALL, DESK = (390, 844), (320, 640), (1280, 800)
SMALLEST = 48
OpenPage = Callable[..., Page]

# What can be pressed, with its box; what is inside another target is pressed with it.
_TARGETS = """() =>
  [...document.querySelectorAll("main :is(button, a, summary, input, textarea)")]
  .filter((one) => one.checkVisibility() && one.type !== "hidden")
  .filter((one) => getComputedStyle(one).clipPath === "none")
  .map((one) => [one.outerHTML.slice(0, 90), one.getBoundingClientRect().height])"""
_UNNAMED = """() => [...document.querySelectorAll("input:not([type=hidden]), select, textarea")]
  .filter((one) => !one.labels?.length && !one.ariaLabel).map((one) => one.outerHTML)"""


@contextmanager
def opening(chromium: Browser, server: str) -> Iterator[OpenPage]:
    """Give what opens a page at some size, as somebody or nobody."""
    contexts, errors = [], []

    def opened(
        path: str, user: User | None = None, size: tuple[int, int] = PHONE, **options: Any
    ) -> Page:
        context = chromium.new_context(viewport={"width": size[0], "height": size[1]}, **options)
        contexts.append(context)
        if user is not None:
            client = Client()
            client.force_login(user)
            name = settings.SESSION_COOKIE_NAME
            cookie = client.cookies[name].value
            context.add_cookies([{"name": name, "value": cookie, "url": server}])
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(server + path)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert errors == []


def looks_well(page: Page, name: str) -> None:
    """See that a page fits its width, is large enough to press, named and told from its ground."""
    assert page.viewport_size is not None
    was = page.viewport_size
    for width, height in (PHONE, SMALL, DESK):
        page.set_viewport_size({"width": width, "height": height})
        assert page.evaluate("document.documentElement.scrollWidth") <= width, (name, width)
        looks.look(page, f"upkeep-{name}-{width}")
    page.set_viewport_size(was)
    for scheme in ("dark", "light"):
        page.emulate_media(color_scheme=scheme)
        assert page.evaluate(looks.FAINT_WORDS) == [], (name, scheme)
        if scheme == "dark":
            looks.look(page, f"upkeep-{name}-dark")
    small = [what for what, height in page.evaluate(_TARGETS) if height < SMALLEST - 0.5]
    assert small == [], name
    assert page.evaluate(_UNNAMED) == [], name
