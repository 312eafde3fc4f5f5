"""What assets did and cost, read from the database."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext

from maintenance import cost_words
from maintenance.costs import Advice, Because
from maintenance.models import Asset, CostRules
from maintenance.selectors import asset_costs
from maintenance.selectors.asset_costs import Line
from maintenance.services import assets
from maintenance.services.assets import Place
from tests import factories
from tests.factories.cast import SETUP, Estate
from tests.maintenance.assets import making
from tests.maintenance.assets.making import TODAY

YEAR = dt.timedelta(days=365)
BEGAN = TODAY - 4 * YEAR


def days_ago(at: dt.datetime, days: int) -> dt.datetime:
    return at - dt.timedelta(days=days)


def report() -> Any:
    return asset_costs.report(Asset.objects.all(), TODAY)


def line_of(asset: Asset) -> Line:
    return next(one for one in report().lines if one.asset == asset)


def test_openings_are_counted_since_the_lock_hangs_there(estate: Estate, at: dt.datetime) -> None:
    door = estate.doors[0]
    making.openings(door, 5, days_ago(at, 5 * 365))  # another lock's
    asset = making.installed(estate, door, on=BEGAN, cycles_before=100)
    making.openings(door, 7, days_ago(at, 2 * 365))
    making.openings(door, 3, days_ago(at, 30))
    life = line_of(asset).life
    assert (life.cycles, life.cycles_of_year) == (110, 3)


def test_an_opening_that_never_happened_wears_nothing(estate: Estate, at: dt.datetime) -> None:
    asset = making.installed(estate, estate.doors[0], on=BEGAN)
    making.openings(estate.doors[0], 2, days_ago(at, 30))
    type(estate.doors[0].commands.first()).objects.update(opened_at=None, status="failed")
    assert line_of(asset).life.cycles == 0


def test_a_lock_that_moved_takes_its_openings_along(estate: Estate, at: dt.datetime) -> None:
    asset = making.installed(estate, estate.doors[0], on=BEGAN)
    making.openings(estate.doors[0], 4, days_ago(at, 3 * 365))
    moved = TODAY - 2 * YEAR
    assets.move(
        asset_id=asset.pk, place=Place(compartment=estate.doors[1]), by="", on=moved, actor=SETUP,
        at=at,
    )  # fmt: skip
    making.openings(estate.doors[0], 9, days_ago(at, 365))  # of whatever hangs there now
    making.openings(estate.doors[1], 2, days_ago(at, 365))
    assert line_of(asset).life.cycles == 6


def test_a_failure_is_a_ticket_that_was_done_about_the_lock(
    estate: Estate, at: dt.datetime
) -> None:
    CostRules.objects.create(organisation=estate.organisation, labour_rate=60, currency="GBP")
    door = estate.doors[0]
    asset = making.installed(estate, door, on=BEGAN)
    making.repair(door, days_ago(at, 800), minutes=30, parts="12.50")
    making.repair(door, days_ago(at, 20), minutes=60)
    making.repair(door, days_ago(at, 10), minutes=60, category="dirty")
    making.repair(door, days_ago(at, 5 * 365), minutes=60)  # before its time
    life = line_of(asset).life
    assert life.failures == 2
    assert life.upkeep == Decimal("102.50")
    assert life.upkeep_of_year == Decimal(60)


def test_what_is_put_back_costs_nothing(estate: Estate, at: dt.datetime) -> None:
    asset = making.installed(estate, estate.doors[0], on=BEGAN)
    ticket = making.repair(estate.doors[0], days_ago(at, 20), parts="10")
    move = ticket.stock_moves.get()
    type(move).objects.create(
        stock=move.stock, kind="returned", change=1, quantity_after=2, unit_cost=move.unit_cost,
        ticket=ticket, at=at, actor_kind="staff",
    )  # fmt: skip
    assert line_of(asset).life.upkeep == 0


def test_a_controller_and_a_bank_answer_for_their_own_tickets(
    estate: Estate, at: dt.datetime
) -> None:
    rows = making.whole_bank(estate, days_ago(at, 4 * 365))
    about: list[dict[str, object]] = [{"controller": estate.controller}, {"bank": estate.bank}]
    for what in about:
        ticket = making.repair(estate.doors[0], days_ago(at, 9))
        type(ticket).objects.filter(pk=ticket.pk).update(
            **{"compartment": None, "bank": None, "category": "silent", **what}
        )
    failures = {one.asset.model.kind: one.life.failures for one in report().lines}
    assert failures == {"bank": 1, "controller": 1, "lock": 0}
    assert len(rows) == 5


def test_what_keeps_breaking_stands_first_and_says_why(estate: Estate, at: dt.datetime) -> None:
    CostRules.objects.create(organisation=estate.organisation, labour_rate=60, currency="GBP")
    made_by = making.model(estate, replacement_cost=100, life_years=10)
    good = making.installed(estate, estate.doors[0], made_by, on=BEGAN)
    bad = making.installed(estate, estate.doors[1], made_by, on=BEGAN)
    for days in (20, 120, 220, 320):
        making.repair(estate.doors[1], days_ago(at, days), minutes=60)
    found = report()
    first, last = found.lines
    assert (first.asset, first.judgement.advice) == (bad, Advice.REPLACE)
    assert (last.asset, last.judgement.advice) == (good, Advice.REPAIR)
    assert first.judgement.repaired_per_year == 240
    assert cost_words.reasoning(first, found.currency) == (
        "Repairs cost 240.00 GBP a year, a new one costs 10.00 GBP a year: replacing it saves"
        " 230.00 GBP a year. Its 10 years are over on 18 Nov 2032."
    )


def test_openings_that_are_used_up_are_said(estate: Estate, at: dt.datetime) -> None:
    made_by = making.model(estate, life_cycles=10)
    asset = making.installed(estate, estate.doors[0], made_by, on=BEGAN)
    making.openings(estate.doors[0], 8, days_ago(at, 100))
    line = line_of(asset)
    assert line.judgement.end.because is Because.CYCLES
    assert "8 of 10 openings are used up" in cost_words.expectation(line)


def test_the_years_the_models_and_the_banks_add_up(estate: Estate, at: dt.datetime) -> None:
    made_by = making.model(estate, replacement_cost=100, life_years=5)
    making.installed(estate, estate.doors[0], made_by, on=BEGAN, cost=90)
    making.installed(estate, estate.doors[1], made_by, on=TODAY - 6 * YEAR, cost=80)
    gone = making.installed(estate, estate.doors[2], made_by, on=BEGAN, cost=70)
    assets.remove(asset_id=gone.pk, reason="worn", on=TODAY, actor=SETUP, at=at)
    found = report()
    assert [(one.year, one.count, one.late) for one in found.years] == [(2026, 1, 1), (2027, 1, 0)]
    assert sum(one.cost for one in found.years) == 200
    ((_name, total),) = found.models
    # What was taken down belongs to the history of its model.
    assert (total.count, total.purchase) == (3, Decimal(240))
    assert len(found.banks) == 1


def test_ten_times_the_assets_take_the_same_statements(estate: Estate, at: dt.datetime) -> None:
    made_by = making.model(estate, replacement_cost=100)

    def statements() -> int:
        with CaptureQueriesContext(connection) as captured:
            report()
        return len(captured)

    for door in estate.doors[:2]:
        making.installed(estate, door, made_by, on=BEGAN)
        making.repair(door, days_ago(at, 20), minutes=5, parts="1")
    few = statements()
    for n in range(20):
        door = factories.CompartmentFactory(
            bank=estate.bank, size=estate.small, number=f"N{n}", column=30 + n
        )
        making.installed(estate, door, made_by, on=BEGAN)
        making.repair(door, days_ago(at, 20), minutes=5, parts="1")
        making.openings(door, 2, days_ago(at, 20))
    assert statements() == few == 5
