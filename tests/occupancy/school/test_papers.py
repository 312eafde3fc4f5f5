"""Names of every script on paper, and cells that no spreadsheet runs."""

from __future__ import annotations

import io
import unicodedata
from typing import Any
from unittest import mock

import openpyxl
import pytest
from fpdf.fonts import SubsetMap
from hypothesis import given, settings
from hypothesis import strategies as st

from occupancy.papers import tables, workbooks
from occupancy.papers.pages import Page
from occupancy.papers.tables import Column, Paper, Sheet
from tests import paper

PAPER = Paper("Harbour House", "Made today.", "Page {page} of {pages}", "Some are missing.", "None")
COLUMNS = [Column("Pupil", 3, is_bold=True), Column("Door", 1)]


def printed(*names: str) -> str:
    sheet = Sheet("Form 7A", [(name, "12") for name in names])
    return paper.text(tables.pdf([sheet], COLUMNS, PAPER))


@pytest.mark.parametrize(
    "name",
    ["Zoë Brontë", "Łukasz Żółć", "Ægir Þórsdóttir", "Nguyễn Thị Ánh", "Ιωάννα Παπαδοπούλου",
     "Мария Ёлкина", "ნინო", "Արամ", "O’Neill", "Γιώργος-Жанна"],
)  # fmt: skip
def test_names_of_many_scripts_are_printed_whole(name: str) -> None:
    text = printed(name)
    assert unicodedata.normalize("NFC", name) in text
    assert "Some are missing." not in text


def test_what_is_written_from_the_right_is_drawn_so() -> None:
    text = printed("נועה לוי", "محمد العلي")
    assert "יול העונ" in text
    assert "محمد العلي"[::-1] in text
    assert "Some are missing." not in text


@pytest.mark.parametrize(
    ("name", "forms"),
    [
        # mim-ha-mim-dal: initial, medial, medial, final; the last is drawn first.
        ("محمد", ["uniFEAA", "uniFEE4", "uniFEA4", "uniFEE3"]),
        # With vowel signs the letters are joined all the same; a doubled one with its vowel is one.
        ("مُحَمَّد", ["uniFEAA", "uni0651064E", "uniFEE4", "uni064E", "uniFEA4", "uni064F", "uniFEE3"]),
        ("لا", ["uniFEFB"]),
        ("ב(א)", ["parenleft", "uni05D0", "parenright", "uni05D1"]),
    ],
    ids=["joined", "with-vowel-signs", "lam-and-alef", "brackets"],
)  # fmt: skip
@pytest.mark.parametrize("bold", [False, True], ids=["plain", "bold"])
def test_letters_are_drawn_in_the_form_they_have_in_their_word(
    name: str, forms: list[str], bold: bool
) -> None:
    page = Page()
    page.add_page()
    drawn: list[str] = []

    def asked(self: SubsetMap, **which: Any) -> Any:
        if "glyph_name" in which:
            drawn.append(which["glyph_name"])
        return get_glyph(self, **which)

    get_glyph = SubsetMap.get_glyph
    with mock.patch.object(SubsetMap, "get_glyph", asked):
        page.text_in(name, 10, 10, 100, 8, bold=bold)
    assert drawn == forms
    assert not page.lacks


def test_letters_that_no_font_has_are_boxes_and_the_page_says_so() -> None:
    text = printed("Wang 王小明")
    assert "Wang □□□" in text
    assert "Some are missing." in text


def test_a_sheet_has_as_many_pages_as_it_takes_and_counts_them() -> None:
    sheets = [
        Sheet("7A", [("A", "1")] * 70, "70 pupils"),
        Sheet("7B", [("B", "2")] * 3),
        Sheet("7C", []),
    ]
    pages = paper.texts(tables.pdf(sheets, COLUMNS, PAPER))
    assert [page[0] for page in pages] == ["7A", "7A", "7A", "7B", "7C"]
    said = [next(line for line in page if line.startswith("Page ")) for page in pages]
    assert said == ["Page 1 of 3", "Page 2 of 3", "Page 3 of 3", "Page 1 of 1", "Page 1 of 1"]
    assert "None" in pages[-1]
    assert sum(page.count("A") for page in pages) == 70


def test_what_is_too_long_for_a_line_is_broken_between_two_words() -> None:
    words = (
        "The door was bent by a ball in the last week of term, and neither closes nor opens now"
        " without a good push from two people"
    )
    text = paper.text(tables.pdf([Sheet("7A", [(words, "1")])], COLUMNS, PAPER))
    first = next(line for line in text.split("\n") if line.startswith("The door"))
    assert first != words and f"{first}\n{words[len(first) + 1 :]}" in text


def test_a_form_of_thirty_fits_one_page() -> None:
    rows = [("A", "1")] * 30
    assert len(paper.texts(tables.pdf([Sheet("7A", rows, "30 pupils")], COLUMNS, PAPER))) == 1


@settings(max_examples=10, deadline=None)
@given(st.text(max_size=60))
def test_any_text_can_be_drawn(name: str) -> None:
    assert printed(name).startswith("Form 7A")


@settings(max_examples=10, deadline=None)
@given(st.text(alphabet="אבגדהוזחט", min_size=1, max_size=20))
def test_hebrew_is_only_turned_round(name: str) -> None:
    assert name[::-1] in printed(name).splitlines()


def test_a_long_text_is_cut_and_shows_it() -> None:
    text = printed("Anna " * 60)
    assert "…" in text


def test_a_workbook_runs_no_formula_and_keeps_zeros() -> None:
    content = workbooks.xlsx(
        ["Pupil", "Combination"], [["=1+1", "01-02-03"], ["Bell\x07", "007"]], title="7A: a/b"
    )
    sheet = openpyxl.load_workbook(io.BytesIO(content)).active
    assert [[cell.value for cell in row] for row in sheet.iter_rows()] == [
        ["Pupil", "Combination"], ["'=1+1", "01-02-03"], ["Bell", "007"],
    ]  # fmt: skip
    assert {cell.data_type for row in sheet.iter_rows() for cell in row} == {"s"}
    assert sheet.freeze_panes == "A2"
