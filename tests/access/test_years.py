"""Which year a text means."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from access.imports import years


@given(st.integers(0, 99), st.sampled_from(["%d", "%02d", "Year %d", "Y%02d", "yr %d", "Grade %d"]))
def test_a_number_is_the_same_year_however_it_is_written(number: int, pattern: str) -> None:
    assert years.rank_of(pattern % number) == number


@given(st.text(max_size=20))
def test_whatever_a_year_is_called_its_name_means_the_same(text: str) -> None:
    assert years.rank_of(years.name_of(text)) == years.rank_of(text)


@pytest.mark.parametrize("text", ["", "Juniors", "Year", "7B", "123", "-1"])
def test_what_says_no_year_is_none(text: str) -> None:
    assert years.rank_of(text) is None


@pytest.mark.parametrize("text", ["Reception", "R", "KG"])
def test_reception_comes_before_the_first_year(text: str) -> None:
    assert years.rank_of(text) == 0


def test_a_bare_number_is_called_a_year() -> None:
    assert (years.name_of("07"), years.name_of("Grade 7")) == ("Year 7", "Grade 7")
