"""Reading and writing the files: CSV and XLSX, nothing else, within limits."""

from __future__ import annotations

import codecs
import csv
import io
import re
import zipfile
from collections.abc import Iterable, Iterator
from typing import Any

import openpyxl  # type: ignore[import-untyped]  # it brings no types
import tablib
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from import_export.formats import base_formats

MAX_BYTES = 10 * 1024 * 1024
# What a row of checks and its savepoint cost: this many take about half a minute.
MAX_ROWS = 20_000
MAX_COLUMNS = 100
# A spreadsheet is a compressed archive: 10 MB of it could unpack to gigabytes.
MAX_UNPACKED = 200 * 1024 * 1024
# The column in which every row carries its number in the file; no header can be called this.
ROW = "\0row"

# What XML, of which a workbook is made, has no way to say.
_NOT_IN_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")

NO_SPREADSHEET = gettext_lazy(
    "This is not an Excel workbook (.xlsx). Save it as one, or choose CSV as the format."
)


class Unreadable(Exception):
    """A file that cannot be imported at all, with a sentence on what to do."""


def header(value: Any) -> str:
    """Return the name of a column as it is compared: "Lock kind" is "lock_kind"."""
    return re.sub(r"\s+", "_", str("" if value is None else value).strip().lower())


def dataset_of(records: Iterable[list[Any]]) -> tablib.Dataset:
    """Build a dataset whose rows know their number in the file; the headers are row 1.

    Rows of empty cells are left out but counted, as a spreadsheet counts them.
    """
    headers: list[str] = []
    rows: list[list[Any]] = []
    for number, record in enumerate(records, 1):
        if all(cell is None or cell == "" for cell in record):
            continue
        if not headers:
            if number > 1:
                raise Unreadable(_("The first row is empty. Put the names of the columns there."))
            headers = _headers(record)
            continue
        if any(cell not in (None, "") for cell in record[len(headers) :]):
            raise Unreadable(
                _("Row %(row)d has more cells than there are columns. Check its commas and quotes.")
                % {"row": number}
            )
        if len(rows) == MAX_ROWS:
            raise Unreadable(
                _("This file has more than %(limit)d rows. Split it and import the parts.")
                % {"limit": MAX_ROWS}
            )
        cells = list(record[: len(headers)])
        rows.append([*cells, *[None] * (len(headers) - len(cells)), number])
    if not headers:
        raise Unreadable(_("This file is empty. Export first to get a file with the columns."))
    if not rows:
        raise Unreadable(_("There are no rows below the names of the columns."))
    return tablib.Dataset(*rows, headers=[*headers, ROW])


def _headers(record: list[Any]) -> list[str]:
    headers = [header(cell) for cell in record]
    while headers and not headers[-1]:
        headers.pop()
    if "" in headers:
        raise Unreadable(
            _("Column %(column)d has no name in the first row. Name it or take it out.")
            % {"column": headers.index("") + 1}
        )
    twice = sorted({name for name in headers if headers.count(name) > 1})
    if twice:
        raise Unreadable(
            _("These columns stand there twice: %(names)s. Keep one of each.")
            % {"names": ", ".join(twice)}
        )
    return headers


def _decoded(content: bytes) -> tuple[str, str]:
    """Return the text of a file, and a sentence where its encoding had to be guessed.

    A byte order mark says which it is. Strict UTF-8 is never met by chance; what is left comes
    from a spreadsheet that saved plain CSV, in Western Europe and America as Windows-1252.
    """
    for mark, encoding in ((codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16")):
        if content.startswith(mark):
            try:
                return content.decode(encoding), ""
            except UnicodeDecodeError as error:
                raise Unreadable(_("This file is cut off. Save it once more.")) from error
    try:
        return content.decode("utf-8-sig"), ""
    except UnicodeDecodeError:
        pass
    try:
        text = content.decode("cp1252")
    except UnicodeDecodeError as error:
        raise Unreadable(
            _("This file is not UTF-8 text. In Excel, save it as “CSV UTF-8”.")
        ) from error
    return text, _(
        "This file is not UTF-8, so it was read as Windows-1252. Look at names with accents below"
        " before you import; if they are wrong, save the file as “CSV UTF-8”."
    )


class CsvFile(base_formats.CSV):
    """CSV in UTF-8, UTF-16 or Windows-1252; separated by commas, semicolons or tabs."""

    def is_binary(self) -> bool:
        return True  # the text is decoded here, where a wrong encoding gets a sentence

    def get_read_mode(self) -> str:
        return "rb"

    def create_dataset(self, in_stream: bytes, **kwargs: Any) -> tablib.Dataset:
        if in_stream.startswith(b"PK\x03\x04"):
            raise Unreadable(_("This is an Excel workbook. Choose XLSX as the format."))
        text, note = _decoded(in_stream)
        if "\0" in text:
            raise Unreadable(_("This is not a CSV file. Save it as “CSV UTF-8” or as XLSX."))
        # Spreadsheets of half of Europe separate with semicolons; no header contains either.
        first = text.partition("\n")[0]
        delimiter = max(",;\t", key=first.count)
        try:
            dataset = dataset_of(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
            dataset.note = note
            return dataset
        except csv.Error as error:
            raise Unreadable(_("This is not a CSV file. Check its commas and quotes.")) from error

    def export_data(self, dataset: tablib.Dataset, **kwargs: Any) -> bytes:
        text: str = dataset.export("csv")
        # With the mark Excel reads it as UTF-8; without, names lose their accents.
        return text.encode("utf-8-sig")


class XlsxFile(base_formats.XLSX):
    """The sheet of an Excel workbook that is in front."""

    def create_dataset(self, in_stream: bytes) -> tablib.Dataset:
        try:
            with zipfile.ZipFile(io.BytesIO(in_stream)) as archive:
                unpacked = sum(part.file_size for part in archive.infolist())
        except zipfile.BadZipFile as error:
            raise Unreadable(NO_SPREADSHEET) from error
        if unpacked > MAX_UNPACKED:
            raise Unreadable(_("This workbook is too large. Split it and import the parts."))
        try:
            return dataset_of(self._records(in_stream))
        except Unreadable:
            raise
        # openpyxl raises whatever its parsers happen to meet: KeyError, ParseError, ValueError...
        except Exception as error:
            raise Unreadable(NO_SPREADSHEET) from error

    def _records(self, content: bytes) -> Iterator[list[Any]]:
        # data_only: of a formula its value, as it was last seen.
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        try:
            sheet = book.active
            if sheet is None or not hasattr(sheet, "iter_rows"):
                raise Unreadable(_("There is no sheet in this workbook."))
            for row in sheet.iter_rows(max_col=MAX_COLUMNS, values_only=True):
                yield list(row)
        finally:
            book.close()

    def export_data(self, dataset: tablib.Dataset, **kwargs: Any) -> bytes:
        # Control characters cannot stand in a workbook; one in a name must not stop the export.
        clean = tablib.Dataset(headers=dataset.headers, title=dataset.title)
        for row in dataset:
            clean.append(
                [
                    _NOT_IN_XML.sub("\N{REPLACEMENT CHARACTER}", cell)
                    if isinstance(cell, str)
                    else cell
                    for cell in row
                ]
            )
        content: bytes = clean.export("xlsx")
        return content
