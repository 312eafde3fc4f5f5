"""One file of a set: its text, its header, its rows with their numbers."""

from __future__ import annotations

import codecs
import csv
import datetime as dt
import io
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from lockers.importing.files import MAX_ROWS
from lockers.importing.oneroster import headers
from lockers.importing.oneroster.faults import Faulty, place

BULK, DELTA, ABSENT = "bulk", "delta", "absent"
ACTIVE, GONE = "active", "tobedeleted"
# Enrolments are many for each pupil.
MAX_LINES = 20 * MAX_ROWS


@dataclass(frozen=True)
class Record:
    """A row of a file; ``number`` counts as a spreadsheet does, the header is row 1."""

    file: str
    number: int
    cells: dict[str, str]

    def __getitem__(self, column: str) -> str:
        return self.cells.get(column, "")

    @property
    def id(self) -> str:
        return self["sourcedId"]

    @property
    def is_gone(self) -> bool:
        return self["status"] == GONE

    @property
    def name(self) -> str:
        """Return how the row is named where others are told of: file and number."""
        return f"{self.file} {self.number}"

    def list(self, column: str) -> list[str]:
        """Return the values of a cell that holds several, with commas between them."""
        return [one for part in self[column].split(",") if (one := part.strip())]

    def at(self, column: str) -> str:
        """Return the place of a cell in words."""
        return place(self.file, self.number, column)


@dataclass
class Table:
    """The rows of a file; a bulk file is the whole list, a delta what changed."""

    file: str
    mode: str
    rows: list[Record] = field(default_factory=list)

    @property
    def is_whole(self) -> bool:
        return self.mode == BULK

    @property
    def active(self) -> list[Record]:
        return [row for row in self.rows if not row.is_gone]


def text_of(file: str, content: bytes) -> str:
    """Return the text of a file, which the standard says is UTF-8, with or without a mark."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise Faulty([_("%s is UTF-16. OneRoster files are UTF-8.") % file])
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise Faulty(
            [_("%(file)s, line %(line)d is not UTF-8. Export it as UTF-8.")
             % {"file": file, "line": line}]
        ) from error  # fmt: skip
    if "\0" in text:
        raise Faulty([_("%s is not a CSV file.") % file])
    return text


def records_of(file: str, content: bytes) -> list[tuple[int, list[str]]]:
    """Return the rows of a file with their numbers; empty lines are counted and left out."""
    reader = csv.reader(io.StringIO(text_of(file, content), newline=""), strict=True)
    found: list[tuple[int, list[str]]] = []
    try:
        for number, cells in enumerate(reader, 1):
            if not any(cells):
                continue
            found.append((number, cells))
            if len(found) > MAX_LINES:
                raise Faulty([_("%s has too many rows. Export one school at a time.") % file])
    except csv.Error as error:
        raise Faulty(
            [_("%(place)s: the quotes or commas are not right.")
             % {"place": place(file, len(found) + 1)}]
        ) from error  # fmt: skip
    if not found:
        raise Faulty([_("%s is empty. The first row names the columns.") % file])
    return found


def read(name: str, content: bytes, *, version: str, mode: str) -> Table:
    """Read a file such as ``users``; raises Faulty with everything that is wrong with it."""
    file = f"{name}.csv"
    (first, found), *rows = records_of(file, content)
    if first != 1:
        raise Faulty([_("%s begins with an empty row. The first row names the columns.") % file])
    if wrong := headers.fault(name, found, version):
        raise Faulty([wrong])
    table, wrongs, seen = Table(file, mode), [], dict[str, int]()
    for number, cells in rows:
        if len(cells) != len(found):
            wrongs.append(
                _("%(place)s has %(cells)d cells, and there are %(columns)d columns. Check its"
                  " commas and quotes.")
                % {"place": place(file, number), "cells": len(cells), "columns": len(found)}
            )  # fmt: skip
            continue
        # A password is of no use here, so it is not kept for a moment longer; and of hundreds of
        # thousands of enrolments most cells are empty.
        record = Record(
            file,
            number,
            {column: text for column, cell in zip(found, cells, strict=True)
             if column != "password" and (text := cell.strip())},
        )  # fmt: skip
        wrongs += _wrongs(record, mode, seen)
        table.rows.append(record)
    if wrongs:
        raise Faulty(wrongs)
    return table


def _wrongs(record: Record, mode: str, seen: dict[str, int]) -> list[str]:
    """Say what every row of every file has to keep to."""
    found = []
    if not record.id:
        found.append(_("%s: every row needs one.") % record.at("sourcedId"))
    elif (before := seen.setdefault(record.id, record.number)) != record.number:
        found.append(
            _("%(place)s: row %(row)d has the same. Keep one of them.")
            % {"place": record.at("sourcedId"), "row": before}
        )
    status = record["status"]
    if mode == DELTA:
        if status not in (ACTIVE, GONE):
            found.append(
                _("%(place)s: in a delta file it is “active” or “tobedeleted”, not “%(text)s”.")
                % {"place": record.at("status"), "text": status[:40]}
            )
        if not is_instant(record["dateLastModified"]):
            found.append(
                _("%s: a delta file says when, like 2026-08-24T09:00:00Z.")
                % record.at("dateLastModified")
            )
    elif status not in ("", ACTIVE):
        found.append(
            _("%(place)s: a bulk file lists what is there, so “%(text)s” has no place in it. Leave"
              " the row out, or say delta in manifest.csv.")
            % {"place": record.at("status"), "text": status[:40]}
        )  # fmt: skip
    return found


def is_instant(text: str) -> bool:
    """Say whether a text is an instant as the standard writes it; a day alone is taken, too."""
    try:
        dt.datetime.fromisoformat(text)
    except ValueError:
        return False
    return True
