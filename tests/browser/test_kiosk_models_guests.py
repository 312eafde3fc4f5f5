"""Models of guests and of those who come at an hour: visitor, contractor, reservation, waiting."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from access.choices import PersonKind
from access.models import Person
from access.services import temporary
from occupancy.choices import UseModel
from occupancy.models import Assignment
from occupancy.services.bookings import reservations
from occupancy.services.claims.claiming import Wanted
from occupancy.services.queue import waiting
from tests.browser.kiosk_screen import at_step, press
from tests.browser.model_kiosk import Journey, journey
from tests.factories.cast import AMIRA_BADGE, BEN_BADGE, SETUP

__all__ = ["journey"]
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def admit(journey: Journey, kind: PersonKind, until: dt.datetime) -> None:
    """Make Amira a guest who may be here until then, and Ben one for two days."""
    estate, at = journey.estate, timezone.now()
    Person.objects.filter(pk__in=[estate.amira.pk, estate.ben.pk]).update(kind=kind)
    for person, ends_at in (
        (estate.amira, until),
        (estate.ben, at + dt.timedelta(days=2)),
    ):
        person.refresh_from_db()
        temporary.give(
            person=person, site=estate.site, starts_at=at, ends_at=ends_at, actor=SETUP, at=at
        )


def test_a_visitor_has_a_door_no_longer_than_the_visit(journey: Journey) -> None:
    journey.under(
        model=UseModel.VISITOR, ends_at_time=dt.time(18, 0), person_kinds=[PersonKind.VISITOR]
    )
    admit(journey, PersonKind.VISITOR, journey.at(16))
    journey.take()
    journey.says("Door 1 is yours until 16:00.")
    journey.use()
    journey.clock.set(journey.at(15, 55))
    journey.says("Door 1 is yours for 5 more minutes. Take everything out in time.")
    journey.clock.set(journey.at(16, 1))
    journey.take(BEN_BADGE)
    # Whose visit lasts longer has it until the policy's own hour.
    journey.says("Door 1 is yours until 18:00.", BEN_BADGE)


def test_a_contractor_has_a_door_as_long_as_the_access(journey: Journey) -> None:
    journey.under(model=UseModel.CONTRACTOR, person_kinds=[PersonKind.CONTRACTOR])
    admit(journey, PersonKind.CONTRACTOR, journey.at(12, day=1))
    journey.take()
    journey.says("Door 1 is yours until 12:00 on 18 Nov 2026.")
    journey.use()
    journey.clock.set(journey.at(11, 46, day=1))
    journey.says("Door 1 is yours for 14 more minutes. Take everything out in time.")
    journey.clock.set(journey.at(12, 1, day=1))
    journey.take(BEN_BADGE)
    assert journey.holds(journey.estate.ben)


def test_what_was_booked_is_begun_at_its_hour(journey: Journey) -> None:
    journey.under(
        model=UseModel.RESERVATION, books_ahead=dt.timedelta(days=7),
        checks_in_before=dt.timedelta(minutes=15),
    )  # fmt: skip
    estate = journey.estate
    for person, start, end in ((estate.amira, 10, 12), (estate.ben, 12, 14)):
        reservations.reserve(
            person_id=person.pk, bank_id=estate.bank.pk, wanted=Wanted(),
            starts_at=journey.at(start), ends_at=journey.at(end), actor=SETUP, at=timezone.now(),
        )  # fmt: skip
    journey.tap()
    booked = at_step(journey.page, "booked")
    expect(booked.locator("[data-until]")).to_have_text(
        "It is yours from 10:00 until 12:00. Check in from 09:45."
    )
    expect(journey.page.locator("#check_in")).to_be_hidden()
    journey.clock.set(journey.at(9, 50))
    journey.tap()
    expect(at_step(journey.page, "booked").locator("[data-until]")).to_have_text(
        "It is yours from 10:00 until 12:00."
    )
    press(journey.page, "Check in")
    journey.opened()
    journey.says("Door 1 is yours until 12:00.")
    journey.use()
    journey.clock.set(journey.at(11, 50))
    journey.says("Door 1 is yours for 10 more minutes. Take everything out in time.")
    journey.clock.set(journey.at(12, 1))
    journey.tap(BEN_BADGE)
    at_step(journey.page, "booked")
    press(journey.page, "Check in")
    journey.opened()
    journey.says("Door 1 is yours until 14:00.", BEN_BADGE)
    assert journey.holds(estate.ben)


def test_who_waits_is_offered_the_door_at_the_next_tap(journey: Journey) -> None:
    journey.take()
    journey.tap(BEN_BADGE)
    at_step(journey.page, "refused")
    press(journey.page, "Join the waiting list")
    at_step(journey.page, "join")
    press(journey.page, "Small")
    expect(at_step(journey.page, "waiting").get_by_role("heading")).to_have_text(
        "You are number 1 on the waiting list."
    )
    journey.yours()
    journey.page.locator("#finish").click(delay=2200)
    at_step(journey.page, "finished")
    journey.clock.forward(minutes=2)
    waiting.offer_due(timezone.now())
    journey.tap(BEN_BADGE)
    offered = at_step(journey.page, "offered")
    expect(offered.locator("[data-until]")).to_contain_text("It is kept for you until 09:")
    press(journey.page, "Take it")
    journey.opened()
    assert journey.holds(journey.estate.ben)
    assert not Assignment.objects.filter(holder=journey.estate.amira, closed_at=None).exists()
    journey.is_refused("^Every locker here is taken", AMIRA_BADGE)
