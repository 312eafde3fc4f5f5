"""Doors of a role or a department at the screen: opened like one's own, by badge and by PIN."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from access.models import Person
from audit.models import Event
from lockers.models import Command
from occupancy.choices import UseModel
from occupancy.models import Assignment, Policy
from occupancy.services.custody import giving
from tests import factories
from tests.factories.cast import AMIRA_BADGE, AMIRA_NUMBER, AMIRA_PIN, BEN_BADGE, SETUP, Estate
from tests.kiosk.conftest import Kiosk, codes

BY_NUMBER = {"personal_number": AMIRA_NUMBER, "pin": AMIRA_PIN}


@pytest.fixture(params=["role", "department"])
def theirs(request: pytest.FixtureRequest, estate: Estate, at: dt.datetime) -> Assignment:
    """Door 1 is of a role or department, and Amira is of it."""
    if request.param == "role":
        group = factories.RoleFactory(organisation=estate.organisation, name="First aider")
        Policy.objects.update(model=UseModel.ROLE)
        to: dict[str, Any] = {"role_id": group.pk}
    else:
        group = factories.DepartmentFactory(organisation=estate.organisation, name="Surgery")
        Policy.objects.update(model=UseModel.DEPARTMENT)
        to = {"department_id": group.pk}
    Person.objects.filter(pk=estate.amira.pk).update(**{request.param: group})
    return giving.give(
        compartment_id=estate.doors[0].pk, policy_id=estate.policy.pk, actor=SETUP, at=at, **to
    )


@pytest.mark.parametrize("by", ["badge", "personal number and PIN"])
def test_it_is_opened_like_ones_own_and_the_trail_names_who_it_was(
    kiosk: Kiosk, estate: Estate, theirs: Assignment, by: str
) -> None:
    told = kiosk.scan(AMIRA_BADGE) if by == "badge" else kiosk.post("scan", BY_NUMBER).json()
    [held] = told["holds"]
    assert (held["number"], held["opens"], held["finishes"]) == ("1", True, "no")
    assert held["until"].startswith("Door 1 is for your ")
    opened = kiosk.post("open", {"scan": told["scan"], "claim": held["claim"]})
    assert opened.status_code == 200
    asked = Event.objects.get(action="door.open_requested")
    assert (asked.person_id, asked.compartment_id) == (estate.amira.pk, theirs.compartment_id)
    finished = kiosk.post("finish", {"scan": told["scan"], "claim": held["claim"]})
    assert codes(finished) == (403, "not_the_holder")
    theirs.refresh_from_db()
    assert theirs.closed_at is None


@pytest.mark.parametrize("pin", [AMIRA_PIN, "111222"])
def test_its_number_says_not_who_stands_there_and_counts_nobodys_pin_as_wrong(
    kiosk: Kiosk, estate: Estate, theirs: Assignment, pin: str
) -> None:
    answer = kiosk.post("scan", {"door": "1", "pin": pin})
    assert codes(answer) == (409, "door_of_several")
    assert answer.json()["message"] == (
        "Door 1 is for several people. Type your personal number instead."
    )
    assert not Event.objects.filter(action="person.pin_wrong").exists()
    [event] = Event.objects.filter(action="request.refused")
    assert (event.data["code"], event.person_id) == ("door_of_several", None)


def test_who_is_not_of_it_opens_it_neither_way(
    kiosk: Kiosk, estate: Estate, theirs: Assignment
) -> None:
    told = kiosk.scan(BEN_BADGE)
    assert told["holds"] == []
    answer = kiosk.post("open", {"scan": told["scan"], "claim": theirs.pk})
    assert codes(answer) == (403, "no_grant")
    assert not Command.objects.exists()


def test_who_leaves_it_between_two_touches_opens_it_no_more(
    kiosk: Kiosk, estate: Estate, theirs: Assignment
) -> None:
    told = kiosk.scan(AMIRA_BADGE)
    Person.objects.filter(pk=estate.amira.pk).update(role=None, department=None)
    answer = kiosk.post("open", {"scan": told["scan"], "claim": theirs.pk})
    assert codes(answer) == (403, "no_grant")
    assert kiosk.scan(AMIRA_BADGE)["holds"] == []
