"""Tables on A4 paper: one heading a sheet, as many pages as it takes, letters of every script.

Drawn by hand, line by line: the tables that fpdf2 lays out itself took ten times as long for a
whole school.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from occupancy.papers.pages import Page

_LEFT, _TOP = 12.0, 12.0
# Millimetres that the sheet leaves for what is written, and where the foot stands.
_UPRIGHT, _ACROSS = (186.0, 284.0), (273.0, 197.0)
_ROW = 7.8
_HEAD = 7.0
_PAD = 1.2


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its heading, its share of the width, whether its text is bold."""

    heading: str
    share: float
    is_bold: bool = False


@dataclass(frozen=True, slots=True)
class Sheet:
    """One heading with its rows; it begins on a page of its own."""

    title: str
    rows: Sequence[Sequence[str]]
    below: str = ""


@dataclass(frozen=True, slots=True)
class Paper:
    """What all sheets have in common: what stands above and below, and the words of the program."""

    name: str
    note: str
    # With {page} and {pages}.
    pages: str
    missing: str
    empty: str


def pdf(
    sheets: Iterable[Sheet],
    columns: Sequence[Column],
    paper: Paper,
    *,
    more_fonts: Sequence[str] = (),
    is_across: bool = False,
) -> bytes:
    """Return a PDF of some sheets, upright or ``is_across``.

    ``more_fonts`` are files with letters that ours lack.
    """
    page = _Table(columns, paper, more_fonts, is_across)
    for sheet in sheets:
        page.draw(sheet)
    return page.whole()


class _Table(Page):
    def __init__(
        self, columns: Sequence[Column], paper: Paper, more_fonts: Sequence[str], is_across: bool
    ) -> None:
        super().__init__(paper.name, more_fonts, is_across=is_across)
        self.columns, self.paper = columns, paper
        self.width, self.foot = _ACROSS if is_across else _UPRIGHT
        whole = sum(column.share for column in columns)
        self.widths = [self.width * column.share / whole for column in columns]

    def draw(self, sheet: Sheet) -> None:
        """Draw a sheet on as many pages as it takes."""
        starts = len(self.pages) + 1
        self.lacks = False
        self._begin(sheet)
        y = self._heading(sheet, is_first=True)
        for row in sheet.rows:
            if y + _ROW > self.foot - 8:
                self._begin(sheet)
                y = self._heading(sheet, is_first=False)
            self._row(row, y)
            y += _ROW
        if not sheet.rows:
            self.text_in(self.paper.empty, _LEFT, y, self.width, _ROW)
        self._feet(starts)

    def whole(self) -> bytes:
        """Return the file; there is a page even with nothing on it."""
        if not self.pages:
            self.draw(Sheet("", ()))
        return bytes(self.output())

    def _begin(self, sheet: Sheet) -> None:
        self.add_page()
        self.set_draw_color(120)
        self.set_line_width(0.15)

    def _heading(self, sheet: Sheet, *, is_first: bool) -> float:
        self.text_in(sheet.title, _LEFT, _TOP, self.width * 0.6, 9, size=18, bold=True)
        self.text_in(
            self.paper.name, _LEFT + self.width * 0.6, _TOP, self.width * 0.4, 9, align="R"
        )
        y = _TOP + 10
        if is_first and sheet.below:
            self.text_in(sheet.below, _LEFT, y, self.width, 5, size=9)
            y += 6
        x = _LEFT
        self.set_fill_color(232)
        self.rect(_LEFT, y, self.width, _HEAD, style="F")
        for column, width in zip(self.columns, self.widths, strict=True):
            self.text_in(column.heading, x + _PAD, y, width - 2 * _PAD, _HEAD, size=8, bold=True)
            x += width
        return y + _HEAD

    def _row(self, row: Sequence[str], y: float) -> None:
        x = _LEFT
        for column, width, text in zip(self.columns, self.widths, row, strict=True):
            if text:
                self.text_in_two(text, x + _PAD, y, width - 2 * _PAD, _ROW, bold=column.is_bold)
            x += width
        self.line(_LEFT, y + _ROW, _LEFT + self.width, y + _ROW)

    def _feet(self, starts: int) -> None:
        """Write below each page of a sheet which one it is, of how many."""
        count = len(self.pages) - starts + 1
        last = self.page
        for number in range(count):
            self.page = starts + number
            # On a page that is gone back to, the font is said once more.
            said = self.paper.pages.format(page=number + 1, pages=count)
            self.text_in(said, _LEFT + self.width - 40, self.foot, 40, 5, size=8, align="R")
            note = f"{self.paper.note} {self.paper.missing}" if self.lacks else self.paper.note
            self.text_in(note, _LEFT, self.foot, self.width - 42, 5, size=8)
        self.page = last
