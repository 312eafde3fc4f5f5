"""Requests for access through the API."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.test import Client

from access.choices import PersonKind
from access.models import AccessRequest, TemporaryAccess, User
from tests import factories
from tests.conftest import MORNING
from tests.factories.cast import Estate

_keys = itertools.count()


@pytest.fixture(autouse=True)
def _morning() -> Iterator[None]:
    with time_machine.travel(MORNING, tick=False):
        yield


def post(user: User, path: str, body: dict[str, Any], key: str | None = None) -> Any:
    client = Client()
    client.force_login(user)
    return client.post(
        f"/api/v1/access-requests/{path}", body, content_type="application/json",
        headers={"Idempotency-Key": key or f"access-request-{next(_keys):04}"},
    )  # fmt: skip


def asking(estate: Estate, **changes: object) -> dict[str, Any]:
    eve = factories.PersonFactory(organisation=estate.organisation, kind=PersonKind.CONTRACTOR)
    return {
        "person": eve.pk, "site": estate.site.pk, "reason": "rewiring",
        "starts_at": MORNING.isoformat(),
        "ends_at": (MORNING + dt.timedelta(hours=8)).isoformat(), **changes,
    }  # fmt: skip


def test_one_asks_another_approves(estate: Estate) -> None:
    asked = post(estate.olga, "", asking(estate))
    assert (asked.status_code, asked.json()["status"]) == (201, "requested")
    answer = post(estate.max, f"{asked.json()['id']}/approve/", {})
    assert (answer.status_code, answer.json()["status"]) == (200, "approved")
    assert TemporaryAccess.objects.get().request_id == asked.json()["id"]


def test_a_repeat_with_the_same_key_asks_and_approves_once(estate: Estate) -> None:
    body = asking(estate)
    first, second = (post(estate.olga, "", body, "ask-once-1") for _each in range(2))
    assert first.json() == second.json()
    path = f"{first.json()['id']}/approve/"
    assert [post(estate.max, path, {}, "yes-once-1").status_code for _each in range(2)] == [200] * 2
    again = post(estate.rosa, path, {})
    assert (again.status_code, again.json()["code"]) == (409, "request_decided")
    assert TemporaryAccess.objects.count() == 1


def test_nobody_approves_what_they_asked_for(estate: Estate) -> None:
    asked = post(estate.max, "", asking(estate)).json()
    answer = post(estate.max, f"{asked['id']}/approve/", {})
    assert (answer.status_code, answer.json()["code"]) == (403, "own_request")


def test_a_no_needs_a_reason(estate: Estate) -> None:
    asked = post(estate.olga, "", asking(estate)).json()
    assert post(estate.max, f"{asked['id']}/refuse/", {}).status_code == 400
    answer = post(estate.max, f"{asked['id']}/refuse/", {"reason": "not today"}).json()
    assert (answer["status"], answer["decision_reason"]) == ("refused", "not today")


def test_people_and_banks_of_other_places_are_not_there(estate: Estate) -> None:
    stranger = factories.PersonFactory(kind=PersonKind.CONTRACTOR)
    bank = factories.BankFactory(site=estate.other_site)
    for wrong in ({"person": stranger.pk}, {"bank": bank.pk}, {"site": estate.other_site.pk}):
        assert post(estate.olga, "", asking(estate, **wrong)).status_code == 404
    assert not AccessRequest.objects.exists()


def test_requests_are_listed_by_status(estate: Estate) -> None:
    ids = [post(estate.olga, "", asking(estate)).json()["id"] for _each in range(2)]
    post(estate.max, f"{ids[0]}/approve/", {})
    client = Client()
    client.force_login(estate.olga)
    rows = client.get("/api/v1/access-requests/", {"status": "requested"}).json()["results"]
    assert [row["id"] for row in rows] == [ids[1]]
