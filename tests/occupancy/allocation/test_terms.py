"""Until when: by the site's own clocks, on the days that are not like others."""

from __future__ import annotations

import datetime as dt
import zoneinfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from occupancy.allocation import terms
from occupancy.allocation.rules import Rules
from occupancy.choices import UseModel

LONDON = zoneinfo.ZoneInfo("Europe/London")
KATHMANDU = zoneinfo.ZoneInfo("Asia/Kathmandu")
SHIFTS = (dt.time(6), dt.time(14), dt.time(22))


def local(text: str, zone: zoneinfo.ZoneInfo = LONDON) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(dt.UTC)


def due(model: UseModel, at: str, zone: zoneinfo.ZoneInfo = LONDON, **rules: object) -> str | None:
    found = terms.term(Rules(1, "", model=model, **rules), local(at, zone), zone)  # type: ignore[arg-type]
    if found.due_at is None:
        return None
    return found.due_at.astimezone(zone).strftime("%Y-%m-%d %H:%M")


def test_day_use_ends_at_local_midnight_or_at_another_hour() -> None:
    assert due(UseModel.DAY_USE, "2026-11-17 09:00") == "2026-11-18 00:00"
    assert due(UseModel.VISITOR, "2026-11-17 09:00", ends_at_time=dt.time(18)) == "2026-11-17 18:00"
    assert due(UseModel.DAY_USE, "2026-11-17 09:00", KATHMANDU) == "2026-11-18 00:00"


@pytest.mark.parametrize(
    ("at", "ends"),
    [
        ("2026-11-17 06:00", "2026-11-17 13:45"),
        ("2026-11-17 13:44", "2026-11-17 13:45"),
        # Within the handover one has come for the next shift.
        ("2026-11-17 13:45", "2026-11-17 21:45"),
        ("2026-11-17 23:30", "2026-11-18 05:45"),
        ("2026-11-18 02:00", "2026-11-18 05:45"),
    ],
)
def test_a_shift_ends_by_the_handover_before_the_next(at: str, ends: str) -> None:
    quarter = dt.timedelta(minutes=15)
    assert due(UseModel.SHIFT, at, shifts=SHIFTS, handover=quarter) == ends


def test_a_night_shift_over_a_clock_change_ends_by_the_clock_on_the_wall() -> None:
    assert due(UseModel.SHIFT, "2026-10-24 22:10", shifts=SHIFTS) == "2026-10-25 06:00"
    assert due(UseModel.SHIFT, "2027-03-27 22:10", shifts=SHIFTS) == "2027-03-28 06:00"


def test_a_session_lasts_as_long_on_the_night_the_clocks_change() -> None:
    hours = dt.timedelta(hours=4)
    assert due(UseModel.SESSION, "2026-10-25 00:00", lasts=hours) == "2026-10-25 03:00"
    assert due(UseModel.SHARED, "2027-03-28 00:00", lasts=hours) == "2027-03-28 05:00"


@pytest.mark.parametrize(
    ("at", "rules", "ends"),
    [
        ("2026-11-01 10:00", {"days": 30}, "2026-12-01 00:00"),
        ("2026-11-01 10:00", {"days": 1}, "2026-11-02 00:00"),
        ("2026-11-01 10:00", {"days": 1, "ends_at_time": dt.time(18)}, "2026-11-01 18:00"),
        ("2027-01-31 10:00", {"months": 1}, "2027-02-28 00:00"),
        ("2028-01-31 10:00", {"months": 1}, "2028-02-29 00:00"),
        ("2028-02-29 10:00", {"months": 12}, "2029-02-28 00:00"),
        ("2026-11-15 10:00", {"months": 1}, "2026-12-15 00:00"),
        # Over the change to summer time the hour on the wall stays.
        ("2027-03-20 10:00", {"days": 10, "ends_at_time": dt.time(18)}, "2027-03-29 18:00"),
    ],
)
def test_a_period_counts_days_or_months(at: str, rules: dict[str, object], ends: str) -> None:
    assert due(UseModel.FIXED, at, **rules) == ends


def test_permanent_has_no_end_unless_access_has() -> None:
    assert due(UseModel.PERMANENT, "2026-11-17 09:00") is None
    until = local("2026-11-20 12:00")
    limited = terms.term(
        Rules(1, "", model=UseModel.PERMANENT), local("2026-11-17 09:00"), LONDON,
        access_until=until,
    )  # fmt: skip
    assert (limited.due_at, limited.ends_at) == (until, until)


def test_a_contractor_has_it_as_long_as_their_access() -> None:
    until = local("2026-11-20 12:00")
    found = terms.term(
        Rules(1, "", model=UseModel.CONTRACTOR), local("2026-11-17 09:00"), LONDON,
        access_until=until,
    )  # fmt: skip
    assert found.due_at == until
    # Somebody who needs none has it for the day.
    assert due(UseModel.CONTRACTOR, "2026-11-17 09:00") == "2026-11-18 00:00"


def test_the_grace_comes_after_what_is_told_and_never_after_access() -> None:
    rules = Rules(1, "", ends_at_time=dt.time(18), grace=dt.timedelta(minutes=20))
    at = local("2026-11-17 09:00")
    assert terms.term(rules, at, LONDON).ends_at == local("2026-11-17 18:20")
    until = local("2026-11-17 18:10")
    found = terms.term(rules, at, LONDON, access_until=until)
    assert (found.due_at, found.ends_at) == (local("2026-11-17 18:00"), until)


instants = st.datetimes(
    dt.datetime(2026, 1, 1), dt.datetime(2029, 12, 31), timezones=st.just(dt.UTC)
)
zones = st.sampled_from(
    ["Europe/London", "Asia/Kathmandu", "America/New_York", "Australia/Lord_Howe", "UTC"]
).map(zoneinfo.ZoneInfo)
timed = st.sampled_from(
    [
        Rules(1, ""),
        Rules(1, "", ends_at_time=dt.time(1, 30)),
        Rules(1, "", model=UseModel.SHIFT, shifts=SHIFTS, handover=dt.timedelta(minutes=15)),
        Rules(1, "", model=UseModel.SHIFT, shifts=(dt.time(2, 15),)),
        Rules(1, "", model=UseModel.FIXED, days=30),
        Rules(1, "", model=UseModel.FIXED, months=1),
        Rules(1, "", model=UseModel.SESSION, lasts=dt.timedelta(hours=2)),
    ]
)


@given(timed, instants, zones)
def test_every_use_ends_after_it_begins(
    rules: Rules, at: dt.datetime, zone: zoneinfo.ZoneInfo
) -> None:
    found = terms.term(rules, at, zone)
    assert found.due_at is not None and found.ends_at is not None
    assert at < found.due_at <= found.ends_at


@given(instants, instants, zones)
def test_who_comes_later_does_not_have_to_leave_earlier(
    one: dt.datetime, other: dt.datetime, zone: zoneinfo.ZoneInfo
) -> None:
    early, late = sorted((one, other))
    rules = Rules(1, "", model=UseModel.SHIFT, shifts=SHIFTS, handover=dt.timedelta(minutes=15))
    first, last = terms.term(rules, early, zone), terms.term(rules, late, zone)
    assert first.due_at is not None and last.due_at is not None
    assert first.due_at <= last.due_at
