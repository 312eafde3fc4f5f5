"""Lengths of time and lists of doors as people write them."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from occupancy import durations
from occupancy.durations import UnknownDuration
from occupancy.forms import door_lists
from occupancy.forms.door_lists import Named, UnknownDoors

DOORS = [
    *(Named(n, "A", str(n), row=(n - 1) % 5 + 1, column=(n - 1) // 5 + 1) for n in range(1, 26)),
    *(Named(100 + n, "B", str(n), row=1, column=n) for n in range(1, 5)),
    Named(200, "Hall 2", "K1", row=1, column=1),
]


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("30 min", dt.timedelta(minutes=30)),
        ("2h", dt.timedelta(hours=2)),
        ("14 d", dt.timedelta(days=14)),
        ("1 H 30 Min", dt.timedelta(minutes=90)),
        ("2 weeks", dt.timedelta(days=14)),
        ("0", dt.timedelta(0)),
    ],
)
def test_lengths_of_time_are_read(text: str, length: dt.timedelta) -> None:
    assert durations.read(text) == length


@pytest.mark.parametrize(
    "text", ["", "30", "soon", "-1 h", "1.5 h", "1:30", "5 min 1 h", "1 h 2 h", "99999 weeks"]
)
def test_what_could_mean_two_things_is_refused(text: str) -> None:
    with pytest.raises(UnknownDuration):
        durations.read(text)


@given(st.integers(0, 3650 * 86_400))
def test_what_is_written_is_read_back(seconds: int) -> None:
    length = dt.timedelta(seconds=seconds)
    assert durations.read(durations.write(length)) == length


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("A 1-3, 21", [1, 2, 3, 21]),
        ("Bank A: row 1", [1, 6, 11, 16, 21]),
        ("a column 1; B 2", [1, 2, 3, 4, 5, 102]),
        ("Hall 2 K1", [200]),
        ("hall 2", [200]),
        ("B", [101, 102, 103, 104]),
        ("B 1, B 1-2", [101, 102]),
    ],
)
def test_doors_are_read(text: str, ids: list[int]) -> None:
    assert [door.id for door in door_lists.read(text, DOORS)] == ids


def test_a_bank_that_is_known_needs_no_name() -> None:
    assert [door.id for door in door_lists.read("row 1-2", DOORS, "A")][:3] == [1, 2, 6]


@pytest.mark.parametrize(
    ("text", "part"),
    [("A 1-100", "A 1-100"), ("A 1, C 2", "C 2"), ("7", "7"), ("A row 9", "A row 9")],
)
def test_a_part_that_names_nothing_is_said(text: str, part: str) -> None:
    with pytest.raises(UnknownDoors) as refused:
        door_lists.read(text, DOORS)
    assert refused.value.part == part


@given(st.sets(st.sampled_from(DOORS[:-1])))
def test_a_list_of_doors_is_read_back(doors: set[Named]) -> None:
    assert set(door_lists.read(door_lists.write(doors), DOORS)) == doors
