"""A person's own phone: from the letter to the finished door, also without scripts or a line."""

from __future__ import annotations

import datetime as dt
import io
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import zxingcpp
from django.conf import settings
from django.core import mail
from django.urls import reverse
from django.utils import timezone
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, expect

from access.models import Person
from kiosk import jobs
from kiosk.choices import SignedInBy
from kiosk.services.me import sessions
from occupancy.models import Assignment, Policy, Series
from tests.browser import looks
from tests.browser.clocks import Clock
from tests.browser.kiosk_screen import PlayedBridge, press
from tests.factories.cast import Estate

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

AMIRA = "amira@northwind.example"
PHONE = (390, 844)
OpenPhone = Callable[..., Page]


@pytest.fixture(autouse=True)
def rules(stopped_clock: Clock, estate: Estate) -> None:
    """Stop the clock first: no shift passes while somebody looks."""
    Person.objects.filter(pk=estate.amira.pk).update(email=AMIRA)
    estate.amira.refresh_from_db()
    Policy.objects.update(
        opens_by_phone=True, renewals=1, model="shift", shifts=[dt.time(0), dt.time(12)]
    )


@pytest.fixture
def open_phone(chromium: Browser, server: str, estate: Estate) -> Iterator[OpenPhone]:
    """Return what opens a phone of some size, signed in or not."""
    contexts: list[BrowserContext] = []
    errors: list[str] = []

    def opened(size: tuple[int, int] = PHONE, *, signed_in: bool = True, **options: Any) -> Page:
        context = chromium.new_context(viewport={"width": size[0], "height": size[1]}, **options)
        contexts.append(context)
        if signed_in:
            token = sessions.open_for(
                person=estate.amira, by=SignedInBy.LINK, at=timezone.now(), address=AMIRA
            )
            context.add_cookies([{"name": "phone", "value": token, "url": f"{server}/me/"}])
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("pageerror", lambda error: errors.append(str(error)))
        return page

    yield opened
    for context in contexts:
        context.close()
    assert errors == []


def label(server: str, estate: Estate) -> str:
    return server + reverse("me-at", args=[sessions.label_of(estate.bank)])


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_from_the_letter_to_the_finished_door(
    open_phone: OpenPhone, server: str, estate: Estate, scripts: bool
) -> None:
    page = open_phone(signed_in=False, java_script_enabled=scripts)
    page.goto(f"{server}/me/")
    page.get_by_label("Your e-mail address").fill(AMIRA)
    press(page, "Send me a link")
    expect(page.get_by_role("heading", level=1)).to_have_text("Look into your e-mail")
    # The server's process only wrote it down; the job's turn is here.
    jobs.send_sign_ins()
    link = re.search(r"/me/in/\S+", str(mail.outbox[-1].body))
    assert link is not None
    page.goto(server + link.group())
    press(page, "Go on")
    expect(page.get_by_text("You have no locker now.")).to_be_visible()
    page.get_by_role("link", name="Get one").last.click()
    page.get_by_role("link", name=re.compile("Bank A")).click()
    expect(page.get_by_role("heading", name="Best for you: door 1")).to_be_visible()
    press(page, "Take it now")
    expect(page.get_by_text("The door is closed.")).to_be_visible()
    expect(page.get_by_role("button", name="Open door 1")).to_have_count(0)
    page.goto(label(server, estate))
    press(page, "Open door 1")
    expect(page.get_by_text("The door is opening.")).to_be_visible()
    PlayedBridge(estate).report("command_opened")
    if not scripts:
        page.reload()
    expect(page.get_by_text("The door is open. Close it when you are done.")).to_be_visible()
    PlayedBridge(estate).report("command_closed")
    if not scripts:
        page.reload()
    expect(page.get_by_text("The door is closed.")).to_be_visible()
    press(page, "Keep it longer")
    expect(page.get_by_text("stays yours until")).to_be_visible()
    page.get_by_text("Finish with this door").click()
    press(page, "Yes, finish")
    expect(page.get_by_text("You finished with door 1.")).to_be_visible()
    press(page, "Undo")
    expect(page.get_by_text("is yours again")).to_be_visible()
    page.get_by_text("Finish with this door").click()
    press(page, "Yes, finish")
    expect(page.get_by_text("You have no locker now.")).to_be_visible()
    assert Assignment.objects.get().closed_at is not None


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [PHONE, (320, 640), (1280, 800)])
def test_every_page_fits_and_every_key_can_be_pressed(
    open_phone: OpenPhone, server: str, estate: Estate, size: tuple[int, int], scheme: str
) -> None:
    Policy.objects.update(limit_per_person=2, books_ahead=dt.timedelta(days=7))
    page = open_phone(size, color_scheme=scheme)
    page.goto(f"{server}/me/get/?bank={estate.bank.pk}")
    press(page, "Take it now")
    expect(page.get_by_text("The door is closed.")).to_be_visible()
    claim = Assignment.objects.get()
    page.goto(f"{server}/me/book/")
    tomorrow = timezone.localdate() + dt.timedelta(days=1)
    page.get_by_label("How often").select_option("Every day")
    page.get_by_label("Last day").fill((tomorrow + dt.timedelta(days=2)).isoformat())
    press(page, "Book")
    expect(page.get_by_role("heading", name="The next times")).to_be_visible()
    label_path = reverse("me-at", args=[sessions.label_of(estate.bank)]).removeprefix("/me/")
    pages = ["", "get/", f"get/?bank={estate.bank.pk}", f"door/{claim.pk}/", "book/", "pass/",
             "more/", "history/", f"door/{claim.pk}/problem/", "away/", "get/?near=nowhere",
             f"series/{Series.objects.get().pk}/", label_path]  # fmt: skip
    for path in pages:
        answer = page.goto(f"{server}/me/{path}")
        assert answer is not None and answer.ok, path
        for closed in page.locator("summary").all():
            closed.click()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
        assert page.evaluate(looks.FAINT_WORDS) == [], path
        for key in page.locator("button:visible, a:visible:not(.skip)").all():
            box = key.bounding_box()
            assert box is not None
            assert box["height"] >= 44, (path, key.inner_text(), box)
        # Each field and key has a name.
        unnamed = page.locator("input:visible, select:visible, textarea:visible").evaluate_all(
            "all => all.filter((one) => !one.labels?.length).map((one) => one.outerHTML)"
        )
        assert unnamed == [], path


