"""Waiting lists through the API."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from occupancy.choices import ClosedHow
from occupancy.models import Assignment, WaitingEntry
from occupancy.services.claims import assignments
from occupancy.services.claims.assignments import Wanted
from occupancy.services.queue import waiting
from tests import factories
from tests.api.conftest import Api, codes, key
from tests.factories.cast import SETUP, Estate

WAITING = "/api/v1/waiting/"


@pytest.fixture
def full(estate: Estate, at: dt.datetime) -> Estate:
    """Amira has the only large door."""
    assignments.claim(
        person_id=estate.amira.pk, bank_id=estate.bank.pk,
        wanted=Wanted(size_id=estate.large.pk), actor=SETUP, at=at,
    )  # fmt: skip
    return estate


def join(api: Api, estate: Estate, person: Any = None, user: str = "olga") -> Any:
    body = {
        "person": (person or estate.ben).pk, "bank": estate.bank.pk, "size": estate.large.pk,
    }  # fmt: skip
    return api(user).post(WAITING, body, format="json", headers=key())


def act(api: Api, pk: int, verb: str, user: str = "olga") -> Any:
    return api(user).post(f"{WAITING}{pk}/{verb}/", {}, format="json", headers=key())


def free(estate: Estate, at: dt.datetime) -> None:
    held = Assignment.objects.get(holder=estate.amira)
    assignments.release(
        claim_id=held.pk, how=ClosedHow.RELEASED_BY_STAFF, actor=SETUP, at=at, reason="moved"
    )


def test_joining_tells_the_position_and_that_the_wait_is_not_known_yet(
    full: Estate, api: Api
) -> None:
    answer = join(api, full)
    assert answer.status_code == 201
    told = answer.json()
    assert (told["position"], told["expected_seconds"], told["offer"]) == (1, None, None)
    assert codes(join(api, full)) == (409, "already_waiting")


def test_an_offer_is_accepted_once(full: Estate, api: Api, at: dt.datetime) -> None:
    pk = join(api, full).json()["id"]
    assert codes(act(api, pk, "accept")) == (409, "nothing_offered")
    free(full, at)
    offer = api("olga").get(f"{WAITING}{pk}/").json()["offer"]
    assert offer["number"] == "3"
    answer = act(api, pk, "accept")
    assert (answer.status_code, answer.json()["person"]) == (201, full.ben.pk)
    assert codes(act(api, pk, "accept")) == (409, "nothing_offered")
    assert api("olga").get(f"{WAITING}{pk}/").json()["closed_how"] == "got"


def test_leaving_and_declining_end_the_place(full: Estate, api: Api, at: dt.datetime) -> None:
    pk = join(api, full).json()["id"]
    assert act(api, pk, "leave").json()["closed_how"] == "left"
    assert codes(act(api, pk, "leave")) == (409, "place_over")
    pk = join(api, full).json()["id"]
    free(full, at)
    assert act(api, pk, "decline").json()["closed_how"] == "declined"


def test_the_list_is_in_order_and_takes_as_many_statements_for_many(
    full: Estate, api: Api, at: dt.datetime
) -> None:
    def read() -> tuple[list[int], int]:
        with CaptureQueriesContext(connection) as queries:
            rows = api("olga").get(WAITING).json()["results"]
        return [row["position"] for row in rows], len(queries)

    join(api, full)
    _one, few = read()
    for _each in range(5):
        person = factories.PersonFactory(organisation=full.organisation, home_site=full.site)
        waiting.join(
            person_id=person.pk, bank_id=full.bank.pk, size_id=full.large.pk, actor=SETUP, at=at
        )
    positions, many = read()
    assert positions == [1, 2, 3, 4, 5, 6]
    assert many == few


def test_staff_of_another_site_see_and_change_nothing(full: Estate, api: Api) -> None:
    pk = join(api, full).json()["id"]
    assert api("nina").get(WAITING).json()["results"] == []
    assert api("nina").get(f"{WAITING}{pk}/").status_code == 404
    assert act(api, pk, "leave", "nina").status_code == 404
    assert join(api, full, user="nina").status_code == 404
    assert WaitingEntry.objects.get().closed_at is None
