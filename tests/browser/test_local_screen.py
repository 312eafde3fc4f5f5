"""The screen in front of the lockers while the server is away, in a browser with its usual rules.

Everything between the browser and the simulated board is what ships: server, bridge process, pages.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, Playwright, expect, sync_playwright

from access.models import Person
from access.services import pins
from audit.actions import Action
from audit.models import Event
from kiosk.models import Scan
from lockers.models import Authority, Bank, Command, Controller, LockEvent
from occupancy.models import AloneUse, Assignment, Kept
from tests import servers
from tests.bridge.server_end import enrolled
from tests.bridge_lines import bridge_identity
from tests.browser import looks
from tests.browser.kiosk_screen import LYING, UPRIGHT, at_step, fits, press, tap, type_on_pad
from tests.factories.cast import AMIRA_BADGE, BEN_BADGE, SETUP, TERMINAL_TOKEN, Estate
from tests.kiosk.test_alone import Place
from tests.servers import until

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
# Short enough to be waited for; the marks of the server count for three seconds of it.
LEASE_S = 6
BEN_PIN = "482916"
BEN_NUMBER = "1002"


class Bank_(Place):
    """A bank whose screen is the bridge's own, and a server that comes and goes."""

    def __init__(self, state: Path) -> None:
        self.state, self.port, self.screen = state, servers.free_port(), servers.free_port()
        self.at = timezone.now()
        self.estate = Estate.build(at=self.at)
        Controller.objects.update(
            driver="simulator",
            address="sim://screen/1",
            channels=8,
            profile={"closes_after_ms": 2500},
        )
        Bank.objects.update(works_alone=True)
        Person.objects.update(home_site=self.estate.site)
        pins.set_pin(person=self.estate.ben, pin=BEN_PIN, actor=SETUP, at=self.at)
        enrolled(state, bridge_identity(self.estate.bridge.pk))
        self.process: subprocess.Popen[bytes] | None = None
        self._serving: AbstractContextManager[str] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.screen}"

    def start_bridge(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "kiosk.bridge", "--server", f"http://127.0.0.1:{self.port}"]
            + ["--state", str(self.state), "--screen", f"127.0.0.1:{self.screen}"],
            cwd=servers.ROOT,
            stderr=subprocess.DEVNULL,
        )

    def start_server(self) -> None:
        self._serving = servers.serving(port=self.port)
        self._serving.__enter__()

    def end_server(self) -> None:
        if self._serving is not None:
            self._serving.__exit__(None, None, None)
        self._serving = None

    def learnt(self) -> None:
        """Wait until the bridge has all that it needs to go on alone."""
        until(lambda: "place:offer:" in "".join(self.kept()))
        until(lambda: Authority.objects.exists())

    def stop(self) -> None:
        self.end_server()
        self.end_bridge()


@pytest.fixture
def place(
    transactional_db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Bank_]:
    monkeypatch.setenv("LOCKWRIGHT_BRIDGE_LEASE", str(LEASE_S))
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    place = Bank_(tmp_path)
    try:
        place.start_server()
        place.start_bridge()
        place.learnt()
        yield place
    finally:
        place.stop()


@pytest.fixture
def playwright(place: Bank_) -> Iterator[Playwright]:
    with sync_playwright() as started:
        yield started


def chromium(playwright: Playwright, *more: str) -> Browser:
    """Start a browser that keeps its rules about local networks."""
    return playwright.chromium.launch(
        executable_path="/usr/bin/chromium",
        args=["--no-sandbox", "--enable-features=LocalNetworkAccessChecks", *more],
    )


@pytest.fixture
def browser(playwright: Playwright) -> Iterator[Browser]:
    browser = chromium(playwright)
    yield browser
    browser.close()


@pytest.fixture
def page(place: Bank_, browser: Browser) -> Iterator[Page]:
    """The server's kiosk, by way of the bridge; asks nobody but the bridge for anything."""
    context = browser.new_context(viewport={"width": UPRIGHT[0], "height": UPRIGHT[1]})
    context.add_cookies([{"name": "terminal", "value": TERMINAL_TOKEN, "url": place.url}])
    page = context.new_page()
    page.set_default_timeout(15_000)
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda said: wrong.append(said.text) if "Security" in said.text else None)
    page.on(
        "request",
        lambda asked: (
            None
            if asked.url.startswith((place.url, place.url.replace("http", "ws"), "data:"))
            else wrong.append(asked.url)
        ),
    )
    page.goto(f"{place.url}/kiosk/")
    expect(page.locator("body")).to_have_attribute("data-tie", "up", timeout=15_000)
    yield page
    context.close()
    assert wrong == []


def at_alone(page: Page) -> None:
    """Wait for the bridge's own page."""
    page.wait_for_url(re.compile("/alone/$"))
    at_step(page, "start")


def may_give(page: Page) -> None:
    """Wait on the first page until the bridge gives out the doors."""
    expect(page.locator('section[data-step="start"] [data-gives]')).to_be_hidden(timeout=30_000)


