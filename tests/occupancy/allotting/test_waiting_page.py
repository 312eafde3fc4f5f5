"""The page on which the office gives free doors to who waits."""

from __future__ import annotations

import re

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from access.models import User
from occupancy.models import Assignment
from tests import factories
from tests.admin_pages import signed_in
from tests.occupancy.allotting.conftest import August
from tests.occupancy.allotting.test_late import held, newcomer
from tests.occupancy.allotting.test_waiting import LATER, drawn, free, order

__all__ = ["drawn", "held"]
pytestmark = pytest.mark.django_db


@pytest.fixture
def office() -> Client:
    user: User = factories.UserFactory(is_superuser=True)
    return signed_in(user)


def page_of(august: August, verb: str = "waiting") -> str:
    return reverse(f"admin:occupancy_allotment_{verb}", args=[august.allotment.pk])


def looked(office: Client, address: str) -> tuple[str, dict[str, str]]:
    """Return the page, and what its button sends."""
    page = office.get(address).content.decode()
    found = dict(re.findall(r'name="(expected|releases_reserve)" value="(\w+)"', page))
    return page, found


@time_machine.travel(LATER, tick=False)
def test_it_shows_who_gets_what_and_why_and_then_gives_exactly_that(
    office: Client, drawn: August
) -> None:
    free("S1")
    first = order(drawn)[0]
    page, button = looked(office, page_of(drawn))
    assert str(first) in page and "South S1" in page
    assert "Number 1 of those who wait, and the first whom this door fits." in page
    assert not Assignment.objects.filter(holder=first).exists()
    answer = office.post(page_of(drawn), button, follow=True)
    assert "1 door was given." in answer.content.decode()
    assert Assignment.objects.get(holder=first).compartment.number == "S1"


@time_machine.travel(LATER, tick=False)
def test_what_another_office_did_meanwhile_is_shown_again_first(
    office: Client, drawn: August
) -> None:
    free("S1")
    _page, button = looked(office, page_of(drawn))
    free("S2")
    answer = office.post(page_of(drawn), button, follow=True).content.decode()
    assert "Doors or pupils changed meanwhile" in answer and "Give these 2 doors" in answer
    assert Assignment.objects.filter(closed_at=None).count() == 4


@time_machine.travel(LATER, tick=False)
def test_the_reserve_is_released_by_a_tick(office: Client, held: August) -> None:
    first, second = order(held)[:2]
    page, _button = looked(office, page_of(held))
    assert "No free door fits anybody who waits" in page
    page, button = looked(office, f"{page_of(held)}?releases_reserve=on")
    assert button["releases_reserve"] == "True" and "Give these 2 doors" in page
    office.post(page_of(held), button)
    assert Assignment.objects.filter(holder__in=[first, second]).count() == 2


@time_machine.travel(LATER, tick=False)
def test_a_late_arrival_is_shown_with_the_reason(office: Client, held: August) -> None:
    pupil = newcomer(held)
    page, _button = looked(office, page_of(held))
    assert str(pupil) in page
    assert "This door was held back for late arrivals." in page


@time_machine.travel(LATER, tick=False)
def test_before_the_doors_are_given_nobody_waits(office: Client, august: August) -> None:
    august.opened()
    answer = office.get(page_of(august), follow=True).content.decode()
    assert "Give the doors of the draw first" in answer


@time_machine.travel(LATER, tick=False)
def test_a_button_that_was_not_looked_at_gives_nothing(office: Client, drawn: August) -> None:
    free("S1")
    office.post(page_of(drawn), {"expected": ""})
    assert Assignment.objects.filter(closed_at=None).count() == 5
