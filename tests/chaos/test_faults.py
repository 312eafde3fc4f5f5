"""The faults of a run are drawn from its seed alone."""

from __future__ import annotations

from itertools import pairwise

import pytest

from tests.chaos import faults
from tests.chaos.estate import LEASE_S


def test_one_seed_is_one_schedule() -> None:
    assert faults.schedule(60, 1) == faults.schedule(60, 1) != faults.schedule(60, 2)


def test_ten_minutes_bring_every_kind_of_fault_at_least_five_times() -> None:
    plan = [(fault.whom, fault.what) for fault in faults.schedule(600, 1)]
    assert min(plan.count(kind) for kind in faults.FAULTS) >= 5


@pytest.mark.parametrize("seed", range(1, 50))
def test_one_minute_brings_every_kind_once_whoever_suffers_it(seed: int) -> None:
    plan = faults.schedule(60, seed)
    assert {faults.kind(fault.whom, fault.what) for fault in plan} == faults.KINDS


def test_both_of_a_kind_are_drawn() -> None:
    whom = {faults.schedule(60, seed)[n].whom for seed in range(1, 20) for n in range(10)}
    assert {"server 1", "server 2", "bridge north", "line north", "clock south"} <= whom


@pytest.mark.parametrize("seed", range(1, 50))
def test_a_run_begins_with_a_cut_that_outlasts_the_lease_and_nothing_else_stops_that_bank(
    seed: int,
) -> None:
    first, *others = faults.schedule(60, seed)
    assert (first.whom, first.what) == ("line south", "cut")
    # Lease, drift, and time for somebody to be given a door and to give it back.
    assert first.lasts_s > LEASE_S * 13 / 12 + 10
    ends_s = first.at_s + first.lasts_s
    assert not [one for one in others if one.whom in faults.WITH_FIRST and one.at_s < ends_s]


def test_nobody_suffers_two_faults_at_once() -> None:
    for whom in {whom for whom, _what in faults.FAULTS}:
        mine = [fault for fault in faults.schedule(600, 3) if fault.whom == whom]
        assert all(one.at_s + one.lasts_s < other.at_s for one, other in pairwise(mine))


def test_all_is_well_in_the_last_seconds() -> None:
    for seed in range(1, 50):
        ends = [fault.at_s + fault.lasts_s for fault in faults.schedule(60, seed)]
        assert max(ends) <= 60 - faults.CALM_S
