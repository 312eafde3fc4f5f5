"""Tables on A4 paper: one heading a sheet, as many pages as it takes, letters of every script.

Drawn by hand, line by line: the tables that fpdf2 lays out itself took ten times as long for a
whole school.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from fpdf import FPDF

from occupancy.papers import letters

FONTS = Path(__file__).resolve().parents[2] / "static" / "fonts"
_FONT = "paper"
_LEFT, _TOP, _WIDTH, _FOOT = 12.0, 12.0, 186.0, 284.0
_ROW = 7.8
_HEAD = 7.0
_SIZE = 10.0
# Letters get smaller down to this, then a text is cut.
_SMALLEST = 6.0
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
) -> bytes:
    """Return a PDF of some sheets. ``more_fonts`` are files with letters that ours lack."""
    page = _Table(columns, paper, more_fonts)
    for sheet in sheets:
        page.draw(sheet)
    return page.whole()


class Page(FPDF):
    """A4 sheets with letters of many scripts; a text is made to fit its place."""

    def __init__(self, title: str, more_fonts: Sequence[str] = ()) -> None:
        super().__init__(unit="mm", format="A4")
        self.lacks = False
        self.set_auto_page_break(False)
        self.set_margin(0)
        self.set_creator("Lockwright")
        self.set_title(title)
        for style, name in (("", ""), ("B", "-Bold")):
            self.add_font(_FONT, style, FONTS / f"DejaVuSansCondensed{name}.ttf")
        others = []
        for number, file in enumerate(more_fonts):
            others.append(f"more{number}")
            for style in ("", "B"):
                self.add_font(others[-1], style, file)
        if others:
            self.set_fallback_fonts(others, exact_match=False)
        self.known: set[int] = set()
        for font in self.fonts.values():
            self.known |= set(getattr(font, "cmap", {}))

    def text_in(
        self,
        text: str,
        x: float,
        y: float,
        width: float,
        height: float,
        *,
        size: float = _SIZE,
        bold: bool = False,
        align: str = "L",
    ) -> None:
        """Write a line as large as fits; what is still too long is cut and shows it."""
        line = letters.drawn(text)
        if any(ord(one) not in self.known for one in line if not one.isspace()):
            self.lacks = True
            line = "".join(
                one if ord(one) in self.known or one.isspace() else "\u25a1" for one in line
            )
        self.set_font(_FONT, "B" if bold else "", size)
        while size > _SMALLEST and self.get_string_width(line) > width:
            size -= 0.5
            self.set_font_size(size)
        if self.get_string_width(line) > width:
            while line and self.get_string_width(line + "\u2026") > width:
                line = line[:-1]
            line += "\u2026"
        self.set_xy(x, y)
        self.cell(width, height, line, align=align)


class _Table(Page):
    def __init__(
        self, columns: Sequence[Column], paper: Paper, more_fonts: Sequence[str]
    ) -> None:  # fmt: skip
        super().__init__(paper.name, more_fonts)
        self.columns, self.paper = columns, paper
        whole = sum(column.share for column in columns)
        self.widths = [_WIDTH * column.share / whole for column in columns]

    def draw(self, sheet: Sheet) -> None:
        """Draw a sheet on as many pages as it takes."""
        starts = len(self.pages) + 1
        self.lacks = False
        self._begin(sheet)
        y = self._heading(sheet, is_first=True)
        for row in sheet.rows:
            if y + _ROW > _FOOT - 8:
                self._begin(sheet)
                y = self._heading(sheet, is_first=False)
            self._row(row, y)
            y += _ROW
        if not sheet.rows:
            self.text_in(self.paper.empty, _LEFT, y, _WIDTH, _ROW)
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
        self.text_in(sheet.title, _LEFT, _TOP, _WIDTH * 0.6, 9, size=18, bold=True)
        self.text_in(self.paper.name, _LEFT + _WIDTH * 0.6, _TOP, _WIDTH * 0.4, 9, align="R")
        y = _TOP + 10
        if is_first and sheet.below:
            self.text_in(sheet.below, _LEFT, y, _WIDTH, 5, size=9)
            y += 6
        x = _LEFT
        self.set_fill_color(232)
        self.rect(_LEFT, y, _WIDTH, _HEAD, style="F")
        for column, width in zip(self.columns, self.widths, strict=True):
            self.text_in(column.heading, x + _PAD, y, width - 2 * _PAD, _HEAD, size=8, bold=True)
            x += width
        return y + _HEAD

    def _row(self, row: Sequence[str], y: float) -> None:
        x = _LEFT
        for column, width, text in zip(self.columns, self.widths, row, strict=True):
            if text:
                self.text_in(text, x + _PAD, y, width - 2 * _PAD, _ROW, bold=column.is_bold)
            x += width
        self.line(_LEFT, y + _ROW, _LEFT + _WIDTH, y + _ROW)

    def _feet(self, starts: int) -> None:
        """Write below each page of a sheet which one it is, of how many."""
        count = len(self.pages) - starts + 1
        last = self.page
        for number in range(count):
            self.page = starts + number
            # On a page that is gone back to, the font is said once more.
            said = self.paper.pages.format(page=number + 1, pages=count)
            self.text_in(said, _LEFT + _WIDTH - 40, _FOOT, 40, 5, size=8, align="R")
            note = f"{self.paper.note} {self.paper.missing}" if self.lacks else self.paper.note
            self.text_in(note, _LEFT, _FOOT, _WIDTH - 42, 5, size=8)
        self.page = last