def test_a_day_at_the_screen_the_server_goes_and_comes(place: Bank_, page: Page) -> None:
    # Amira has a door of the server's.
    tap(page, AMIRA_BADGE)
    at_step(page, "choose")
    press(page, "Any")
    expect(at_step(page, "door").locator("[data-live]")).to_contain_text("is open. Close")
    at_step(page, "yours")
    claim = Assignment.objects.get(closed_at=None)
    until(lambda: Kept.objects.filter(claim_id=claim.pk).exists())
    press(page, "Done")

    place.end_server()
    at_alone(page)
    looks.look(page, "alone-start")
    # Her door opens before anybody may give doors here.
    tap(page, AMIRA_BADGE)
    yours = at_step(page, "yours")
    expect(yours.locator("[data-number]")).to_have_text(claim.compartment.number)
    expect(page.get_by_role("button", name="Finish")).to_be_disabled()
    expect(yours.locator("[data-gives]")).to_contain_text(re.compile(r"finish here in \d+ second"))
    looks.look(page, "alone-yours-not-yet")
    press(page, "Open")
    expect(page.locator("#live")).to_contain_text("is open. Close")
    looks.look(page, "alone-door-open")
    expect(page.locator("#live")).to_contain_text("is closed")
    looks.look(page, "alone-door-closed")
    press(page, "Done")

    at_step(page, "start")
    may_give(page)
    # Ben gets one, and gives it back.
    tap(page, BEN_BADGE)
    at_step(page, "free")
    looks.look(page, "alone-free")
    press(page, "Get a locker")
    at_step(page, "door")
    expect(page.locator("#live")).to_contain_text("is open. Close")
    expect(page.locator("#live")).to_contain_text("is closed")
    tap(page, BEN_BADGE)
    at_step(page, "yours")
    looks.look(page, "alone-yours")
    press(page, "Finish")
    at_step(page, "finish")
    looks.look(page, "alone-finish")
    press(page, "It is empty")
    expect(at_step(page, "finished")).to_contain_text("is not yours any more")
    looks.look(page, "alone-finished")
    press(page, "Done")
    tap(page, BEN_BADGE)
    at_step(page, "free")
    press(page, "Get a locker")
    expect(page.locator("#live")).to_contain_text("is open. Close")

    # In the middle of it the server is back: what was said stays, and then its page comes.
    place.start_server()
    expect(page.locator("#banner")).to_contain_text("The connection is back", timeout=30_000)
    assert page.url.endswith("/alone/")
    expect(page.locator("#live")).to_be_visible()
    looks.look(page, "alone-back")
    page.wait_for_url(re.compile("/kiosk/$"), timeout=30_000)
    expect(page.locator("body")).to_have_attribute("data-tie", "up", timeout=15_000)
    until(lambda: AloneUse.objects.count() == 2)
    until(lambda: LockEvent.objects.filter(kind="finished_alone").exists())
    assert {one.breach for one in AloneUse.objects.all()} == {""}
    open_now = Assignment.objects.filter(closed_at=None)
    assert {one.holder for one in open_now} == {place.estate.amira, place.estate.ben}
    assert Assignment.objects.filter(holder=place.estate.ben).count() == 2
    tap(page, BEN_BADGE)
    at_step(page, "yours")
    assert Scan.objects.filter(person=place.estate.ben).exists()


def test_a_number_and_its_pin_and_slower_after_wrong_ones(place: Bank_, page: Page) -> None:
    place.end_server()
    at_alone(page)
    may_give(page)
    press(page, "Use number and PIN")
    at_step(page, "number")
    looks.look(page, "alone-number")
    type_on_pad(page, BEN_NUMBER)
    pin = at_step(page, "pin")
    for _wrong in range(4):
        type_on_pad(page, "111222")
        expect(pin.get_by_role("alert")).to_contain_text("do not match")
        expect(pin.locator("[data-pad-echo]")).to_be_empty()
    type_on_pad(page, "111222")
    expect(pin.get_by_role("alert")).to_contain_text(re.compile(r"again in \d\d seconds"))
    expect(page.get_by_role("button", name="OK", exact=True)).to_be_disabled()
    looks.look(page, "alone-pin-wait")
    assert BEN_NUMBER not in page.url
    press(page, "Cancel")
    at_step(page, "start")
    # The server counts them too, against the same person.
    place.start_server()
    guessed = Event.objects.filter(action=Action.PIN_WRONG, person_id=place.estate.ben.pk)
    until(lambda: guessed.count() == 5)
    refused = Event.objects.filter(action=Action.REFUSED, data__by="bridge")
    until(lambda: refused.filter(data__code="wrong_pin").count() == 5)


def test_a_number_and_its_pin_get_a_door(place: Bank_, page: Page) -> None:
    place.end_server()
    at_alone(page)
    may_give(page)
    press(page, "Use number and PIN")
    type_on_pad(page, BEN_NUMBER)
    type_on_pad(page, BEN_PIN)
    at_step(page, "free")
    press(page, "Get a locker")
    expect(page.locator("#live")).to_contain_text("is open. Close")
    place.start_server()
    until(lambda: AloneUse.objects.filter(person=place.estate.ben).exists())
    until(lambda: Command.objects.filter(purpose="alone", status__in=["opened", "closed"]).exists())


