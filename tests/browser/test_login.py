"""Logging in, in a real browser: password, app, passkey, recovery code, limits, every page seen."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal import auth as totp
from django.core.cache import cache
from playwright.sync_api import Browser, BrowserContext, Page, expect

from audit.actions import Action
from audit.models import Event
from tests import servers
from tests.browser.looks import FAINT_WORDS
from tests.factories.cast import Estate

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PASSWORD = "correct horse"
PHONE = (390, 844)
DESK = (1280, 800)
# What can be pressed or typed into and shows nothing when the keyboard is on it.
UNSEEN_FOCUS = """() => [...document.querySelectorAll("a, button, input, textarea, select")]
  .filter((one) => one.checkVisibility() && one.type !== "hidden" && !one.disabled)
  .filter((one) => {
    one.focus({ focusVisible: true });
    const look = getComputedStyle(one);
    return look.outlineStyle === "none" || parseFloat(look.outlineWidth) < 2;
  }).map((one) => one.outerHTML.slice(0, 80))"""
SMALL_TARGETS = """() => [...document.querySelectorAll("header a, button, main .button")]
  .filter((one) => one.checkVisibility())
  .filter((one) => Math.min(one.offsetWidth, one.offsetHeight) < 44)
  .map((one) => one.outerHTML.slice(0, 80))"""

Open = Callable[..., Page]


@pytest.fixture(autouse=True)
def _no_attempts_yet(transactional_db: None) -> None:
    """Forget the attempts of other tests: the limits are counted in the database."""
    cache.clear()


@pytest.fixture
def server(own_server: str) -> str:
    """Return a server that has counted no log-in yet."""
    return own_server


@pytest.fixture
def at_localhost(server: str) -> str:
    """Return the server's name under which browsers allow passkeys without a certificate."""
    return server.replace("127.0.0.1", "localhost")


