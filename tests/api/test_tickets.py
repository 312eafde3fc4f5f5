"""Tickets through the API: reported, noted, closed, with the number of another system."""

from __future__ import annotations

import base64
import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from guardian.shortcuts import assign_perm

from audit.models import Event
from config import body_limit
from config.api import photo_field
from maintenance.choices import Category
from maintenance.models import Ticket
from tests import factories
from tests.api.conftest import Api, codes, key
from tests.factories.cast import Estate
from tests.factories.upkeep import ChecklistFactory, ChecklistItemFactory
from tests.maintenance.tickets.making import door, kinds, status, ticket
from tests.pictures import picture

HERE = "/api/v1/tickets/"


@pytest.fixture(autouse=True)
def max_repairs(estate: Estate) -> None:
    """Let Max repair, too."""
    assign_perm("maintain_site", estate.max, estate.site)


def post(api: Api, path: str, body: dict[str, Any] | None = None, who: str = "max") -> Any:
    return api(who).post(path, body or {}, headers=key(), format="json")


def test_a_fault_is_reported_once_and_counted_after_that(estate: Estate, api: Api) -> None:
    body = {"compartment": estate.doors[0].pk, "category": "damaged", "words": "Bent",
            "reference": "INC-7"}  # fmt: skip
    made = post(api, HERE, body, "olga")
    assert made.status_code == 201
    told = made.json()
    assert (told["number"], told["source"], told["status"], told["occurrences"]) == (
        "1", "api", "open", 1,
    )  # fmt: skip
    assert (told["summary"], told["reference"]) == ("Bent", "INC-7")
    again = post(api, HERE, body)
    assert (again.status_code, again.json()["id"]) == (200, told["id"])
    assert again.json()["occurrences"] == 2
    assert [one["kind"] for one in again.json()["entries"]] == [
        "reported", "changed", "seen_again",
    ]  # fmt: skip


def test_a_repeat_of_the_same_request_reports_nothing_twice(
    estate: Estate, api: Api, settings: Any, tmp_path: Path
) -> None:
    settings.VAR_DIR = tmp_path
    photo = base64.b64encode(picture()).decode()
    body = {"compartment": estate.doors[0].pk, "category": "damaged", "photo": photo}
    headers = key()
    for _each in range(2):
        answer = api("olga").post(HERE, body, headers=headers, format="json")
        assert answer.status_code == 201
    one = Ticket.objects.get()
    assert (one.occurrences, one.photos.count()) == (1, 1)


def test_a_bank_itself_and_a_door_that_nobody_new_should_get(estate: Estate, api: Api) -> None:
    told = post(api, HERE, {"bank": estate.bank.pk, "category": "dirty"}).json()
    assert (told["bank"], told["compartment"], told["number"]) == (estate.bank.pk, None, None)
    door = {"compartment": estate.doors[1].pk, "category": "jammed", "needs_out": True}
    assert post(api, HERE, door).status_code == 201
    assert status(estate, 1) == "fault"


@pytest.mark.parametrize(
    "wrong",
    [
        {"category": "damaged"},
        {"category": "on fire", "compartment": 1},
        {"category": "damaged", "compartment": 1, "bank": 1},
        {"category": "damaged", "bank": 1, "photo": "no base64!"},
    ],
)
def test_what_cannot_be_a_report_is_refused(api: Api, wrong: dict[str, Any]) -> None:
    assert post(api, HERE, wrong).status_code == 400


def test_a_file_that_is_no_picture_is_refused(estate: Estate, api: Api) -> None:
    text = base64.b64encode(b"%PDF-1.7").decode()
    body = {"bank": estate.bank.pk, "category": "dirty", "photo": text}
    assert codes(post(api, HERE, body)) == (400, "bad_photo")


def test_a_photo_of_fifty_megabytes_is_refused_and_reports_nothing(
    estate: Estate, api: Api
) -> None:
    text = base64.b64encode(picture() + bytes(50 * 1024 * 1024)).decode()
    body = {"bank": estate.bank.pk, "category": "dirty", "photo": text}
    answer = post(api, HERE, body)
    assert codes(answer) == (400, "invalid")
    assert "up to 8 MB" in answer.content.decode()
    assert not Ticket.objects.exists()


