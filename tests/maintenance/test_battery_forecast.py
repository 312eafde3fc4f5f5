"""When a battery fails, from its voltage, its openings and its age: the pure function."""

from __future__ import annotations

import datetime as dt
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maintenance.batteries import Forecast, Limits, Voltages, forecast
from maintenance.choices import ForecastBy

FIRST = dt.date(2026, 1, 1)
DAY = dt.timedelta(days=1)
LOW = 4200

Lows = list[tuple[dt.date, int]]
days = st.integers(0, 400)
millivolts = st.integers(100, 60_000)
lows = st.lists(st.tuples(days.map(lambda n: FIRST + n * DAY), millivolts), max_size=12)
counts = st.one_of(st.none(), st.integers(1, 100_000))
limits = st.builds(Limits, low_mv=st.one_of(st.none(), millivolts), openings=counts,
                   days=st.one_of(st.none(), st.integers(1, 3000)))  # fmt: skip


def line(begin: int, a_day: float, over: int, every: int = 1) -> Lows:
    """Return a voltage that changes evenly."""
    return [(FIRST + n * DAY, round(begin + a_day * n)) for n in range(0, over, every)]


def told(
    read: Lows | None = None, *, limits: Limits, openings: int = 0, after: int = 400
) -> Forecast | None:
    return forecast(
        replaced_on=FIRST, today=FIRST + after * DAY, openings=openings, limits=limits,
        voltages=Voltages.of(FIRST, read or []),
    )  # fmt: skip


def by_voltage(read: Lows) -> dt.date | None:
    said = told(read, limits=Limits(low_mv=LOW))
    return said.fails_on if said else None


def test_an_even_line_is_followed_to_where_it_is_low() -> None:
    # 6000 mV, 10 mV a day: 1800 mV above low is 180 days.
    assert by_voltage(line(6000, -10, 30)) == FIRST + 180 * DAY


@pytest.mark.parametrize("seed", range(5))
def test_noise_moves_it_by_days_and_not_by_months(seed: int) -> None:
    noise = random.Random(seed)
    noisy = [(day, mv + noise.randint(-30, 30)) for day, mv in line(6000, -10, 60)]
    said = by_voltage(noisy)
    assert said is not None
    assert abs((said - (FIRST + 180 * DAY)).days) <= 15


def test_several_readings_of_a_day_count_as_the_lowest() -> None:
    even = line(6000, -10, 30)
    rested = [(day, mv + 400) for day, mv in even]
    assert by_voltage([*even, *rested]) == by_voltage(even)


@pytest.mark.parametrize(
    "read",
    [
        [],
        [(FIRST, 6000)],
        line(6000, -10, 2),
        line(6000, -10, 14),  # over 13 days
        line(6000, -10, 30, every=29),  # two of them
        line(6000, 0, 60),
        line(6000, 5, 60),
    ],
    ids=["none", "one", "two", "not long enough", "two far apart", "level", "rising"],
)
def test_what_is_no_sinking_line_says_nothing(read: Lows) -> None:
    assert by_voltage(read) is None


def test_one_reading_that_is_low_is_low_on_that_day() -> None:
    assert by_voltage([(FIRST + 9 * DAY, LOW)]) == FIRST + 9 * DAY


def test_a_voltage_that_rises_after_the_replacement_is_the_new_battery_alone() -> None:
    before = [(FIRST - n * DAY, 4000) for n in range(1, 60)]
    after = line(6000, -10, 30)
    assert by_voltage([*before, *after]) == by_voltage(after)
    assert by_voltage([*before, (FIRST, 6400)]) is None


def test_openings_are_used_up_as_fast_as_so_far() -> None:
    said = told(limits=Limits(openings=10_000), openings=2_500, after=100)
    assert said == Forecast(FIRST + 400 * DAY, ForecastBy.OPENINGS)
    assert told(limits=Limits(openings=10_000), openings=50, after=6) is None
    assert told(limits=Limits(openings=10_000), openings=0, after=100) is None


def test_openings_that_are_used_up_already_count_in_the_first_week_too() -> None:
    said = told(limits=Limits(openings=100), openings=300, after=3)
    assert said == Forecast(FIRST + DAY, ForecastBy.OPENINGS)


def test_the_earliest_counts_and_says_by_what() -> None:
    whole = Limits(low_mv=LOW, openings=10_000, days=500)
    read = line(6000, -10, 30)
    assert told(read, limits=whole, openings=1) == Forecast(FIRST + 180 * DAY, ForecastBy.VOLTAGE)
    busy = told(read, limits=whole, openings=9_000, after=100)
    assert busy == Forecast(FIRST + 111 * DAY, ForecastBy.OPENINGS)
    assert busy is not None and busy.facts == {"openings": 9_000, "lasts_openings": 10_000}
    aged = told([], limits=whole, openings=1)
    assert aged == Forecast(FIRST + 500 * DAY, ForecastBy.DAYS)


def test_without_a_model_nothing_is_said() -> None:
    assert told(line(6000, -10, 30), limits=Limits(), openings=100) is None


@given(read=lows, known=limits, openings=st.integers(0, 200_000), after=days)
def test_never_before_the_replacement_and_by_what_is_known(
    read: Lows, known: Limits, openings: int, after: int
) -> None:
    said = told(read, limits=known, openings=openings, after=after)
    if said is None:
        assert known.days is None
        return
    assert said.fails_on >= FIRST
    assert known.days is None or said.fails_on <= FIRST + known.days * DAY
    stated = {ForecastBy.VOLTAGE: known.low_mv, ForecastBy.OPENINGS: known.openings,
              ForecastBy.DAYS: known.days}  # fmt: skip
    assert stated[said.by] is not None


def _day(said: Forecast | None) -> dt.date:
    return said.fails_on if said else dt.date.max


@given(read=lows, known=limits, openings=st.integers(0, 200_000), after=days,
       lower=st.integers(0, 5_000))  # fmt: skip
def test_a_lower_voltage_never_lasts_longer(
    read: Lows, known: Limits, openings: int, after: int, lower: int
) -> None:
    sunk = [(day, mv - lower) for day, mv in read]
    more = told(sunk, limits=known, openings=openings, after=after)
    assert _day(more) <= _day(told(read, limits=known, openings=openings, after=after))


@given(known=limits, openings=st.integers(0, 200_000), more=st.integers(0, 200_000), after=days)
def test_more_openings_never_last_longer(
    known: Limits, openings: int, more: int, after: int
) -> None:
    said = told(limits=known, openings=openings, after=after)
    assert _day(told(limits=known, openings=openings + more, after=after)) <= _day(said)


@given(read=lows, known=limits, openings=st.integers(0, 200_000), after=days,
       fewer=st.integers(0, 1000))  # fmt: skip
def test_a_model_that_says_more_never_makes_it_later(
    read: Lows, known: Limits, openings: int, after: int, fewer: int
) -> None:
    silent = Limits(low_mv=known.low_mv, openings=known.openings)
    stated = Limits(known.low_mv, known.openings, days=max(fewer, 1))
    said = told(read, limits=silent, openings=openings, after=after)
    assert _day(told(read, limits=stated, openings=openings, after=after)) <= _day(said)


@given(read=lows)
def test_the_sums_are_those_of_the_lowest_of_each_day_in_any_order(read: Lows) -> None:
    assert Voltages.of(FIRST, read) == Voltages.of(FIRST, reversed(read))
    assert Voltages.of(FIRST, read).count == len({day for day, _mv in read})
