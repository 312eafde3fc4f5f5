"""The doors of a layout text."""

from __future__ import annotations

from itertools import groupby

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockers import layouts
from lockers.errors import UnknownLayout
from lockers.layouts import BANK_HEIGHT_MM, DrawnDoor

WORDS = ["tiny", "small", "medium", "large", "tall", "full", "bicycle"]
COLUMNS = st.tuples(
    st.integers(1, 4),
    st.lists(st.tuples(st.integers(1, 4), st.sampled_from(WORDS)), min_size=1, max_size=4),
)
Columns = list[tuple[int, list[tuple[int, str]]]]


def counts(text: str) -> list[list[str]]:
    """Return the sizes of every column, from the top."""
    doors = layouts.read(text)
    return [[door.size for door in column] for _n, column in groupby(doors, lambda d: d.column)]


def problem(text: str) -> str:
    with pytest.raises(UnknownLayout) as caught:
        layouts.read(text)
    return str(caught.value)


def written(columns: Columns) -> str:
    return ", ".join(
        f"{count} columns of {' and '.join(f'{many} {size}' for many, size in doors)}"
        for count, doors in columns
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 column of 2 large", [["Large", "Large"]]),
        ("2 columns of 1 large and 2 small", [["Large", "Small", "Small"]] * 2),
        ("  1 Column of 1 LARGE, 1 small doors.  ", [["Large", "Small"]]),
        ("1 column of 1 large; 1 column of 2 small", [["Large"], ["Small", "Small"]]),
        ("1 column of 1 large, and 1 column of 1 extra-wide", [["Large"], ["Extra-wide"]]),
        ("1 column of 1 large + 1 small + 1 large", [["Large", "Small", "Large"]]),
        ("1 column of 1 große", [["Große"]]),
    ],
)
def test_what_people_write(text: str, expected: list[list[str]]) -> None:
    assert counts(text) == expected


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "Begin with the number of columns"),
        ("many", "Begin with the number of columns"),
        ("perhaps 8 columns of 3 large", "Begin with the number of columns"),
        ("8 columns of", "Begin with the number of columns"),
        ("8 columns of 3 large and lots", "“lots” is not a number of doors"),
        ("2 columns of 0 large", "Say which doors a column has"),
        ("0 columns of 3 large", "no door"),
        ("999 columns of 99 large", "only 18 mm high"),
        ("999 columns of 9 large", "more than 1000 doors"),
        ("1 column of 40 small", "only 45 mm high"),
        ("1 column of 1 full and 3 tiny and 999 large", "mm high"),
    ],
)
def test_what_cannot_be_drawn_says_why(text: str, says: str) -> None:
    assert says in problem(text)


def test_sizes_are_named_once_and_smallest_first() -> None:
    doors = layouts.read("2 columns of 1 tall, 1 large, 1 bicycle and 2 small")
    assert layouts.sizes(doors) == ["Small", "Bicycle", "Large", "Tall"]


@given(st.lists(COLUMNS, min_size=1, max_size=4))
def test_the_doors_of_a_column_fill_the_bank_without_a_gap(columns: Columns) -> None:
    try:
        doors = layouts.read(written(columns))
    except UnknownLayout as refusal:
        assert "mm high" in str(refusal)
        return
    expected = [
        [size.capitalize() for many, size in sizes for _one in range(many)]
        for count, sizes in columns
        for _column in range(count)
    ]
    drawn: list[list[DrawnDoor]] = [
        list(column) for _number, column in groupby(doors, lambda door: door.column)
    ]
    assert [[door.size for door in column] for column in drawn] == expected
    for number, column in enumerate(drawn, start=1):
        assert [door.row for door in column] == list(range(1, len(column) + 1))
        assert {(door.column, door.x_mm) for door in column} == {
            (number, (number - 1) * layouts.COLUMN_WIDTH_MM)
        }
        edges = [door.y_mm for door in column] + [BANK_HEIGHT_MM]
        assert edges[0] == 0
        assert [door.y_mm + door.height_mm for door in column] == edges[1:]
        assert min(door.height_mm for door in column) >= layouts.LEAST_HEIGHT_MM
        by_size = {door.size: door.height_mm for door in column}
        assert all(abs(door.height_mm - by_size[door.size]) <= 1 for door in column)
