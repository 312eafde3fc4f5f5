"""What the kiosk's browser tests share: taps, steps, a played bridge, and looks at the page."""

from __future__ import annotations

import re
from typing import Any

from django.utils import timezone
from playwright.sync_api import Locator, Page, expect

from lockers.models import Command, Door
from lockers.services import commands, journal
from tests import factories
from tests.browser import looks
from tests.factories.cast import AMIRA_BADGE, Estate

UPRIGHT = (1080, 1920)
LYING = (1280, 800)
# A screen of 1280 pixels at four times the size, as the guidelines have it.
NARROW = (320, 640)
SMALLEST_KEY = 72
SMALLEST_ON_A_PHONE = 44

# Every box that is touched or read, where it lies, and whether another box lies on its middle.
_LOOK = (
    "() => {"
    + looks.CONTRAST
    + """
  const shown = (one) => one.checkVisibility({ visibilityProperty: true, opacityProperty: true });
  const box = (one) => {
    const { x, y, width, height } = one.getBoundingClientRect();
    const name = one.id || one.dataset.do || one.getAttribute("class") || one.tagName;
    return { what: `${name}: ${one.textContent.trim().slice(0, 40)}`, x, y, width, height };
  };
  const open = document.querySelector("dialog[open]");
  const covered = (one) => {
    const { x, y, width, height } = one.getBoundingClientRect();
    const on = document.elementFromPoint(x + width / 2, y + height / 2);
    return !(on && (one.contains(on) || on.contains(one)));
  };
  const within = open ?? document.body;
  const keys = [...within.querySelectorAll("button, a[href]")].filter(shown);
  const texts = [...within.querySelectorAll("h1, h2, p, li, strong, svg.bank__svg")]
    .filter((one) => shown(one) && !one.closest(".visually-hidden, dialog:not([open])"));
  const faint = [...within.querySelectorAll("*:not(svg *)")]
    .filter((one) => shown(one) && written(one) && isFaint(one));
  return {
    keys: keys.map((one) => ({ ...box(one), covered: covered(one),
      cut: one.scrollWidth > one.clientWidth + 1 || one.scrollHeight > one.clientHeight + 1 })),
    texts: texts.map((one) => ({ ...box(one), key: !!one.closest("button") })),
    faint: faint.map((one) => `${one.textContent.trim()}: ${getComputedStyle(one).color}`),
    scrolls: document.documentElement.scrollWidth > innerWidth
      || document.documentElement.scrollHeight > innerHeight
      || document.body.scrollHeight > innerHeight + 1,
    reach: document.body.hasAttribute("data-reach"),
    width: innerWidth, height: innerHeight,
  };
}"""
)

# As the key "Lower buttons" does, on pages that have it.
_LOWER = """() => !!document.querySelector('[data-do="reach"]')
  && (document.body.toggleAttribute("data-reach"), true)"""


class PlayedBridge:
    """What the bank's bridge would report of the newest command."""

    def __init__(self, estate: Estate) -> None:
        self.estate = estate

    def report(self, *kinds: str) -> None:
        for kind in kinds:
            self._report(kind)

    def _report(self, kind: str) -> None:
        command = Command.objects.order_by("-requested_at")[0]
        presence = self.estate.bridge.presence
        presence.refresh_from_db()
        at = timezone.now()
        commands.take_queued(bridge_id=self.estate.bridge.pk, at=at)
        line = journal.Line(
            seq=presence.last_seq + 1,
            kind=kind,
            occurred_at=at,
            compartment_id=command.compartment_id,
            command_id=command.pk,
        )
        assert presence.journal is not None
        journal.receive(bridge=self.estate.bridge, journal=presence.journal, lines=[line], at=at)


def tap(page: Page, badge: str = AMIRA_BADGE) -> None:
    """Type a badge as the reader does: prefix, number, suffix."""
    page.keyboard.type(f"~{badge}")
    page.keyboard.press("Enter")


def at_step(page: Page, step: str) -> Locator:
    """Wait for a step and return its section."""
    try:
        expect(page.locator("body")).to_have_attribute("data-step", step)
    except AssertionError as error:
        error.add_note(f"The screen says: {page.locator('[data-refusal]').all_inner_texts()}")
        raise
    return page.locator(f'section[data-step="{step}"]')


def press(page: Page, name: str) -> None:
    """Touch the one key whose name begins so."""
    page.get_by_role("button", name=re.compile(f"^{re.escape(name)}")).click()


def type_on_pad(page: Page, digits: str) -> None:
    """Enter digits on the pad of the step that is shown."""
    for digit in digits:
        page.get_by_role("button", name=digit, exact=True).click()
    page.get_by_role("button", name="OK", exact=True).click()


def type_letters(page: Page, text: str) -> None:
    """Type on the letters of the step that is shown, accents too, and go on."""
    section = page.locator("section[data-step]:not([hidden])")
    for letter in text:
        key = section.locator(f'[data-key="{letter if letter == "ß" else letter.upper()}"]')
        if not key.is_visible():
            section.get_by_role("button", name="Letters with accents").click()
        key.click()
    section.locator('[data-key="ok"]').click()


def has_a_door(page: Page, estate: Estate) -> Locator:
    """Tap, take any door, open and close it; return the step "yours"."""
    tap(page)
    at_step(page, "choose")
    press(page, "Any")
    at_step(page, "door")
    PlayedBridge(estate).report("command_opened", "command_closed")
    return at_step(page, "yours")


