"""What the journeys of the models share: a bank with one door, a screen, and a clock to set."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from lockers.choices import ServiceStatus
from lockers.models import BridgePresence, Compartment
from occupancy.models import Assignment, Policy
from tests.browser import shared
from tests.browser.clocks import Clock
from tests.browser.kiosk_screen import UPRIGHT, PlayedBridge, at_step, press, tap
from tests.conftest import MORNING
from tests.factories.cast import AMIRA_BADGE, TERMINAL_TOKEN, Estate

__all__ = ["Journey", "journey"]


class HeardBridge(PlayedBridge):
    """A bridge that is heard at every hour to which the clock is set."""

    def report(self, *kinds: str) -> None:
        super().report(*kinds)
        BridgePresence.objects.update(last_seen_at=MORNING.replace(year=2100))


@dataclass
class Journey:
    """One kiosk at one free door, under one policy, on a clock that stands still."""

    estate: Estate
    clock: Clock
    page: Page
    bridge: PlayedBridge
    door: Compartment
    errors: list[str] = field(default_factory=list)

    def under(self, **rules: Any) -> Policy:
        """Let the bank's only policy say this."""
        Policy.objects.filter(pk=self.estate.policy.pk).update(**rules)
        self.estate.policy.refresh_from_db()
        return self.estate.policy

    def at(self, hour: int, minute: int = 0, *, day: int = 0) -> dt.datetime:
        """Return an hour of the day on which it began, or of a later one."""
        return MORNING.replace(hour=hour, minute=minute) + dt.timedelta(days=day)

    def tap(self, badge: str = AMIRA_BADGE) -> None:
        """Come to the free screen and tap a badge."""
        if self.page.locator("body").get_attribute("data-step") != "attract":
            self.leave()
        self.clock.forward(seconds=1)
        tap(self.page, badge)

    def leave(self) -> None:
        """Clear the screen as whoever stands there does."""
        self.page.locator('section:not([hidden]) [data-do="done"]').first.click()
        at_step(self.page, "attract")

    def take(self, badge: str = AMIRA_BADGE) -> Assignment:
        """Tap and take any door; see it open and shut."""
        self.tap(badge)
        at_step(self.page, "choose")
        press(self.page, "Any")
        return self.opened()

    def opened(self) -> Assignment:
        """See a door on its way open and shut, until it is the person's."""
        at_step(self.page, "door")
        self.bridge.report("command_opened", "command_closed")
        at_step(self.page, "yours")
        # The played bridge tells the newest command by when it was asked for.
        self.clock.forward(seconds=1)
        return Assignment.objects.latest("pk")

    def use(self, badge: str = AMIRA_BADGE) -> None:
        """Tap again: the door is offered, and opens."""
        self.yours(badge)
        press(self.page, "Open again")
        self.opened()

    def yours(self, badge: str = AMIRA_BADGE) -> Locator:
        """Tap, and return what is said of the person's door."""
        self.tap(badge)
        return at_step(self.page, "yours").locator("[data-live]")

    def says(self, sentence: str, badge: str = AMIRA_BADGE) -> None:
        """Tap, and read this of one's door."""
        expect(self.yours(badge)).to_have_text(sentence)

    def is_refused(self, sentence: str, badge: str) -> None:
        """Tap, and read why there is no door."""
        self.tap(badge)
        expect(at_step(self.page, "refused").locator("[data-refusal]")).to_have_text(
            re.compile(sentence)
        )

    def has_nothing(self, badge: str) -> None:
        """Tap, and be offered a door like anybody who has none."""
        self.tap(badge)
        at_step(self.page, "choose")

    def holds(self, badge_of: Any) -> bool:
        """Say whether somebody has the door now."""
        return Assignment.objects.filter(
            holder=badge_of, closed_at=None, compartment=self.door
        ).exists()


@pytest.fixture
def journey(
    chromium: Browser,
    shared_server: shared.Server,
    stopped_clock: Clock,
) -> Iterator[Journey]:
    """Return a kiosk at a bank of which one door alone works, at nine on a Tuesday."""
    estate = Estate.build(at=MORNING)
    bridge = HeardBridge(estate)
    bridge.report()
    door = estate.doors[0]
    Compartment.objects.exclude(pk=door.pk).update(service_status=ServiceStatus.OUT_OF_SERVICE)
    url = shared_server.url
    context = chromium.new_context(viewport={"width": UPRIGHT[0], "height": UPRIGHT[1]})
    context.add_cookies([{"name": "terminal", "value": TERMINAL_TOKEN, "url": url}])
    page = context.new_page()
    page.set_default_timeout(10_000)
    made = Journey(estate, stopped_clock, page, bridge, door)
    page.clock.install()
    page.on("pageerror", lambda error: made.errors.append(str(error)))
    page.goto(f"{url}/kiosk/")
    expect(page.locator("body")).to_have_attribute("data-tie", "up", timeout=15_000)
    yield made
    context.close()
    assert made.errors == []
