"""Lists of pupils as a school office has them, and their way through the pages of the import."""

from __future__ import annotations

from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from lockers.models import Site
from tests.lockers.files import Pages, csv_of, problems, text

HEADERS = [
    "admission_number", "upn", "forename", "surname", "year_group", "registration_group", "house",
    "start_date", "leaving_date", "email", "card_uid", "access_needs",
]  # fmt: skip


def upload(pages: Pages, content: bytes, *, site: Any = None, **more: Any) -> Any:
    chosen = site or Site.objects.get(name="Harbour House")
    file = SimpleUploadedFile("pupils.csv", content)
    return pages.client.post(pages.url("import"), {"import_file": file, "site": chosen.pk, **more})


def confirm(pages: Pages, preview: Any, **more: Any) -> Any:
    assert "confirm_form" in preview.context, text(preview)
    form = preview.context["confirm_form"]
    initial = {name: value for name, value in form.initial.items() if value not in (None, False)}
    return pages.client.post(pages.url("process_import"), {**initial, **more}, follow=True)


def row(**cells: str) -> list[str]:
    usual = {
        "admission_number": "800001", "forename": "Zoë", "surname": "Ó Néill",
        "year_group": "Year 7", "registration_group": "7A",
    }  # fmt: skip
    given = usual | cells
    assert given.keys() <= set(HEADERS)
    return [given.get(name, "") for name in HEADERS]


def wrong(pages: Pages, *rows: list[str], **more: Any) -> dict[int, dict[str, list[str]]]:
    answer = upload(pages, csv_of(HEADERS, *rows), **more)
    result = answer.context.get("result")
    assert result is not None, text(answer)
    return problems(answer)
