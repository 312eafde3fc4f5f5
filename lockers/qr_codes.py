"""QR codes on paper, drawn as rectangles: they stay sharp at any size. Pure."""

from __future__ import annotations

from collections.abc import Iterator

import segno
from fpdf import FPDF

# White around a code, in modules, that every reader wants.
_QUIET = 4


def modules(text: str) -> list[list[bool]]:
    """Return the dark and light squares of a code, with the white around them."""
    # A quarter of a code may be scratched off.
    code = segno.make_qr(text, error="q", boost_error=False)
    return [[bool(one) for one in row] for row in code.matrix_iter(scale=1, border=_QUIET)]


def draw(pdf: FPDF, text: str, x: float, y: float, side: float) -> None:
    """Draw a code with its white into a square, given by its upper left corner."""
    squares = modules(text)
    size = side / len(squares)
    pdf.set_fill_color(0)
    for row, column, length in _runs(squares):
        pdf.rect(x + column * size, y + row * size, length * size, size, style="F")


def _runs(squares: list[list[bool]]) -> Iterator[tuple[int, int, int]]:
    """Yield row, column and length of the dark squares that touch: one rectangle each."""
    for row, line in enumerate(squares):
        column = 0
        while column < len(line):
            length = 0
            while column + length < len(line) and line[column + length]:
                length += 1
            if length:
                yield row, column, length
            column += max(length, 1)
