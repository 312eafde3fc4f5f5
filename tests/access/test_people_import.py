"""A list of people from another program: its columns, its encoding, and whom it does not name."""

from __future__ import annotations

import datetime as dt
import http.client
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from access.models import ImportMapping, Person, Run
from audit.models import Event
from tests import factories
from tests.factories.cast import Estate
from tests.lockers.files import Pages, csv_of, problems, text, xlsx_of
from tests.servers import ASGI, WSGI, serving

FOREIGN = ["Pupil ID", "Surname", "First name", "Colour of shoes"]


@pytest.fixture
def pages(estate: Estate, settings: Any, tmp_path: Path, client: Client) -> Pages:
    settings.VAR_DIR = tmp_path
    client.force_login(estate.max)
    return Pages(client, "access_person")


def upload(pages: Pages, content: bytes, **more: Any) -> Any:
    file = SimpleUploadedFile("list.csv", content)
    return pages.client.post(
        pages.url("import"), {"import_file": file, "format": "0", "resource": "0", **more}
    )


def say(pages: Pages, asked: Any, fields: dict[str, str], **more: Any) -> Any:
    """Answer the page that asks which column is which."""
    columns = [name for name, _examples, _guess in asked.context["columns"]]
    return pages.client.post(
        pages.url("import"),
        {
            **asked.context["posted"],
            "stored": asked.context["stored"],
            "file_name": asked.context["file_name"],
            "column": columns,
            "field": [fields.get(name, "") for name in columns],
            **more,
        },
    )


def confirm(pages: Pages, preview: Any, **more: Any) -> Any:
    form = preview.context["confirm_form"]
    return pages.client.post(pages.url("process_import"), {**form.initial, **more}, follow=True)


def everybody(estate: Estate) -> list[list[str]]:
    return [["1001", "Amira"], ["1002", "Ben"], ["1003", "Carla"]]


def test_foreign_columns_are_asked_for_once_and_remembered(pages: Pages, estate: Estate) -> None:
    content = csv_of(FOREIGN, ["P-77", "Ó Néill", "Zoë", "red"])
    asked = upload(pages, content)
    assert "Which column is which?" in text(asked)
    guesses = {name: guess for name, _examples, guess in asked.context["columns"]}
    assert guesses == {
        "pupil_id": "external_id", "surname": "family_name", "first_name": "given_name",
        "colour_of_shoes": "",
    }  # fmt: skip
    preview = say(pages, asked, guesses, remember="School list")
    assert preview.context["result"].totals["new"] == 1
    confirm(pages, preview)
    zoe = Person.objects.get(external_id="P-77")
    assert (zoe.given_name, zoe.family_name) == ("Zoë", "Ó Néill")
    mapping = ImportMapping.objects.get(name="School list", organisation=estate.organisation)
    assert mapping.columns == guesses

    again = upload(pages, csv_of(FOREIGN, ["P-77", "O", "Zoe", ""]), mapping=mapping.pk)
    assert again.context["result"].totals["update"] == 1


def test_one_field_is_not_fed_twice(pages: Pages) -> None:
    asked = upload(pages, csv_of(FOREIGN, ["P-77", "A", "B", "c"]))
    answer = say(pages, asked, {"surname": "given_name", "first_name": "given_name"})
    assert "Two columns feed given_name" in text(answer)
    assert "Which column is which?" in text(answer)
    good = say(pages, answer, {"pupil_id": "external_id", "first_name": "given_name"})
    assert "confirm_form" in good.context


def test_a_waiting_file_belongs_to_whoever_uploaded_it(pages: Pages, estate: Estate) -> None:
    asked = upload(pages, csv_of(FOREIGN, ["P-77", "A", "B", "c"]))
    pages.client.force_login(estate.rosa)
    answer = say(pages, asked, {"pupil_id": "external_id", "first_name": "given_name"})
    assert "confirm_form" not in answer.context