def widen(estate: Estate, columns: int = 10) -> None:
    """Give the bank many more doors, of two more sizes: as large as banks usually are."""
    estate.large.rank = 3
    estate.large.save(update_fields=["rank"])
    medium = factories.SizeFactory(organisation=estate.organisation, name="Medium", rank=2)
    tall = factories.SizeFactory(organisation=estate.organisation, name="Tall", rank=4)
    told = ("handbag, tablet, lunch box", "rucksack, helmet", "cabin bag, sports bag", "long coat")
    sizes = [estate.small, medium, estate.large, tall]
    for size, fits in zip(sizes, told, strict=True):
        size.fits = fits
        size.save(update_fields=["fits"])
    heights = {estate.small: 300, medium: 450, estate.large: 600, tall: 900}
    for door in estate.doors:
        door.height_mm = heights[door.size]
        door.floor_mm = 1900 - door.height_mm
        door.save(update_fields=["height_mm", "floor_mm"])
    channel = len(estate.doors)
    second = factories.ControllerFactory(bridge=estate.bridge, unit=2, name="Board 2")
    boards = [estate.controller, second]
    patterns = [[estate.small] * 5 + [medium], [tall, tall], [estate.large, estate.large, tall]]
    for column in range(1, columns + 1):
        if column <= len(estate.doors):
            top = estate.doors[column - 1].height_mm
            stack = [estate.small] * ((1800 - top) // 300)
        else:
            top, stack = 0, patterns[column % len(patterns)]
        for row, size in enumerate(stack, start=2):
            tall_mm = min(heights[size], 1800 - top)
            door = factories.CompartmentFactory(
                bank=estate.bank, number=str(channel + 1), size=size, column=column, row=row,
                x_mm=(column - 1) * 300, y_mm=top, height_mm=tall_mm, floor_mm=1900 - top - tall_mm,
                controller=boards[channel // 32], channel=channel % 32,
            )  # fmt: skip
            factories.DoorFactory(compartment=door, changed_at=timezone.now())
            top += tall_mm
            channel += 1
    assert Door.objects.count() == channel


def fits(page: Page, case: str) -> None:
    """Check that nothing scrolls, lies outside, lies under something, or is too small to touch.

    Standing and lying, with the keys where they usually are and lowered. And that every word is
    told from its ground, by daylight and in the dark.
    """
    page.wait_for_load_state()
    page.evaluate("document.fonts.ready")
    was = page.viewport_size
    assert was is not None
    wrong: list[str] = []
    for size in (UPRIGHT, LYING):
        page.set_viewport_size({"width": size[0], "height": size[1]})
        wrong += [f"{size}: {one}" for one in _wrong_here(page)]
        if page.evaluate(_LOWER):
            wrong += [f"{size}, lowered: {one}" for one in _wrong_here(page)]
            page.evaluate(_LOWER)
    page.emulate_media(color_scheme="dark")
    wrong += [f"too faint in the dark: {one}" for one in page.evaluate(_LOOK)["faint"]]
    page.emulate_media(color_scheme="light")
    page.set_viewport_size(was)
    assert not wrong, "\n".join([case, *wrong])


def _wrong_here(page: Page) -> list[str]:
    seen: dict[str, Any] = page.evaluate(_LOOK)
    wrong = ["the page scrolls"] if seen["scrolls"] else []
    for one in [*seen["keys"], *seen["texts"]]:
        right, foot = one["x"] + one["width"], one["y"] + one["height"]
        if min(one["x"], one["y"]) < -1 or right > seen["width"] + 1 or foot > seen["height"] + 1:
            wrong.append(f"outside: {one}")
    for key in seen["keys"]:
        if min(key["width"], key["height"]) < SMALLEST_KEY - 0.5:
            wrong.append(f"too small: {key}")
        if seen["reach"] and key["y"] + key["height"] / 2 < seen["height"] / 2:
            wrong.append(f"out of reach: {key}")
        if key["covered"]:
            wrong.append(f"under something: {key}")
        if key["cut"]:
            wrong.append(f"its words are cut: {key}")
    wrong += [f"too faint: {one}" for one in seen["faint"]]
    return wrong + _under_keys(seen)


def reflows(page: Page, case: str) -> None:
    """Check that a narrow page scrolls in one direction alone, and nothing is cut or too small."""
    page.wait_for_load_state()
    seen: dict[str, Any] = page.evaluate(_LOOK)
    wide = page.evaluate(
        "Math.max(document.documentElement.scrollWidth, document.body.scrollWidth)"
    )
    wrong = [f"it scrolls sideways: {wide}"] if wide > seen["width"] else []
    for one in [*seen["keys"], *seen["texts"]]:
        if one["x"] < -1 or one["x"] + one["width"] > seen["width"] + 1:
            wrong.append(f"outside: {one}")
    for key in seen["keys"]:
        if min(key["width"], key["height"]) < SMALLEST_ON_A_PHONE - 0.5:
            wrong.append(f"too small: {key}")
        if key["cut"]:
            wrong.append(f"its words are cut: {key}")
    wrong += _under_keys(seen)
    assert not wrong, "\n".join([case, *wrong])


def _under_keys(seen: dict[str, Any]) -> list[str]:
    return [
        f"{text} lies under {key}"
        for text in seen["texts"]
        for key in seen["keys"]
        if not text["key"] and _overlap(text, key)
    ]


def _overlap(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return all(
        min(one[at] + one[long], other[at] + other[long]) - max(one[at], other[at]) > 2
        for at, long in (("x", "width"), ("y", "height"))
    )
