"""Tables as an Excel workbook (.xlsx), safe to open: no cell is a formula."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Sequence

import openpyxl  # type: ignore[import-untyped]  # it brings no types
from openpyxl.cell import WriteOnlyCell  # type: ignore[import-untyped]
from openpyxl.styles import Font  # type: ignore[import-untyped]

from audit import exports

TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
# What XML, of which a workbook is made, has no way to say.
_NOT_IN_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_NOT_IN_TITLES = re.compile(r"[\[\]:*?/\\]")


def xlsx(
    headings: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    title: str,
    widths: Sequence[int] = (),
) -> bytes:
    """Return a workbook with one sheet: headings in bold that stay in sight, and the rows."""
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet(_NOT_IN_TITLES.sub(" ", title)[:31] or "1")
    sheet.freeze_panes = "A2"
    for number, width in enumerate(widths):
        sheet.column_dimensions[openpyxl.utils.get_column_letter(number + 1)].width = width
    head = []
    for heading in headings:
        cell = WriteOnlyCell(sheet, value=_safe(heading))
        cell.font = Font(bold=True)
        head.append(cell)
    sheet.append(head)
    for row in rows:
        sheet.append([_safe(cell) for cell in row])
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def _safe(cell: object) -> str:
    """Return what stands in a cell: as text, so that a combination keeps its zeros."""
    return _NOT_IN_XML.sub("", exports.neutral(cell))
