"""What is not back, who owes what, and whose things were found: on the page, and as files."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterator
from typing import Any

import openpyxl
import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.actions import Action
from audit.models import Event
from maintenance import sheets
from maintenance.selectors import collection_lists
from maintenance.services.collections import clearing, recovering
from maintenance.sheets import Sheet
from occupancy.models import LostItem
from occupancy.services.ending import lost_property, recovery
from occupancy.services.ending.lost_property import Found
from tests import paper
from tests.factories.cast import SETUP, Estate
from tests.factories.school_collections import TermEnd, term_end


@pytest.fixture(autouse=True)
def morning(at: dt.datetime) -> Iterator[None]:
    with time_machine.travel(at, tick=False):
        yield


@pytest.fixture
def end(estate: Estate, at: dt.datetime) -> TermEnd:
    return term_end(estate, at)


def download(end: TermEnd, what: str, kind: str) -> Any:
    client = Client()
    client.force_login(end.estate.olga)
    answer = client.get(reverse("collection-list", args=[end.collection.pk, what, kind]))
    assert answer.status_code == 200
    return b"".join(answer.streaming_content) if answer.streaming else answer.content


def rows(end: TermEnd, what: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(download(end, what, "csv").decode())))


def test_the_uncollected_list_says_what_is_missing_of_whom(end: TermEnd, at: dt.datetime) -> None:
    end.all_back(1, at)
    end.say(2, "emptied", "yes", at)
    end.say(2, "condition", "good", at)
    end.say(2, "key", "not_back", at)
    heads, *listed = rows(end, "uncollected")
    assert heads[:3] == ["Form", "Pupil", "Number"]
    assert [(row[0], row[4], row[5]) for row in listed] == [
        ("7A", "K1", "key is not back"), ("7A", "C1", "nobody has looked"),
        ("7B", "2", "nobody has looked"),
    ]  # fmt: skip
    assert Event.objects.filter(action=Action.EXPORTED, site_id=end.estate.site.pk).count() == 1


def test_the_charges_list_has_what_for_and_how_much_form_by_form(
    end: TermEnd, at: dt.datetime
) -> None:
    end.say(4, "emptied", "yes", at)
    end.say(4, "condition", "damaged", at, note="Door dented")
    clearing.charge_damage(
        line_id=end.line(4).pk, amount_minor=2250, note="Door dented", actor=SETUP, at=at
    )
    end.say(2, "emptied", "yes", at)
    end.say(2, "condition", "good", at)
    end.say(2, "key", "lost", at)
    _heads, *listed = rows(end, "charges")
    assert [(row[0], *row[3:]) for row in listed] == [
        ("7A", "Key of A K1 lost", "15.00", "GBP", "to pay"),
        ("7B", "Damage of A 2: Door dented", "22.50", "GBP", "to pay"),
    ]
    assert collection_lists.owed(end.collection) == {"GBP": "37.50 GBP"}
    clearing.clear(line_id=end.line(4).pk, reason="Paid", actor=SETUP, at=at)
    assert rows(end, "charges")[2][-1] == "settled"
    book = openpyxl.load_workbook(io.BytesIO(download(end, "charges", "xlsx")))
    assert [row[4].value for row in book.active.rows][1:] == [15, 22.5]  # type: ignore[union-attr]  # there is a sheet


def test_what_nobody_collected_goes_to_the_lost_property_of_its_owner(
    end: TermEnd, at: dt.datetime
) -> None:
    end.all_back(1, at)
    numbers = [end.line(1).pk, end.line(3).pk]
    begun = recovering.recover(
        collection_id=end.collection.pk, lines=numbers, actor=SETUP, at=at
    )  # fmt: skip
    assert len(begun) == 1  # the first was given back
    user = end.estate.olga.pk
    recovery.opened_by_key(recovery_id=begun[0], user_id=user, at=at, reason="term end")
    for what in ("A shoe", "A scarf"):
        lost_property.store_item(
            recovery_id=begun[0], found=Found(what=what, stored_where="Box 7A"), actor=SETUP, at=at
        )
    recovery.close(recovery_id=begun[0], actor=SETUP, at=at)
    lost_property.store(
        site=end.estate.site, found=Found(what="An umbrella", stored_where="Shelf"), actor=SETUP,
        at=at,
    )  # fmt: skip
    assert [
        (owner, [item.what for item in items])
        for owner, items in collection_lists.lost_property(end.collection)
    ] == [(end.pupil(3), ["A shoe", "A scarf"]), (None, ["An umbrella"])]
    assert [row[:3] for row in rows(end, "lost-property")[1:]] == [
        ["7A", str(end.pupil(3)), "A shoe"], ["7A", str(end.pupil(3)), "A scarf"],
        ["", "nobody known", "An umbrella"],
    ]  # fmt: skip
    assert LostItem.objects.filter(owner=end.pupil(3)).count() == 2


@pytest.mark.parametrize("what", sorted(collection_lists.SHEETS))
@pytest.mark.parametrize("kind", ["csv", "xlsx", "pdf"])
def test_every_list_comes_in_every_form(end: TermEnd, what: str, kind: str) -> None:
    begins = {"csv": b"Form", "xlsx": b"PK", "pdf": b"%PDF"}
    assert download(end, what, kind).startswith(begins[kind])


def test_a_list_takes_as_many_statements_for_many_as_for_one(end: TermEnd, at: dt.datetime) -> None:
    def statements() -> list[int]:
        counted = []
        for make in collection_lists.SHEETS.values():
            with CaptureQueriesContext(
                connection,
            ) as seen:
                make(end.collection)
            counted.append(len(seen))
        return counted

    for number in (1, 4):
        end.say(number, "emptied", "no", at)
        end.say(number, "condition", "damaged", at, note="Dent")
        clearing.charge_damage(
            line_id=end.line(number).pk, amount_minor=100, note="Dent", actor=SETUP, at=at
        )
        if number == 1:
            few = statements()
    assert statements() == few


def test_names_of_every_script_are_on_the_printed_list() -> None:
    made = sheets.pdf(
        Sheet("Not collected", "Łódź", ["Pupil", "Door"], [["Żółć", 1], ["נועה", None]])
    )
    text = paper.text(made)
    assert "Żółć" in text
    assert "נועה"[::-1] in text
    assert "?" not in text


@settings(max_examples=10, deadline=None)
@given(st.lists(st.lists(st.text(max_size=20), min_size=2, max_size=2), max_size=5))
def test_whatever_is_typed_makes_a_file(cells: list[list[str]]) -> None:
    clean = [[cell.replace("\x00", "") for cell in row] for row in cells]
    assert sheets.pdf(Sheet("Łists", "below", ["One", "Two"], clean)).startswith(b"%PDF")


def test_a_cell_that_a_spreadsheet_would_run_is_made_harmless() -> None:
    made = sheets.xlsx(Sheet("[A/B]", "", ["One"], [["=1+1"], [3]]))
    sheet = openpyxl.load_workbook(io.BytesIO(made)).active
    assert [row[0].value for row in sheet.rows] == ["One", "'=1+1", 3]  # type: ignore[union-attr]  # there is a sheet
