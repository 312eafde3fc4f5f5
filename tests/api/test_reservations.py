"""Booking, changing, cancelling, checking in and desk bookings over the API."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from occupancy.models import Claim, DeskBooking, Policy
from tests import factories
from tests.api.conftest import Api, codes, key
from tests.factories.cast import Estate

HOUR = dt.timedelta(hours=1)


@pytest.fixture(autouse=True)
def booking(estate: Estate) -> Policy:
    return factories.PolicyFactory(
        organisation=estate.organisation, site=estate.site, name="Booked", person_kinds=["staff"],
        model="reservation", books_ahead=dt.timedelta(days=7), at_end="hold",
    )  # fmt: skip


def window(at: dt.datetime, after: int = 1, hours: int = 2) -> dict[str, str]:
    starts = at + after * HOUR
    return {"starts_at": starts.isoformat(), "ends_at": (starts + hours * HOUR).isoformat()}


def book(api: Api, estate: Estate, at: dt.datetime, who: str = "olga", **more: Any) -> Any:
    body = {"person": estate.amira.pk, "bank": estate.bank.pk, **window(at), **more}
    return api(who).post("/api/v1/reservations/", body, headers=key())


def test_booking_changing_and_cancelling(estate: Estate, api: Api, at: dt.datetime) -> None:
    answer = book(api, estate, at)
    assert answer.status_code == 201, answer.json()
    got = answer.json()
    url = f"/api/v1/reservations/{got['id']}/"
    changed = api("olga").post(f"{url}change/", window(at, 3), headers=key())
    assert (changed.status_code, changed.json()["number"]) == (200, got["number"])
    assert api("olga").get("/api/v1/reservations/?standing=true").json()["results"]
    assert api("nina").get(url).status_code == 404
    assert book(api, estate, at, "nina").status_code == 404
    ended = api("olga").post(f"{url}cancel/", {"reason": "ill"}, headers=key())
    assert ended.json()["closed_how"] == "cancelled"
    again = api("olga").post(f"{url}cancel/", {"reason": "ill"}, headers=key())
    assert codes(again) == (409, "booking_over")


def test_a_window_that_is_none_is_refused(estate: Estate, api: Api, at: dt.datetime) -> None:
    assert codes(book(api, estate, at, **window(at, 3, -1))) == (422, "bad_window")


def test_every_rule_against_a_booking_is_named_the_one_to_act_on_first(
    estate: Estate, api: Api, at: dt.datetime
) -> None:
    refused = book(api, estate, at, **window(at, 24 * 9, 30))
    assert codes(refused) == (409, "too_far_ahead")
    assert refused.json()["facts"]["failed"] == [
        {"rule": "too_far_ahead", "policy": "Booked"},
        {"rule": "booking_too_long", "policy": "Booked"},
    ]


def test_checking_in_opens_the_door(estate: Estate, api: Api, at: dt.datetime) -> None:
    got = book(api, estate, at, **window(at, 0)).json()
    answer = api("olga").post(f"/api/v1/reservations/{got['id']}/check_in/", headers=key())
    assert answer.status_code == 200 and answer.json()["command"]
    assert Claim.objects.get(pk=got["id"]).kind == "assignment"


def test_a_series_is_asked_about_and_made(estate: Estate, api: Api, at: dt.datetime) -> None:
    body = {
        "person": estate.amira.pk, "bank": estate.bank.pk, "rule": "FREQ=DAILY",
        "first_day": str(at.date()), "starts_at": "10:00", "ends_at": "12:00",
    }  # fmt: skip
    asked = api("olga").post("/api/v1/series/", {**body, "dry_run": True}, headers=key())
    assert (asked.status_code, asked.json()["series"]) == (200, None)
    made = api("olga").post("/api/v1/series/", body, headers=key())
    assert made.status_code == 201
    assert [one["skipped_why"] for one in made.json()["times"]] == ["", "", "", "", ""] + [
        "limit"
    ] * 2
    ended = api("olga").post(
        f"/api/v1/series/{made.json()['series']}/end/", {"reason": "moved"}, headers=key()
    )
    assert ended.json()["ended_at"]
    assert not Claim.objects.filter(closed_at=None).exists()


def test_a_desk_booking_is_followed_by_its_number(
    estate: Estate, api: Api, at: dt.datetime
) -> None:
    near = factories.BankFactory(
        site=estate.site, bridge=estate.bridge, name="B", nearby="Desks D-10 to D-19"
    )
    factories.CompartmentFactory(
        bank=near, number="21", size=estate.small, controller=estate.controller, channel=9
    )
    url = "/api/v1/desk-bookings/desk-4711/"
    body = {"person": estate.amira.pk, "site": estate.site.pk, "desk": "D-10", **window(at)}
    first = api("olga").put(url, body)
    assert (first.status_code, first.json()["number"]) == (200, "21")
    assert api("olga").put(url, body).json() == first.json()
    later = api("olga").put(url, {**body, **window(at, 5)}).json()
    assert later["reservation"] == first.json()["reservation"]
    assert api("nina").put(url, body).status_code == 404
    assert api("nina").delete(url).status_code == 404
    for _twice in range(2):
        assert api("olga").delete(url).status_code == 204
    assert not Claim.objects.filter(closed_at=None).exists()
    assert api("olga").put(url, body).json()["closed_at"] is None
    assert DeskBooking.objects.count() == 1
    new = {**body, "external_id": "desk-4712", "person": estate.amira.pk}
    made = api("olga").post("/api/v1/desk-bookings/", new, headers=key())
    # The near bank has no second door: the next one has.
    assert (made.status_code, made.json()["number"]) == (201, "1")
    refused = api("olga").put(url, {**body, **window(at, 24 * 9)})
    assert codes(refused) == (409, "too_far_ahead")


def test_a_cancellation_that_overtakes_its_desk_booking_is_remembered_where_it_names_the_site(
    estate: Estate, api: Api, at: dt.datetime
) -> None:
    url = "/api/v1/desk-bookings/desk-9/"
    body = {"person": estate.amira.pk, "site": estate.site.pk, "desk": "D-10", **window(at)}
    here = f"{url}?site={estate.site.pk}"
    assert api("olga").delete(url).status_code == 404
    # Whoever has no right there is told what everybody is told of what does not exist.
    assert api("nina").delete(here).status_code == 404
    for _twice in range(2):
        assert api("olga").delete(here).status_code == 204
    assert codes(api("olga").put(url, body)) == (410, "desk_was_cancelled")
    assert api("olga").get(url).status_code == 404
    assert api("olga").get("/api/v1/desk-bookings/").json()["results"] == []
    assert not Claim.objects.exists()


def test_a_desk_booking_follows_its_area_and_its_end_after_checking_in(
    estate: Estate, api: Api, at: dt.datetime
) -> None:
    url = "/api/v1/desk-bookings/desk-7/"
    body = {"person": estate.amira.pk, "site": estate.site.pk, "desk": "D-10", **window(at, 0)}
    first = api("olga").put(url, body).json()
    check_in = f"/api/v1/reservations/{first['reservation']}/check_in/"
    assert api("olga").post(check_in, headers=key()).status_code == 200
    longer = api("olga").put(url, {**body, **window(at, 0, 4)}).json()
    assert longer["reservation"] == first["reservation"]
    assert longer["ends_at"] > first["ends_at"]
    assert api("olga").delete(url).status_code == 204
    assert Claim.objects.get().closed_at is None
