"""Batteries of locks: what was read, when they were replaced, and when they fail."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from audit.models import Event
from lockers.models import LockEvent
from lockers.signals import lock_events_stored
from maintenance import jobs
from maintenance.errors.batteries import (
    BadVoltage,
    NotMeasuredYet,
    NotReplacedYet,
    ReplacedSince,
)
from maintenance.errors.parts import NotEnough
from maintenance.models import Battery, BatteryReading, Stock
from maintenance.selectors import batteries as selectors
from maintenance.services import batteries, battery_forecasts
from tests.factories.cast import SETUP, Estate
from tests.maintenance.powered import DAY, REPLACED, battery, model, opened, sink, told
from tests.maintenance.stores import installed, shelf

HOUR = dt.timedelta(hours=1)


def forecast_of(one: Battery) -> tuple[dt.date | None, str]:
    one.refresh_from_db()
    return one.fails_on, one.forecast_by


def test_by_its_voltage_where_that_is_read(estate: Estate, at: dt.datetime) -> None:
    one = battery(estate)
    sink(estate)
    assert battery_forecasts.forecast(at=at) == 1
    assert forecast_of(one) == (REPLACED + 180 * DAY, "voltage")
    assert selectors.reason(one) == ("It sinks by 300 mV a month: 5410 now, low from 4200 mV.")


def test_by_its_openings_or_its_age_where_no_voltage_is_read(
    estate: Estate, at: dt.datetime
) -> None:
    lasts = model(estate, battery_days=300, battery_cycles=100)
    used, aged = battery(estate, 0, model=lasts), battery(estate, 1, model=lasts)
    opened(estate, 50, at - 10 * DAY)
    opened(estate, 90, dt.datetime(2026, 8, 1, tzinfo=dt.UTC))  # the battery before it
    battery_forecasts.forecast(at=at)
    # 50 in 77 days: 100 in 154.
    assert forecast_of(used) == (REPLACED + 154 * DAY, "openings")
    assert forecast_of(aged) == (REPLACED + 300 * DAY, "days")
    assert selectors.reason(used) == "50 of 100 openings are used up."
    assert selectors.reason(aged) == "It lasts 300 days."


def test_by_the_model_of_the_installed_lock_where_none_is_named(
    estate: Estate, at: dt.datetime
) -> None:
    one = battery(estate, model=None)
    assert battery_forecasts.forecast(at=at) == 0
    assert selectors.reason(one) == "Nothing known of it says when."
    installed(estate, model(estate, battery_days=100))
    assert battery_forecasts.forecast(at=at) == 1
    assert forecast_of(one) == (REPLACED + 100 * DAY, "days")


def test_a_reading_is_recorded_and_moves_the_forecast(estate: Estate, at: dt.datetime) -> None:
    one = battery(estate)
    reading = batteries.record(
        compartment_id=one.pk, millivolts=4100, actor=SETUP, at=at, measured_at=at - HOUR
    )
    assert (reading.millivolts, reading.at) == (4100, at - HOUR)
    assert forecast_of(one) == (at.date(), "voltage")
    assert selectors.reason(one) == "It was read at 4100 mV; it is low from 4200 mV."
    event = Event.objects.get(action="battery.read")
    assert (event.compartment_id, event.data["millivolts"]) == (one.pk, 4100)


@pytest.mark.parametrize(
    ("values", "refusal"),
    [
        ({"millivolts": 99}, BadVoltage),
        ({"millivolts": 60_001}, BadVoltage),
        ({"measured_at": dt.datetime(2027, 1, 1, tzinfo=dt.UTC)}, NotMeasuredYet),
    ],
)
def test_what_cannot_have_been_measured_is_refused(
    estate: Estate, at: dt.datetime, values: dict[str, Any], refusal: type[Exception]
) -> None:
    given = {"compartment_id": estate.doors[0].pk, "millivolts": 5000, "actor": SETUP, "at": at}
    with pytest.raises(refusal):
        batteries.record(**{**given, **values})
    assert not BatteryReading.objects.exists()


def test_a_new_battery_knows_nothing_of_the_old_one(estate: Estate, at: dt.datetime) -> None:
    one = battery(estate)
    sink(estate, begin=5000)
    batteries.record(compartment_id=one.pk, millivolts=4100, actor=SETUP, at=at - HOUR)
    assert forecast_of(one)[1] == "voltage"
    batteries.replace(compartment_id=one.pk, on=at.date(), actor=SETUP, at=at, reason="low")
    # What was read an hour before, on the same day, was the old one.
    assert forecast_of(one) == (None, "")
    assert (one.replaced_on, one.replaced_at) == (at.date(), at)
    batteries.record(compartment_id=one.pk, millivolts=6400, actor=SETUP, at=at + HOUR)
    assert forecast_of(one) == (None, "")
    event = Event.objects.get(action="battery.replaced")
    assert (event.reason, event.data["on"]) == ("low", at.date().isoformat())
    with pytest.raises(ReplacedSince):
        batteries.replace(compartment_id=one.pk, on=REPLACED, actor=SETUP, at=at)
    with pytest.raises(NotReplacedYet):
        batteries.replace(compartment_id=one.pk, on=at.date() + DAY, actor=SETUP, at=at)


def test_a_day_begins_where_the_door_is(estate: Estate) -> None:
    estate.site.time_zone = "Asia/Tokyo"
    estate.site.save()
    one = battery(estate)
    # In Tokyo it is the 2nd already, and the battery was replaced on that day.
    late = dt.datetime(2026, 9, 1, 20, tzinfo=dt.UTC)
    batteries.replace(compartment_id=one.pk, on=dt.date(2026, 9, 2), actor=SETUP, at=late)
    one.refresh_from_db()
    assert one.replaced_at == late
    batteries.record(compartment_id=one.pk, millivolts=4000, actor=SETUP, at=late + HOUR)
    assert forecast_of(one) == (dt.date(2026, 9, 2), "voltage")


def test_the_new_one_comes_out_of_a_store(estate: Estate, at: dt.datetime) -> None:
    kept = shelf(estate, quantity=4)
    given = {"compartment_id": estate.doors[0].pk, "on": at.date(), "actor": SETUP, "at": at,
             "stock_id": kept.stock.pk}  # fmt: skip
    batteries.replace(**given, count=4, ticket_id=kept.ticket.pk)
    assert Stock.objects.get().quantity == 0
    assert kept.ticket.entries.get(kind="part").text == "+4 H-7 Latch"
    # Without one it was not replaced either.
    given["compartment_id"] = estate.doors[1].pk
    with pytest.raises(NotEnough):
        batteries.replace(**given)
    assert not Battery.objects.filter(pk=estate.doors[1].pk).exists()


def test_what_a_board_tells_is_stored_once(estate: Estate, at: dt.datetime) -> None:
    one = battery(estate)
    ids = [told(estate, "5900", at).pk, told(estate, "4150", at + HOUR, seq=2).pk]
    for _each in range(2):
        lock_events_stored.send(LockEvent, event_ids=ids)
    found = BatteryReading.objects.order_by("pk")
    assert [(r.millivolts, r.event_id) for r in found] == [(5900, ids[0]), (4150, ids[1])]
    batteries.store_told(event_ids=ids, at=at + HOUR)
    assert found.count() == 2
    battery_forecasts.forecast(at=at + HOUR)
    assert forecast_of(one) == (at.date(), "voltage")


@pytest.mark.parametrize("detail", ["", "low", "99", "60001", "999999", "-500", "٣٠٠٠", "30.5"])
def test_what_is_no_voltage_is_left_in_the_journal(
    estate: Estate, at: dt.datetime, detail: str
) -> None:
    other = told(estate, "5000", at, seq=2, kind="door_closed")
    nowhere = told(estate, "5000", at, seq=3)
    LockEvent.objects.filter(pk=nowhere.pk).update(compartment=None)
    ids = [told(estate, detail, at).pk, other.pk, nowhere.pk]
    assert batteries.store_told(event_ids=ids, at=at) == 0


def test_a_clock_that_was_wrong_dates_no_reading(estate: Estate, at: dt.datetime) -> None:
    wrong = told(estate, "5000", at - 900 * DAY, clock_ok=False, received_at=at)
    ahead = told(estate, "5000", at + 5 * DAY, seq=2, received_at=at)
    batteries.store_told(event_ids=[wrong.pk, ahead.pk], at=at)
    assert {one.at for one in BatteryReading.objects.all()} == {at}


def test_the_nightly_job_finds_what_the_signal_lost(estate: Estate) -> None:
    from django.utils import timezone

    now = timezone.now()
    one = battery(estate, replaced_on=now.date() - 30 * DAY)
    told(estate, "4000", now - HOUR)
    told(estate, "4000", now - 30 * DAY, seq=2)  # too long ago for a sweep
    assert jobs.forecast_batteries() >= 0
    assert BatteryReading.objects.count() == 1
    assert forecast_of(one)[1] == "voltage"
    assert jobs.forecast_batteries() == 0


def test_a_lock_that_is_installed_with_a_battery_is_followed(
    estate: Estate, at: dt.datetime
) -> None:
    asset = installed(estate, model(estate, battery_days=400))
    installed(estate, model(estate, battery_type="", battery_low_mv=None), door=1)
    assert battery_forecasts.adopt(at=at) == 1
    assert battery_forecasts.adopt(at=at) == 0
    one = Battery.objects.get()
    battery_forecasts.forecast(at=at)
    assert one.replaced_on == asset.installed_on
    assert forecast_of(one) == (dt.date(2026, 1, 15) + 400 * DAY, "days")
    assert Event.objects.get(action="record.added").compartment_id == estate.doors[0].pk


def test_the_forecast_takes_as_many_statements_for_many(estate: Estate, at: dt.datetime) -> None:
    def forecasts() -> int:
        Battery.objects.update(fails_on=None, forecast_by="")
        with CaptureQueriesContext(connection) as queries:
            assert battery_forecasts.forecast(at=at) == Battery.objects.count()
        return len(queries)

    battery(estate, 0)
    sink(estate, 0)
    few = forecasts()
    for door in (1, 2):
        battery(estate, door)
        sink(estate, door)
        opened(estate, 3, at, door)
    assert forecasts() == few