def test_the_preview_names_what_is_new_changed_and_gone(pages: Pages, estate: Estate) -> None:
    content = csv_of(["personal_number", "given_name"], ["1001", "Amira"], ["1002", "Benjamin"],
                     ["2001", "New"])  # fmt: skip
    preview = upload(pages, content)
    shown = text(preview)
    assert "1 new, 1 changed, 1 as they are" in shown
    assert "<del>Ben</del> <ins>Benjamin</ins>" in shown
    assert {str(person) for person in preview.context["result"].gone} == {"Carla Example"}
    assert "Nothing happens to them" in shown
    confirm(pages, preview)
    assert Person.objects.get(pk=estate.carla.pk).status == "suspended", "she was not asked about"


def test_who_is_not_in_the_file_leaves_only_when_asked(pages: Pages, estate: Estate) -> None:
    rows = everybody(estate)[:2]
    whole = f"organisation:{estate.organisation.pk}"
    preview = upload(pages, csv_of(["personal_number", "given_name"], *rows), gone=whole)
    assert "leaves with it" in text(preview)
    confirm(pages, preview)
    assert Person.objects.get(pk=estate.carla.pk).status == "left"
    assert Person.objects.get(pk=estate.amira.pk).status == "active"
    assert set(estate.carla.credentials.values_list("status", flat=True)) == {"revoked"}
    assert Event.objects.filter(action="person.left", person_id=estate.carla.pk).count() == 1

    again = upload(pages, csv_of(["personal_number", "given_name"], *rows), gone=whole)
    assert again.context["result"].gone == []
    confirm(pages, again)
    assert Event.objects.filter(action="person.left").count() == 1


def test_more_than_half_takes_a_second_tick(pages: Pages, estate: Estate) -> None:
    content = csv_of(["personal_number", "given_name"], ["1001", "Amira"])
    whole = f"organisation:{estate.organisation.pk}"
    preview = upload(pages, content, gone=whole)
    assert 'name="is_sure"' in text(preview)
    answer = confirm(pages, preview)
    assert "more than half" in text(answer)
    assert Person.objects.filter(status="left").count() == 1, "Dev, who had left before"
    confirm(pages, upload(pages, content, gone=whole), is_sure="on")
    assert Person.objects.filter(status="left").count() == 3


def test_a_list_of_one_kind_or_site_takes_nobody_else_away(pages: Pages, estate: Estate) -> None:
    students = upload(
        pages,
        csv_of(["personal_number", "given_name", "kind"], ["2001", "New", "student"]),
        gone=f"organisation:{estate.organisation.pk}",
        gone_kind="student",
    )
    assert [str(person) for person in students.context["result"].gone] == ["Ben Example"]
    theirs = upload(
        pages,
        csv_of(["personal_number", "given_name"], ["2001", "New"]),
        gone=f"site:{estate.other_site.pk}:{estate.other_site.organisation_id}",
    )
    assert theirs.context["form"].errors, "a site that is not managed is no choice"


def test_a_status_in_a_file_goes_the_way_of_the_verb(pages: Pages, estate: Estate) -> None:
    content = csv_of(
        ["personal_number", "given_name", "status"],
        ["1001", "Amira", "left"], ["1002", "Ben", "suspended"], ["1003", "Carla", "active"],
        ["1004", "Dev", "suspended"],
    )  # fmt: skip
    pages.bring_in(content)
    found = dict(Person.objects.values_list("given_name", "status"))
    assert found == {"Amira": "left", "Ben": "suspended", "Carla": "active", "Dev": "suspended"}
    assert not estate.amira.credentials.filter(status="active").exists()
    assert Person.objects.get(pk=estate.amira.pk).left_at is not None
    told = set(Event.objects.filter(person_id=estate.amira.pk).values_list("action", flat=True))
    assert "person.left" in told
    assert pages.bring_in(content).totals["skip"] == 4, "twice is as once"


