"""On the phone, models that somebody takes: claim, use, warning, end, and the next person."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from occupancy.choices import ClosedHow, UseModel
from occupancy.models import Assignment
from occupancy.services.claims import assignments
from tests.browser.model_phone import ALL_TAKEN, Journey, journey
from tests.factories.cast import SETUP

__all__ = ["journey"]
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_day_use_lasts_until_the_site_s_midnight(journey: Journey) -> None:
    journey.under(model=UseModel.DAY_USE)
    amira, ben = journey.amira, journey.ben
    expect(amira.bank()).to_contain_text("Best for you: door 1")
    expect(amira.page.locator("main")).to_contain_text("Yours until midnight.")
    amira.take()
    amira.reads("Door 1 is yours until midnight.", "15 hours left", "The door is closed.")
    expect(amira.key("Open door 1")).to_have_count(0)
    amira.scan()
    amira.press("Open door 1", "Door 1 was asked to open.")
    state = amira.page.locator(".locker__state")
    expect(state).to_have_text("The door is opening.")
    # The page asks by itself while a door is on its way.
    journey.bridge.report("command_opened")
    expect(state).to_have_text("The door is open. Close it when you are done.")
    journey.bridge.report("command_closed")
    expect(state).to_have_text("The door is closed.")
    ben.is_refused(ALL_TAKEN)
    expect(ben.key("Small: nobody waits yet")).to_be_visible()
    journey.clock.set(journey.at(23, 48))
    assert "until Wed 18 Nov 2026, 00:00" in journey.letter(journey.estate.amira)
    amira.reads("Door 1 is yours for 12 more minutes. Take everything out in time.")
    expect(amira.page.locator(".locker")).to_have_class("card locker is-warning")
    journey.clock.set(journey.at(0, day=1))
    amira.reads("Your time with door 1 in bank A ended at 00:00.", "You have no locker now.")
    expect(amira.go("/me/history/")).to_contain_text("released by itself at the end")
    ben.take()
    assert journey.holds(journey.estate.ben)


def test_a_hot_door_is_picked_by_its_number(journey: Journey) -> None:
    journey.under(model=UseModel.HOT, ends_at_time=dt.time(18, 0))
    amira, ben = journey.amira, journey.ben
    amira.bank()
    amira.press("Door 1", "Door 1 is yours. You chose it yourself.")
    amira.reads("Door 1 is yours until 18:00.")
    amira.use()
    journey.clock.set(journey.at(17, 59))
    assert "until Tue 17 Nov 2026, 18:00" in journey.letter(journey.estate.amira)
    amira.reads("Door 1 is yours for one more minute. Take everything out in time.")
    journey.clock.set(journey.at(18))
    amira.has_nothing()
    ben.bank()
    ben.press("Door 1", "Door 1 is yours. You chose it yourself.")
    assert journey.holds(journey.estate.ben)


def test_a_session_ends_when_its_door_is_opened_again(journey: Journey) -> None:
    journey.under(model=UseModel.SESSION, lasts=dt.timedelta(hours=3), renewals=1)
    amira, ben = journey.amira, journey.ben
    # Nothing of it from afar: whoever takes it stands there.
    expect(amira.bank()).to_contain_text("go there and scan the label with your camera")
    expect(amira.key("Take it now")).to_have_count(0)
    expect(amira.scan()).to_contain_text(
        "Yours until you open it again, at the latest until 12:00."
    )
    amira.press("Take it now", "Door 1 is yours and opening.")
    journey.opened_and_shut(amira)
    claim = Assignment.objects.get()
    expect(amira.key("Keep it longer")).to_have_count(0)
    expect(amira.page.locator("summary", has_text="Let somebody")).to_have_count(0)
    journey.clock.set(journey.at(11, 50))
    assert "until Tue 17 Nov 2026, 12:00" in journey.letter(journey.estate.amira)
    amira.reads("Door 1 is yours for 10 more minutes. Take everything out in time.")
    expect(amira.scan()).to_contain_text("When it opens, you are finished with it.")
    amira.press("Open door 1", "Door 1 was asked to open.")
    # On its way it is still hers: it may jam.
    claim.refresh_from_db()
    assert claim.closed_at is None
    journey.bridge.report("command_opened", "command_closed")
    amira.reads("You finished with door 1.")
    claim.refresh_from_db()
    assert claim.closed_how == ClosedHow.FINISHED
    ben.scan()
    ben.press("Take it now", "Door 1 is yours and opening.")
    assert journey.holds(journey.estate.ben)


def test_a_session_that_nobody_ends_is_over_after_its_time(journey: Journey) -> None:
    journey.under(model=UseModel.SESSION, lasts=dt.timedelta(hours=3))
    journey.amira.scan()
    journey.amira.press("Take it now", "Door 1 is yours and opening.")
    journey.opened_and_shut(journey.amira)
    journey.clock.set(journey.at(12))
    journey.amira.reads("ended at 12:00", "You have no locker now.")
    journey.ben.scan()
    journey.ben.press("Take it now", "Door 1 is yours and opening.")
    assert journey.holds(journey.estate.ben)


def test_a_door_of_the_shared_pool_can_be_kept_longer_and_shared(journey: Journey) -> None:
    journey.under(
        model=UseModel.SHARED, lasts=dt.timedelta(hours=4), renewals=1,
        grace=dt.timedelta(minutes=10),
    )  # fmt: skip
    amira, ben = journey.amira, journey.ben
    amira.take()
    amira.reads("Door 1 is yours until 13:00.", "4 hours left")
    amira.use()
    journey.clock.set(journey.at(12, 50))
    assert "until Tue 17 Nov 2026, 13:00" in journey.letter(journey.estate.amira)
    expect(amira.door()).to_contain_text("10 more minutes. Take everything out, or keep it longer.")
    amira.press("Keep it longer", "Door 1 stays yours until 16:50.")
    expect(amira.key("Keep it longer")).to_have_count(0)
    amira.unfold("Let somebody else open it")
    amira.page.get_by_label("Their e-mail address").fill("ben@northwind.example")
    amira.page.get_by_label("What for?").fill("The blue folder")
    amira.press("Let them", "may open this door, too.")
    assert "About: The blue folder" in journey.letter(journey.estate.ben)
    ben.reads("Door 1 is shared with you.", "About: The blue folder")
    ben.use()
    expect(ben.page.locator("summary", has_text="Finish")).to_have_count(0)
    amira.door()
    amira.press("End", "That is shared no longer.")
    ben.has_nothing()
    journey.clock.set(journey.at(16, 55))
    amira.reads("Your time with door 1 was over at 16:50. Take everything out by 17:00.")
    expect(amira.door()).not_to_contain_text("Keep it longer")
    journey.clock.set(journey.at(17, 1))
    amira.has_nothing()
    ben.take()
    assert journey.holds(journey.estate.ben)


def test_a_shift_ends_before_the_next_one_begins(journey: Journey) -> None:
    journey.under(
        model=UseModel.SHIFT, shifts=[dt.time(6), dt.time(14), dt.time(22)],
        handover=dt.timedelta(minutes=20),
    )  # fmt: skip
    amira, ben = journey.amira, journey.ben
    expect(amira.bank()).to_contain_text("Yours until your shift ends, at 13:40.")
    amira.take()
    amira.reads("Door 1 is yours until your shift ends, at 13:40.")
    amira.use()
    journey.clock.set(journey.at(13, 30))
    assert "until Tue 17 Nov 2026, 13:40" in journey.letter(journey.estate.amira)
    amira.reads("Door 1 is yours for 10 more minutes. Take everything out in time.")
    journey.clock.set(journey.at(13, 40))
    amira.has_nothing()
    # Who comes during the handover has come for the next shift.
    ben.take()
    ben.reads("Door 1 is yours until your shift ends, at 21:40.")


def test_a_fixed_period_lasts_for_days(journey: Journey) -> None:
    journey.under(model=UseModel.FIXED, days=30, ends_at_time=dt.time(18, 0))
    amira, ben = journey.amira, journey.ben
    expect(amira.bank()).to_contain_text("Yours until 18:00 on 16 Dec 2026.")
    amira.take()
    amira.reads("Door 1 is yours until 18:00 on 16 Dec 2026.", "4 weeks, 1 day left")
    for day in (15, 22, 28):
        journey.clock.set(journey.at(18, day=day))
        assert "until Wed 16 Dec 2026, 18:00" in journey.letter(journey.estate.amira)
    amira.use()
    journey.clock.set(journey.at(17, 46, day=29))
    amira.reads("Door 1 is yours for 14 more minutes. Take everything out in time.")
    journey.clock.set(journey.at(18, day=29))
    amira.reads("ended at 18:00", "You have no locker now.")
    ben.take()
    assert journey.holds(journey.estate.ben)


def test_what_is_overdue_stays_with_its_holder_who_is_told_what_to_do(journey: Journey) -> None:
    journey.under(at_end="hold", ends_at_time=dt.time(18, 0), renewals=3)
    amira, ben = journey.amira, journey.ben
    claim = amira.take()
    journey.clock.set(journey.at(18, 5))
    amira.scan()
    expect(amira.door()).to_contain_text(
        "Your time with door 1 is over, since 18:00."
        " Your things are safe: ask reception to open it."
    )
    for key in ("Open door", "Keep it longer", "Yes, finish", "Let them"):
        expect(amira.page.get_by_role("button", name=key, include_hidden=True)).to_have_count(0)
    ben.is_refused(ALL_TAKEN)
    assignments.release(
        claim_id=claim.pk, how=ClosedHow.RELEASED_BY_STAFF, actor=SETUP, at=timezone.now(),
        reason="emptied with the holder",
    )  # fmt: skip
    amira.reads("Staff gave door 1 in bank A back for you.")
    ben.take()
    assert journey.holds(journey.estate.ben)
