"""How long somebody waits, said only when it is known."""

from __future__ import annotations

import datetime as dt

from occupancy.allocation.waiting import LOOKS_BACK, expected_wait
from tests.conftest import MORNING

HOUR = dt.timedelta(hours=1)


def hourly(number: int) -> list[dt.datetime]:
    return [MORNING - HOUR * n for n in range(1, number + 1)]


def test_too_few_releases_say_nothing() -> None:
    assert expected_wait(1, [], MORNING) is None
    assert expected_wait(1, hourly(4), MORNING) is None


def test_each_place_waits_as_long_as_it_took_a_door_to_come_free() -> None:
    assert expected_wait(1, hourly(10), MORNING) == HOUR
    assert expected_wait(3, hourly(10), MORNING) == 3 * HOUR


def test_what_was_longer_ago_does_not_count() -> None:
    old = [MORNING - LOOKS_BACK - HOUR * n for n in range(1, 20)]
    assert expected_wait(1, old, MORNING) is None
    assert expected_wait(1, [*old, *hourly(10)], MORNING) == HOUR


def test_a_busy_day_that_is_long_over_promises_no_short_wait() -> None:
    burst = [MORNING - dt.timedelta(days=5) + dt.timedelta(minutes=n) for n in range(10)]
    assert expected_wait(1, burst, MORNING) == HOUR * 12


def test_it_is_rounded_up_to_five_minutes() -> None:
    released = [MORNING - dt.timedelta(seconds=30 * n) for n in range(1, 20)]
    assert expected_wait(1, released, MORNING) == dt.timedelta(minutes=5)
    released = [MORNING - dt.timedelta(minutes=7 * n) for n in range(1, 11)]
    assert expected_wait(1, released, MORNING) == dt.timedelta(minutes=10)
