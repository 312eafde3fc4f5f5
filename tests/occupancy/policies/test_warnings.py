"""Whom a policy warns, and when not: on its page and by the API, and what the step says of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.test import Client
from rest_framework.authtoken.models import Token
from rest_framework.test import APIClient

from access.models import Notice
from audit.models import Event
from occupancy.models import Assignment, PolicyWarning
from occupancy.services.claims import assignments
from occupancy.services.claims.assignments import Wanted
from occupancy.services.ending import warnings
from tests.factories.cast import SETUP, Estate
from tests.occupancy.policies.pages import ADD, change_of, opened, said, save

USUAL = [dt.timedelta(days=1), dt.timedelta(hours=2), dt.timedelta(minutes=15)]


@pytest.fixture(autouse=True)
def morning(at: dt.datetime) -> Iterator[None]:
    with time_machine.travel(at, tick=False):
        yield


@pytest.fixture
def max_(estate: Estate) -> Client:
    client = Client()
    client.force_login(estate.max)
    return client


@pytest.fixture
def api(estate: Estate) -> APIClient:
    client = APIClient()
    token = Token.objects.create(user=estate.max)
    client.credentials(HTTP_AUTHORIZATION=f"Token {token.key}")
    return client


@pytest.fixture
def mine(estate: Estate, at: dt.datetime) -> Assignment:
    """Amira's door until midnight: in fifteen hours."""
    estate.amira.email = "amira@example.org"
    estate.amira.save(update_fields=["email"])
    got = assignments.claim(
        person_id=estate.amira.pk, bank_id=estate.bank.pk, wanted=Wanted(), actor=SETUP, at=at
    )
    begun = at - dt.timedelta(hours=1)
    Assignment.objects.filter(pk=got.claim_id).update(starts_at=begun, started_at=begun)
    return Assignment.objects.get(pk=got.claim_id)


def offsets(estate: Estate) -> list[dt.timedelta]:
    return list(
        PolicyWarning.objects.filter(policy=estate.policy)
        .order_by("-before")
        .values_list("before", flat=True)
    )


def test_a_new_policy_has_the_usual_warnings_and_its_page_shows_them_as_people_write(
    max_: Client, estate: Estate
) -> None:
    assert offsets(estate) == USUAL
    body = opened(max_, change_of(estate.policy))
    assert [body[f"warnings-{n}-before"] for n in range(3)] == ["1 d", "2 h", "15 min"]
    # A policy that is not there yet has none to change.
    assert "warnings-TOTAL_FORMS" not in opened(max_, f"{ADD}?start=staff")


def test_warnings_and_quiet_hours_are_changed_on_the_page(max_: Client, estate: Estate) -> None:
    page = change_of(estate.policy)
    body = opened(max_, page, quiet_from="22:00", quiet_until="07:00") | {
        "warnings-TOTAL_FORMS": 4, "warnings-0-before": "3 h", "warnings-1-DELETE": "on",
        "warnings-3-before": "30 min", "warnings-3-channel": "other", "warnings-3-to": "staff",
    }  # fmt: skip
    save(max_, page, body)
    estate.policy.refresh_from_db()
    assert (estate.policy.quiet_from, estate.policy.quiet_until) == (dt.time(22), dt.time(7))
    found = PolicyWarning.objects.order_by("-before").values_list("before", "channel", "to")
    assert list(found) == [
        (dt.timedelta(hours=3), "email", "holder"),
        (dt.timedelta(minutes=30), "other", "staff"),
        (dt.timedelta(minutes=15), "email", "holder"),
    ]
    event = Event.objects.filter(subject=f"occupancy.policy:{estate.policy.pk}").latest("pk")
    assert {one["done"] for one in event.data["related"]} == {"added", "changed", "deleted"}


def test_two_warnings_change_places(max_: Client, estate: Estate) -> None:
    page = change_of(estate.policy)
    swapped = {"warnings-0-before": "2 h", "warnings-1-before": "1 d"}
    save(max_, page, opened(max_, page) | swapped)
    assert offsets(estate) == USUAL


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"warnings-0-before": "0"}, "more than nothing"),
        ({"warnings-0-before": "91 d"}, "90 d at most"),
        ({"warnings-0-before": "soon"}, "Write it like 30 min"),
        ({"warnings-0-before": "2 h"}, "stands there twice"),
    ],
)
def test_what_the_database_refuses_is_said_at_the_line(
    max_: Client, estate: Estate, changes: dict[str, str], sentence: str
) -> None:
    page = change_of(estate.policy)
    answer = max_.post(page, opened(max_, page) | changes)
    assert sentence in answer.content.decode()
    assert offsets(estate) == USUAL


