"""Models that somebody takes by walking up: claim, use, warning, end, and the next person."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from occupancy.choices import ClosedHow, UseModel
from occupancy.models import Assignment
from occupancy.services.claims import assignments
from tests.browser.kiosk_screen import at_step, press
from tests.browser.model_kiosk import Journey, journey
from tests.factories.cast import AMIRA_BADGE, BEN_BADGE, SETUP

__all__ = ["journey"]
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

ALL_TAKEN = "^Every locker here is taken"


def test_day_use_lasts_until_the_site_s_midnight(journey: Journey) -> None:
    journey.take()
    journey.says("Door 1 is yours until midnight.")
    journey.use()
    journey.is_refused(ALL_TAKEN, BEN_BADGE)
    journey.clock.set(journey.at(23, 48))
    journey.says("Door 1 is yours for 12 more minutes. Take everything out in time.")
    expect(journey.page.locator("section:not([hidden]) [data-live]")).to_have_attribute(
        "data-mood", "warn"
    )
    journey.clock.set(journey.at(0, day=1))
    journey.has_nothing(AMIRA_BADGE)
    journey.take(BEN_BADGE)
    assert journey.holds(journey.estate.ben)


def test_a_hot_door_is_picked_on_the_drawing(journey: Journey) -> None:
    journey.under(model=UseModel.HOT, ends_at_time=dt.time(18, 0))
    journey.tap()
    at_step(journey.page, "drawing")
    door = journey.page.locator(f'[data-id="{journey.door.pk}"]')
    expect(door).to_have_attribute("data-state", "free")
    door.click()
    journey.opened()
    expect(journey.page.locator('section[data-step="yours"] [data-because]')).to_have_text(
        "Why this one? You chose it yourself."
    )
    journey.says("Door 1 is yours until 18:00.")
    journey.use()
    journey.clock.set(journey.at(17, 59))
    journey.says("Door 1 is yours for one more minute. Take everything out in time.")
    journey.clock.set(journey.at(18))
    journey.tap()
    at_step(journey.page, "drawing")
    press(journey.page, "Back")
    at_step(journey.page, "choose")
    journey.tap(BEN_BADGE)
    at_step(journey.page, "drawing")
    press(journey.page, "Back")
    press(journey.page, "Any")
    journey.opened()
    assert journey.holds(journey.estate.ben)


def test_a_session_ends_when_it_is_opened_again(journey: Journey) -> None:
    journey.under(model=UseModel.SESSION, lasts=dt.timedelta(hours=3), renewals=1)
    claim = journey.take()
    journey.says("Door 1 is yours until you open it again, at the latest until 12:00.")
    for key in ("#finish", "#renew", "#share_key"):
        expect(journey.page.locator(key)).to_be_hidden()
    journey.clock.set(journey.at(11, 50))
    journey.says("Door 1 is yours for 10 more minutes. Take everything out in time.")
    press(journey.page, "Open and finish")
    door = at_step(journey.page, "door")
    # On its way it is still hers: it may jam.
    claim.refresh_from_db()
    assert claim.closed_at is None
    journey.bridge.report("command_opened")
    expect(door.locator("[data-live]")).to_have_text(
        "Door 1 is open. Take everything out and close it: it is given back."
    )
    journey.bridge.report("command_closed")
    at_step(journey.page, "finished")
    claim.refresh_from_db()
    assert claim.closed_how == "finished"
    journey.page.locator("#undo").click()
    at_step(journey.page, "yours")
    claim.refresh_from_db()
    assert claim.closed_at is None
    journey.clock.forward(minutes=1)
    press(journey.page, "Open and finish")
    at_step(journey.page, "door")
    journey.bridge.report("command_opened", "command_closed")
    at_step(journey.page, "finished")
    journey.take(BEN_BADGE)
    assert journey.holds(journey.estate.ben)


def test_a_session_that_nobody_ends_is_over_after_its_time(journey: Journey) -> None:
    journey.under(model=UseModel.SESSION, lasts=dt.timedelta(hours=3))
    journey.take()
    journey.clock.set(journey.at(12))
    journey.take(BEN_BADGE)
    assert journey.holds(journey.estate.ben)


def test_a_session_whose_door_jams_goes_on(journey: Journey) -> None:
    journey.under(model=UseModel.SESSION, lasts=dt.timedelta(hours=3))
    claim = journey.take()
    press(journey.page, "Open and finish")
    door = at_step(journey.page, "door")
    journey.bridge.report("command_failed")
    expect(door.locator("[data-live]")).to_contain_text("did not open")
    claim.refresh_from_db()
    assert claim.closed_at is None
    journey.clock.forward(seconds=1)
    press(journey.page, "Try again")
    expect(door.locator("[data-live]")).to_contain_text("is opening")
    journey.bridge.report("command_opened", "command_closed")
    at_step(journey.page, "finished")
    claim.refresh_from_db()
    assert claim.closed_how == "finished"


def test_a_door_of_the_shared_pool_can_be_kept_longer_and_shared(journey: Journey) -> None:
    journey.under(
        model=UseModel.SHARED, lasts=dt.timedelta(hours=4), renewals=1,
        grace=dt.timedelta(minutes=10),
    )  # fmt: skip
    journey.take()
    journey.says("Door 1 is yours until 13:00.")
    journey.use()
    journey.clock.set(journey.at(12, 50))
    journey.says("Door 1 is yours for 10 more minutes. Take everything out, or keep it longer.")
    press(journey.page, "Keep it longer")
    live = at_step(journey.page, "yours").locator("[data-live]")
    expect(live).to_have_text("Door 1 is yours until 16:50.")
    expect(journey.page.locator("#renew")).to_be_hidden()
    press(journey.page, "Share it")
    at_step(journey.page, "share")
    journey.page.keyboard.type(f"~{BEN_BADGE}")
    journey.page.keyboard.press("Enter")
    expect(at_step(journey.page, "shared").get_by_role("heading")).to_have_text(
        "BE can open door 1 too, until 16:50."
    )
    journey.says("Door 1 is shared with you.", BEN_BADGE)
    expect(journey.page.locator("#finish")).to_be_hidden()
    press(journey.page, "Open again")
    journey.opened()
    journey.clock.set(journey.at(16, 55))
    journey.says("Your time with door 1 was over at 16:50. Take everything out by 17:00.")
    journey.clock.set(journey.at(17, 1))
    journey.take(BEN_BADGE)
    assert journey.holds(journey.estate.ben)


def test_a_shift_ends_before_the_next_one_begins(journey: Journey) -> None:
    journey.under(
        model=UseModel.SHIFT, shifts=[dt.time(6), dt.time(14), dt.time(22)],
        handover=dt.timedelta(minutes=20),
    )  # fmt: skip
    journey.take()
    journey.says("Door 1 is yours until your shift ends, at 13:40.")
    journey.use()
    journey.clock.set(journey.at(13, 30))
    journey.says("Door 1 is yours for 10 more minutes. Take everything out in time.")
    journey.clock.set(journey.at(13, 40))
    # Who comes during the handover has come for the next shift.
    journey.take(BEN_BADGE)
    journey.says("Door 1 is yours until your shift ends, at 21:40.", BEN_BADGE)
    assert Assignment.objects.filter(holder=journey.estate.amira, closed_how="expired").exists()


def test_a_fixed_period_lasts_for_days(journey: Journey) -> None:
    journey.under(model=UseModel.FIXED, days=30, ends_at_time=dt.time(18, 0))
    journey.take()
    journey.says("Door 1 is yours until 18:00 on 16 Dec 2026.")
    journey.clock.set(journey.at(9, day=12))
    journey.use()
    journey.clock.set(journey.at(17, 46, day=29))
    journey.says("Door 1 is yours for 14 more minutes. Take everything out in time.")
    journey.clock.set(journey.at(18, day=29))
    journey.take(BEN_BADGE)
    assert journey.holds(journey.estate.ben)


def test_what_is_overdue_stays_with_its_holder_who_is_told_what_to_do(journey: Journey) -> None:
    journey.under(at_end="hold", ends_at_time=dt.time(18, 0), renewals=3)
    claim = journey.take()
    journey.clock.set(journey.at(18, 5))
    journey.says(
        "Your time with door 1 is over, since 18:00."
        " Your things are safe: ask reception to open it."
    )
    for key in ("#open_yours", "#finish", "#renew", "#share_key"):
        expect(journey.page.locator(key)).to_be_hidden()
    journey.is_refused(ALL_TAKEN, BEN_BADGE)
    assignments.release(
        claim_id=claim.pk, how=ClosedHow.RELEASED_BY_STAFF, actor=SETUP, at=timezone.now(),
        reason="emptied with the holder",
    )  # fmt: skip
    journey.take(BEN_BADGE)
    assert journey.holds(journey.estate.ben)
