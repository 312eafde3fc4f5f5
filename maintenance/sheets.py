"""A list as a file: rows for a spreadsheet, or pages to print."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import tablib
from django.conf import settings
from django.utils.translation import gettext as _

from audit import exports
from occupancy.papers import tables
from occupancy.papers.tables import Column, Paper

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True)
class Sheet:
    """A list with its heads; what stands below the title says of what and of when it is."""

    title: str
    below: str
    heads: Sequence[str]
    rows: Sequence[Sequence[Any]]


def xlsx(sheet: Sheet) -> bytes:
    """Return a workbook; a cell that a spreadsheet would run is made harmless."""
    rows = [[_cell(one) for one in row] for row in sheet.rows]
    # A name of a sheet is short, and has none of a few signs.
    title = "".join(sign for sign in sheet.title if sign not in "[]:*?/\\")[:31]
    data = tablib.Dataset(*rows, headers=[exports.neutral(one) for one in sheet.heads], title=title)
    made: bytes = data.export("xlsx")
    return made


def pdf(sheet: Sheet) -> bytes:
    """Return pages to print, the heads on each of them."""
    rows = [["" if cell is None else str(cell) for cell in row] for row in sheet.rows]
    columns = [
        Column(head, share) for head, share in zip(sheet.heads, _widths(sheet), strict=True)
    ]  # fmt: skip
    paper = Paper(
        name=sheet.below, note="", pages=_("Page {page} of {pages}"),
        missing=_("□: see the spreadsheet."), empty=_("Nothing is on this list."),
    )  # fmt: skip
    return tables.pdf(
        [tables.Sheet(sheet.title, rows)], columns, paper, more_fonts=settings.PRINT_FONTS,
        is_across=True,
    )  # fmt: skip


def _widths(sheet: Sheet) -> tuple[int, ...]:
    """Return how wide each column is to the others: as its longest word or text asks, in bounds."""
    columns = zip(sheet.heads, *sheet.rows, strict=True)
    return tuple(min(max(max(len(str(one)) for one in column), 6), 40) for column in columns)


def _cell(value: Any) -> Any:
    return value if isinstance(value, int | float | Decimal) else exports.neutral(value)
