"""Models whose doors are given by staff: use, warning, how they end, and the next person."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from access.models import Person
from occupancy.choices import ClosedHow, UseModel
from occupancy.models import Assignment
from occupancy.services.claims import assignments
from occupancy.services.custody import giving
from tests import factories
from tests.browser.kiosk_screen import at_step, press
from tests.browser.model_kiosk import Journey, journey
from tests.factories.cast import AMIRA_BADGE, BEN_BADGE, SETUP

__all__ = ["journey"]
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

GIVEN_ONLY = "^These lockers are booked ahead or given by staff"


def give(journey: Journey, **to: Any) -> Assignment:
    return giving.give(
        compartment_id=journey.door.pk, policy_id=journey.estate.policy.pk, actor=SETUP,
        at=timezone.now(), reason="asked for at reception", **to,
    )  # fmt: skip


def test_a_permanent_door_is_asked_for_once_before_it_is_given_up(journey: Journey) -> None:
    journey.under(model=UseModel.PERMANENT)
    journey.is_refused(GIVEN_ONLY, AMIRA_BADGE)
    claim = give(journey, person_id=journey.estate.amira.pk)
    journey.says("Door 1 is yours until it is changed.")
    journey.use()
    journey.is_refused(GIVEN_ONLY, BEN_BADGE)
    journey.clock.set(journey.at(9, day=400))
    journey.says("Door 1 is yours until it is changed.")
    journey.page.get_by_role("button", name="Give it up", exact=True).click(delay=2200)
    asked = at_step(journey.page, "give_up")
    expect(asked.get_by_role("heading")).to_have_text("Give up door 1 for good?")
    press(journey.page, "Keep it")
    at_step(journey.page, "yours")
    claim.refresh_from_db()
    assert claim.closed_at is None
    journey.page.locator("#finish").click(delay=2200)
    at_step(journey.page, "give_up").get_by_role("button", name="Give it up").click()
    at_step(journey.page, "finished")
    claim.refresh_from_db()
    assert claim.closed_how == ClosedHow.FINISHED
    journey.clock.forward(minutes=2)
    give(journey, person_id=journey.estate.ben.pk)
    journey.use(BEN_BADGE)
    assert journey.holds(journey.estate.ben)


def test_a_door_of_a_role_goes_with_the_role(journey: Journey) -> None:
    estate = journey.estate
    role = factories.RoleFactory(organisation=estate.organisation, name="First aider")
    journey.under(model=UseModel.ROLE, renewals=1)
    Person.objects.filter(pk=estate.amira.pk).update(role=role)
    claim = give(journey, role_id=role.pk)
    journey.says("Door 1 is for your role: First aider.")
    for key in ("#finish", "#renew", "#share_key"):
        expect(journey.page.locator(key)).to_be_hidden()
    journey.use()
    journey.is_refused(GIVEN_ONLY, BEN_BADGE)
    # The role is handed on: that is its end for one, and its beginning for the other.
    Person.objects.filter(pk=estate.amira.pk).update(role=None)
    Person.objects.filter(pk=estate.ben.pk).update(role=role)
    journey.is_refused(GIVEN_ONLY, AMIRA_BADGE)
    journey.says("Door 1 is for your role: First aider.", BEN_BADGE)
    journey.use(BEN_BADGE)
    claim.refresh_from_db()
    assert claim.closed_at is None


def test_a_door_of_a_department_is_for_all_of_it(journey: Journey) -> None:
    estate = journey.estate
    department = factories.DepartmentFactory(organisation=estate.organisation, name="Surgery")
    Person.objects.filter(pk__in=[estate.amira.pk, estate.ben.pk]).update(department=department)
    journey.under(model=UseModel.DEPARTMENT)
    claim = give(journey, department_id=department.pk)
    journey.says("Door 1 is for your department: Surgery.")
    expect(journey.page.locator("#finish")).to_be_hidden()
    journey.use()
    journey.use(BEN_BADGE)
    assignments.release(
        claim_id=claim.pk, how=ClosedHow.RELEASED_BY_STAFF, actor=SETUP, at=timezone.now(),
        reason="the ward moved",
    )  # fmt: skip
    journey.is_refused(GIVEN_ONLY, BEN_BADGE)
    give(journey, department_id=department.pk)
    journey.use(BEN_BADGE)


def test_an_exception_ends_by_itself(journey: Journey) -> None:
    journey.under(model=UseModel.EXCEPTION, days=7, ends_at_time=dt.time(17, 0))
    journey.is_refused(GIVEN_ONLY, AMIRA_BADGE)
    give(journey, person_id=journey.estate.amira.pk)
    journey.says("Door 1 is yours until 17:00 on 23 Nov 2026.")
    journey.use()
    journey.clock.set(journey.at(16, 50, day=6))
    journey.says("Door 1 is yours for 10 more minutes. Take everything out in time.")
    journey.clock.set(journey.at(17, 1, day=6))
    journey.is_refused(GIVEN_ONLY, AMIRA_BADGE)
    give(journey, person_id=journey.estate.ben.pk)
    journey.use(BEN_BADGE)
    assert journey.holds(journey.estate.ben)
