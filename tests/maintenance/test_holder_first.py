"""A door is taken out of service on a phone: whoever has it is moved or told first, by letter."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
import time_machine
from guardian.shortcuts import assign_perm

from access.models import Notice, User
from lockers.models import Compartment
from maintenance.models import Ticket
from occupancy.models import Assignment
from tests import factories
from tests.factories.cast import Estate
from tests.factories.upkeep import TicketFactory
from tests.maintenance.phones import Browser, words
from tests.occupancy.ending.held import HOUR, hold, with_mail

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clock(at: dt.datetime) -> Iterator[None]:
    with time_machine.travel(at, tick=False):
        yield


@pytest.fixture
def phone(estate: Estate) -> Browser:
    tina: User = factories.UserFactory(username="tina")
    for right in ("view_site", "maintain_site"):
        assign_perm(right, tina, estate.site)
    return Browser(tina)


@pytest.fixture
def ticket(estate: Estate, at: dt.datetime) -> Ticket:
    one: Ticket = TicketFactory(compartment=estate.doors[0], opened_at=at, last_seen_at=at)
    return one


@pytest.fixture
def held(estate: Estate, at: dt.datetime) -> Assignment:
    return hold(estate, estate.policy, at - HOUR, at + 8 * HOUR)


def standing(estate: Estate) -> str:
    return Compartment.objects.get(pk=estate.doors[0].pk).service_status


def test_it_is_asked_first_and_nothing_happens_until_that_is_said(
    phone: Browser, estate: Estate, ticket: Ticket, held: Assignment
) -> None:
    with_mail(estate.amira)
    page = phone.read("upkeep-ticket", ticket.pk)
    assert "Give them another door" in page
    assert "Tell them, and let them finish" in page
    answer = phone.send("upkeep-out", ticket.pk)
    assert answer.status_code == 409
    assert "Move them" in words(answer)
    held.refresh_from_db()
    assert (standing(estate), held.closed_at) == ("in_service", None)
    assert not Notice.objects.exists()


def test_who_is_moved_gets_a_letter_with_the_new_door(
    phone: Browser, estate: Estate, ticket: Ticket, held: Assignment
) -> None:
    address = with_mail(estate.amira)
    said = phone.do("upkeep-out", ticket.pk, how="move")
    assert "Out of service: nobody is given this door now." in said
    letter = Notice.objects.get()
    assert (letter.kind, letter.to, letter.facts["before"]) == ("claim_news", address, "1")
    assert letter.facts["number"] == Assignment.objects.get(closed_at=None).compartment.number
    assert standing(estate) == "out_of_service"


def test_who_is_told_gets_a_letter_and_keeps_the_door_meanwhile(
    phone: Browser, estate: Estate, ticket: Ticket, held: Assignment
) -> None:
    address = with_mail(estate.amira)
    said = phone.do("upkeep-out", ticket.pk, how="tell")
    assert "Whoever has it is told, and nobody else is given this door." in said
    letter = Notice.objects.get()
    assert (letter.kind, letter.to, letter.facts["number"]) == ("door_repair", address, "1")
    held.refresh_from_db()
    assert (standing(estate), held.closed_at) == ("fault", None)


def test_whom_no_letter_reaches_is_not_said_to_be_told(
    phone: Browser, estate: Estate, ticket: Ticket, held: Assignment
) -> None:
    answer = phone.send("upkeep-out", ticket.pk, how="tell")
    assert answer.status_code == 409
    assert standing(estate) == "in_service"
    assert not Notice.objects.exists()
    assert "Amira" not in words(answer)


def test_a_button_pressed_twice_writes_one_letter(
    phone: Browser, estate: Estate, ticket: Ticket, held: Assignment
) -> None:
    with_mail(estate.amira)
    for _time in range(2):
        phone.do("upkeep-out", ticket.pk, key="the-same-key", how="tell")
    assert Notice.objects.count() == 1