def test_by_keys_alone_and_told_to_who_does_not_see(place: Bank_, page: Page) -> None:
    place.end_server()
    at_alone(page)
    may_give(page)
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Use number and PIN")).to_be_focused()
    tap(page, BEN_BADGE)
    at_step(page, "free")
    expect(page.get_by_role("heading", name="You have no locker here.")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    live = page.get_by_role("status").filter(has_text="is open. Close")
    expect(live).to_have_attribute("aria-live", "assertive")
    expect(page.get_by_role("heading", name=re.compile("^Door "))).to_be_focused()
    tap(page, "0000000000")
    expect(page.get_by_role("alert").filter(has_text="Nobody here has this badge")).to_be_visible()
    looks.look(page, "alone-refused")


def test_every_screen_can_be_read_and_touched(place: Bank_, page: Page) -> None:
    place.end_server()
    at_alone(page)
    fits(page, "start, not giving yet")
    tap(page, BEN_BADGE)
    at_step(page, "free")
    fits(page, "free, not giving yet")
    press(page, "Cancel")
    press(page, "Use number and PIN")
    fits(page, "number")
    type_on_pad(page, BEN_NUMBER)
    type_on_pad(page, "111222")
    expect(page.get_by_role("alert").filter(has_text="do not match")).to_be_visible()
    fits(page, "pin")
    type_on_pad(page, "7")
    expect(page.get_by_role("alert").filter(has_text="do not match")).to_be_visible()
    press(page, "Cancel")
    may_give(page)
    fits(page, "start")
    page.set_viewport_size({"width": LYING[0], "height": LYING[1]})
    looks.look(page, "alone-start-lying")
    tap(page, BEN_BADGE)
    press(page, "Get a locker")
    expect(page.locator("#live")).to_contain_text("is closed")
    fits(page, "door")
    looks.look(page, "alone-door-lying")
    tap(page, BEN_BADGE)
    at_step(page, "yours")
    fits(page, "yours")
    looks.look(page, "alone-yours-lying")
    press(page, "Finish")
    fits(page, "finish")
    looks.look(page, "alone-finish-lying")
    press(page, "It is empty")
    fits(page, "finished")
    tap(page, "0000000000")
    at_step(page, "refused")
    fits(page, "refused")
    press(page, "Done")
    press(page, "Use number and PIN")
    looks.look(page, "alone-number-lying")


def test_a_screen_that_nobody_touches_asks_and_clears(place: Bank_, page: Page) -> None:
    place.end_server()
    at_alone(page)
    page.clock.install()
    page.reload()
    at_step(page, "start")
    tap(page, BEN_BADGE)
    at_step(page, "free")
    page.clock.run_for(31_000)
    expect(page.locator("#still")).to_be_visible()
    looks.look(page, "alone-still")
    press(page, "More time")
    expect(page.locator("#still")).to_be_hidden()
    page.clock.run_for(46_000)
    at_step(page, "start")


def test_what_was_said_when_the_server_went_is_said_again(place: Bank_, page: Page) -> None:
    tap(page, AMIRA_BADGE)
    at_step(page, "choose")
    press(page, "Any")
    expect(at_step(page, "door").locator("[data-live]")).to_contain_text("is open. Close")
    until(lambda: "place:grant:" in "".join(place.kept()))
    place.end_server()
    page.wait_for_url(re.compile("/alone/$"))
    expect(page.locator("#told")).to_contain_text("The connection was lost")
    fits(page, "what was said before")
    looks.look(page, "alone-told")
    tap(page, AMIRA_BADGE)
    at_step(page, "yours")


def test_a_request_that_was_lost_says_so_and_the_badge_shows_what_is_so(
    place: Bank_, page: Page
) -> None:
    tap(page, BEN_BADGE)
    at_step(page, "choose")
    place.end_server()
    if page.url.endswith("/kiosk/"):
        page.evaluate("document.querySelector('[data-do=any]').click()")
    page.wait_for_url(re.compile("/alone/$"))
    expect(page.locator("#told")).to_contain_text("The connection was lost")
    tap(page, BEN_BADGE)
    at_step(page, "free")


def test_the_rules_about_local_networks_are_on(place: Bank_, playwright: Playwright) -> None:
    """Shown by a page that counts as from far away: it reaches nothing here."""
    far = servers.free_port()
    reach = f"fetch('{place.url}/bridge/status', {{mode: 'no-cors'}}).then(() => 1, () => 0)"
    reached = []
    with servers.serving(port=far) as url:
        for space in ("public", "loopback"):
            browser = chromium(playwright, f"--ip-address-space-overrides=127.0.0.1:{far}={space}")
            (outside := browser.new_page()).goto(f"{url}/healthz/")
            reached.append(outside.evaluate(reach))
            browser.close()
    assert reached == [0, 1]