def test_the_largest_photo_is_within_what_a_request_may_have(
    estate: Estate, api: Api, settings: Any, tmp_path: Path
) -> None:
    settings.VAR_DIR = tmp_path
    # What comes after the end of a JPEG is no part of it.
    photo = picture().ljust(photo_field.LARGEST, b"\0")
    body = {"bank": estate.bank.pk, "category": "dirty", "words": "x" * 1000,
            "photo": base64.b64encode(photo).decode()}  # fmt: skip
    assert len(json.dumps(body)) < body_limit.LIMIT
    assert post(api, HERE, body).status_code == 201
    assert Ticket.objects.get().photos.count() == 1


def test_who_has_no_right_there_finds_nothing(estate: Estate, at: dt.datetime, api: Api) -> None:
    one = ticket(estate, at)
    body = {"compartment": estate.doors[0].pk, "category": "dirty"}
    assert post(api, HERE, body, "nina").status_code == 404
    assert api("nina").get(HERE).json()["results"] == []
    assert api("nina").get(f"{HERE}{one.pk}/").status_code == 404
    # Who sees the site sees the ticket and changes nothing.
    assert api("olga").get(f"{HERE}{one.pk}/").status_code == 200
    assert post(api, f"{HERE}{one.pk}/note/", {"words": "x"}, "olga").status_code == 404


def test_noted_closed_and_found_by_the_number_of_another_system(
    estate: Estate, at: dt.datetime, api: Api
) -> None:
    one = ticket(estate, at)
    path = f"{HERE}{one.pk}/"
    post(api, f"{path}note/", {"words": "Somebody comes at ten"})
    post(api, f"{path}reference/", {"reference": "INC-8"})
    closed = post(api, f"{path}close/", {"resolution": "New hinge"}).json()
    assert (closed["status"], closed["resolution"]) == ("done", "New hinge")
    assert kinds(one) == ["reported", "note", "changed", "closed"]
    (found,) = api("max").get(HERE, {"reference": "INC-8"}).json()["results"]
    assert found["id"] == one.pk
    assert codes(post(api, f"{path}close/", {"resolution": "x"})) == (409, "ticket_over")


def test_it_is_not_closed_before_its_checklist_is_done(
    estate: Estate, at: dt.datetime, api: Api
) -> None:
    ChecklistItemFactory(
        checklist=ChecklistFactory(organisation=estate.organisation, closes="damaged")
    )
    one = ticket(estate, at)
    answer = post(api, f"{HERE}{one.pk}/close/", {"resolution": "x"})
    assert codes(answer) == (409, "items_unchecked")


def test_the_list_is_filtered(estate: Estate, at: dt.datetime, api: Api) -> None:
    first, second = ticket(estate, at), ticket(estate, at, subject=door(estate, 1))
    post(api, f"{HERE}{first.pk}/close/", {"resolution": "x"})
    bank = factories.BankFactory(site=estate.site, name="B")

    def found(**query: object) -> set[int]:
        return {one["id"] for one in api("max").get(HERE, query).json()["results"]}

    assert found(is_open="true") == {second.pk}
    assert found(is_open="false") == {first.pk}
    assert found(site=estate.site.pk) == found(bank=estate.bank.pk) == {first.pk, second.pk}
    assert found(compartment=estate.doors[1].pk) == {second.pk}
    assert found(bank=bank.pk) == found(category="dirty") == set()


def test_a_list_costs_the_same_however_long_it_is(
    estate: Estate, at: dt.datetime, api: Api
) -> None:
    client = api("max")

    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get(HERE).status_code == 200
        return len(queries)

    ticket(estate, at)
    one = count()
    for category in (Category.DIRTY, Category.OTHER, Category.FORCED):
        for place in range(3):
            ticket(estate, at, category, subject=door(estate, place))
    assert count() == one


def test_each_change_is_an_event_that_others_can_follow(
    estate: Estate, at: dt.datetime, api: Api
) -> None:
    one = ticket(estate, at)
    post(api, f"{HERE}{one.pk}/reference/", {"reference": "INC-9"})
    post(api, f"{HERE}{one.pk}/close/", {"resolution": "New hinge"})
    events = Event.objects.filter(subject=f"ticket:{one.pk}").order_by("pk")
    assert [event.action for event in events] == [
        "ticket.opened", "ticket.changed", "ticket.closed",
    ]  # fmt: skip
    shapes = [{name for name in event.data if name in SHAPE} == SHAPE for event in events]
    assert shapes == [True] * 3
    assert events[2].data["reference"] == "INC-9"


SHAPE = {"ticket", "entry", "category", "priority", "status", "due_at", "assignee", "team",
         "reference"}  # fmt: skip