def test_an_external_id_finds_a_person_whose_number_changed(pages: Pages, estate: Estate) -> None:
    Person.objects.filter(pk=estate.amira.pk).update(external_id="E1")
    headers = ["external_id", "personal_number", "given_name", "leaves_on", "cost_centre"]
    pages.bring_in(csv_of(headers, ["E1", "7001", "Amira", "2027-07-31", "CC 9"],
                          ["E2", "1002", "Ben", "", ""]))  # fmt: skip
    estate.amira.refresh_from_db()
    assert (estate.amira.personal_number, str(estate.amira.leaves_on)) == ("7001", "2027-07-31")
    assert Person.objects.get(pk=estate.ben.pk).external_id == "E2"
    wrong = problems(
        pages.upload(
            csv_of(headers, ["E1", "1003", "Amira", "31.7.27", ""], ["E9", "7001", "Thief", "", ""],
                   ["E8", "8000", "One", "", ""], ["E7", "8000", "Two", "", ""])
        )
    )  # fmt: skip
    assert wrong[2]["leaves_on"] == ["Write “31.7.27” as year-month-day, like 2027-07-31."]
    assert wrong[2]["personal_number"] == ["This belongs to somebody else already. Use another."]
    assert "another external id" in wrong[3]["personal_number"][0]
    assert wrong[5]["personal_number"] == ["This stands in rows 4, 5. Keep one of them."]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_every_common_encoding_keeps_its_accents(
    pages: Pages, estate: Estate, encoding: str
) -> None:
    content = csv_of(["personal_number", "given_name"], ["2001", "Zoë"]).decode().encode(encoding)
    preview = pages.upload(content)
    assert ("read as Windows-1252" in text(preview)) is (encoding == "cp1252")
    pages.confirm(preview)
    assert Person.objects.get(personal_number="2001").given_name == "Zoë"


def test_a_date_of_a_workbook_is_a_date(pages: Pages, estate: Estate) -> None:
    rows = [["personal_number", "given_name", "leaves_on"], ["1001", "Amira", dt.date(2027, 7, 31)]]
    pages.bring_in(xlsx_of(*rows), "1")
    estate.amira.refresh_from_db()
    assert estate.amira.leaves_on == dt.date(2027, 7, 31)


def test_a_thousand_people_take_hardly_more_statements_than_one(
    pages: Pages, estate: Estate
) -> None:
    factories.GroupFactory(organisation=estate.organisation, name="Runners")

    def statements(first: int, count: int) -> int:
        rows = [[str(first + n), f"N{n}", "Runners"] for n in range(count)]
        with CaptureQueriesContext(connection) as asked:
            pages.bring_in(csv_of(["personal_number", "given_name", "groups"], *rows))
        return len(asked)

    one = statements(4000, 1)
    assert statements(5000, 1000) <= one + 20
    assert Person.objects.filter(groups__name="Runners").count() == 1001
    assert Event.objects.filter(action="record.added").count() == 1001
    assert not Run.objects.exists()


@pytest.mark.parametrize("server", [ASGI, WSGI], ids=["asgi", "wsgi"])
def test_a_gigabyte_is_refused_before_it_is_read(transactional_db: None, server: Any) -> None:
    with serving(server) as url:
        connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=10)
        connection.putrequest("POST", "/admin/access/person/import/")
        connection.putheader("Content-Length", str(1024**3))
        connection.putheader("Content-Type", "multipart/form-data; boundary=x")
        connection.endheaders(b"--x\r\n")
        answer = connection.getresponse()  # nobody has sent the gigabyte
        assert answer.status == 413
        assert "10 MB" in answer.read().decode()
        connection.close()


def test_chunks_of_no_announced_length_are_counted(transactional_db: None) -> None:
    with serving(ASGI) as url:
        connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=20)
        chunks = (b"x" * 65_536 for _ in range(400))  # 25 MB
        try:
            connection.request("POST", "/admin/login/", chunks, encode_chunked=True,
                               headers={"Transfer-Encoding": "chunked"})  # fmt: skip
            assert connection.getresponse().status == 413
        except (BrokenPipeError, ConnectionResetError):
            pass  # it hung up in the middle, which says the same
        connection.close()
