"""Every step that a policy adds lies well on a standing, a lying and a narrow screen."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from occupancy.choices import UseModel
from occupancy.models import Assignment, Claim
from occupancy.services.bookings import reservations
from occupancy.services.claims.claiming import Wanted
from occupancy.services.custody import giving
from occupancy.services.queue import waiting
from tests import factories
from tests.browser.clocks import Clock
from tests.browser.conftest import OpenKiosk
from tests.browser.kiosk_screen import (
    NARROW,
    at_step,
    fits,
    press,
    reflows,
    tap,
    widen,
)
from tests.browser.model_kiosk import HeardBridge
from tests.factories.cast import AMIRA_BADGE, BEN_BADGE, SETUP, Estate

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

MINUTES = dt.timedelta(minutes=1)


@dataclass
class Walk:
    """One screen, on a clock that stands still, and how each of its steps is looked at."""

    clock: Clock
    estate: Estate
    page: Page
    look: Callable[[Page, str], None]

    def __post_init__(self) -> None:
        self.bridge = HeardBridge(self.estate)

    def sees(self, case: str) -> None:
        """Look at the step that is shown."""
        self.look(self.page, case)

    def presses(self, name: str, then: str) -> None:
        """Touch a key and come to a step."""
        press(self.page, name)
        at_step(self.page, then)

    def under(self, **rules: Any) -> None:
        """Let the bank's only policy say this."""
        policy = self.estate.policy
        for name, value in rules.items():
            setattr(policy, name, value)
        policy.save()

    def comes(self, step: str, badge: str = AMIRA_BADGE) -> None:
        """Come to a free screen and tap."""
        page = self.page
        if page.locator("body").get_attribute("data-step") != "attract":
            page.locator('section:not([hidden]) [data-do="done"]').first.click()
            at_step(page, "attract")
        self.clock.forward(seconds=1)
        tap(page, badge)
        at_step(page, step)

    def takes(self) -> None:
        """Tap and take any door; it is on its way."""
        self.comes("choose")
        self.presses("Any", then="door")

    def gives(self, **to: int) -> None:
        """Let staff give the first door to somebody."""
        giving.give(
            compartment_id=self.estate.doors[0].pk, policy_id=self.estate.policy.pk,
            actor=SETUP, at=timezone.now(), **to,
        )  # fmt: skip

    def ends_all(self) -> None:
        """End whatever anybody has."""
        at = timezone.now()
        Claim.objects.filter(closed_at=None).update(closed_at=at, closed_how="expired")
        self.clock.forward(minutes=2)


def test_every_step_of_a_policy_fits_the_screen(
    stopped_clock: Clock, estate: Estate, open_kiosk: OpenKiosk
) -> None:
    widen(estate)
    through_every_step(Walk(stopped_clock, estate, open_kiosk(), fits))


def test_every_step_of_a_policy_reflows_at_320_pixels(
    stopped_clock: Clock, estate: Estate, open_kiosk: OpenKiosk
) -> None:
    through_every_step(Walk(stopped_clock, estate, open_kiosk(NARROW), reflows))


def through_every_step(walk: Walk) -> None:
    through_what_a_holder_may_do(walk)
    through_what_ends(walk)
    through_what_is_ahead(walk)
    through_the_waiting_list(walk)


def through_what_a_holder_may_do(walk: Walk) -> None:
    """See until when and why, keep it longer, share it and end that, be late with it."""
    page = walk.page
    walk.under(
        model=UseModel.SHARED, lasts=10 * MINUTES, renewals=9, limit_per_person=2,
        grace=10 * MINUTES, at_end="hold",
    )  # fmt: skip
    walk.comes("choose")
    walk.sees("choose, until when")
    walk.presses("Any", then="door")
    expect(at_step(page, "door").locator("[data-because]")).to_contain_text("Why this one?")
    walk.sees("door with its reason")
    walk.bridge.report("command_opened", "command_closed")
    live = at_step(page, "yours").locator("[data-live]")
    expect(live).to_contain_text("more minutes")
    expect(page.locator("#get_another")).to_be_visible()
    walk.sees("yours in its last minutes, with every key")
    walk.clock.forward(minutes=1)
    press(page, "Keep it longer")
    expect(page.locator("#toast")).to_be_visible()
    walk.sees("yours, kept longer")
    walk.presses("Share it", then="share")
    walk.sees("share")
    tap(page, "0000000000")
    expect(at_step(page, "share").locator("[data-note]")).to_be_visible()
    walk.sees("share with nobody")
    tap(page, BEN_BADGE)
    at_step(page, "shared")
    walk.sees("shared")
    walk.presses("Back", then="yours")
    walk.presses("Shared with 1", then="shares")
    walk.sees("shares")
    walk.presses("BE", then="unshare")
    walk.sees("unshare")
    walk.presses("Stop sharing", then="yours")
    expect(page.locator("#toast")).to_contain_text("cannot open")
    walk.sees("yours, shared no more")
    walk.clock.forward(minutes=11)
    walk.comes("yours")
    expect(live).to_contain_text("was over")
    walk.sees("yours in its grace")
    walk.clock.forward(minutes=10)
    walk.comes("yours")
    expect(live).to_contain_text("is over")
    walk.sees("yours overdue")
    walk.ends_all()


