"""A school's list of pupils: what it brings, what it makes, and what is refused in which cell."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from access.models import Person
from audit.models import Event
from tests.access.pupil_files import HEADERS, confirm, row, upload, wrong
from tests.factories.cast import Estate
from tests.factories.school import School, school
from tests.lockers.files import Pages, csv_of, problems, text, xlsx_of

UPN = "A801200001001"


@pytest.fixture
def pages(estate: Estate, settings: Any, tmp_path: Path, client: Client) -> Pages:
    settings.VAR_DIR = tmp_path
    client.force_login(estate.max)
    return Pages(client, "access_pupil")


@pytest.fixture
def small(estate: Estate) -> School:
    return school(estate)


def test_a_plain_list_brings_pupils_in_with_all_that_is_theirs(pages: Pages, small: School) -> None:
    full = row(upn=UPN, house="Curie", start_date="2026-09-02", leaving_date="2031-07-21",
               email="zoe@example.org", card_uid="0004299999",
               access_needs="Low; near  entrance")  # fmt: skip
    preview = upload(pages, csv_of(HEADERS, full))
    assert "1 new, 0 changed, 0 as they are" in text(preview)
    assert "0004299999" not in text(preview)
    assert not Person.objects.filter(personal_number="800001").exists()
    confirm(pages, preview)
    zoe = Person.objects.get(personal_number="800001")
    assert (zoe.kind, zoe.home_site, zoe.organisation) == (
        "student", small.site, small.organisation
    )  # fmt: skip
    assert (zoe.year_group, zoe.registration_group, zoe.house) == (
        small.years[0], small.form("7A"), small.houses[0]
    )  # fmt: skip
    assert (zoe.given_name, zoe.family_name, zoe.upn) == ("Zoë", "Ó Néill", UPN)
    assert (zoe.starts_on, zoe.leaves_on) == (dt.date(2026, 9, 2), dt.date(2031, 7, 21))
    assert (zoe.needs_low_door, zoe.needs_near_entrance, zoe.needs_wide_door) == (
        True, True, False
    )  # fmt: skip
    assert zoe.credentials.get().hint == "9999"
    (imported,) = Event.objects.filter(action="record.imported")
    assert (imported.site_id, imported.data["new"]) == (small.site.pk, 1)


def test_the_same_list_twice_changes_nothing_and_a_changed_cell_only_itself(
    pages: Pages, small: School
) -> None:
    confirm(pages, upload(pages, csv_of(HEADERS, row(upn=UPN))))
    again = upload(pages, csv_of(HEADERS, row(upn=UPN)))
    assert again.context["result"].totals["skip"] == 1
    moved = upload(pages, csv_of(HEADERS, row(registration_group="7B")))
    assert "<del>7A</del> <ins>7B</ins>" in text(moved)
    confirm(pages, moved)
    zoe = Person.objects.get(personal_number="800001")
    assert (zoe.registration_group, zoe.upn) == (small.form("7B"), UPN), "an empty UPN keeps it"
    (changed,) = Event.objects.filter(action="record.changed", person_id=zoe.pk)
    assert changed.data["changed"] == {"registration_group": ["7A", "7B"]}


def test_an_excel_workbook_with_dates_of_its_own_comes_in_too(pages: Pages, small: School) -> None:
    rows = [
        ["admission_number", "forename", "year_group", "registration_group", "start_date"],
        [800001, "Zoë", 7, "7a", dt.date(2026, 9, 2)],
    ]
    confirm(pages, upload(pages, xlsx_of(*rows)))
    zoe = Person.objects.get(personal_number="800001")
    assert (zoe.registration_group, zoe.starts_on) == (small.form("7A"), dt.date(2026, 9, 2))


def test_what_is_exported_comes_back_without_a_change(pages: Pages, small: School) -> None:
    Person.objects.filter(pk=small.pupils[0].pk).update(
        upn=UPN, needs_wide_door=True, needs_charging=True, leaves_on=dt.date(2031, 7, 21)
    )
    rows = pages.exported()
    first = next(one for one in rows if one["admission_number"] == "700001")
    assert (first["access_needs"], first["registration_group"], first["site"]) == (
        "wide; charging", "7A", "Harbour House",
    )  # fmt: skip
    result = upload(pages, pages.export()).context["result"]
    assert (result.totals["skip"], result.totals["new"], result.totals["update"]) == (13, 0, 0)


# What is refused, with its row and column; nothing is applied.


@pytest.mark.parametrize(
    ("cells", "column", "sentence"),
    [
        ({"upn": "A12"}, "upn", "A unique pupil number is a letter and twelve digits"),
        ({"access_needs": "low; lift"}, "access_needs", "“lift” is no need that is known here"),
        (
            {"start_date": "2026-09-02", "leaving_date": "2026-09-01"},
            "leaving_date",
            "The last day, 2026-09-01, comes before the first, 2026-09-02.",
        ),
        ({"start_date": "2.9.26"}, "start_date", "Write “2.9.26” as year-month-day"),
        ({"forename": ""}, "forename", "Fill this in."),
        ({"email": "zoe"}, "email", "valid email"),
        (
            {"year_group": "Year 8"},
            "registration_group",
            "7A is a form of Year 7 here, and this row says Year 8.",
        ),
        ({"year_group": "Year 9"}, "year_group", "There is no year group “Year 9”."),
        ({"registration_group": "7X"}, "registration_group", "There is no form “7X” at Harbour"),
        ({"house": "Gauss"}, "house", "There is no house “Gauss”."),
        ({"admission_number": ""}, "admission_number", "Give the admission number: it says who"),
    ],
)
def test_a_wrong_cell_is_named_and_nothing_is_applied(
    pages: Pages, small: School, cells: dict[str, str], column: str, sentence: str
) -> None:
    good = row(admission_number="800009", forename="Good")
    found = wrong(pages, good, row(**cells))
    assert list(found) == [3] and list(found[3]) == [column]
    assert sentence in found[3][column][0]
    assert not Person.objects.filter(given_name="Good").exists()


def test_a_upn_that_stands_twice_or_is_somebody_elses_is_named(pages: Pages, small: School) -> None:
    Person.objects.filter(pk=small.pupils[0].pk).update(upn=UPN)
    found = wrong(
        pages,
        row(admission_number="800001", upn=UPN),
        row(admission_number="800002", upn="A801200001002"),
        row(admission_number="800003", upn="a801200001002"),
    )
    assert found == {
        2: {"upn": ["This belongs to somebody else already. Use another."]},
        4: {"upn": ["This stands in rows 3, 4. Keep one of them."]},
    }


def test_a_pupil_in_two_forms_is_told_with_both_rows(pages: Pages, small: School) -> None:
    found = wrong(pages, row(), row(registration_group="7B"))
    assert found[2] == found[3]
    assert found[2]["registration_group"] == [
        "This pupil is in two forms: 7A (row 2), 7B (row 3). Keep one row."
    ]
    assert found[2]["admission_number"] == ["This stands in rows 2, 3. Keep one of them."]


def test_a_number_of_a_member_of_staff_makes_nobody_a_pupil(pages: Pages, small: School) -> None:
    found = wrong(pages, row(admission_number="1001"))
    assert "who is no pupil (staff)" in found[2]["admission_number"][0].lower()


def test_a_known_pupil_keeps_their_form_only_within_its_year(pages: Pages, small: School) -> None:
    answer = upload(pages, csv_of(["admission_number", "year_group"], ["700001", "Year 8"]))
    assert problems(answer) == {
        2: {"year_group": ["Their form 7A is one of Year 7. Give their new form, too."]}
    }


def test_unknown_columns_are_named_with_those_that_are_known(pages: Pages, small: School) -> None:
    answer = upload(pages, csv_of(["admission_number", "shoes"], ["1", "red"]))
    assert "Unknown columns: shoes." in text(answer)
    assert "admission_number" in text(answer) and "personal_number" not in text(answer)


def test_columns_may_be_called_as_other_programs_call_them(pages: Pages, small: School) -> None:
    headers = ["Adno", "First Name", "Legal Surname", "NC Year", "Reg Group", "Date of Admission"]
    content = csv_of(headers, ["800001", "Zoë", "Ó Néill", "7", "7B", "2026-09-02"])
    confirm(pages, upload(pages, content))
    zoe = Person.objects.get(personal_number="800001")
    assert (zoe.family_name, zoe.registration_group) == ("Ó Néill", small.form("7B"))


def test_two_columns_that_say_the_same_are_refused(pages: Pages, small: School) -> None:
    answer = upload(pages, csv_of(["admission_number", "adno", "forename"], ["1", "2", "Zoë"]))
    assert "Two columns say the same, admission_number: admission_number, adno." in text(answer)


# How much it takes.


def test_a_thousand_pupils_take_hardly_more_statements_than_one(
    pages: Pages, small: School
) -> None:
    def statements(first: int, count: int) -> int:
        rows = [row(admission_number=str(first + n), house="Curie") for n in range(count)]
        with CaptureQueriesContext(connection) as asked:
            confirm(pages, upload(pages, csv_of(HEADERS, *rows)))
        return len(asked)

    one = statements(400_000, 1)
    assert statements(500_000, 1000) <= one + 20
    assert Person.objects.filter(registration_group=small.form("7A")).count() == 1004
