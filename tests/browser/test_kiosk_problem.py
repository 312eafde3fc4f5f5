"""Something is wrong with a door, said at the kiosk: three touches, and nobody has to say who."""

from __future__ import annotations

import io
import re

import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import Browser, Page, WebSocketRoute, expect

from maintenance import door_labels
from maintenance.models import Ticket
from tests.browser import looks
from tests.browser.conftest import OpenKiosk
from tests.browser.kiosk_screen import (
    LYING,
    NARROW,
    UPRIGHT,
    at_step,
    fits,
    has_a_door,
    press,
    reflows,
    tap,
    widen,
)
from tests.factories.cast import TERMINAL_TOKEN, Estate

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
# Smaller than that, a door that is to be opened is confirmed first.
FINGERTIP = 72


def door(page: Page, number: str) -> None:
    """Touch a door on the drawing."""
    page.get_by_role("button", name=re.compile(f"^Door {number}, ")).click()


@pytest.mark.parametrize("size", [UPRIGHT, LYING], ids=lambda size: f"{size[0]}")
def test_three_touches_from_the_first_screen(
    open_kiosk: OpenKiosk, estate: Estate, size: tuple[int, int]
) -> None:
    page = open_kiosk(size)
    press(page, "Report a problem")
    at_step(page, "problem_door")
    looks.look(page, f"kiosk-problem-door-{size[0]}")
    fits(page, "problem_door")
    # Who has it or not: any door may be the one.
    door(page, "2")
    kinds = at_step(page, "problem")
    expect(kinds.get_by_role("heading")).to_have_text("What is wrong with door 2?")
    looks.look(page, f"kiosk-problem-{size[0]}")
    fits(page, "problem")
    press(page, "It does not close or lock")
    at_step(page, "problem_told")
    expect(page.locator("#problem_told")).to_contain_text("door 2")
    looks.look(page, f"kiosk-problem-told-{size[0]}")
    fits(page, "problem_told")
    ticket = Ticket.objects.get()
    assert (ticket.compartment, ticket.category, ticket.source) == (
        estate.doors[1], "wont_close", "kiosk",
    )  # fmt: skip
    assert ticket.entries.get().actor_kind == "terminal"
    code = page.locator("#problem_phone")
    assert code.bounding_box()["width"] >= 190  # type: ignore[index]  # it is shown
    (seen,) = zxingcpp.read_barcodes(
        Image.open(io.BytesIO(code.screenshot())), zxingcpp.BarcodeFormat.QRCode
    )
    assert seen.text.endswith(f"/d/{door_labels.code_of(estate.doors[1].pk)}/?category=wont_close")
    press(page, "Done")
    at_step(page, "attract")
    expect(code).not_to_have_attribute("src", re.compile(""))
    assert "door 2" not in page.evaluate("document.body.textContent")


def test_a_holder_reports_their_own_door(page: Page, estate: Estate) -> None:
    has_a_door(page, estate)
    looks.look(page, "kiosk-problem-yours-before")
    fits(page, "yours with a problem")
    press(page, "Report a problem")
    kinds = at_step(page, "problem_yours")
    expect(kinds.get_by_role("heading")).to_have_text("What is wrong with door 1?")
    fits(page, "problem_yours")
    press(page, "Back")
    at_step(page, "yours")
    press(page, "Report a problem")
    press(page, "It is not clean")
    at_step(page, "problem_told")
    entry = Ticket.objects.get().entries.get()
    assert (entry.actor_kind, entry.actor_id) == ("person", str(estate.amira.pk))


def test_where_doors_are_drawn_small_it_is_three_touches_too(
    open_kiosk: OpenKiosk, estate: Estate
) -> None:
    widen(estate)
    page = open_kiosk(NARROW)
    press(page, "Report a problem")
    at_step(page, "problem_door")
    small = page.get_by_role("button", name=re.compile("^Door 17, ")).locator(".door__face")
    box = small.bounding_box()
    assert box is not None and min(box["width"], box["height"]) < FINGERTIP
    door(page, "17")
    kinds = at_step(page, "problem")
    expect(kinds.get_by_role("heading")).to_have_text("What is wrong with door 17?")
    # Beside the one that was meant: one touch back.
    press(page, "Back")
    at_step(page, "problem_door")
    door(page, "18")
    at_step(page, "problem")
    press(page, "It is not clean")
    at_step(page, "problem_told")
    assert Ticket.objects.get().compartment.number == "18"


def test_on_a_narrow_screen_it_reflows(open_kiosk: OpenKiosk, estate: Estate) -> None:
    page = open_kiosk(NARROW)
    reflows(page, "attract")
    press(page, "Report a problem")
    at_step(page, "problem_door")
    reflows(page, "problem_door")
    door(page, "1")
    at_step(page, "problem")
    reflows(page, "problem")


def test_a_tap_in_between_is_a_new_turn(page: Page) -> None:
    press(page, "Report a problem")
    at_step(page, "problem_door")
    door(page, "3")
    at_step(page, "problem")
    tap(page)
    at_step(page, "choose")
    assert not Ticket.objects.exists()


def test_while_the_server_is_away_nothing_is_offered(chromium: Browser, kiosk_url: str) -> None:
    context = chromium.new_context(viewport={"width": UPRIGHT[0], "height": UPRIGHT[1]})
    context.add_cookies([{"name": "terminal", "value": TERMINAL_TOKEN, "url": kiosk_url}])
    page = context.new_page()
    lines: list[WebSocketRoute] = []
    is_away = False

    def line(one: WebSocketRoute) -> None:
        lines.append(one)
        if is_away:
            one.close()
        else:
            one.connect_to_server()

    page.route_web_socket(re.compile("/ws/kiosk/"), line)
    page.goto(f"{kiosk_url}/kiosk/")
    expect(page.locator("body")).to_have_attribute("data-tie", "up")
    expect(page.locator("#problem")).to_be_visible()
    press(page, "Report a problem")
    at_step(page, "problem_door")
    door(page, "3")
    at_step(page, "problem")
    is_away = True
    lines[-1].close()
    expect(page.locator("body")).to_have_attribute("data-tie", "down")
    for kind in page.locator('section[data-step="problem"] [data-kind]').all():
        expect(kind).to_be_disabled()
    press(page, "Back")
    press(page, "Back")
    at_step(page, "attract")
    expect(page.locator("#problem")).to_be_hidden()
    context.close()
