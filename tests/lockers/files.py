"""Files as somebody would upload them, and the way of one through the pages of an import."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from html import unescape
from typing import Any

import openpyxl
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

CSV, XLSX = "0", "1"


def csv_of(*rows: list[Any]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()


def xlsx_of(*rows: list[Any]) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


@dataclass
class Pages:
    """Import and export of one model, by a client that is logged in."""

    client: Client
    model: str

    def url(self, page: str) -> str:
        return reverse(f"admin:{self.model}_{page}")

    def upload(self, content: bytes, form: str = CSV) -> Any:
        name = "list.csv" if form == CSV else "list.xlsx"
        return self.client.post(
            self.url("import"),
            {"import_file": SimpleUploadedFile(name, content), "format": form, "resource": "0"},
        )

    def confirm(self, preview: Any) -> Any:
        form = preview.context["confirm_form"]
        return self.client.post(self.url("process_import"), form.initial, follow=True)

    def bring_in(self, content: bytes, form: str = CSV) -> Any:
        """Upload and confirm; returns the result of the preview."""
        preview = self.upload(content, form)
        assert "confirm_form" in preview.context, text(preview)
        self.confirm(preview)
        return preview.context["result"]

    def export(self, form: str = CSV) -> bytes:
        answer = self.client.post(self.url("export"), {"format": form, "resource": "0"})
        assert answer.headers["Content-Disposition"].startswith("attachment"), text(answer)
        content: bytes = answer.content
        return content

    def exported(self) -> list[dict[str, str]]:
        return list(csv.DictReader(io.StringIO(self.export().decode("utf-8-sig"), newline="")))


def text(answer: Any) -> str:
    return unescape(answer.content.decode())


def problems(answer: Any) -> dict[int, dict[str, list[str]]]:
    """Return what a page says of each bad row: row number, column, sentences."""
    result = answer.context["result"]
    assert "confirm_form" not in answer.context
    return {row.number: row.error_dict for row in result.invalid_rows}
