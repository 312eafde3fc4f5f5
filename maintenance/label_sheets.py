"""Sheets of labels for doors: a QR code and the number, at the places of a common format. Pure."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from lockers import qr_codes
from occupancy.papers.pages import Page

A4 = (210.0, 297.0)


@dataclass(frozen=True, slots=True)
class Grid:
    """Where the labels are on a page, in millimetres."""

    columns: int
    rows: int
    width: float
    height: float
    left: float
    top: float
    # From the left edge of one label to that of the next, and from top to top.
    step_x: float
    step_y: float

    @property
    def per_page(self) -> int:
        """How many labels a page has."""
        return self.columns * self.rows

    @property
    def fits(self) -> bool:
        """Whether every label lies on the page and none on another."""
        right = self.left + (self.columns - 1) * self.step_x + self.width
        bottom = self.top + (self.rows - 1) * self.step_y + self.height
        return (
            min(self.columns, self.rows) >= 1
            and min(self.width, self.height) >= 10
            and min(self.left, self.top) >= 0
            and right <= A4[0] + 0.05
            and bottom <= A4[1] + 0.05
            and (self.columns == 1 or self.step_x >= self.width)
            and (self.rows == 1 or self.step_y >= self.height)
        )

    def place(self, number: int) -> tuple[float, float]:
        """Return the upper left corner of the nth label of a page, from 0, row by row."""
        row, column = divmod(number, self.columns)
        return self.left + column * self.step_x, self.top + row * self.step_y


class Format(enum.StrEnum):
    """Formats that are sold everywhere, by the maker's number."""

    L7160 = "L7160"
    L7163 = "L7163"
    L4778 = "L4778"
    L7651 = "L7651"


GRIDS: dict[Format, Grid] = {
    Format.L7160: Grid(3, 7, 63.5, 38.1, 7.2, 15.1, 66.0, 38.1),
    Format.L7163: Grid(2, 7, 99.1, 38.1, 4.7, 15.1, 101.6, 38.1),
    Format.L4778: Grid(4, 12, 45.7, 21.2, 9.7, 21.5, 48.3, 21.2),
    Format.L7651: Grid(5, 13, 38.1, 21.2, 4.7, 10.7, 40.6, 21.2),
}


@dataclass(frozen=True, slots=True)
class Label:
    """What is on one label: the address in the code, the number large, a line below."""

    address: str
    number: str
    below: str


class NoLetters(Exception):
    """No font here has some letters of a label: it would stick to a door with boxes on it."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


def sheets(
    labels: Iterable[Label], grid: Grid, *, first: int = 1, more_fonts: Sequence[str] = ()
) -> bytes:
    """Return a PDF of labels that begins at the nth label of the first page, from 1.

    ``more_fonts`` are files with letters that ours lack; raises NoLetters without them.
    """
    if not 1 <= first <= grid.per_page or not grid.fits:
        raise ValueError("labels that are not on the page")
    page = Page(more_fonts=more_fonts)
    for place, label in enumerate(labels, first - 1):
        if place % grid.per_page == 0 or not page.pages:
            page.add_page()
        x, y = grid.place(place % grid.per_page)
        _draw(page, label, grid, x, y)
    if not page.pages:
        page.add_page()
    return bytes(page.output())


def _draw(page: Page, label: Label, grid: Grid, x: float, y: float) -> None:
    side = min(grid.height, grid.width / 2) - 1
    top = y + (grid.height - side) / 2
    qr_codes.draw(page, label.address, x + 0.5, top, side)
    left = x + 0.5 + side + 1
    room = x + grid.width - 1 - left
    large = min(grid.height * 1.2, 48)
    page.text_in(label.number, left, y, room, grid.height * 0.62, size=large, smallest=4, bold=True)
    below = y + grid.height * 0.62
    page.text_in(label.below, left, below, room, grid.height * 0.25, size=8, smallest=4)
    if page.lacks:
        raise NoLetters(f"{label.below} {label.number}")
