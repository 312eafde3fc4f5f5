"""Academic years, terms and half-terms: looked up, typed, and brought in by a file."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from audit.models import Event
from lockers import sessions
from lockers.models import AcademicSession, SessionLevel
from tests.factories.cast import Estate
from tests.factories.oneroster import changed, manifest, table, zipped
from tests.factories.school import School, academic_year, school
from tests.lockers.files import Pages, problems, text

Row = dict[str, str]


@pytest.fixture
def small(estate: Estate) -> School:
    return school(estate, each=0)


@pytest.fixture
def pages(estate: Estate, settings: Any, tmp_path: Path, client: Client) -> Pages:
    settings.VAR_DIR = tmp_path
    client.force_login(estate.max)
    return Pages(client, "lockers_academicsession")


# Which year it is.


def test_a_day_is_in_a_year_and_the_summer_in_none(small: School) -> None:
    site = small.site.pk
    assert sessions.year_on(site, dt.date(2026, 9, 1)) == small.session
    assert sessions.year_on(site, dt.date(2027, 7, 21)) == small.session
    assert sessions.year_on(site, dt.date(2027, 8, 1)) is None
    assert sessions.session_on(site, dt.date(2027, 1, 4), SessionLevel.TERM) == small.terms[1]


def test_the_next_year_is_the_one_that_begins_next(small: School, estate: Estate) -> None:
    site = small.site.pk
    assert sessions.next_year(site, dt.date(2026, 8, 31)) == small.session
    assert sessions.next_year(site, dt.date(2026, 9, 1)) == small.next_session
    assert sessions.next_year(site, dt.date(2027, 9, 1)) is None
    assert sessions.next_year(estate.other_site.pk, dt.date(2026, 8, 31)) is None


# By hand.


def typed(year: AcademicSession | None = None, *parts: tuple[Any, ...], **more: Any) -> Any:
    """Return what the form of a year posts, with its parts: name, first and last day, and pk."""
    posted: dict[str, Any] = {
        "name": "2026/27", "starts_on": "2026-09-01", "ends_on": "2027-07-21",
        "parts-TOTAL_FORMS": len(parts), "parts-INITIAL_FORMS": sum(len(p) > 3 for p in parts),
        **more,
    }  # fmt: skip
    for number, (name, first, last, *pk) in enumerate(parts):
        posted |= {
            f"parts-{number}-name": name, f"parts-{number}-starts_on": first,
            f"parts-{number}-ends_on": last, f"parts-{number}-id": pk[0] if pk else "",
            f"parts-{number}-parent": year.pk if year else "",
        }  # fmt: skip
    return posted


def test_a_year_is_typed_with_its_terms(pages: Pages, estate: Estate) -> None:
    answer = pages.client.post(
        pages.url("add"),
        typed(None, ("Autumn", "2026-09-01", "2026-12-18"), ("Spring", "2027-01-04", "2027-03-26"),
              site=estate.site.pk),
    )  # fmt: skip
    assert answer.status_code == 302, text(answer)
    year = AcademicSession.objects.get(level=SessionLevel.YEAR)
    assert [(part.name, part.level, part.site) for part in year.parts.order_by("starts_on")] == [
        ("Autumn", SessionLevel.TERM, estate.site), ("Spring", SessionLevel.TERM, estate.site),
    ]  # fmt: skip
    assert Event.objects.filter(action="record.added", site_id=estate.site.pk).exists()


@pytest.mark.parametrize(
    ("parts", "sentence"),
    [
        (
            [("A", "2026-09-01", "2026-12-18"), ("B", "2026-12-18", "2027-03-01")],
            "overlap with “A”",
        ),
        ([("A", "2026-08-31", "2026-12-18")], "This is outside of what it is part of."),
        ([("A", "2026-12-18", "2026-09-01")], "The last day comes after the first."),
    ],
)
def test_terms_that_do_not_fit_are_not_taken(
    pages: Pages, estate: Estate, parts: Any, sentence: str
) -> None:
    answer = pages.client.post(pages.url("add"), typed(None, *parts, site=estate.site.pk))
    assert answer.status_code == 200
    assert sentence in text(answer)
    assert not AcademicSession.objects.exists()


def test_a_year_over_another_is_not_taken(pages: Pages, small: School) -> None:
    answer = pages.client.post(
        pages.url("add"), typed(name="Again", starts_on="2027-07-21", ends_on="2027-08-30",
                                site=small.site.pk),
    )  # fmt: skip
    assert "These dates overlap with another one of this site." in text(answer)


def change(pages: Pages, session: AcademicSession, posted: Any) -> Any:
    address = reverse("admin:lockers_academicsession_change", args=[session.pk])
    return pages.client.post(address, posted)


def test_a_year_and_its_terms_may_move_together(pages: Pages, small: School) -> None:
    one = small.terms[0]
    others = [(term.name, term.starts_on, term.ends_on, term.pk) for term in small.terms[1:]]
    early = ("Autumn", "2026-08-25", "2026-12-18", one.pk)
    answer = change(pages, small.session, typed(small.session, early, *others,
                                                starts_on="2026-08-25"))  # fmt: skip
    assert answer.status_code == 302, text(answer)
    one.refresh_from_db()
    assert one.starts_on == dt.date(2026, 8, 25)


def test_a_year_does_not_leave_a_term_behind(pages: Pages, small: School) -> None:
    rows = [(term.name, term.starts_on, term.ends_on, term.pk) for term in small.terms]
    answer = change(pages, small.session, typed(small.session, *rows, starts_on="2026-09-10"))
    assert answer.status_code == 200
    assert "This is outside of what it is part of." in text(answer)


def test_a_term_has_halves_and_keeps_within_its_year(pages: Pages, small: School) -> None:
    term = small.terms[0]
    half = ("First half", "2026-09-01", "2026-10-23")
    good = change(pages, term, typed(term, half, name="Autumn", ends_on="2026-12-18"))
    assert good.status_code == 302, text(good)
    assert term.parts.get().level == SessionLevel.HALF_TERM
    late = change(pages, term, typed(term, name="Autumn", ends_on="2027-08-01"))
    assert "this lies outside of it" in text(late)


# By a file.


def session(id_: str, title: str, first: str, last: str, type_: str = "term", parent: str = "",
            **more: str) -> Row:  # fmt: skip
    return {
        "sourcedId": id_, "title": title, "type": type_, "startDate": first, "endDate": last,
        "parentSourcedId": parent, "schoolYear": "2027", **more,
    }  # fmt: skip


def whole() -> list[Row]:
    return [
        session("t1", "Autumn", "2026-09-01", "2026-12-18", parent="y"),
        session("t2", "Spring", "2027-01-04", "2027-03-26"),
        session("y", "2026/27", "2026-09-01", "2027-07-21", "schoolYear"),
        session("h1", "Autumn 1", "2026-09-01", "2026-10-23", "gradingPeriod", "t1"),
    ]


def upload(pages: Pages, content: bytes, estate: Estate) -> Any:
    file = SimpleUploadedFile("academicSessions.csv", content)
    return pages.client.post(pages.url("import"), {"import_file": file, "site": estate.site.pk})


def alone(rows: list[Row]) -> bytes:
    return table("academicSessions", rows).encode()


def in_a_zip(rows: list[Row], version: str = "1.1", mode: str = "bulk") -> bytes:
    said = manifest(version, {"academicSessions": mode})
    return zipped({"manifest.csv": said, "academicSessions.csv": table("academicSessions", rows)})


def here() -> set[tuple[str, int, str]]:
    return {
        (one.name, one.level, one.parent.name if one.parent else "")
        for one in AcademicSession.objects.select_related("parent")
    }


@pytest.mark.parametrize(
    "content", [alone(whole()), in_a_zip(whole()), in_a_zip(whole(), "1.2")],
    ids=["alone", "1.1", "1.2"],
)  # fmt: skip
def test_a_oneroster_table_brings_years_terms_and_halves(
    pages: Pages, estate: Estate, content: bytes
) -> None:
    preview = upload(pages, content, estate)
    assert "4 new" in text(preview)
    assert not AcademicSession.objects.exists()
    pages.confirm(preview)
    assert here() == {
        ("2026/27", 1, ""), ("Autumn", 2, "2026/27"), ("Spring", 2, "2026/27"),
        ("Autumn 1", 3, "Autumn"),
    }  # fmt: skip
    assert set(AcademicSession.objects.values_list("site", flat=True)) == {estate.site.pk}
    again = upload(pages, content, estate)
    assert again.context["result"].totals["skip"] == 4


def test_years_that_were_typed_are_found_and_not_doubled(pages: Pages, estate: Estate) -> None:
    school(estate, each=0)
    rows = whole()[:3]
    rows[0] |= {"endDate": "2026-12-17"}
    preview = upload(pages, alone(rows), estate)
    assert preview.context["result"].totals["update"] == 3
    pages.confirm(preview)
    autumn = AcademicSession.objects.get(external_id="t1")
    assert (autumn.name, autumn.ends_on) == ("Autumn", dt.date(2026, 12, 17))
    assert AcademicSession.objects.filter(level=SessionLevel.TERM).count() == 3


def test_dates_may_change_places(pages: Pages, estate: Estate) -> None:
    pages.confirm(upload(pages, alone(whole()), estate))
    moved = whole()[:3]
    moved[0] |= {"endDate": "2027-01-15"}
    moved[1] |= {"startDate": "2027-01-18"}
    preview = upload(pages, alone(moved), estate)
    pages.confirm(preview)
    assert AcademicSession.objects.get(external_id="t1").ends_on == dt.date(2027, 1, 15)
    assert AcademicSession.objects.get(external_id="t2").starts_on == dt.date(2027, 1, 18)


@pytest.mark.parametrize(
    ("change", "row", "column", "sentence"),
    [
        ({"t2": {"startDate": "2026-12-18"}}, 3, "startDate",
         "These dates overlap with “Autumn” in row 2. One has to end before the other begins."),
        ({"t1": {"startDate": "2026-08-31"}}, 2, "startDate",
         "This does not lie within what it is part of: “2026/27” in row 4."),
        ({"t2": {"endDate": "2027-01-03"}}, 3, "endDate", "The last day comes after the first."),
        ({"t2": {"endDate": "26.3.2027"}}, 3, "endDate", "Write “26.3.2027” as year-month-day"),
        ({"t2": {"type": "holiday"}}, 3, "type", "“holiday” is none of: schoolYear, semester"),
        ({"t1": {"parentSourcedId": "no"}}, 2, "parentSourcedId", "A term is part of a year"),
        ({"y": {"parentSourcedId": "t1"}}, 4, "parentSourcedId", "A schoolYear is part of nothing"),
        ({"t1": {"title": ""}}, 2, "title", "Fill this in."),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_named_by_row_and_column_and_nothing_is_applied(
    pages: Pages, estate: Estate, change: dict[str, Row], row: int, column: str, sentence: str
) -> None:
    rows = [one | change.get(one["sourcedId"], {}) for one in whole()]
    found = problems(upload(pages, alone(rows), estate))
    assert sentence in found[row][column][0]
    assert not AcademicSession.objects.exists()


def test_a_year_of_a_file_does_not_overlap_with_one_that_is_here(
    pages: Pages, estate: Estate
) -> None:
    academic_year(estate.site, 2025, external_id="old")
    early = session("y", "2026/27", "2026-07-21", "2027-07-21", "schoolYear")
    found = problems(upload(pages, alone([early]), estate))
    assert found == {
        2: {"startDate": ["These dates overlap with “2025/26”. One has to end before the other"
                          " begins."]}
    }  # fmt: skip


def test_a_wrong_header_order_is_named(pages: Pages, estate: Estate) -> None:
    content = alone(whole()).replace(b"title,type", b"type,title")
    assert (
        "academicSessions.csv, row 1, column 4: here stands “type”, and OneRoster 1.1 wants"
        " “title”."
    ) in text(upload(pages, content, estate))


def test_a_delta_deletes_no_year_and_says_so(pages: Pages, estate: Estate) -> None:
    pages.confirm(upload(pages, alone(whole()), estate))
    rows = [
        changed(whole()[0] | {"title": "Michaelmas"}), changed(whole()[1], "tobedeleted"),
    ]  # fmt: skip
    preview = upload(pages, in_a_zip(rows, mode="delta"), estate)
    assert "1 sessions are to be deleted. Nothing happens to them" in text(preview)
    pages.confirm(preview)
    assert {name for name, _level, _parent in here()} == {
        "2026/27", "Michaelmas", "Spring", "Autumn 1",
    }  # fmt: skip


def test_what_is_exported_can_be_imported_again(pages: Pages, estate: Estate) -> None:
    pages.confirm(upload(pages, alone(whole()), estate))
    again = upload(pages, pages.export(), estate)
    assert again.context["result"].totals["skip"] == 4, text(again)


def test_a_site_that_is_not_managed_is_no_choice(pages: Pages, estate: Estate) -> None:
    file = SimpleUploadedFile("academicSessions.csv", alone(whole()))
    answer = pages.client.post(
        pages.url("import"), {"import_file": file, "site": estate.other_site.pk}
    )
    assert answer.context["form"].errors["site"]
