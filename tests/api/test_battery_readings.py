"""Voltages through the API: gateways tell them, each once."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from maintenance.models import Battery, BatteryReading
from maintenance.services import batteries
from tests.api.conftest import Api, codes, key
from tests.factories.cast import SETUP, Estate
from tests.maintenance.powered import battery, sink, told
from tests.maintenance.stores import technician

HERE = "/api/v1/battery-readings/"


def post(api: Api, body: dict[str, Any], headers: dict[str, str] | None = None) -> Any:
    return api("olga").post(HERE, body, headers=headers or key(), format="json")


def test_a_gateway_tells_a_voltage_and_the_forecast_moves(
    estate: Estate, api: Api, at: dt.datetime
) -> None:
    estate.olga = technician(estate)
    one = battery(estate)
    body = {"compartment": one.pk, "millivolts": 4150, "measured_at": "2026-11-17T08:30:00Z"}
    made = post(api, body)
    assert made.status_code == 201
    shown = made.json()
    assert (shown["number"], shown["millivolts"], shown["is_from_board"]) == ("1", 4150, False)
    assert shown["measured_at"].startswith("2026-11-17T08:30")
    assert Battery.objects.get().fails_on == at.date()
    assert api("olga").get(f"{HERE}{shown['id']}/").json() == shown


def test_told_again_with_the_same_key_it_is_stored_once(estate: Estate, api: Api) -> None:
    estate.olga = technician(estate)
    again = key()
    body = {"compartment": estate.doors[0].pk, "millivolts": 5000}
    assert post(api, body, again).json() == post(api, body, again).json()
    assert BatteryReading.objects.count() == 1


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        ({"millivolts": 99}, (400, "invalid")),
        ({"millivolts": "full"}, (400, "invalid")),
        ({"measured_at": "2026-11-17T09:00:01Z"}, (400, "not_measured_yet")),
        ({"compartment": 10**9}, (404, "not_found")),
    ],
)
def test_what_cannot_be_is_refused(
    estate: Estate, api: Api, wrong: dict[str, Any], expected: tuple[int, str]
) -> None:
    estate.olga = technician(estate)
    body = {"compartment": estate.doors[0].pk, "millivolts": 5000, **wrong}
    assert codes(post(api, body)) == expected
    assert not BatteryReading.objects.exists()


def test_it_takes_the_right_to_maintain_and_to_others_nothing_is_there(
    estate: Estate, api: Api, at: dt.datetime
) -> None:
    body = {"compartment": estate.doors[0].pk, "millivolts": 5000}
    assert codes(post(api, body)) == (404, "not_found")
    reading = batteries.record(
        compartment_id=estate.doors[0].pk, millivolts=5000, actor=SETUP, at=at
    )
    assert api("olga").get(f"{HERE}{reading.pk}/").status_code == 200
    assert api("nina").get(HERE).json()["results"] == []
    assert codes(api("nina").get(f"{HERE}{reading.pk}/")) == (404, "not_found")


def test_the_list_is_newest_first_by_door_and_since_when(
    estate: Estate, api: Api, at: dt.datetime
) -> None:
    sink(estate, 0, over=3)
    sink(estate, 1, over=1)
    batteries.store_told(event_ids=[told(estate, "4400", at).pk], at=at)

    def listed(**query: Any) -> list[int]:
        return [one["millivolts"] for one in api("olga").get(HERE, query).json()["results"]]

    assert listed(compartment=estate.doors[0].pk) == [4400, 5980, 5990, 6000]
    assert listed(since="2026-11-01T00:00:00Z") == [4400]
    assert len(listed(bank=estate.bank.pk)) == len(listed(site=estate.site.pk)) == 5
    assert listed(site=estate.other_site.pk) == []


def test_a_list_takes_as_many_statements_for_many(estate: Estate, api: Api) -> None:
    def read() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert api("olga").get(HERE).status_code == 200
        return len(queries)

    sink(estate, 0, over=1)
    read()
    few = read()
    for door in range(3):
        sink(estate, door, over=20)
    assert read() == few
