"""Names of every script on paper, and cells that no spreadsheet runs."""

from __future__ import annotations

import io
import unicodedata

import openpyxl
import pytest
from fpdf import bidi
from hypothesis import given
from hypothesis import strategies as st

from occupancy.papers import letters, tables, workbooks
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
    assert letters.drawn("נועה לוי") == "יול העונ"
    # mim-ha-mim-dal: initial, medial, medial, final; and then turned round.
    assert letters.drawn("محمد") == "\ufeaa\ufee4\ufea4\ufee3"
    assert letters.drawn("لا") == "\ufefb", "lam and alef are one letter"
    assert "Some are missing." not in printed("محمد العلي", "נועה לוי")


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


def test_a_form_of_thirty_fits_one_page() -> None:
    rows = [("A", "1")] * 30
    assert len(paper.texts(tables.pdf([Sheet("7A", rows, "30 pupils")], COLUMNS, PAPER))) == 1


@given(st.text(max_size=60))
def test_any_text_can_be_drawn(name: str) -> None:
    line = letters.drawn(name)
    if not any(unicodedata.bidirectional(one) in {"R", "AL", "AN"} for one in name):
        assert line == unicodedata.normalize("NFC", name) or any(
            "\u0590" <= one <= "\u08ff" or one >= "\ufb1d" for one in name
        )


@given(st.text(alphabet="אבגדהוזחט ", max_size=20))
def test_hebrew_is_only_turned_round(name: str) -> None:
    assert letters.drawn(name) == bidi.BidiParagraph(text=name).get_reordered_string()


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
