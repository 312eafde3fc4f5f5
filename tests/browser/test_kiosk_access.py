"""Whoever cannot see, point or hold can use the kiosk as well."""

from __future__ import annotations

import re
from typing import Any, Literal

import pytest
from playwright.sync_api import Page, expect

from tests.browser.kiosk_screen import (
    LYING,
    PlayedBridge,
    at_step,
    has_a_door,
    press,
    tap,
    widen,
)
from tests.factories.cast import CARLA_BADGE, Estate

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

# Names, headings and hidden parts, as a screen reader would meet them.
_HEARD = """() => {
  const shown = (one) => one.checkVisibility({ visibilityProperty: true });
  const all = (selector) => [...document.querySelectorAll(selector)].filter(shown);
  const ids = [...document.querySelectorAll("[id]")].map((one) => one.id);
  const referred = [...document.querySelectorAll("[aria-labelledby], [aria-describedby]")]
    .flatMap((one) => [one.getAttribute("aria-labelledby"), one.getAttribute("aria-describedby")])
    .filter(Boolean);
  return {
    lang: document.documentElement.lang,
    title: document.title,
    headings: all("h1").map((one) => one.textContent.trim()),
    focus: document.activeElement.tagName,
    unnamed: all("button, a[href], [role=button], dialog, figure").filter((one) =>
      !(one.getAttribute("aria-label") || one.getAttribute("aria-labelledby")
        || one.textContent.trim())).map((one) => one.outerHTML),
    pictures: all("svg").filter((one) => !one.closest("[aria-hidden=true]")
      && !one.getAttribute("aria-label") && one.getAttribute("role") !== "group").length,
    hidden: all("[aria-hidden=true] button, [aria-hidden=true] [tabindex]").length,
    twice: ids.filter((id, place) => ids.indexOf(id) !== place),
    missing: referred.filter((id) => !ids.includes(id)),
    mains: all("main").length,
    unsteady: all("[tabindex]").filter((one) => one.tabIndex > 0).length,
  };
}"""


def sounds_right(page: Page, step: str) -> None:
    """Check one step's names and structure."""
    at_step(page, step)
    heard: dict[str, Any] = page.evaluate(_HEARD)
    assert heard["lang"] == "en-gb"
    assert heard["title"]
    assert len(heard["headings"]) == 1, (step, heard["headings"])
    assert heard["headings"][0], step
    assert heard["mains"] == 1
    for fault in ("unnamed", "pictures", "hidden", "twice", "missing", "unsteady"):
        assert not heard[fault], (step, fault, heard[fault])


def test_every_step_has_one_heading_and_a_name_for_every_control(
    page: Page, estate: Estate
) -> None:
    sounds_right(page, "attract")
    press(page, "Use a PIN")
    sounds_right(page, "pin_start")
    press(page, "Get a locker")
    sounds_right(page, "pin_number")
    press(page, "Back")
    press(page, "Back")
    press(page, "Where is my locker?")
    sounds_right(page, "where_ask")
    tap(page)
    sounds_right(page, "nowhere")
    press(page, "Get a locker")
    sounds_right(page, "choose")
    press(page, "Choose on the drawing")
    sounds_right(page, "drawing")
    page.get_by_role("button", name="Door 2, Small, the second from the left").click()
    sounds_right(page, "door")
    PlayedBridge(estate).report("command_opened", "command_closed")
    sounds_right(page, "yours")
    press(page, "Done")
    press(page, "Where is my locker?")
    tap(page)
    sounds_right(page, "place")
    press(page, "Done")
    tap(page, CARLA_BADGE)
    sounds_right(page, "refused")


def test_each_step_begins_at_its_heading_and_the_doors_word_is_read_out(
    page: Page, estate: Estate
) -> None:
    tap(page)
    expect(at_step(page, "choose").get_by_role("heading")).to_be_focused()
    press(page, "Any")
    door = at_step(page, "door")
    expect(door.get_by_role("heading", name="Door 1")).to_be_focused()
    live = door.get_by_role("status")
    expect(live).to_have_attribute("aria-live", "assertive")
    expect(live).to_have_text("Door 1 is opening.")


def test_the_keyboard_alone_gets_a_door_and_the_focus_is_always_seen(
    page: Page, estate: Estate
) -> None:
    tap(page)
    at_step(page, "choose")
    seen: list[str] = []
    for _key in range(8):
        page.keyboard.press("Tab")
        outline: dict[str, str] = page.evaluate(
            """() => {
              const { outlineStyle, outlineWidth } = getComputedStyle(document.activeElement);
              const text = document.activeElement.textContent.trim();
              return { text, outlineStyle, outlineWidth };
            }"""
        )
        if outline["text"].startswith("Help"):
            break
        assert outline["outlineStyle"] == "solid", outline
        assert float(outline["outlineWidth"].removesuffix("px")) >= 3, outline
        seen.append(outline["text"].split("\n")[0])
    # As it is read: the simplest first, then the way out, then what is rarely wanted.
    assert [re.split(r"\d|handbag|cabin", text)[0].strip() for text in seen] == [
        "Any",
        "Small",
        "Large",
        "Choose on the drawing",
        "Cancel",
        "Lower buttons",
        "Change my PIN",
    ]
    page.get_by_role("button", name="Choose on the drawing").press("Enter")
    at_step(page, "drawing")
    page.get_by_role("button", name=re.compile("^Door 2, Small")).press("Enter")
    expect(at_step(page, "door").locator("[data-number]")).to_have_text("2")


def test_finish_can_be_confirmed_instead_of_held(page: Page, estate: Estate) -> None:
    yours = has_a_door(page, estate)
    yours.get_by_role("button", name="I cannot hold it").press("Enter")
    sure = yours.get_by_role("button", name="Press again to finish")
    # Left alone, the question is taken back.
    page.clock.fast_forward(9_000)
    expect(sure).to_be_hidden()
    yours.get_by_role("button", name="I cannot hold it").press("Enter")
    sure.press("Enter")
    at_step(page, "finished")


NOTE_MOVES = """() => {
  window.moves = [];
  const note = (event) => window.moves.push(
    ...event.target.getAnimations().map((one) => one.effect.getComputedTiming().endTime));
  for (const kind of ["transitionrun", "animationstart"]) document.addEventListener(kind, note);
}"""


@pytest.mark.parametrize(("wish", "moves"), [("no-preference", True), ("reduce", False)])
def test_the_screen_does_not_move_for_who_wants_it_still(
    page: Page, wish: Literal["no-preference", "reduce"], moves: bool
) -> None:
    page.emulate_media(reduced_motion=wish)
    page.evaluate(NOTE_MOVES)
    tap(page)
    at_step(page, "choose")
    # What lasts no longer than a thousandth of a second is not seen.
    assert any(ms > 1 for ms in page.evaluate("window.moves")) is moves


def test_doors_drawn_too_small_for_a_fingertip_are_marked_first(
    estate: Estate, open_kiosk: Any
) -> None:
    widen(estate, columns=14)
    page = open_kiosk(LYING)
    tap(page)
    at_step(page, "choose")
    press(page, "Choose on the drawing")
    drawing = at_step(page, "drawing")
    take = drawing.locator("#take_marked")
    expect(take).to_be_hidden()
    page.get_by_role("button", name=re.compile("^Door 4, ")).click()
    expect(take).to_have_text("Take door 4")
    page.get_by_role("button", name=re.compile("^Door 5, ")).click()
    expect(take).to_have_text("Take door 5")
    take.click()
    expect(at_step(page, "door").locator("[data-number]")).to_have_text("5")
