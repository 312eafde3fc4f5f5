"""The one format of the import of pupils: whatever a school office has, told by its content."""

from __future__ import annotations

from typing import Any

import tablib
from import_export.formats import base_formats

from lockers.importing.files import CsvFile, XlsxFile
from lockers.importing.oneroster.archive import is_workbook, is_zip
from lockers.importing.oneroster.formats import RosterFile


class PupilFile(base_formats.Format):
    """A CSV file, an Excel workbook or a OneRoster zip."""

    def get_title(self) -> str:
        return "CSV, Excel, OneRoster"

    def is_binary(self) -> bool:
        return True

    def get_read_mode(self) -> str:
        return "rb"

    def can_import(self) -> bool:
        return True

    def create_dataset(self, in_stream: bytes, **kwargs: Any) -> tablib.Dataset:
        if not is_zip(in_stream):
            return CsvFile().create_dataset(in_stream)
        if is_workbook(in_stream):
            return XlsxFile().create_dataset(in_stream)
        return RosterFile().create_dataset(in_stream)
