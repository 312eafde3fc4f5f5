"""Sheets of labels: each code is read back from what is drawn, at the place of its label."""

from __future__ import annotations

import re
import zlib

import pytest
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from maintenance import label_sheets
from maintenance.label_sheets import A4, GRIDS, Format, Grid, Label, NoLetters
from tests import paper

# Points in a millimetre, and pixels in one for reading.
_POINT, _PIXELS = 72 / 25.4, 12
_RECT = re.compile(rb"([\d.]+) ([\d.]+) ([\d.]+) (-?[\d.]+) re f")


def labels(count: int) -> list[Label]:
    return [
        Label(f"https://lockers.example.org/d/{n:x}-abcdefghijkl/", str(n), "Harbour House · A")
        for n in range(1, count + 1)
    ]


def pages(pdf: bytes) -> list[bytes]:
    """Return what is drawn on each page."""
    streams = re.findall(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.DOTALL)
    drawn = []
    for one in streams:
        try:
            text = zlib.decompress(one)
        except zlib.error:
            continue
        if b" re f" in text or b" Tf" in text:
            drawn.append(text)
    return drawn


def rectangles(page: bytes) -> list[tuple[float, float, float, float]]:
    """Return the filled rectangles of a page in millimetres from its upper left corner."""
    found = []
    for x, y, width, height in _RECT.findall(page):
        left, top = float(x) / _POINT, A4[1] - float(y) / _POINT
        tall = -float(height) / _POINT
        found.append((left, top, float(width) / _POINT, tall))
    return found


def picture(page: bytes) -> Image.Image:
    """Draw a page as a printer would."""
    image = Image.new("L", (int(A4[0] * _PIXELS), int(A4[1] * _PIXELS)), 255)
    pen = ImageDraw.Draw(image)
    for left, top, width, height in rectangles(page):
        pen.rectangle(
            [
                round(left * _PIXELS), round(top * _PIXELS),
                round((left + width) * _PIXELS) - 1, round((top + height) * _PIXELS) - 1,
            ],
            fill=0,
        )  # fmt: skip
    return image


def read(page: bytes, grid: Grid, number: int) -> str:
    """Return what a phone reads on the nth label of a page."""
    x, y = grid.place(number)
    corners = (x, y, x + grid.width, y + grid.height)
    cut = picture(page).crop(tuple(int(one * _PIXELS) for one in corners))  # type: ignore[arg-type]  # four
    codes = zxingcpp.read_barcodes(cut)
    return codes[0].text if codes else ""


@pytest.mark.parametrize("name", list(Format))
def test_every_label_of_a_common_format_lies_on_the_page(name: Format) -> None:
    grid = GRIDS[name]
    assert grid.fits
    assert grid.per_page == {"L7160": 21, "L7163": 14, "L4778": 48, "L7651": 65}[name]


@pytest.mark.parametrize("name", list(Format))
def test_the_first_and_the_last_code_of_a_sheet_are_read_where_they_belong(name: Format) -> None:
    grid = GRIDS[name]
    wanted = labels(grid.per_page)
    (page,) = pages(label_sheets.sheets(wanted, grid))
    for number in (0, grid.per_page - 1):
        assert read(page, grid, number) == wanted[number].address


def test_a_used_sheet_begins_at_the_nth_label_and_goes_on_overleaf() -> None:
    grid, wanted = GRIDS[Format.L7160], labels(4)
    first, second = pages(label_sheets.sheets(wanted, grid, first=20))
    assert read(first, grid, 18) == ""
    assert [read(first, grid, n) for n in (19, 20)] == [one.address for one in wanted[:2]]
    assert [read(second, grid, n) for n in (0, 1)] == [one.address for one in wanted[2:]]


def test_the_number_of_the_door_stands_beside_the_code() -> None:
    written = paper.text(label_sheets.sheets(labels(3), GRIDS[Format.L7163])).splitlines()
    assert [one for one in written if one.isdigit()] == ["1", "2", "3"]


def test_a_long_number_fits_all_the_same() -> None:
    label = Label("https://x.example/d/1/", "Ω-1234567890123456789012", "Żółć " * 30)
    (page,) = pages(label_sheets.sheets([label], GRIDS[Format.L7651]))
    assert read(page, GRIDS[Format.L7651], 0) == label.address


def test_names_of_every_script_stand_on_the_label() -> None:
    names = ["Łódź · Żółć", "مدرسة", "בית ספר"]
    made = [Label("https://x.example/d/1/", "Ż1", name) for name in names]
    written = paper.text(label_sheets.sheets(made, GRIDS[Format.L7160])).splitlines()
    assert written == ["Ż1", names[0], "Ż1", names[1][::-1], "Ż1", names[2][::-1]]


def test_letters_that_no_font_has_are_refused_by_name_instead_of_printed_as_boxes() -> None:
    label = Label("https://x.example/d/1/", "7", "日本")
    with pytest.raises(NoLetters, match="日本 7"):
        label_sheets.sheets([label], GRIDS[Format.L7160])


@pytest.mark.parametrize("first", [0, 22])
def test_a_label_that_is_not_on_the_sheet_is_refused(first: int) -> None:
    with pytest.raises(ValueError, match="not on the page"):
        label_sheets.sheets(labels(1), GRIDS[Format.L7160], first=first)


def test_no_doors_are_an_empty_page() -> None:
    assert label_sheets.sheets([], GRIDS[Format.L7160]).startswith(b"%PDF")


sizes = st.floats(0, 320, allow_nan=False)


@settings(max_examples=200)
@given(st.integers(0, 20), st.integers(0, 30), sizes, sizes, sizes, sizes, sizes, sizes)
def test_a_grid_that_fits_has_all_its_labels_on_the_page_and_none_on_another(
    columns: int, rows: int, width: float, height: float, left: float, top: float, step_x: float,
    step_y: float,
) -> None:  # fmt: skip
    grid = Grid(columns, rows, width, height, left, top, step_x, step_y)
    if not grid.fits:
        return
    places = [grid.place(n) for n in range(grid.per_page)]
    for x, y in places:
        assert x >= 0
        assert y >= 0
        assert x + width <= A4[0] + 0.06
        assert y + height <= A4[1] + 0.06
    rights = sorted({x for x, _y in places})
    assert all(b - a >= width for a, b in zip(rights, rights[1:], strict=False))
