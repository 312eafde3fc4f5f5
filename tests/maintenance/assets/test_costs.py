"""How long things last and what a year of them costs, without a database."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from maintenance import costs
from maintenance.costs import Advice, Because, End, Judgement, Life

TODAY = dt.date(2026, 11, 17)
money = st.decimals(min_value=0, max_value=100_000, places=2)
days = st.dates(min_value=dt.date(2000, 1, 1), max_value=TODAY)


def life(**values: object) -> Life:
    usual: dict[str, object] = {
        "installed_on": dt.date(2020, 11, 17), "life_years": 10, "life_cycles": None, "cycles": 0,
        "cycles_of_year": 0, "replacement_cost": Decimal(100), "upkeep": Decimal(0),
        "upkeep_of_year": Decimal(0), "failures": 0, "failures_of_year": 0, **values,
    }  # fmt: skip
    return Life(**usual)  # type: ignore[arg-type]  # as above


@st.composite
def lives(draw: st.DrawFn) -> Life:
    upkeep = draw(money)
    cycles = draw(st.integers(0, 10**7))
    return life(
        installed_on=draw(days), life_years=draw(st.integers(1, 60)),
        life_cycles=draw(st.none() | st.integers(1, 10**6)), cycles=cycles,
        cycles_of_year=draw(st.integers(0, cycles)), replacement_cost=draw(money), upkeep=upkeep,
        upkeep_of_year=draw(st.decimals(min_value=0, max_value=upkeep, places=2)),
        failures_of_year=draw(st.integers(0, 9)),
    )  # fmt: skip


def test_without_a_count_of_openings_it_ends_by_age() -> None:
    end = costs.end_of_life(life(), TODAY)
    assert end == End(dt.date(2030, 11, 17), Because.AGE)


def test_openings_that_are_used_up_earlier_end_it_earlier() -> None:
    used = life(life_cycles=10_000, cycles=8_000, cycles_of_year=2_000)
    assert costs.end_of_life(used, TODAY) == End(dt.date(2027, 11, 17), Because.CYCLES)


def test_what_was_opened_too_often_is_at_its_end_today() -> None:
    used = life(life_cycles=10_000, cycles=12_000, cycles_of_year=0)
    assert costs.end_of_life(used, TODAY) == End(TODAY, Because.CYCLES)


def test_what_is_hardly_opened_ends_by_age() -> None:
    used = life(life_cycles=10_000, cycles=10, cycles_of_year=0)
    assert costs.end_of_life(used, TODAY).because is Because.AGE


def test_the_29th_of_february_has_an_anniversary() -> None:
    assert costs.years_after(dt.date(2024, 2, 29), 1) == dt.date(2025, 3, 1)
    assert costs.years_after(dt.date(2024, 2, 29), 4) == dt.date(2028, 2, 29)


@given(lives())
def test_nothing_outlives_its_age(one: Life) -> None:
    by_age = costs.years_after(one.installed_on, one.life_years)
    assert costs.end_of_life(one, TODAY).on <= max(by_age, TODAY)


@given(lives(), st.integers(0, 10**6))
def test_more_openings_never_make_it_last_longer(one: Life, more: int) -> None:
    worn = life(
        installed_on=one.installed_on, life_years=one.life_years, life_cycles=one.life_cycles,
        cycles=one.cycles + more, cycles_of_year=one.cycles_of_year,
    )  # fmt: skip
    assert costs.end_of_life(worn, TODAY).on <= costs.end_of_life(one, TODAY).on


@given(lives(), money)
def test_the_advice_is_the_cheaper_of_the_two(one: Life, usual: Decimal) -> None:
    judged = costs.judge(one, TODAY, usual)
    assert judged.repaired_per_year >= 0
    assert judged.replaced_per_year >= 0
    if judged.saving > Decimal("0.01"):
        assert judged.advice is Advice.REPLACE
    if judged.saving < 0:
        assert judged.advice is Advice.REPAIR


@given(lives(), money)
def test_what_never_cost_anything_is_never_replaced(one: Life, usual: Decimal) -> None:
    calm = life(installed_on=one.installed_on, replacement_cost=one.replacement_cost)
    assert costs.judge(calm, TODAY, usual).advice is Advice.REPAIR


@given(st.lists(st.tuples(st.dates(dt.date(2000, 1, 1)), money), max_size=40))
def test_the_years_add_up_to_everything(ends: list[tuple[dt.date, Decimal]]) -> None:
    years = costs.by_year(ends, TODAY)
    assert sum(year.count for year in years) == len(ends)
    assert sum((year.cost for year in years), Decimal(0)) == sum(
        (cost for _on, cost in ends), Decimal(0)
    )
    assert [year.year for year in years] == sorted({max(on.year, 2026) for on, _cost in ends})


@given(st.lists(lives(), max_size=12), money)
def test_first_in_the_list_is_what_a_new_one_saves_most_on(
    many: list[Life], usual: Decimal
) -> None:
    judged = [(n, costs.judge(one, TODAY, usual)) for n, one in enumerate(many)]
    ranked = costs.rank(judged)
    assert sorted(ranked, key=lambda one: one[0]) == judged
    savings = [one.saving for _n, one in ranked]
    assert savings == sorted(savings, reverse=True)


def test_of_two_equals_the_older_comes_first() -> None:
    one = Judgement(Advice.REPAIR, Decimal(1), Decimal(2), End(TODAY, Because.AGE), True)
    later = Judgement(
        Advice.REPAIR, Decimal(1), Decimal(2),
        End(TODAY + dt.timedelta(days=1), Because.AGE), False,
    )  # fmt: skip
    assert [n for n, _one in costs.rank([(1, later), (2, one)])] == [2, 1]


def test_one_early_repair_is_no_yearly_one() -> None:
    young = life(
        installed_on=TODAY - dt.timedelta(days=10), upkeep=Decimal(20), upkeep_of_year=Decimal(20)
    )
    assert costs.upkeep_per_year(young, TODAY) == 20


def test_one_repair_of_an_old_one_is_no_trend_and_a_second_one_in_the_year_is() -> None:
    old = {"upkeep": Decimal(60), "upkeep_of_year": Decimal(60)}
    assert costs.upkeep_per_year(life(failures_of_year=1, **old), TODAY).quantize(1) == 10
    assert costs.upkeep_per_year(life(failures_of_year=2, **old), TODAY) == 60


def test_a_new_one_is_expected_to_break_as_others_do() -> None:
    weak = life(upkeep=Decimal(180), upkeep_of_year=Decimal(30))
    assert costs.judge(weak, TODAY, Decimal(0)).advice is Advice.REPLACE
    assert costs.judge(weak, TODAY, Decimal(25)).advice is Advice.REPAIR


def test_before_any_service_there_is_no_rate() -> None:
    assert costs.NOTHING.failures_per_year is None


def test_minutes_cost_by_the_hour() -> None:
    assert costs.labour_cost(45, Decimal(60)) == Decimal("45.00")