def test_what_the_step_says_of_warnings_is_what_then_happens(
    max_: Client, estate: Estate, mine: Assignment, at: dt.datetime
) -> None:
    page = change_of(estate.policy)
    assert said(max_.post(page, opened(max_, page))) == [
        "It would decide for 2 people at these doors: all of bank A.",
        "1 compartment that is in use under it keeps the end it was told.",
    ]
    # Fifteen hours and a half before the end: half an hour ago.
    body = opened(max_, page) | {"warnings-1-before": "15 h 30 min"}
    told = said(max_.post(page, body))
    assert "A warning would be sent at once for 1 compartment in use." in told
    assert "The warnings to come would change for 1 compartment in use." in told
    assert warnings.warn_due(at=at) == 0
    save(max_, page, body)
    assert warnings.warn_due(at=at) == 1
    assert Notice.objects.get(kind="claim_ends").to == "amira@example.org"
    # It was warned of this end, so that looking again promises no second letter.
    assert not [one for one in said(max_.post(page, opened(max_, page))) if "warning" in one]
    assert warnings.warn_due(at=at) == 0


def test_quiet_hours_move_what_is_to_come_to_where_the_step_said(
    max_: Client, estate: Estate, mine: Assignment, at: dt.datetime
) -> None:
    page = change_of(estate.policy)
    # Two hours before midnight is 22:00; quiet until after the end, it comes before 21:00.
    body = opened(max_, page, quiet_from="21:00", quiet_until="06:00")
    told = said(max_.post(page, body))
    assert "The warnings to come would change for 1 compartment in use." in told
    assert not [one for one in told if "at once" in one]
    save(max_, page, body)
    moved = at.replace(hour=21) - warnings.BEFORE_QUIET
    assert warnings.warn_due(at=moved - dt.timedelta(minutes=1)) == 0
    assert warnings.warn_due(at=moved) == 1
    assert warnings.warn_due(at=at.replace(hour=22)) == 0


def _key() -> dict[str, str]:
    return {"Idempotency-Key": f"warnings-{Event.objects.count():06}"}


def test_the_api_reads_and_sets_them_and_looks_before(
    api: APIClient, max_: Client, estate: Estate, mine: Assignment
) -> None:
    address = f"/api/v1/policies/{estate.policy.pk}/"
    assert api.get(address).json()["warnings"][0] == {
        "before": "1 d", "channel": "email", "to": "holder"
    }  # fmt: skip
    wanted = {"quiet_from": "22:00", "quiet_until": "07:00",
              "warnings": [{"before": "3 h"}, {"before": "1 d", "to": "staff"}]}  # fmt: skip
    looked = api.post(f"{address}preview/", wanted, "json")
    told = [line["text"] for line in looked.json()["lines"]]
    assert "The warnings to come would change for 1 compartment in use." in told
    assert offsets(estate) == USUAL
    changed = api.post(f"{address}change/", wanted, "json", headers=_key())
    assert changed.status_code == 200, changed.json()
    now = changed.json()
    assert (now["quiet_from"], now["quiet_until"]) == ("22:00", "07:00")
    assert [(one["before"], one["to"]) for one in now["warnings"]] == [
        ("1 d", "staff"), ("3 h", "holder")
    ]  # fmt: skip
    silent = api.post(f"{address}change/", {"warnings": [], "quiet_from": None,
                      "quiet_until": None}, "json", headers=_key())  # fmt: skip
    assert (silent.json()["warnings"], silent.json()["quiet_from"]) == ([], None)


@pytest.mark.parametrize(
    ("asked", "name", "sentence"),
    [
        ({"warnings": [{"before": "0"}]}, "warnings", "more than nothing"),
        ({"warnings": [{"before": "soon"}]}, "warnings", "Write it like 30 min"),
        ({"quiet_from": "22:00"}, "quiet_until", "Write until when"),
        ({"recovers_after": "7 d"}, "recovers_after", "goes back by itself"),
    ],
)
def test_the_api_names_the_field_that_is_wrong(
    api: APIClient, estate: Estate, asked: dict[str, Any], name: str, sentence: str
) -> None:
    answer = api.post(f"/api/v1/policies/{estate.policy.pk}/change/", asked, "json", headers=_key())
    assert answer.status_code == 400
    assert name in str(answer.json()) and sentence in str(answer.json())
