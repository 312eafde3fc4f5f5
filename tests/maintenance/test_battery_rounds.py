"""Rounds proposed from the forecast: which doors, bank by bank, and none of them twice."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from access.models import User
from audit.models import Event
from lockers.models import Compartment
from maintenance.errors.batteries import NothingToPlan
from maintenance.models import Battery, BatteryReading, Round, RoundStop
from maintenance.selectors import batteries as selectors
from maintenance.services import batteries
from tests import factories
from tests.admin_pages import signed_in, verb
from tests.factories.cast import SETUP, Estate
from tests.maintenance.powered import DAY, battery, model, sink
from tests.maintenance.stores import shelf, technician

UNTIL = dt.date(2026, 12, 1)
STEP = dt.timedelta(minutes=5)
LIST = "/admin/maintenance/battery/"


@pytest.fixture(autouse=True)
def morning(at: dt.datetime) -> Iterator[None]:
    with time_machine.travel(at, tick=False):
        yield


@pytest.fixture
def failing(estate: Estate) -> list[Battery]:
    """Doors 3 and 1 fail soon, door 2 later; so does one of bank B, and one elsewhere."""
    days = {2: UNTIL, 0: UNTIL - 9 * DAY, 1: UNTIL + DAY}
    one = model(estate)
    made = [battery(estate, door, model=one, fails_on=day) for door, day in days.items()]
    bank = factories.BankFactory(site=estate.site, name="B")
    other = factories.CompartmentFactory(bank=bank, size=estate.small, number="77", column=1)
    away = factories.CompartmentFactory(
        bank=factories.BankFactory(site=estate.other_site), size=estate.small, column=1
    )
    for door in (other, away):
        made.append(
            Battery.objects.create(
                compartment=door, model=one, replaced_on=UNTIL - 400 * DAY, fails_on=UNTIL
            )
        )
    return made


def plan(estate: Estate, at: dt.datetime) -> Round:
    return batteries.plan_round(
        site_id=estate.site.pk, until=UNTIL, starts_at=at + DAY, actor=SETUP, at=at
    )


def test_it_is_proposed_bank_by_bank(estate: Estate, failing: list[Battery]) -> None:
    with CaptureQueriesContext(connection) as queries:
        proposed = [
            (one.bank.name, [b.compartment.number for b in one.batteries])
            for one in selectors.propose_round(estate.site, UNTIL)
        ]
    assert proposed == [("A", ["1", "3"]), ("B", ["77"])]
    assert len(queries) == 1


def test_a_door_that_is_gone_needs_no_battery(estate: Estate, failing: list[Battery]) -> None:
    Compartment.objects.filter(number="77").update(service_status="decommissioned")
    assert [one.bank.name for one in selectors.propose_round(estate.site, UNTIL)] == ["A"]


def test_it_becomes_a_round_with_a_stop_for_each(
    estate: Estate, failing: list[Battery], at: dt.datetime
) -> None:
    planned = plan(estate, at)
    assert (planned.kind, planned.day, planned.name) == (
        "battery", dt.date(2026, 11, 18), "Batteries until 01/12/2026",
    )  # fmt: skip
    stops = [(one.compartment.number, one.planned_from) for one in planned.stops.all()]
    begins = at + DAY
    assert stops == [("1", begins), ("3", begins + STEP), ("77", begins + 2 * STEP)]
    assert planned.due_at == begins + 3 * STEP
    assert Event.objects.get(action="round.planned").data["doors"] == 3


def test_a_door_waits_in_one_battery_round_at_a_time(
    estate: Estate, failing: list[Battery], at: dt.datetime
) -> None:
    first = plan(estate, at)
    with pytest.raises(NothingToPlan):
        plan(estate, at)
    # Where it could not be done, the door is proposed again.
    first.stops.filter(compartment=estate.doors[0]).update(result="skipped", done_at=at)
    assert [one.compartment for one in plan(estate, at).stops.all()] == [estate.doors[0]]
    assert RoundStop.objects.count() == 4


def test_staff_plan_it_from_the_list(estate: Estate, failing: list[Battery]) -> None:
    user = technician(estate)
    address = reverse("admin:maintenance_battery_plan_round")
    assert "Plan a battery round" in signed_in(user).get(LIST).content.decode()
    posted = {"site": estate.site.pk, "until": "2026-12-01", "day": "2026-11-20",
              "begins": "08:30"}  # fmt: skip
    done = signed_in(user).post(address, posted, follow=True).content.decode()
    assert "doors: 3." in done
    assert Round.objects.get().starts_at == dt.datetime(2026, 11, 20, 8, 30, tzinfo=dt.UTC)
    again = signed_in(user).post(address, posted).content.decode()
    assert "No battery there is expected to fail by that day" in again
    theirs = signed_in(user).post(address, {**posted, "site": estate.other_site.pk})
    assert "Select a valid choice" in theirs.content.decode()
    assert Round.objects.count() == 1


@pytest.mark.parametrize("who", ["viewer", "nina"])
def test_without_the_right_there_is_nothing_to_plan(
    estate: Estate, failing: list[Battery], who: str
) -> None:
    user: User = estate.olga if who == "viewer" else estate.nina
    assert signed_in(user).get(reverse("admin:maintenance_battery_plan_round")).status_code == 404
    for name in ("replace", "read"):
        assert verb(user, name, failing[0]).status_code == 404


def test_the_list_has_the_first_to_fail_first_and_says_why(estate: Estate, at: dt.datetime) -> None:
    lasts = model(estate, battery_days=90)
    never, late, soon = (
        battery(estate, door, model=None, fails_on=day)
        for door, day in ((0, None), (1, UNTIL), (2, UNTIL - DAY))
    )
    Battery.objects.filter(pk=soon.pk).update(
        model=lasts, forecast_by="days", forecast_facts={"lasts_days": 90}
    )
    answer = signed_in(estate.olga).get(LIST)
    shown = [one.pk for one in answer.context["cl"].result_list]
    assert shown == [soon.pk, late.pk, never.pk]
    assert "It lasts 90 days." in answer.content.decode()


def test_its_voltage_is_a_line(estate: Estate, at: dt.datetime) -> None:
    one = battery(estate)
    address = f"{LIST}{one.pk}/change/"
    assert "<polyline" not in signed_in(estate.olga).get(address).content.decode()
    sink(estate)
    page: str = signed_in(estate.olga).get(address).content.decode()
    assert 'aria-label="From 6000 to 5410 mV."' in page
    drawn = page.partition('<polyline points="')[2].partition('"')[0].split()
    assert len(drawn) == 60
    heights = [float(point.partition(",")[2]) for point in drawn]
    assert heights == sorted(heights)  # it sinks
    assert "stroke-dasharray" in page


def test_staff_replace_it_out_of_a_store_and_enter_a_voltage(
    estate: Estate, at: dt.datetime
) -> None:
    user, one, kept = technician(estate), battery(estate), shelf(estate)
    verb(user, "read", one, millivolts="4100")
    one.refresh_from_db()
    assert (one.fails_on, BatteryReading.objects.get().millivolts) == (at.date(), 4100)
    posted: dict[str, Any] = {"on": "2026-11-17", "stock": kept.stock.pk, "count": "4",
                              "ticket": kept.ticket.pk, "reason": ""}  # fmt: skip
    verb(user, "replace", one, **posted)
    one.refresh_from_db()
    kept.stock.refresh_from_db()
    assert (one.replaced_on, one.fails_on, kept.stock.quantity) == (at.date(), None, 1)
    refused = verb(user, "replace", one, **posted).content.decode()
    assert "1 in stock, 4 asked for" in refused


def test_a_list_takes_as_many_statements_for_many(estate: Estate) -> None:
    client = signed_in(estate.olga)

    def read() -> list[int]:
        counted = []
        for page in (LIST, "/admin/maintenance/batteryreading/"):
            with CaptureQueriesContext(connection) as queries:
                assert client.get(page).status_code == 200
            counted.append(len(queries))
        return counted

    battery(estate, 0)
    sink(estate, 0)
    read()
    few = read()
    for door in (1, 2):
        battery(estate, door)
        sink(estate, door)
    assert read() == few
