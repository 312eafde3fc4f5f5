from __future__ import annotations

import datetime as dt
import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from hypothesis import given, settings
from hypothesis import strategies as st

from occupancy.allocation.simulation import attendance, report
from occupancy.allocation.simulation.attendance import Attendance, Habits, Visit
from occupancy.allocation.simulation.bank import Bank
from occupancy.allocation.simulation.run import (
    MONDAY,
    POLICIES,
    ZONE,
    PolicyName,
    Setup,
    Tally,
    play,
    run,
    run_fixed,
)

HOUR = dt.timedelta(hours=1)
BEGIN = dt.datetime.combine(MONDAY, dt.time(), dt.UTC)  # winter: London is UTC


def _visit(person: int, arrives: float, leaves: float) -> Visit:
    return Visit(person, BEGIN + arrives * HOUR, BEGIN + leaves * HOUR)


def _play(policy: PolicyName, visits: list[Visit], doors: int = 1, forgets: float = 0) -> Tally:
    return play(Bank(doors, POLICIES[policy], ZONE), visits, weeks=1, forgets=forgets)


# One door. Ann 9 to 12; Ben comes at 10 in vain; Cem comes the moment Ann goes, until 17.
MORNING = [_visit(1, 9, 12), _visit(2, 10, 18), _visit(3, 12, 17)]


def test_one_door_on_one_day_as_counted_by_hand() -> None:
    tally = _play(PolicyName.DAY_USE, MORNING)
    assert (tally.asked, tally.served, tally.refused) == (3, 2, 1)
    assert tally.present == tally.held == 8 * HOUR
    assert (tally.peak_held, tally.peak_present) == (1, 1)
    assert tally.served_in == {0: {1, 3}} and tally.refused_in == {0: {2}}


def test_who_forgets_to_finish_keeps_the_door_until_midnight_and_no_longer() -> None:
    visits = [*MORNING, _visit(2, 24, 30)]
    tally = _play(PolicyName.DAY_USE, visits, forgets=1)
    assert (tally.served, tally.refused) == (2, 2)
    # Ann's three hours and Ben's six of the next day; held 9 to midnight, and that next whole day.
    assert tally.present == 9 * HOUR
    assert tally.held == (15 + 24) * HOUR


def test_a_shift_ends_before_the_next_one_begins() -> None:
    tally = _play(PolicyName.SHIFT, [_visit(1, 6, 15), _visit(2, 13.9, 21)])
    # Over at 13:50, ten minutes of handover; the first one stayed longer than that.
    assert (tally.served, tally.refused, tally.cut_short) == (2, 0, 1)
    assert tally.present == (13 + 5 / 6 - 6 + 21 - 13.9) * HOUR


def test_a_period_is_kept_from_visit_to_visit() -> None:
    tally = _play(PolicyName.FIXED_PERIOD, [_visit(1, 9, 12), _visit(2, 13, 14), _visit(1, 33, 36)])
    assert (tally.served, tally.refused) == (2, 1)
    assert tally.present == 6 * HOUR
    assert tally.held == (7 * 24 - 9) * HOUR


def test_fixed_doors_belong_to_the_first_people_from_the_beginning() -> None:
    setup = Setup(10, 25, 2, 7, habits=Habits(Attendance.FIXED_OFFICE, absent=0))
    tally = run_fixed(setup)
    assert tally.served_in == {0: set(range(1, 11)), 1: set(range(1, 11))}
    assert tally.asked == 25 * 5 * 2 and tally.served == 10 * 5 * 2
    assert tally.held == 10 * 2 * 7 * 24 * HOUR


