"""The map at the sizes and in the colours that people have, and what it says of a change."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection
from django.utils import timezone
from playwright.sync_api import Browser, Locator, Page, Route, expect

from access.models import User
from audit.models import Event
from lockers.models import BridgePresence, Compartment, Door
from occupancy.models import Claim
from tests import factories
from tests.browser import looks
from tests.factories.cast import Estate

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

OpenMap = Callable[..., Page]
STATES = [
    "free", "reserved", "occupied", "overdue", "exception", "cleaning", "out_of_service", "offline",
]  # fmt: skip

# Everything that is read, against what it stands on: 4.5:1 for words, 3:1 for shapes. A door's
# number stands on its leaf, which may be hatched or dotted.
FAINT = (
    "() => {"
    + looks.CONTRAST
    + """
  const shown = (one) => one.checkVisibility({ visibilityProperty: true, opacityProperty: true })
    && !one.closest(".visually-hidden, [aria-hidden=true]");
  const faint = [...document.querySelectorAll("body *:not(svg *, script, option)")]
    .filter((one) => shown(one) && written(one) && isFaint(one))
    .map((one) => one.outerHTML.slice(0, 80));
  const style = (within, part) => getComputedStyle(within.querySelector(part));
  const look = (door, what, color, on, least) => {
    if (contrast(color, on) < least) faint.push(`${what} of ${door.getAttribute("aria-label")}`);
  };
  const line = (pattern, part) => getComputedStyle(document.querySelector(`#${pattern} .${part}`));
  for (const door of document.querySelectorAll(".door")) {
    const leaf = style(door, ".leaf");
    const grounds = [leaf.fill];
    if (door.matches(".is-out_of_service")) grounds.push(line("hatch", "hatch").stroke);
    for (const ground of grounds) {
      look(door, "number", style(door, ".number").fill, ground, 4.5);
      look(door, "glyph", style(door, ".glyph").color, ground, 3);
    }
    const carcass = style(door.parentNode, ".carcass").fill;
    const edge = Math.max(contrast(leaf.stroke, carcass), contrast(leaf.fill, carcass));
    if (edge < 3) faint.push(`edge of ${door.getAttribute("aria-label")}`);
  }
  return faint;
}"""
)


def _session(user: User) -> str:
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    return str(session.session_key)


@pytest.fixture
def open_map(chromium: Browser, server: str, estate: Estate) -> Iterator[OpenMap]:
    """Return what opens the live map of the site as Olga, who operates it."""
    contexts = []
    mistakes: list[str] = []

    def opened(size: tuple[int, int] = (1440, 900), **options: Any) -> Page:
        context = chromium.new_context(viewport={"width": size[0], "height": size[1]}, **options)
        contexts.append(context)
        name = settings.SESSION_COOKIE_NAME
        context.add_cookies([{"name": name, "value": _session(estate.olga), "url": server}])
        page = context.new_page()
        page.on("pageerror", lambda error: mistakes.append(str(error)))
        page.on("requestfailed", lambda one: mistakes.append(f"{one.url}: {one.failure}"))
        page.on("response", lambda one: one.status == 404 and mistakes.append(one.url))
        page.goto(f"{server}/map/{estate.site.pk}/")
        expect(page.locator("#map-live")).to_have_attribute("data-is", "live")
        return page

    yield opened
    for context in contexts:
        context.close()
    assert mistakes == []


def _door(page: Page, number: str) -> Locator:
    return page.locator(f'.door[aria-label^="Door {number},"]')


def _claim(estate: Estate, door: Compartment, **given: Any) -> Claim:
    hour = dt.timedelta(hours=1)
    now = timezone.now()
    told: dict[str, Any] = {
        "kind": "assignment",
        "holder": estate.amira,
        "policy": estate.policy,
        "starts_at": now - 2 * hour,
        "started_at": now - 2 * hour,
        "ends_at": now + hour,
    }
    return Claim.objects.create(compartment=door, **(told | given))


@pytest.fixture
def every_state(estate: Estate) -> dict[str, Compartment]:
    """Bring a door into each state that is shown; the last is at a bridge that is away."""
    free, reserved, occupied = estate.doors
    more = []
    for column in range(4, 8):
        number = str(column)
        more.append(
            factories.CompartmentFactory(
                bank=estate.bank, number=number, column=column, size=estate.small,
                controller=estate.controller, channel=column,
            )
        )  # fmt: skip
        factories.DoorFactory(compartment=more[-1], changed_at=timezone.now())
    overdue, exception, cleaning, out = more
    hour = dt.timedelta(hours=1)
    now = timezone.now()
    _claim(
        estate, reserved, kind="reservation",
        starts_at=now + hour / 2, started_at=None,
    )  # fmt: skip
    _claim(estate, occupied)
    _claim(estate, overdue, ends_at=now - hour, at_end="hold")
    Door.objects.filter(compartment=exception).update(state="open", is_forced=True)
    for door, status in ((cleaning, "needs_cleaning"), (out, "out_of_service")):
        Compartment.objects.filter(pk=door.pk).update(service_status=status)
    away = factories.BridgeFactory(site=estate.site, name="Bridge B")
    factories.BridgePresenceFactory(bridge=away, connection=None, last_seen_at=now - hour)
    board = factories.ControllerFactory(bridge=away, name="Board B")
    second = factories.BankFactory(site=estate.site, bridge=away, name="B", position=1)
    offline = factories.CompartmentFactory(
        bank=second, number="8", column=1, size=estate.small, controller=board, channel=0
    )
    doors = [free, reserved, occupied, overdue, exception, cleaning, out, offline]
    return dict(zip(STATES, doors, strict=True))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_state_is_told_by_a_word_and_a_shape_that_can_be_seen(
    open_map: OpenMap, every_state: dict[str, Compartment], scheme: str
) -> None:
    page = open_map(color_scheme=scheme)
    glyphs = set()
    for state, compartment in every_state.items():
        door = _door(page, compartment.number)
        expect(door).to_have_class(f"door is-{state}" + " is-open is-left" * (state == "exception"))
        word = page.locator(f'.chip[data-state="{state}"]').inner_text().rsplit(maxsplit=1)[0]
        assert word in str(door.get_attribute("aria-label"))
        door.hover()
        expect(page.locator("#map-tip")).to_contain_text(f"Door {compartment.number} {word}")
        glyphs.add(door.locator(".glyph").get_attribute("href"))
    assert len(glyphs) == len(STATES)
    page.get_by_role("button", name="Larger doors").click()
    expect(_door(page, "7").locator(".word")).to_have_text("Out ofservice")
    page.get_by_role("button", name="Larger doors").click()
    # Overdue, check, release: with the story beside it.
    _door(page, "4").click()
    page.locator("#act-release").click()
    page.mouse.move(0, 0)
    assert page.evaluate(FAINT) == []


def test_a_bank_that_is_away_has_no_count_of_free_doors(
    open_map: OpenMap, every_state: dict[str, Compartment]
) -> None:
    page = open_map()
    expect(page.locator(".bank__free")).to_have_text(["1 of 7 free", "Not known"])
    expect(page.locator(".nav__banks b")).to_have_text(["1 free", "Not known"])


@pytest.mark.parametrize("size", [(390, 844), (320, 640), (820, 1180), (1280, 800), (1920, 1080)])
def test_no_screen_scrolls_sideways_and_what_is_touched_is_large_enough(
    open_map: OpenMap, every_state: dict[str, Compartment], size: tuple[int, int]
) -> None:
    page = open_map(size)
    page.get_by_role("button", name="List").click()
    _fits(page, size)
    page.get_by_role("button", name="Drawing").click()
    _door(page, "4").click()
    panel = page.locator("#map-panel")
    expect(panel.locator(".story__number")).to_have_text("Door 4")
    page.locator("#act-release").click()
    _fits(page, size)
    sheet = panel.bounding_box()
    door = _door(page, "4").bounding_box()
    assert sheet is not None and door is not None
    if size[0] < 640:
        # A sheet at the lower edge, and the door it is about above it.
        assert (sheet["x"], sheet["y"] + sheet["height"]) == (0, size[1])
        assert door["y"] + 20 < sheet["y"]
    panel.get_by_role("button", name="Close").click()
    expect(page.locator(".story")).to_have_count(0)


def _fits(page: Page, size: tuple[int, int]) -> None:
    page.wait_for_function("document.fonts.status === 'loaded'")
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= size[0], f"{wide} px on a screen of {size[0]} px"
    if size[0] >= 640:
        return
    small = page.evaluate(
        """() => [...document.querySelectorAll("button, select, summary, a[href], input")]
          .filter((one) => one.checkVisibility() && !one.matches(".skip, [type=hidden]"))
          .map((one) => [one.outerHTML.slice(0, 80), one.getBoundingClientRect()])
          .filter(([, box]) => box.height < 47.5 || box.width < 47.5).map(([words]) => words)"""
    )
    assert small == []


def test_two_browsers_see_a_change_made_by_plain_sql_and_only_that_door_is_redrawn(
    open_map: OpenMap, estate: Estate
) -> None:
    pages = [open_map(), open_map((390, 844), color_scheme="dark")]
    for page in pages:
        page.evaluate(
            """() => {
              window.touched = new Set();
              new MutationObserver((records) => {
                for (const { target } of records) {
                  const door = target.parentNode && (target.closest ?? target.parentNode.closest)
                    .call(target.closest ? target : target.parentNode, ".door");
                  if (door) window.touched.add(door.dataset.door);
                }
              }).observe(document.getElementById("map-drawing"),
                { subtree: true, childList: true, attributes: true, characterData: true });
            }"""
        )
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE lockers_compartment SET service_status = 'out_of_service' WHERE number = '2'"
        )
    for page in pages:
        expect(_door(page, "2")).to_have_class("door is-out_of_service")
        expect(page.locator('.chip[data-state="out_of_service"] .chip__count')).to_have_text("1")
        assert page.evaluate("[...window.touched]") == [str(estate.doors[1].pk)]
        # Said once, a little later, and politely.
        spoken = page.locator("#map-announce")
        expect(spoken).to_have_attribute("aria-live", "polite")
        expect(spoken).to_have_text("Door 2: Out of service. 2 of 3 free.", timeout=10_000)


def test_the_keyboard_alone_takes_a_door_back_and_hears_that_it_did(
    open_map: OpenMap, estate: Estate
) -> None:
    _claim(estate, estate.doors[0])
    page = open_map()
    door = _door(page, "1")
    door.focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#map-tip")).to_contain_text("Door 2 Free")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Enter")
    expect(page.locator("#map-story")).to_be_focused()
    expect(page.locator(".facts")).to_contain_text("Amira")
    # Close, inspect, open with a second adult, release: the actions are the next stops.
    for _ in range(4):
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type("Left the company")
    page.keyboard.press("Enter")
    outcome = "Released. The holder cannot open it any more."
    reply = page.locator(".story [data-code]")
    expect(reply).to_have_text(outcome)
    expect(page.locator("#map-announce")).to_contain_text(outcome)
    expect(door).to_have_class("door is-free is-selected")
    expect(page.locator(".trail__words").first).to_contain_text("eleased")
    # The push that follows renews the story, and the outcome is still there.
    expect(page.locator(".facts")).to_contain_text("Nobody has it")
    expect(reply).to_have_text(outcome)
    expect(page.locator("#map-story")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator(".story")).to_have_count(0)
    expect(door).to_be_focused()


def test_a_form_is_alive_as_soon_as_it_is_seen(open_map: OpenMap, estate: Estate) -> None:
    _claim(estate, estate.doors[0])
    page = open_map()
    # On a busy machine the keys arrive before any timer does: here none ever does.
    page.clock.install()
    page.clock.pause_at(timezone.now() + dt.timedelta(hours=1))
    _door(page, "1").click()
    release = page.locator("details", has=page.locator("#act-release"))
    release.locator("summary").click()
    release.get_by_label("Reason").fill("Left the company")
    page.keyboard.press("Enter")
    outcome = "Released. The holder cannot open it any more."
    expect(page.locator(".story [data-code]")).to_have_text(outcome)


def test_what_is_being_written_outlives_an_answer_that_was_under_way(
    open_map: OpenMap, estate: Estate
) -> None:
    page = open_map()
    held: list[Route] = []
    _door(page, "1").click()
    expect(page.locator(".facts")).to_contain_text("Nobody has it")
    page.route(f"**/map/doors/{estate.doors[0].pk}/", lambda one: held.append(one))
    with page.expect_request(f"**/map/doors/{estate.doors[0].pk}/"):
        _claim(estate, estate.doors[0])
    page.locator("#act-service").click()
    reason = page.get_by_label("Reason").last
    reason.fill("The hinge is")
    with page.expect_response(f"**/map/doors/{estate.doors[0].pk}/"):
        held.pop().continue_()
    reason.press_sequentially(" bent")
    expect(reason).to_have_value("The hinge is bent")
    page.unroute_all()
    # Folded again, the story says what has happened meanwhile.
    page.locator("#act-service").click()
    expect(page.locator(".facts")).to_contain_text("Amira")


def test_what_cannot_be_done_is_said_in_words(open_map: OpenMap, estate: Estate) -> None:
    page = open_map()
    _door(page, "1").click()
    BridgePresence.objects.update(connection=None)
    expect(_door(page, "1")).to_have_class("door is-offline is-selected")
    page.get_by_text("Open this door").click()
    page.locator("#reason-open").fill("Forgot the badge")
    page.get_by_role("button", name="Open", exact=True).click()
    reply = page.locator(".story [data-code]")
    expect(reply).to_have_class("note note--warn")
    expect(reply).to_contain_text("cannot be reached")
    page.get_by_text("Take out of service").first.click()
    page.locator("#reason-service").fill("Hinge is loose")
    page.get_by_role("button", name="Take out of service").click()
    expect(reply).to_have_text("Out of service: nobody is given this door now.")
    expect(_door(page, "1")).to_have_class("door is-out_of_service is-selected")
    assert Event.objects.filter(reason="Hinge is loose").count() == 1


def test_the_list_says_what_the_drawing_says_and_follows_it(
    open_map: OpenMap, every_state: dict[str, Compartment]
) -> None:
    page = open_map()
    expect(page.locator(".list")).to_have_count(0)
    page.get_by_role("button", name="List").click()
    rows = page.locator(".list tbody tr")
    said = [row.replace("\t", " ") for row in rows.all_inner_texts()]
    assert len(said) == len(STATES)
    assert "opened and nobody asked" in said[4] and "Check" in said[4] and "open" in said[4]
    Door.objects.filter(compartment=every_state["free"]).update(state="open")
    expect(rows.first).to_contain_text("open")
    page.locator('.chip[data-state="overdue"]').click()
    expect(page.locator(".list tbody tr:visible")).to_have_count(1)
    expect(page.locator("#map-announce")).to_have_text("1 door matches.")
    page.get_by_role("button", name="Door 4").press("Enter")
    expect(page.locator(".story__number")).to_have_text("Door 4")
    page.keyboard.press("Escape")
    expect(
        page.get_by_role("button", name="Door 4").and_(page.locator(".list__door"))
    ).to_be_focused()
