from __future__ import annotations

import datetime as dt
import zoneinfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from occupancy.periods import next_local

LONDON = zoneinfo.ZoneInfo("Europe/London")
MIDNIGHT = dt.time(0, 0)


def utc(*parts: int) -> dt.datetime:
    return dt.datetime(*parts, tzinfo=dt.UTC)  # type: ignore[misc,arg-type]  # parts of a date


@pytest.mark.parametrize(
    ("at", "wall", "zone", "expected"),
    [
        (utc(2026, 11, 17, 9), MIDNIGHT, "Europe/London", utc(2026, 11, 18, 0)),
        (utc(2026, 7, 17, 9), MIDNIGHT, "Europe/London", utc(2026, 7, 17, 23)),
        (utc(2026, 11, 17, 9), MIDNIGHT, "Asia/Kathmandu", utc(2026, 11, 17, 18, 15)),
        # 29 March 2026: 01:00 to 02:00 does not exist in London.
        (utc(2026, 3, 28, 23), dt.time(1, 30), "Europe/London", utc(2026, 3, 29, 1, 0)),
        # 25 October 2026: 01:30 happens twice; the first counts.
        (utc(2026, 10, 24, 23), dt.time(1, 30), "Europe/London", utc(2026, 10, 25, 0, 30)),
        # Beirut skips midnight itself when summer time begins.
        (utc(2026, 3, 28, 12), MIDNIGHT, "Asia/Beirut", utc(2026, 3, 28, 22)),
        # Exactly at the end a new day's use gets the next one.
        (utc(2026, 11, 18, 0), MIDNIGHT, "Europe/London", utc(2026, 11, 19, 0)),
        (utc(2028, 2, 28, 12), MIDNIGHT, "Europe/London", utc(2028, 2, 29, 0)),
    ],
)
def test_the_end_is_the_next_local_time(
    at: dt.datetime, wall: dt.time, zone: str, expected: dt.datetime
) -> None:
    assert next_local(at, wall, zoneinfo.ZoneInfo(zone)) == expected


@given(
    at=st.datetimes(min_value=dt.datetime(2020, 1, 1), max_value=dt.datetime(2035, 1, 1)),
    wall=st.times().map(lambda t: t.replace(microsecond=0, fold=0)),
    zone=st.sampled_from(["Europe/London", "Asia/Kathmandu", "America/St_Johns", "Asia/Beirut"]),
)
def test_it_is_later_and_within_two_days(at: dt.datetime, wall: dt.time, zone: str) -> None:
    at = at.replace(tzinfo=dt.UTC)
    end = next_local(at, wall, zoneinfo.ZoneInfo(zone))
    assert at < end <= at + dt.timedelta(hours=49)