@settings(max_examples=40, deadline=None)
@given(
    doors=st.integers(1, 12),
    users=st.integers(1, 30),
    seed=st.integers(0, 999),
    policy=st.sampled_from(PolicyName),
    kind=st.sampled_from(Attendance),
    forgets=st.sampled_from([0.0, 0.1, 1.0]),
)
def test_everybody_who_asks_is_served_or_refused_and_no_door_is_held_twice(
    doors: int, users: int, seed: int, policy: PolicyName, kind: Attendance, forgets: float
) -> None:
    tally = run(Setup(doors, users, 2, seed, policy, Habits(kind, forgets=forgets)))
    assert tally.served + tally.refused == tally.asked
    assert tally.peak_present <= tally.peak_held <= doors
    assert dt.timedelta(0) <= tally.present <= tally.held <= doors * 14 * 24 * HOUR
    if doors >= users:
        assert tally.refused == 0


@settings(max_examples=30, deadline=None)
@given(
    kind=st.sampled_from(Attendance),
    seed=st.integers(0, 999),
    monday=st.sampled_from([MONDAY, dt.date(2026, 3, 23), dt.date(2026, 10, 19)]),
)
def test_nobody_is_in_two_places_and_visits_come_by_arrival(
    kind: Attendance, seed: int, monday: dt.date
) -> None:
    coming = list(attendance.visits(Habits(kind), 20, 3, seed, monday, ZONE))
    arrivals = [visit.arrives_at for visit in coming]
    assert arrivals == sorted(arrivals)
    left: dict[int, dt.datetime] = {}
    for visit in coming:
        assert left.get(visit.person_id, visit.arrives_at) <= visit.arrives_at < visit.leaves_at
        left[visit.person_id] = visit.leaves_at


def test_people_come_as_often_as_assumed() -> None:
    for mean in (1.0, 1.5, 2.45):
        habits = Habits(days_per_week=mean, absent=0)
        coming = attendance.visits(habits, 2000, 1, 1, MONDAY, ZONE)
        assert sum(1 for _visit in coming) / 2000 == pytest.approx(mean, abs=0.06)


def test_the_same_seed_gives_the_same_figures_and_another_one_others() -> None:
    setup = Setup(10, 40, 3, 1)
    assert report.figures(setup) == report.figures(setup)
    assert report.figures(setup) != report.figures(Setup(10, 40, 3, 2))


def test_the_command_answers_in_json() -> None:
    out = StringIO()
    call_command(
        "simulate", "--bank-doors", "5", "--users", "20", "--attendance", "hybrid",
        "--policy", "day-use", "--weeks", "2", "--seed", "1", "--json", stdout=out,
    )  # fmt: skip
    found = json.loads(out.getvalue())
    assert found["assumed"]["days_per_week"] == 2.45
    now = found["simulated"]
    assert now["served"] + now["refused"] == now["asked"] > 0
    assert found["fixed_assignment"]["people_served_per_week"] <= 5


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (["--users", "0"], "--users: give a whole number from 1 to 100000, not '0'"),
        (["--weeks", "many"], "--weeks: give a whole number from 1 to 520, not 'many'"),
        (["--bank-doors", "1000000"], "--bank-doors: give a whole number from 1 to 10000"),
        (["--wants", "2"], "--wants: give a share from 0 to 1, such as 0.1, not '2'"),
        (["--absent", "nan"], "--absent: give a share from 0 to 1"),
        (["--days-per-week", "9"], "give more than 0 and at most 5: hybrid is open on 5 days"),
        (["--attendance", "always"], "invalid choice: 'always'"),
        (["--claim", "--users", "90"], "leave out --users"),
    ],
)
def test_what_makes_no_sense_is_refused_with_what_would(wrong: list[str], sentence: str) -> None:
    with pytest.raises(CommandError) as refused:
        call_command("simulate", *wrong)
    assert sentence in str(refused.value)


def test_the_claim_is_told_with_what_it_takes() -> None:
    rows = {row["scenario"]: row for row in report.claim(doors=10, weeks=1, seed=1)}
    busy = rows["Hybrid, 2.45 days a week, busy Tuesday to Thursday"]
    assert not busy["serves_the_lower"]
    assert rows["Swimming pool, two visits a week"]["serves_the_upper"]
    assert "| Hybrid, 1.5 days, spread evenly |" in report.table(list(rows.values()))