@pytest.fixture
def opened(chromium: Browser) -> Iterator[Open]:
    """Return what opens a page in a browser of its own."""
    contexts: list[BrowserContext] = []

    def open_page(size: tuple[int, int] = DESK, **options: Any) -> Page:
        context = chromium.new_context(viewport={"width": size[0], "height": size[1]}, **options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        return page

    yield open_page
    for context in contexts:
        context.close()


def with_authenticator(page: Page) -> str:
    """Give the browser a fingerprint reader that says yes, and return its number."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True,
        "hasUserVerification": True, "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }  # fmt: skip
    made = session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    number: str = made["authenticatorId"]
    return number


def log_in(page: Page, server: str, password: str = PASSWORD, to: str = "/account/2fa/") -> None:
    page.goto(f"{server}/account/login/?next={to}")
    page.get_by_label("User name or e-mail address").fill("olga")
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in", exact=True).click()


def log_out(page: Page) -> None:
    page.get_by_role("banner").get_by_role("button", name="Log out").click()
    expect(page.get_by_role("heading", name="Lockers, looked after.")).to_be_visible()


def prove_again(page: Page) -> None:
    expect(page.get_by_role("heading", name="Is it you?")).to_be_visible()
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_role("button", name="Go on").click()


def code_of(secret: str, steps: int = 0) -> str:
    counter = int(time.time()) // 30 + steps
    return str(totp.format_hotp_value(totp.hotp_value(secret, counter)))


def set_up_app(page: Page) -> str:
    page.get_by_role("link", name="Set up the app").click()
    if page.get_by_role("heading", name="Is it you?").is_visible():
        prove_again(page)
    secret = page.get_by_label("Secret").input_value()
    page.get_by_label("Code that the app shows").fill(code_of(secret))
    page.get_by_role("button", name="Set it up").click()
    expect(page.get_by_text("The app is set up.")).to_be_visible()
    return secret


def test_a_passkey_is_added_and_logs_in_alone(
    estate: Estate, at_localhost: str, opened: Open
) -> None:
    page = opened()
    with_authenticator(page)
    log_in(page, at_localhost)
    page.get_by_role("link", name="Add a passkey").click()
    prove_again(page)
    page.get_by_label("Name", exact=True).fill("My laptop")
    expect(page.get_by_label("Log in with it alone")).to_be_checked()
    page.get_by_role("button", name="Add it").click()
    expect(page.get_by_text("The passkey is added.")).to_be_visible()
    assert Authenticator.objects.get(type="webauthn").data["name"] == "My laptop"
    log_out(page)

    page.goto(f"{at_localhost}/account/login/?next=/account/2fa/webauthn/")
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("heading", name="Passkeys")).to_be_visible()
    expect(page.get_by_text("My laptop")).to_be_visible()
    expect(page.get_by_text("logs in alone")).to_be_visible()
    log_out(page)

    # It is the second step after the password, too.
    log_in(page, at_localhost)
    expect(page.get_by_role("heading", name="One more step")).to_be_visible()
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("heading", name="A second step to log in")).to_be_visible()
    told = Event.objects.filter(actor_id=str(estate.olga.pk)).order_by("pk")
    assert [event.action for event in told] == [
        Action.LOGGED_IN, Action.FACTOR_ADDED, Action.FACTOR_ADDED, Action.LOGGED_OUT,
        Action.LOGGED_IN, Action.LOGGED_OUT, Action.LOGGED_IN,
    ]  # fmt: skip


def test_a_device_without_the_passkey_says_so(
    estate: Estate, at_localhost: str, opened: Open
) -> None:
    page = opened()
    page.add_init_script(
        "navigator.credentials.get = () => Promise.reject(new DOMException('', 'NotAllowedError'))"
    )
    page.goto(f"{at_localhost}/account/login/")
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("alert")).to_contain_text("The passkey was not used")


def test_the_app_is_asked_for_and_a_recovery_code_stands_in(
    estate: Estate, server: str, opened: Open
) -> None:
    page = opened(PHONE)
    log_in(page, server)
    secret = set_up_app(page)
    log_out(page)

    log_in(page, server)
    expect(page.get_by_role("heading", name="One more step")).to_be_visible()
    code = page.get_by_label("Code", exact=True)
    code.fill("000000")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("alert").filter(has_text="not the code")).to_be_visible()
    expect(code).to_be_focused()
    # The code that set the app up is used up: the next one counts already.
    code.fill(code_of(secret, steps=1))
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", name="A second step to log in")).to_be_visible()
    log_out(page)

    spare = RecoveryCodes(
        Authenticator.objects.get(user=estate.olga, type="recovery_codes")
    ).get_unused_codes()[0]
    log_in(page, server)
    page.get_by_label("Code", exact=True).fill(spare)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_text("9 codes are left.")).to_be_visible()


def test_too_many_wrong_passwords_are_told_to_wait(
    estate: Estate, server: str, opened: Open
) -> None:
    page = opened()
    log_in(page, server, password="wrong")
    expect(page.get_by_role("alert")).to_contain_text("do not fit together")
    for _guess in range(5):
        log_in(page, server, password="wrong")
    log_in(page, server)
    expect(page.get_by_role("alert")).to_contain_text("Too many attempts. Wait five minutes")


def test_a_second_step_that_everybody_needs_is_set_up_first(
    estate: Estate, chromium: Browser, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(os.environ, "LOCKWRIGHT_REQUIRE_MFA", "1")
    monkeypatch.setitem(os.environ, "LOCKWRIGHT_LOGIN_BY_CODE", "0")
    with servers.serving() as strict:
        page = opened(PHONE)
        log_in(page, strict, to="/map/")
        expect(page.get_by_text("You have none yet.")).to_be_visible()
        page.goto(f"{strict}/admin/")
        expect(page.get_by_role("heading", name="A second step to log in")).to_be_visible()
        set_up_app(page)
        page.goto(f"{strict}/map/")
        expect(page.get_by_role("heading", name="Live map of Harbour House")).to_be_attached()
        log_out(page)
        page.goto(f"{strict}/account/login/")
        expect(page.get_by_role("button", name="Use a passkey")).to_be_visible()
        expect(page.get_by_role("link", name="Send me a code by e-mail")).to_have_count(0)


def test_a_session_on_another_device_is_ended_and_its_map_closes(
    estate: Estate, server: str, opened: Open
) -> None:
    office, phone = opened(), opened(PHONE)
    log_in(phone, server, to=f"/map/{estate.site.pk}/")
    expect(phone.locator("#map-live")).to_have_attribute("data-is", "live")
    own = phone.get_by_role("banner").get_by_role("link", name="Your log-in")
    expect(own).to_be_visible()
    if folder := os.environ.get("LOGIN_PICTURES"):
        phone.screenshot(path=f"{folder}/map.png")
    box = own.bounding_box()
    assert box is not None
    assert min(box["width"], box["height"]) >= 44
    assert phone.evaluate("document.documentElement.scrollWidth") <= PHONE[0]

    log_in(office, server, to="/account/sessions/")
    expect(office.get_by_text("this one")).to_have_count(1)
    office.get_by_role("button", name=re.compile("^Log out: ")).click()
    expect(office.get_by_role("status")).to_contain_text("That session is logged out.")
    expect(phone.locator("#map-live")).not_to_have_attribute("data-is", "live", timeout=2_000)
    phone.goto(f"{server}/map/")
    expect(phone.get_by_role("heading", name="Log in")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_every_page_fits_is_readable_and_works_by_keyboard(
    estate: Estate, at_localhost: str, opened: Open, size: tuple[int, int], scheme: str
) -> None:
    estate.olga.email = "olga@northwind.example"
    estate.olga.save()
    page = opened(size, color_scheme=scheme)
    with_authenticator(page)
    server = at_localhost
    for address in (
        "login/", "login/code/", "password/reset/", "password/reset/done/", "signup/", "inactive/",
        "confirm-email/", "password/reset/key/1-nothing/",
    ):  # fmt: skip
        page.goto(f"{server}/account/{address}")
        _looks_right(page, address, size)
    log_in(page, server, password="wrong")
    _looks_right(page, "login wrong", size)
    # By keyboard alone: name, password, Enter.
    page.goto(f"{server}/account/login/?next=/account/2fa/")
    page.get_by_label("User name or e-mail address").focus()
    page.keyboard.type("olga")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="A second step to log in")).to_be_visible()
    _looks_right(page, "2fa none", size)
    page.goto(f"{server}/account/2fa/webauthn/add/")
    _looks_right(page, "reauthenticate", size)
    prove_again(page)
    page.get_by_role("button", name="Add it").click()
    expect(page.get_by_text("The passkey is added.")).to_be_visible()
    number = Authenticator.objects.get(type="webauthn").pk
    for address in (
        "2fa/", "2fa/webauthn/", "2fa/webauthn/add/", f"2fa/webauthn/keys/{number}/edit/",
        f"2fa/webauthn/keys/{number}/remove/", "2fa/webauthn/reauthenticate/",
        "2fa/totp/activate/", "2fa/recovery-codes/", "2fa/recovery-codes/generate/", "sessions/",
        "password/change/", "email/", "logout/",
    ):  # fmt: skip
        page.goto(f"{server}/account/{address}")
        _looks_right(page, address, size)
    log_out(page)
    log_in(page, server)
    _looks_right(page, "2fa authenticate", size)


def _looks_right(page: Page, what: str, size: tuple[int, int]) -> None:
    if folder := os.environ.get("LOGIN_PICTURES"):
        name = re.sub(r"\W+", "_", what)
        scheme = page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
        page.screenshot(path=f"{folder}/{name}_{size[0]}_{'dark' if scheme else 'light'}.png",
                        full_page=True)  # fmt: skip
    expect(page.get_by_role("heading", level=1)).to_have_count(1)
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0], what
    assert page.evaluate(FAINT_WORDS) == [], what
    assert page.evaluate(SMALL_TARGETS) == [], what
    assert page.evaluate(UNSEEN_FOCUS) == [], what