def test_a_cut_line_shows_what_was_read_last_and_says_so(
    open_phone: OpenPhone, server: str, estate: Estate
) -> None:
    page = open_phone()
    page.goto(f"{server}/me/get/?bank={estate.bank.pk}")
    press(page, "Take it now")
    expect(page.get_by_text("The door is closed.")).to_be_visible()
    page.goto(f"{server}/me/")
    page.evaluate("navigator.serviceWorker.ready.then(() => null)")
    page.wait_for_function("navigator.serviceWorker.controller !== null")
    page.reload()
    number = page.locator(".locker__number")
    expect(number).to_have_text("1")
    expect(page.get_by_text("This is how it was on")).to_be_hidden()
    page.context.set_offline(True)
    page.reload()
    expect(number).to_have_text("1")
    expect(page.get_by_text("This is how it was on")).to_be_visible()
    page.goto(f"{server}/me/history/")
    expect(page.get_by_role("heading", level=1)).to_have_text("No connection")
    page.context.set_offline(False)
    page.goto(f"{server}/me/more/")
    page.get_by_role("button", name="Sign out", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your lockers, on your phone")
    page.wait_for_function("caches.has('me-read-1').then((has) => !has)")
    page.context.set_offline(True)
    page.goto(f"{server}/me/")
    expect(page.get_by_role("heading", level=1)).to_have_text("No connection")


def test_the_label_is_read_by_a_camera(open_phone: OpenPhone, server: str, estate: Estate) -> None:
    from django.test import Client

    staff = Client()
    staff.force_login(estate.max)
    answer = staff.get(reverse("bank-label-picture", args=[estate.bank.pk]))
    (seen,) = zxingcpp.read_barcodes(Image.open(io.BytesIO(answer.content)))
    assert seen.text.startswith(str(settings.PUBLIC_URL))
    page = open_phone()
    page.goto(server + seen.text.removeprefix(str(settings.PUBLIC_URL)))
    expect(page.get_by_role("heading", level=1)).to_have_text("You are at bank A")


def test_it_can_be_installed(open_phone: OpenPhone, server: str) -> None:
    page = open_phone()
    page.goto(f"{server}/me/")
    where = page.locator('link[rel="manifest"]').get_attribute("href")
    told = page.evaluate("(where) => fetch(where).then((answer) => answer.json())", where)
    assert told["display"] == "standalone"
    assert told["icons"] != []
    for icon in told["icons"]:
        assert page.request.get(server + icon["src"]).ok
