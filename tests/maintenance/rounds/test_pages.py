"""Rounds on a phone: the list, one round, and who may end it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from guardian.shortcuts import assign_perm

from access.models import User
from lockers.models import Area, Bank
from maintenance.models import Round
from tests import factories
from tests.factories.cast import Estate
from tests.factories.upkeep import TeamFactory, TicketFactory
from tests.maintenance.phones import Browser, words
from tests.maintenance.rounds import walked

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clock(at: dt.datetime) -> Iterator[None]:
    with time_machine.travel(at, tick=False):
        yield


@pytest.fixture
def tina(estate: Estate) -> User:
    user: User = factories.UserFactory(username="tina")
    for right in ("view_site", "maintain_site"):
        assign_perm(right, user, estate.site)
    return user


def statements(phone: Browser, name: str, *args: object) -> int:
    """Return what a page costs once a session knows who it is."""
    phone.read(name, *args)
    with CaptureQueriesContext(connection) as seen:
        phone.read(name, *args)
    return len(seen)


def test_a_long_list_of_rounds_costs_no_more_statements(
    estate: Estate, tina: User, at: dt.datetime
) -> None:
    phone = Browser(tina)
    walked.planned(estate, at, team=TeamFactory(organisation=estate.organisation))
    one = statements(phone, "rounds")
    for n in range(12):
        walked.planned(
            estate, at, name=f"Round {n}", starts_at=dt.time(4 + n),
            team=TeamFactory(organisation=estate.organisation, name=f"Walkers {n}"),
        )  # fmt: skip
    assert Round.objects.count() > 12
    assert statements(phone, "rounds") == one


def test_a_round_with_many_doors_costs_no_more_statements(
    estate: Estate, tina: User, at: dt.datetime
) -> None:
    phone = Browser(tina)
    few = walked.planned(estate, at, rule="FREQ=DAILY;COUNT=1")
    walked.do(walked.stop(few), tina.pk, at)
    TicketFactory(compartment=estate.doors[0], opened_at=at, last_seen_at=at)
    cost = statements(phone, "round", few.pk)
    area = Area.objects.create(site=estate.site, name="Floor 9")
    bank = factories.BankFactory(site=estate.site, name="Z", area=area)
    for n in range(40):
        door = factories.CompartmentFactory(
            bank=bank, size=estate.small, number=f"Z{n}", column=n + 1, controller=None
        )
        TicketFactory(compartment=door, opened_at=at, last_seen_at=at)
    many = walked.planned(
        estate, at, name="Many", rule="FREQ=DAILY;COUNT=1", banks=[estate.bank, bank]
    )
    for number in ("Z1", "Z2", "Z3"):
        walked.do(walked.stop(many, number), tina.pk, at)
    assert many.stops.count() == 43
    assert statements(phone, "round", many.pk) == cost


# ---- who may end it ----------------------------------------------------------------------------


@pytest.fixture
def over_two_areas(estate: Estate, at: dt.datetime) -> Round:
    """A round through area "Ground", which Gus maintains, and a bank that is in none."""
    ground = Area.objects.create(site=estate.site, name="Ground")
    Bank.objects.filter(pk=estate.bank.pk).update(area=ground)
    other = factories.BankFactory(site=estate.site, name="B")
    factories.CompartmentFactory(bank=other, size=estate.small, number="B1", controller=None)
    return walked.planned(estate, at, banks=[estate.bank, other])


@pytest.fixture
def gus(estate: Estate, over_two_areas: Round) -> Browser:
    user = factories.UserFactory(username="gus")
    for right in ("view_area", "maintain_area"):
        assign_perm(right, user, Area.objects.get(name="Ground"))
    return Browser(user)


def test_who_maintains_a_part_of_a_round_does_not_end_it_and_sees_why(
    gus: Browser, over_two_areas: Round
) -> None:
    page = gus.read("round", over_two_areas.pk)
    assert "This round also goes to doors that you do not maintain (1)." in page
    assert reverse("round-close", args=[over_two_areas.pk]) not in page
    answer = gus.send("round-close", over_two_areas.pk, reason="I am tired")
    assert answer.status_code == 403
    assert "Who maintains all of them can end it." in words(answer)
    over_two_areas.refresh_from_db()
    assert over_two_areas.closed_at is None
    assert over_two_areas.stops.filter(closure__closed_at__isnull=True).exists()


def test_who_maintains_the_site_ends_it(tina: User, over_two_areas: Round, at: dt.datetime) -> None:
    phone = Browser(tina)
    assert "also goes to doors" not in phone.read("round", over_two_areas.pk)
    answer = phone.send("round-close", over_two_areas.pk, reason="The floor is wet")
    assert answer["Location"] == reverse("rounds")
    over_two_areas.refresh_from_db()
    assert over_two_areas.closed_at == at


def test_a_round_within_one_area_is_ended_by_who_maintains_that(
    gus: Browser, estate: Estate, over_two_areas: Round, at: dt.datetime
) -> None:
    within = walked.planned(estate, at, name="Here only")
    assert gus.send("round-close", within.pk, reason="Done tomorrow").status_code == 302
    within.refresh_from_db()
    assert within.closed_at == at


def test_the_last_door_of_all_ends_it_whoever_does_it(
    gus: Browser, tina: User, over_two_areas: Round, at: dt.datetime
) -> None:
    for stop in over_two_areas.stops.exclude(compartment__number="1"):
        walked.do(stop, tina.pk, at)
    gus_id = User.objects.get(username="gus").pk
    assert walked.do(walked.stop(over_two_areas), gus_id, at).is_round_over