def through_what_ends(walk: Walk) -> None:
    """Open for the last time; have one of many; give up what was given."""
    page, estate = walk.page, walk.estate
    walk.under(model=UseModel.SESSION, lasts=180 * MINUTES, grace=dt.timedelta(0))
    walk.takes()
    walk.bridge.report("command_opened", "command_closed")
    at_step(page, "yours")
    walk.sees("yours of a session")
    walk.clock.forward(seconds=1)
    walk.presses("Open and finish", then="door")
    walk.bridge.report("command_opened")
    expect(at_step(page, "door").locator("[data-live]")).to_contain_text("given back")
    walk.sees("door for the last time")
    walk.bridge.report("command_closed")
    at_step(page, "finished")
    walk.sees("finished by opening")
    walk.ends_all()
    department = factories.DepartmentFactory(
        organisation=estate.organisation, name="Cardiac surgery and intensive care"
    )
    estate.amira.department = department
    estate.amira.save(update_fields=["department"])
    walk.under(model=UseModel.DEPARTMENT)
    walk.gives(department_id=department.pk)
    walk.comes("yours")
    walk.sees("yours with all of a department")
    walk.ends_all()
    walk.under(model=UseModel.PERMANENT)
    walk.gives(person_id=estate.amira.pk)
    walk.comes("yours")
    walk.sees("yours for good")
    page.locator("#finish").click(delay=2200)
    at_step(page, "give_up")
    walk.sees("give_up")
    walk.presses("Keep it", then="yours")
    walk.ends_all()


def through_what_is_ahead(walk: Walk) -> None:
    """Nothing for walking up, a booking, a door to pick."""
    at = timezone.now().replace(second=0)
    walk.comes("refused", BEN_BADGE)
    walk.sees("refused, given only")
    walk.under(
        model=UseModel.RESERVATION, books_ahead=dt.timedelta(days=7), checks_in_before=60 * MINUTES
    )
    reservations.reserve(
        person_id=walk.estate.amira.pk, bank_id=walk.estate.bank.pk, wanted=Wanted(),
        starts_at=at + 70 * MINUTES, ends_at=at + 120 * MINUTES, actor=SETUP, at=timezone.now(),
    )  # fmt: skip
    walk.comes("booked")
    walk.sees("booked, too early")
    walk.clock.set(at + 11 * MINUTES)
    walk.comes("booked")
    walk.sees("booked")
    walk.ends_all()
    walk.under(model=UseModel.HOT, limit_per_person=None)
    walk.comes("drawing")
    walk.sees("drawing first")
    walk.presses("Back", then="choose")


def through_the_waiting_list(walk: Walk) -> None:
    """Every door is taken: wait for one, be offered it, and say no."""
    page, estate, at = walk.page, walk.estate, timezone.now()
    Claim.objects.bulk_create(
        Claim(
            compartment=door, kind="assignment", holder=estate.carla, policy=estate.policy,
            starts_at=at, started_at=at,
        )
        for door in estate.bank.compartments.all()
    )  # fmt: skip
    walk.comes("refused")
    walk.sees("refused, all taken")
    walk.presses("Join the waiting list", then="join")
    walk.sees("join")
    page.locator("#join_sizes").get_by_role("button").first.click()
    at_step(page, "waiting")
    walk.sees("waiting")
    Assignment.objects.filter(compartment=estate.doors[0]).update(
        closed_at=timezone.now(), closed_how="expired"
    )
    # While it could be undone, nobody is offered it.
    walk.clock.forward(minutes=2)
    assert waiting.offer_due(timezone.now()) == 1
    walk.clock.forward(minutes=2)
    walk.comes("offered")
    walk.sees("offered")
    walk.presses("No, thank you", then="decline")
    walk.sees("decline")
    walk.presses("I do not need it", then="declined")
    walk.sees("declined")
