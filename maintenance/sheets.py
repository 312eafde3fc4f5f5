"""A list as a file: rows for a spreadsheet, or pages to print. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import tablib
from fpdf import FPDF
from fpdf.enums import TableBordersLayout
from fpdf.fonts import FontFace

from audit import exports

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
    page = FPDF(orientation="landscape", unit="mm", format="A4")
    page.set_creator("Lockwright")
    page.set_margin(12)
    page.add_page()
    page.set_font("Helvetica", "B", 15)
    page.cell(0, 8, _known(sheet.title), new_x="LMARGIN", new_y="NEXT")
    page.set_font("Helvetica", "", 10)
    page.cell(0, 7, _known(sheet.below), new_x="LMARGIN", new_y="NEXT")
    page.ln(2)
    with page.table(
        borders_layout=TableBordersLayout.HORIZONTAL_LINES, line_height=6, text_align="LEFT",
        headings_style=FontFace(emphasis="BOLD"), col_widths=_widths(sheet),
    ) as table:  # fmt: skip
        for cells in [sheet.heads, *sheet.rows]:
            row = table.row()
            for cell in cells:
                row.cell(_known("" if cell is None else str(cell)))
    return bytes(page.output())


def _widths(sheet: Sheet) -> tuple[int, ...]:
    """Return how wide each column is to the others: as its longest word or text asks, in bounds."""
    columns = zip(sheet.heads, *sheet.rows, strict=True)
    return tuple(min(max(max(len(str(one)) for one in column), 6), 40) for column in columns)


def _cell(value: Any) -> Any:
    return value if isinstance(value, int | float) else exports.neutral(value)


def _known(text: str) -> str:
    # The built-in letters are those of western Europe.
    return text.encode("cp1252", "replace").decode("cp1252")
