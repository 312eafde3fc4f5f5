"""What a holder does at the screen besides opening, also when the world moved on meanwhile."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone
from playwright.sync_api import Locator, Route, expect

from access.models import Person
from audit.services.events import Actor
from kiosk.models import Scan
from lockers.models import Command
from occupancy.choices import UseModel
from occupancy.models import Assignment, Share, WaitingEntry
from occupancy.services.claims import renewals
from occupancy.services.custody import giving
from occupancy.services.ending import lost_property, recovery
from occupancy.services.queue import waiting
from tests import factories
from tests.browser.kiosk_screen import at_step, press, tap, type_on_pad
from tests.browser.model_kiosk import Journey, journey
from tests.factories.cast import (
    AMIRA_BADGE,
    AMIRA_NUMBER,
    AMIRA_PIN,
    BEN_BADGE,
    CARLA_BADGE,
    SETUP,
)

__all__ = ["journey"]
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

HOURS = dt.timedelta(hours=1)


def refusal(journey: Journey) -> Locator:
    return at_step(journey.page, "refused").locator("[data-refusal]")


# ---- sharing ------------------------------------------------------------------------------------


def shared(journey: Journey) -> Assignment:
    """Let Amira take the door and share it with Ben."""
    journey.under(model=UseModel.SHARED, lasts=4 * HOURS, may_share=True)
    claim = journey.take()
    press(journey.page, "Share it")
    at_step(journey.page, "share")
    tap(journey.page, BEN_BADGE)
    at_step(journey.page, "shared")
    return claim


def test_who_shares_a_door_sees_with_whom_and_ends_it(journey: Journey) -> None:
    shared(journey)
    page = journey.page
    press(page, "Back")
    press(page, "Shared with 1")
    shares = at_step(page, "shares")
    expect(shares.get_by_role("heading")).to_have_text("Who else may open door 1?")
    card = page.locator("#shares").get_by_role("button")
    expect(card).to_have_text("BEUntil 13:00. Touch to stop sharing.")
    card.click()
    asked = at_step(page, "unshare")
    expect(asked.get_by_role("heading")).to_have_text("Stop sharing door 1 with BE?")
    press(page, "Back")
    at_step(page, "shares")
    assert Share.objects.get().ended_at is None
    card.click()
    press(page, "Stop sharing")
    at_step(page, "yours")
    expect(page.locator("#toast")).to_have_text("BE cannot open door 1 any more.")
    expect(page.locator("#share_key")).to_have_text("Share it")
    assert Share.objects.get().ended_at is not None
    journey.is_refused("^Every locker here is taken", BEN_BADGE)


def test_a_badge_that_is_no_good_leaves_the_holder_where_they_were(journey: Journey) -> None:
    shared(journey)
    page = journey.page
    press(page, "Back")
    press(page, "Shared with 1")
    press(page, "Share with somebody else")
    note = at_step(page, "share").locator("[data-note]")
    for badge, said in (
        (CARLA_BADGE, "That badge is no good here. Try another, or ask reception."),
        (AMIRA_BADGE, "That is your own badge. Hold the badge of who may open it too."),
        (BEN_BADGE, "That person may open this locker already. End that first."),
    ):
        tap(page, badge)
        expect(note).to_have_text(said)
        at_step(page, "share")
    press(page, "Back")
    press(page, "Open again")
    at_step(page, "door")


def test_nothing_of_those_who_share_stays_on_a_cleared_screen(journey: Journey) -> None:
    shared(journey)
    page = journey.page
    press(page, "Back")
    press(page, "Shared with 1")
    page.locator("#shares").get_by_role("button").click()
    at_step(page, "unshare")
    page.clock.fast_forward(46_000)
    at_step(page, "attract")
    assert "BE" not in page.locator("#stage").inner_text()
    for place in ("#shares", "#shares_title", "#unshare_ask", "#shared_with"):
        expect(page.locator(place)).to_be_empty()


# ---- keeping it longer --------------------------------------------------------------------------


def test_two_quick_touches_keep_a_door_longer_once(journey: Journey) -> None:
    journey.under(model=UseModel.SHARED, lasts=4 * HOURS, renewals=3)
    claim = journey.take()
    journey.clock.forward(minutes=30)
    journey.yours()
    journey.page.locator("#renew").dblclick()
    expect(at_step(journey.page, "yours").locator("[data-live]")).to_contain_text("until 13:30")
    claim.refresh_from_db()
    assert claim.renewals == 1


def test_a_screen_that_shows_an_old_end_keeps_nothing_longer_twice(journey: Journey) -> None:
    journey.under(model=UseModel.SHARED, lasts=4 * HOURS, renewals=3)
    claim = journey.take()
    journey.clock.forward(minutes=30)
    journey.yours()
    # On the phone, while the screen still stands.
    amira = journey.estate.amira.pk
    renewals.renew(claim_id=claim.pk, person_id=amira, actor=Actor.person(amira), at=timezone.now())
    press(journey.page, "Keep it longer")
    expect(journey.page.locator("#toast")).to_have_text("It was kept longer already.")
    expect(at_step(journey.page, "yours").locator("[data-live]")).to_contain_text("until 13:30")
    claim.refresh_from_db()
    assert claim.renewals == 1


# ---- the policy, or the time, is another one by now ---------------------------------------------


def test_until_when_is_read_before_anything_is_chosen(journey: Journey) -> None:
    journey.under(ends_at_time=dt.time(18))
    journey.tap()
    choose = at_step(journey.page, "choose")
    expect(choose.locator("[data-yours-until]")).to_have_text("Yours until 18:00.")
    journey.under(model=UseModel.HOT)
    journey.tap()
    drawing = at_step(journey.page, "drawing")
    expect(drawing.locator("[data-yours-until]")).to_have_text("Yours until 18:00.")


def test_a_policy_edited_between_two_touches_is_said_and_takes_no_door(journey: Journey) -> None:
    journey.tap()
    at_step(journey.page, "choose")
    journey.under(model=UseModel.PERMANENT)
    press(journey.page, "Any")
    expect(refusal(journey)).to_have_text(
        "These lockers are booked ahead or given by staff. Book one, or ask reception."
    )
    assert not Assignment.objects.exists()
    journey.under(model=UseModel.DAY_USE)
    press(journey.page, "Choose another")
    press(journey.page, "Any")
    journey.opened()


def test_who_touches_a_moment_after_the_end_is_told_what_became_of_the_door(
    journey: Journey,
) -> None:
    journey.under(ends_at_time=dt.time(18))
    journey.take()
    journey.clock.set(journey.at(17, 59))
    journey.yours()
    journey.clock.set(journey.at(18))
    press(journey.page, "Open again")
    expect(refusal(journey)).to_have_text(
        "Door 1 is not yours any more: your time with it is over."
        " If something is still inside, ask reception."
    )
    assert Command.objects.count() == 1


def test_overdue_is_told_step_by_step_and_afterwards_where_the_things_are(
    journey: Journey,
) -> None:
    journey.under(at_end="hold", ends_at_time=dt.time(18))
    claim = journey.take()
    journey.clock.set(journey.at(18, 5))
    journey.yours()
    todo = journey.page.locator("#todo li")
    expect(todo).to_have_text(
        [
            "Go to reception.",
            "Say: bank A, door 1.",
            "They open it with you. Nobody else gets it before it is empty.",
        ]
    )
    at, olga = timezone.now(), journey.estate.olga.pk
    begun = recovery.begin(claim_id=claim.pk, actor=SETUP, at=at, reason="left behind")
    journey.says("Door 1 is to be emptied by staff. Ask reception for your things.")
    expect(todo.first).to_be_visible()
    recovery.open_for(recovery_id=begun.pk, user_id=olga, at=at, reason="left behind")
    umbrella = lost_property.Found(what="an umbrella", stored_where="shelf 3")
    lost_property.store_item(recovery_id=begun.pk, found=umbrella, actor=SETUP, at=at)
    recovery.close(recovery_id=begun.pk, actor=SETUP, at=at)
    journey.has_nothing(AMIRA_BADGE)
    kept = journey.page.get_by_text("What was in door 1 is kept for you. Ask reception for it.")
    expect(kept).to_be_visible()
    journey.has_nothing(BEN_BADGE)
    expect(kept).to_be_hidden()


# ---- a door of many -----------------------------------------------------------------------------


def test_a_department_s_door_opens_by_personal_number_and_pin(journey: Journey) -> None:
    estate, page = journey.estate, journey.page
    department = factories.DepartmentFactory(organisation=estate.organisation, name="Surgery")
    Person.objects.filter(pk=estate.amira.pk).update(department=department)
    journey.under(model=UseModel.DEPARTMENT)
    giving.give(
        compartment_id=journey.door.pk, policy_id=estate.policy.pk, department_id=department.pk,
        actor=SETUP, at=timezone.now(),
    )  # fmt: skip
    press(page, "Use a PIN")
    press(page, "Open my locker")
    type_on_pad(page, "1")
    at_step(page, "pin_code")
    type_on_pad(page, AMIRA_PIN)
    # The number of the door says not who it is: their own number is asked for, at once.
    number = at_step(page, "pin_number")
    expect(number.get_by_role("heading")).to_have_text("Type your personal number.")
    expect(number.get_by_role("alert")).to_have_text(
        "Door 1 is for several people. Type your personal number instead."
    )
    type_on_pad(page, AMIRA_NUMBER)
    at_step(page, "pin_code")
    type_on_pad(page, AMIRA_PIN)
    expect(at_step(page, "yours").locator("[data-live]")).to_have_text(
        "Door 1 is for your department: Surgery."
    )
    press(page, "Open again")
    journey.opened()


# ---- an offer -----------------------------------------------------------------------------------


def offered(journey: Journey) -> None:
    """Let Ben wait for the door, be offered it, and stand before that."""
    journey.take()
    journey.tap(BEN_BADGE)
    press(journey.page, "Join the waiting list")
    press(journey.page, "Small")
    at_step(journey.page, "waiting")
    journey.yours()
    journey.page.locator("#finish").click(delay=2200)
    at_step(journey.page, "finished")
    journey.clock.forward(minutes=2)
    waiting.offer_due(timezone.now())
    journey.tap(BEN_BADGE)
    at_step(journey.page, "offered")


def test_an_offer_is_declined_after_one_question(journey: Journey) -> None:
    offered(journey)
    page = journey.page
    press(page, "No, thank you")
    asked = at_step(page, "decline")
    expect(asked.get_by_role("heading")).to_have_text("Say no to door 1?")
    press(page, "Keep it for me")
    at_step(page, "offered")
    press(page, "No, thank you")
    press(page, "I do not need it")
    expect(at_step(page, "declined").get_by_role("heading")).to_have_text(
        "Door 1 goes to whoever waits next."
    )
    assert WaitingEntry.objects.get().closed_how == "declined"
    assert not Assignment.objects.filter(holder=journey.estate.ben).exists()
    # Nobody else waits: whoever comes may have it.
    journey.take()


def test_an_offer_that_lapsed_under_the_finger_says_so(journey: Journey) -> None:
    offered(journey)
    journey.page.route(
        "**/kiosk/accept",
        lambda route: _later(route, journey),
    )
    press(journey.page, "Take it")
    expect(refusal(journey)).to_have_text("This offer is over. Join the list again.")
    assert not Assignment.objects.filter(holder=journey.estate.ben).exists()


def _later(route: Route, journey: Journey) -> None:
    """Let the offer's quarter of an hour be over when the touch arrives, and the turn not."""
    journey.clock.forward(minutes=16)
    Scan.objects.update(expires_at=timezone.now() + dt.timedelta(minutes=2))
    route.continue_()
