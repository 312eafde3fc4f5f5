"""On the phone, models whose doors are given: seen, used, warned of, ended, and given anew."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from access.models import Person
from occupancy.choices import ClosedHow, UseModel
from occupancy.services.claims import assignments
from tests import factories
from tests.browser.model_phone import GIVEN_ONLY, Journey, journey
from tests.factories.cast import SETUP

__all__ = ["journey"]
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_permanent_door_is_given_up_for_good_or_not(journey: Journey) -> None:
    journey.under(model=UseModel.PERMANENT)
    amira, ben = journey.amira, journey.ben
    amira.is_refused(GIVEN_ONLY)
    claim = journey.give(person_id=journey.estate.amira.pk)
    assert "is yours now." in journey.letter(journey.estate.amira)
    amira.reads("Door 1 is yours until it is changed.")
    amira.use()
    ben.is_refused(GIVEN_ONLY)
    journey.clock.set(journey.at(9, day=400))
    amira.sign_in()
    expect(amira.door()).to_contain_text("Door 1 is yours until it is changed.")
    amira.unfold("Give this door up")
    expect(amira.page.locator("main")).to_contain_text("only staff can give it to you again")
    amira.press("Yes, give it up", "Finished. Changed your mind?")
    amira.press("Undo", "Door 1 is yours again.")
    amira.unfold("Give this door up")
    amira.press("Yes, give it up", "Finished.")
    claim.refresh_from_db()
    assert claim.closed_how == ClosedHow.FINISHED
    journey.clock.forward(minutes=2)
    journey.give(person_id=journey.estate.ben.pk)
    ben.sign_in()
    ben.use()
    assert journey.holds(journey.estate.ben)


def test_a_door_of_a_role_goes_with_the_role(journey: Journey) -> None:
    estate = journey.estate
    role = factories.RoleFactory(organisation=estate.organisation, name="First aider")
    journey.under(model=UseModel.ROLE)
    Person.objects.filter(pk=estate.amira.pk).update(role=role)
    claim = journey.give(role_id=role.pk)
    amira, ben = journey.amira, journey.ben
    amira.reads("Door 1 is for your role: First aider.")
    amira.use()
    for folded in ("Finish with", "Give this", "Let somebody"):
        expect(amira.page.locator("summary", has_text=folded)).to_have_count(0)
    ben.has_nothing()
    ben.is_refused(GIVEN_ONLY)
    # The role is handed on: that is its end for one, and its beginning for the other.
    Person.objects.filter(pk=estate.amira.pk).update(role=None)
    Person.objects.filter(pk=estate.ben.pk).update(role=role)
    amira.has_nothing()
    ben.reads("Door 1 is for your role: First aider.")
    ben.use()
    claim.refresh_from_db()
    assert claim.closed_at is None


def test_a_door_of_a_department_is_for_all_of_it(journey: Journey) -> None:
    estate = journey.estate
    department = factories.DepartmentFactory(organisation=estate.organisation, name="Surgery")
    Person.objects.filter(pk__in=[estate.amira.pk, estate.ben.pk]).update(department=department)
    journey.under(model=UseModel.DEPARTMENT)
    claim = journey.give(department_id=department.pk)
    amira, ben = journey.amira, journey.ben
    for phone in (amira, ben):
        phone.reads("Door 1 is for your department: Surgery.")
        phone.use()
    assignments.release(
        claim_id=claim.pk, how=ClosedHow.RELEASED_BY_STAFF, actor=SETUP, at=timezone.now(),
        reason="the ward moved",
    )  # fmt: skip
    ben.has_nothing()
    journey.give(department_id=department.pk)
    ben.use()


def test_an_exception_ends_by_itself(journey: Journey) -> None:
    journey.under(model=UseModel.EXCEPTION, days=7, ends_at_time=dt.time(17, 0))
    amira, ben = journey.amira, journey.ben
    amira.is_refused(GIVEN_ONLY)
    journey.give(person_id=journey.estate.amira.pk)
    assert "You have it until Mon 23 Nov 2026, 17:00." in journey.letter(journey.estate.amira)
    amira.reads("Door 1 is yours until 17:00 on 23 Nov 2026.")
    amira.use()
    journey.clock.set(journey.at(17, 0, day=5))
    assert "until Mon 23 Nov 2026, 17:00" in journey.letter(journey.estate.amira)
    journey.clock.set(journey.at(16, 50, day=6))
    amira.reads("Door 1 is yours for 10 more minutes. Take everything out in time.")
    journey.clock.set(journey.at(17, 1, day=6))
    amira.reads("ended at 17:00", "You have no locker now.")
    journey.give(person_id=journey.estate.ben.pk)
    ben.use()
    assert journey.holds(journey.estate.ben)
