"""Giving many doors from a list: every row tried, every bad row named, then given."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Iterator
from typing import Any

import openpyxl
import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from guardian.shortcuts import assign_perm

from access.models import Grant
from audit.actions import Action
from audit.models import Event
from lockers.models import Area, Bank
from occupancy.forms import give_lists
from occupancy.models import Assignment
from tests import factories
from tests.admin_pages import signed_in
from tests.factories.cast import Estate

GIVE = "admin:occupancy_claim_give"


@pytest.fixture(autouse=True)
def morning(at: dt.datetime) -> Iterator[None]:
    """Stop the clock at the instant at which the estate was built."""
    with time_machine.travel(at, tick=False):
        yield


def csv(text: str) -> SimpleUploadedFile:
    return SimpleUploadedFile("list.csv", text.encode())


def xlsx(*rows: tuple[Any, ...]) -> SimpleUploadedFile:
    book = openpyxl.Workbook()
    assert book.active is not None
    for row in rows:
        book.active.append(row)
    content = io.BytesIO()
    book.save(content)
    return SimpleUploadedFile("list.xlsx", content.getvalue())


def send(estate: Estate, step: str = "try", **posted: Any) -> Any:
    body = {"bank": estate.bank.pk, "policy": estate.policy.pk, "step": step, **posted}
    return signed_in(estate.olga).post(reverse(GIVE), body)


def told(answer: Any) -> list[tuple[str, str, str]]:
    return [(row["place"], row["door"], row["problem"]) for row in answer.context["rows"]]


@pytest.mark.parametrize(
    "file",
    [
        csv("Person number,Door number\n1001,2\n1002,3\n"),
        csv("person;door\n1001;2\n1002;3\n"),
        xlsx(("Door", "Person"), (2, 1001), (3.0, 1002.0)),
        xlsx(("person", "bank", "door"), (1001, "A", 2), (1002, None, 3)),
    ],
    ids=["commas", "semicolons", "workbook", "with banks"],
)
def test_a_file_is_tried_then_given(estate: Estate, file: SimpleUploadedFile) -> None:
    file.seek(0)
    tried = send(estate, file=file)
    assert told(tried) == [("1", "2", ""), ("2", "3", "")]
    assert not Assignment.objects.exists() and not Grant.objects.exists()
    # What was read stands in the box: the browser sends that when it is given.
    lines = tried.context["form"]["people"].value()
    given = send(estate, "give", people=lines, tried=tried.context["tried"],
                 key=tried.context["key"])  # fmt: skip
    assert given.status_code == 302
    held = Assignment.objects.order_by("compartment__number")
    assert [(one.holder, one.compartment.number) for one in held] == [
        (estate.amira, "2"), (estate.ben, "3"),
    ]  # fmt: skip


def test_every_bad_row_is_named_beside_what_the_good_ones_would_get(estate: Estate) -> None:
    rows = "1001,2\n9999,1\n1002,77\n1003,1\n1002,2\n"
    answer = send(estate, file=csv(f"person,door\n{rows}"))
    assert told(answer) == [
        ("1", "2", ""),
        ("2", "", "Nobody here has that number or address."),
        ("3", "", "Bank A has no door of that number."),
        ("4", "", answer.context["rows"][3]["problem"]),
        ("5", "", "Somebody took that door a moment ago. Choose another."),
    ]
    assert "suspended" in answer.context["rows"][3]["problem"]
    page = answer.content.decode()
    assert "2 lines cannot be read" in page
    assert not answer.context["can_give"]
    # Nor by a browser that asks all the same.
    forced = send(estate, "give", people=answer.context["form"]["people"].value())
    assert forced.status_code == 200
    assert not Assignment.objects.exists()


def test_a_list_that_was_changed_after_it_was_tried_is_tried_again(estate: Estate) -> None:
    tried = send(estate, people="1001; 2")
    same = {"tried": tried.context["tried"], "key": tried.context["key"]}
    changed = send(estate, "give", people="1001; 2\n1002; 3", **same)
    assert "The list was changed since it was tried" in changed.content.decode()
    assert not Assignment.objects.exists()
    assert send(estate, "give", people="1001; 2", **same).status_code == 302
    assert Assignment.objects.count() == 1


def test_a_button_pressed_twice_gives_once(estate: Estate) -> None:
    estate.policy.limit_per_person = None
    estate.policy.save(update_fields=["limit_per_person"])
    tried = send(estate, people="1001")
    same = {"people": "1001", "tried": tried.context["tried"], "key": tried.context["key"]}
    answers = [send(estate, "give", **same).status_code for _each in range(2)]
    assert answers == [302, 302]
    assert Assignment.objects.count() == 1


@pytest.mark.parametrize(
    ("posted", "sentence"),
    [
        ({"file": csv("name,locker\nAmira,1\n")}, "Name the columns"),
        ({"file": csv("person,door\n")}, "no rows below"),
        ({"file": csv("person,door\n1001,1\n"), "people": "1002"}, "not both"),
        ({"file": SimpleUploadedFile("a.xlsx", b"PK\x03\x04no")}, "not an Excel workbook"),
        ({"file": csv("person,door\n" + "1001,1\n" * 501)}, "500 lines"),
    ],
)
def test_a_file_that_cannot_be_read_says_what_to_do(
    estate: Estate, posted: dict[str, Any], sentence: str
) -> None:
    posted["file"].seek(0)
    assert sentence in send(estate, **posted).content.decode()


def test_a_list_reaches_only_banks_of_ones_own(estate: Estate) -> None:
    here = Area.objects.create(site=estate.site, name="Here")
    Bank.objects.filter(pk=estate.bank.pk).update(area=here)
    there = factories.BankFactory(site=estate.site, bridge=estate.bridge, name="B")
    factories.CompartmentFactory(bank=there, size=estate.small, number="1")
    ada = factories.UserFactory(username="ada", is_staff=True)
    for right in ("view_area", "operate_area"):
        assign_perm(right, ada, here)
    answer = signed_in(ada).post(
        reverse(GIVE),
        {"bank": estate.bank.pk, "policy": estate.policy.pk, "step": "try",
         "people": "1001; B; 1"},
    )  # fmt: skip
    assert "This site has no bank of that name." in answer.content.decode()


def test_reading_a_list_takes_as_many_questions_however_long(estate: Estate) -> None:
    def queries(count: int) -> int:
        lines = [f"{number}; 1" for number in range(5000, 5000 + count)]
        with CaptureQueriesContext(connection) as asked:
            give_lists.read(lines, bank=estate.bank, banks=[estate.bank])
        return len(asked)

    assert queries(1) == queries(300)


def test_a_dry_run_leaves_no_trace_in_the_trail(estate: Estate) -> None:
    send(estate, people="1001; 2\n1003; 1")
    assert not Event.objects.filter(action__in=[Action.GIVEN, Action.REFUSED]).exists()
