"""Compartments from and into files, through the pages of the administration."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from guardian.shortcuts import assign_perm

from audit.models import Event
from lockers.importing import files as reading
from lockers.models import Compartment
from tests import factories
from tests.factories.cast import Estate
from tests.lockers.files import XLSX, Pages, csv_of, problems, text, xlsx_of

HEADERS = ["site", "bank", "number", "size", "column", "row", "x_mm", "y_mm", "width_mm",
           "height_mm", "floor_mm"]  # fmt: skip


def door(number: object, column: object, **other: object) -> list[Any]:
    values = {
        "site": "Harbour House", "bank": "A", "number": number, "size": "Small", "column": column,
        "row": 2, "x_mm": 0, "y_mm": 450, "width_mm": 300, "height_mm": 450, "floor_mm": 100,
    }  # fmt: skip
    return list((values | other).values())


@pytest.fixture
def folder(settings: Any, tmp_path: Path) -> Path:
    settings.VAR_DIR = tmp_path
    return tmp_path / "imports"


@pytest.fixture
def pages(estate: Estate, folder: Path, client: Client) -> Pages:
    client.force_login(estate.max)
    return Pages(client, "lockers_compartment")


def numbers() -> set[str]:
    return set(Compartment.objects.values_list("number", flat=True))


def events(action: str) -> list[Event]:
    return list(Event.objects.filter(action=action).order_by("pk"))


def test_a_good_file_adds_and_changes_and_says_so(pages: Pages, estate: Estate) -> None:
    wired = ["controller", "channel", "has_charging"]
    content = csv_of(
        HEADERS + wired,
        [*door("10", 1), "Board 1", 9, "yes"],
        [*door("1", 1, row=1, size="Large"), "Board 1", 0, ""],
        [*door("2", 2, row=1, y_mm=0, floor_mm=900, x_mm=estate.doors[1].x_mm), "Board 1", 1, "no"],
    )
    preview = pages.upload(content)
    assert "1 new, 1 changed, 1 as they are" in text(preview)
    assert "<del>Small</del> <ins>Large</ins>" in text(preview)
    assert numbers() == {"1", "2", "3"}, "a preview changes nothing"

    done = pages.confirm(preview)
    assert "Imported: 1 new, 1 changed, 1 as they were." in text(done)
    added = Compartment.objects.get(number="10")
    assert (added.bank, added.controller, added.channel) == (estate.bank, estate.controller, 9)
    assert added.has_charging
    estate.doors[0].refresh_from_db()
    assert estate.doors[0].size == estate.large

    (imported,) = events("record.imported")
    assert imported.data == {"file": "list.csv", "new": 1, "updated": 1, "unchanged": 1}
    assert (imported.actor_id, imported.site_id) == (str(estate.max.pk), estate.site.pk)
    (changed,) = events("record.changed")
    assert changed.data["changed"]["size"] == ["Small", "Large"]
    assert changed.compartment_id == estate.doors[0].pk
    assert [event.compartment_id for event in events("record.added")] == [added.pk]
    assert LogEntry.objects.filter(user=estate.max).count() == 2


def test_every_bad_row_is_named_and_nothing_changes(pages: Pages) -> None:
    content = csv_of(
        [*HEADERS, "controller", "channel"],
        [*door("10", 1), "", ""],
        [*door("11", "first", size="Huge"), "", ""],
        [""] * 13,
        [*door("12", 3, width_mm=5), "Board 9", ""],
        [*door("13", 1, row=1), "Board 1", ""],
        [*door("14", 4), "", ""],
        [*door("14", 5), "", ""],
        [*door("15", 6, size=""), "Board 1", 0],
        [*door("16", 1), "", ""],
    )
    answer = pages.upload(content)
    found = problems(answer)
    assert {number: sorted(columns) for number, columns in found.items()} == {
        3: ["column", "size"],
        5: ["controller", "width_mm"],
        6: ["channel", "column"],
        7: ["number"],
        8: ["number"],
        9: ["channel", "size"],
        10: ["column"],
    }
    assert found[3]["size"] == [
        "There is no size “Huge”. Add it first or use one of: Small, Large."
    ]
    assert found[10]["column"][0].startswith("Row 2 wants the same. Another door")
    assert found[7]["number"] == ["This stands in rows 7, 8. Keep one of them."]
    assert "7 rows are not right, so nothing was changed." in text(answer)
    assert numbers() == {"1", "2", "3"}
    assert not events("record.imported")


def test_what_goes_wrong_after_the_preview_changes_nothing(pages: Pages, estate: Estate) -> None:
    preview = pages.upload(csv_of(HEADERS, door("10", 1), door("11", 2)))
    taken = factories.CompartmentFactory(
        bank=estate.bank, size=estate.small, number="20", column=2, row=2
    )
    answer = pages.confirm(preview)
    assert list(problems(answer)) == [3]
    assert numbers() == {"1", "2", "3", taken.number}
    assert not events("record.imported")
    assert [event.data["rows"] for event in events("request.refused")] == [[3]]
    assert not LogEntry.objects.exists()


def test_a_file_is_confirmed_once_and_by_its_owner_only(
    pages: Pages, estate: Estate, folder: Path
) -> None:
    preview = pages.upload(csv_of(HEADERS, door("10", 1)))
    assert [file.stat().st_mode & 0o777 for file in folder.iterdir()] == [0o600]
    assert folder.stat().st_mode & 0o777 == 0o700

    rosa = Client()
    rosa.force_login(estate.rosa)
    stolen = Pages(rosa, pages.model).confirm(preview)
    assert "Upload the file again" in text(stolen)
    assert "10" not in numbers()

    pages.confirm(preview)
    again = pages.confirm(preview)
    assert "imported or is too old" in text(again)
    assert len(events("record.imported")) == 1
    assert list(folder.iterdir()) == []


def test_a_file_with_nothing_to_confirm_is_not_kept(pages: Pages, folder: Path) -> None:
    pages.upload(csv_of(HEADERS, door("10", "x")))
    pages.upload(b"\xff\xfe\x00")
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    ("content", "form", "sentence"),
    [
        (csv_of([*HEADERS, "colour"], [*door("9", 1), "red"]), "0", "Unknown columns: colour."),
        (csv_of(["bank", "number"], ["A", "1"]), "0", "Missing columns: site."),
        (csv_of(HEADERS), "0", "There are no rows below"),
        (csv_of([], HEADERS, door("9", 1)), "0", "The first row is empty"),
        (csv_of(["site", "site"], ["a", "b"]), "0", "stand there twice: site"),
        (csv_of(["site", "", "bank"], ["a", "b", "c"]), "0", "Column 2 has no name"),
        (csv_of(["site"], ["a", "b"]), "0", "Row 2 has more cells"),
        (b"", "0", "empty"),
        (b"\n\n", "0", "This file is empty"),
        # A byte that Windows-1252 does not have either.
        (b"site,bank\nCaf\x81,A\n", "0", "This file is not UTF-8"),
        ("site,bank\nA,B\n".encode("utf-16")[:-1], "0", "This file is cut off"),
        (b"site\0,bank\n", "0", "This is not a CSV file"),
        (b'site,bank\n"' + b"x" * 200_000, "0", "This is not a CSV file"),
        (xlsx_of(HEADERS, door("9", 1)), "0", "Choose XLSX as the format"),
        (b"site,bank\n", "1", "This is not an Excel workbook"),
        (b"PK\x03\x04 and no more", "1", "This is not an Excel workbook"),
        (xlsx_of(HEADERS, door("9", 1))[:-400], "1", "This is not an Excel workbook"),
        (xlsx_of(HEADERS), "1", "There are no rows below"),
        (xlsx_of(), "1", "This file is empty"),
    ],
)
def test_a_file_that_cannot_be_read_gets_a_sentence(
    pages: Pages, content: bytes, form: str, sentence: str
) -> None:
    answer = pages.upload(content, form)
    assert answer.status_code == 200
    assert sentence in text(answer)
    assert "Traceback" not in text(answer)
    assert "confirm_form" not in answer.context


def test_files_have_limits(pages: Pages, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MAX_ROWS", 2)
    rows = [door(str(n), n) for n in (10, 11, 12)]
    assert "more than 2 rows" in text(pages.upload(csv_of(HEADERS, *rows)))
    monkeypatch.setattr("lockers.importing.pages.MAX_BYTES", 1024 * 1024)
    assert "larger than 1 MB" in text(pages.upload(b"x" * (1024 * 1024 + 1)))
    monkeypatch.setattr(reading, "MAX_UNPACKED", 100)
    assert "too large" in text(pages.upload(xlsx_of(HEADERS, rows[0]), XLSX))


def test_looking_rows_up_takes_as_many_statements_for_three_as_for_fifty(
    pages: Pages, estate: Estate
) -> None:
    def statements() -> int:
        content = pages.export()
        with CaptureQueriesContext(connection) as asked:
            pages.upload(content)
        return len(asked)

    few = statements()
    for n in range(10, 60):
        factories.CompartmentFactory(bank=estate.bank, size=estate.small, number=str(n), row=3)
    assert statements() == few


@pytest.mark.parametrize("form", ["0", "1"])
def test_what_is_exported_comes_back_without_a_change(
    pages: Pages, estate: Estate, form: str
) -> None:
    for n, number in enumerate(["=1+1", "+4", "-4", "@a", "'=q", "''-r", "'plain", "007"]):
        factories.CompartmentFactory(
            bank=estate.bank, size=estate.small, number=number, column=n + 10,
            lock_kind="keyed", hinge="right", is_accessible=True, is_ppe=True,
        )  # fmt: skip
    Compartment.objects.filter(number="007").update(service_status="fault")
    result = pages.bring_in(pages.export(form), form)
    assert dict(result.totals) | {"skip": 11} == dict(result.totals)
    assert result.totals["new"] == result.totals["update"] == 0
    assert not events("record.changed")
    assert [event.data["unchanged"] for event in events("record.imported")] == [11]
    assert [event.data for event in events("record.exported")] == [
        {"rows": 11, "format": "csv" if form == "0" else "xlsx"}
    ]


def test_no_exported_cell_is_a_formula(pages: Pages, estate: Estate) -> None:
    for n, number in enumerate(["=1+1", "+4", "-4", "@a"]):
        factories.CompartmentFactory(
            bank=estate.bank, size=estate.small, number=number, column=n + 10
        )
    assert {"'=1+1", "'+4", "'-4", "'@a"} < {row["number"] for row in pages.exported()}
    sheet = openpyxl.load_workbook(io.BytesIO(pages.export(XLSX))).active
    cells = [cell for row in sheet.iter_rows() for cell in row]
    assert "'=1+1" in {cell.value for cell in cells}
    assert not [cell for cell in cells if cell.data_type == "f"]


def test_a_control_character_does_not_stop_an_export(pages: Pages, estate: Estate) -> None:
    Compartment.objects.filter(pk=estate.doors[0].pk).update(number="1\x01")
    sheet = openpyxl.load_workbook(io.BytesIO(pages.export(XLSX))).active
    assert "1\N{REPLACEMENT CHARACTER}" in {row[2] for row in sheet.values}


def test_a_workbook_brings_doors_in_and_headers_may_be_written_kindly(pages: Pages) -> None:
    headers = [name.replace("_", " ").capitalize() for name in HEADERS]
    assert pages.bring_in(xlsx_of(headers, door(10, 1), door(11.0, 2)), XLSX).totals["new"] == 2
    assert {"10", "11"} < numbers()


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_csv_may_have_a_byte_order_mark_and_another_separator(
    pages: Pages, mark: bytes, delimiter: str
) -> None:
    content = mark + csv_of(HEADERS, door("10", 1)).replace(b",", delimiter.encode())
    pages.bring_in(content)
    assert "10" in numbers()


def test_somebody_elses_site_is_as_if_it_were_not_there(pages: Pages, estate: Estate) -> None:
    theirs = factories.BankFactory(site=estate.other_site, name="Theirs")
    seen = factories.SiteFactory(organisation=estate.organisation, name="Only seen")
    shown = factories.CompartmentFactory(bank__site=seen, bank__name="S", number="77")
    assign_perm("view_site", estate.max, seen)
    answer = pages.upload(
        csv_of(
            HEADERS,
            door("10", 1, site="Elsewhere", bank="Theirs"),
            door("10", 1, site="Nowhere"),
            door("10", 1, site="Only seen", bank="S"),
            door("10", 1, bank="Theirs"),
        )
    )
    assert problems(answer) == {
        2: {"site": ["There is no site “Elsewhere”. Check its name."]},
        3: {"site": ["There is no site “Nowhere”. Check its name."]},
        4: {"site": ["There is no site “Only seen”. Check its name."]},
        5: {"bank": ["There is no bank “Theirs” at Harbour House. Add it first."]},
    }
    factories.CompartmentFactory(bank=theirs, number="66")
    assert {row["number"] for row in pages.exported()} == {"1", "2", "3", shown.number}


def test_a_superuser_tells_sites_of_one_name_apart_by_organisation(
    pages: Pages, estate: Estate
) -> None:
    twin = factories.SiteFactory(name="Harbour House", organisation=estate.other_site.organisation)
    bank = factories.BankFactory(site=twin, name="A")
    factories.SizeFactory(organisation=twin.organisation, name="Small")
    pages.client.force_login(estate.rosa)
    answer = pages.upload(csv_of(HEADERS, door("10", 1)))
    assert "Say of which organisation" in str(problems(answer))
    pages.bring_in(csv_of([*HEADERS, "organisation"], [*door("10", 1), "Southwind"]))
    assert Compartment.objects.get(number="10").bank == bank
    assert {row["organisation"] for row in pages.exported()} == {"Northwind", "Southwind"}


def test_the_service_status_is_shown_and_not_imported(pages: Pages, estate: Estate) -> None:
    headers = ["site", "bank", "number", "service_status"]
    answer = pages.upload(csv_of(headers, ["Harbour House", "A", "1", "out_of_service"]))
    assert "on the map" in problems(answer)[2]["service_status"][0]


def test_a_change_leaves_alone_what_the_file_does_not_name(pages: Pages, estate: Estate) -> None:
    preview = pages.upload(
        csv_of(["site", "bank", "number", "x_mm"], ["Harbour House", "A", "1", 7])
    )
    # Meanwhile somebody takes it out of service on the map.
    Compartment.objects.filter(pk=estate.doors[0].pk).update(service_status="out_of_service")
    pages.confirm(preview)
    estate.doors[0].refresh_from_db()
    assert (estate.doors[0].x_mm, estate.doors[0].service_status) == (7, "out_of_service")


def test_only_who_manages_a_site_finds_the_import(pages: Pages, estate: Estate) -> None:
    pages.client.force_login(estate.olga)
    for page in ("import", "process_import"):
        assert pages.client.get(pages.url(page)).status_code == 404
        assert pages.client.post(pages.url(page)).status_code == 404
    assert pages.client.get(pages.url("export")).status_code == 200
    assert pages.url("import") not in text(pages.client.get(pages.url("changelist")))
    estate.olga.user_permissions.clear()
    nobody = factories.UserFactory()
    pages.client.force_login(nobody)
    assert pages.client.get(pages.url("export")).status_code == 404


def test_the_list_offers_both_to_a_manager(pages: Pages) -> None:
    page = text(pages.client.get(pages.url("changelist")))
    assert pages.url("import") in page
    assert re.search(rf"{pages.url('export')}", page)
    assert "service_status" in text(pages.client.get(pages.url("export")))
    form = text(pages.client.get(pages.url("import")))
    assert "has_sensor" in form and "service_status" not in form
