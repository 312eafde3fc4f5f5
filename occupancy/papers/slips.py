"""Slips with a link and a code for each pupil: eight to a page, to be cut apart."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from lockers import qr_codes
from occupancy.papers.pages import Page

_COLUMNS, _ROWS = 2, 4
_LEFT, _TOP, _WIDTH, _HEIGHT = 10.0, 12.0, 95.0, 68.0
_QR = 34.0
_PAD = 5.0


@dataclass(frozen=True, slots=True)
class Slip:
    """What stands on one: whose it is, their form, the address and the code."""

    name: str
    form: str
    address: str
    code: str


@dataclass(frozen=True, slots=True)
class Words:
    """What stands on all of them."""

    title: str
    until: str
    scan: str
    code: str


def pdf(slips: Iterable[Slip], words: Words) -> bytes:
    """Return a PDF of slips, in their order, with lines to cut along."""
    page = Page(words.title)
    for place, slip in enumerate(slips):
        if place % (_COLUMNS * _ROWS) == 0:
            page.add_page()
            _cuts(page)
        row, column = divmod(place % (_COLUMNS * _ROWS), _COLUMNS)
        _draw(page, slip, words, _LEFT + column * _WIDTH, _TOP + row * _HEIGHT)
    if not page.pages:
        page.add_page()
    return bytes(page.output())


def _cuts(page: Page) -> None:
    page.set_draw_color(150)
    page.set_line_width(0.1)
    page.set_dash_pattern(1, 2)
    for row in range(_ROWS + 1):
        y = _TOP + row * _HEIGHT
        page.line(_LEFT, y, _LEFT + _COLUMNS * _WIDTH, y)
    for column in range(_COLUMNS + 1):
        x = _LEFT + column * _WIDTH
        page.line(x, _TOP, x, _TOP + _ROWS * _HEIGHT)
    page.set_dash_pattern()


def _draw(page: Page, slip: Slip, words: Words, x: float, y: float) -> None:
    room = _WIDTH - 2 * _PAD
    page.text_in(slip.name, x + _PAD, y + 3, room - 16, 8, size=13, bold=True)
    page.text_in(slip.form, x + _WIDTH - _PAD - 16, y + 3, 16, 8, size=11, align="R")
    page.text_in(words.title, x + _PAD, y + 11, room, 5, size=9)
    page.text_in(words.until, x + _PAD, y + 16, room, 5, size=9)
    qr_codes.draw(page, slip.address, x + _PAD - 3, y + 22, _QR)
    left = x + _PAD + _QR
    width = _WIDTH - _QR - 2 * _PAD
    page.text_in(words.scan, left, y + 26, width, 5, size=9)
    page.text_in(words.code, left, y + 33, width, 5, size=9)
    code = f"{slip.code[:4]} {slip.code[4:]}"
    page.text_in(code, left, y + 39, width, 9, size=17, bold=True)
    page.text_in(slip.address, x + _PAD, y + _HEIGHT - 10, room, 5, size=7)
