"""The constraints of rounds, broken around the services (see test_constraints)."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from typing import Any

from maintenance.models import LateEntry, Round, RoundPlan, RoundStop, StopCheck
from tests.factories.cast import Estate
from tests.factories.upkeep import ChecklistFactory, ChecklistItemFactory, RoundPlanFactory

NINE = dt.datetime(2026, 11, 17, 9, tzinfo=dt.UTC)
TEN = NINE + dt.timedelta(hours=1)


def plan(estate: Estate, **values: Any) -> RoundPlan:
    made: RoundPlan = RoundPlanFactory.create(site=estate.site, **values)
    return made


def round_(estate: Estate, **values: Any) -> Round:
    row: dict[str, Any] = {
        "site": estate.site, "kind": "cleaning", "name": "Clean", "day": NINE.date(),
        "starts_at": NINE, "due_at": TEN, **values,
    }  # fmt: skip
    return Round.objects.create(**row)


def stop(estate: Estate, **values: Any) -> RoundStop:
    row: dict[str, Any] = {
        "compartment": estate.doors[0], "position": 1, "planned_from": NINE,
        "planned_until": TEN, **values,
    }  # fmt: skip
    row.setdefault("round", round_(estate) if "round" not in values else None)
    return RoundStop.objects.create(**row)


def two_rounds(estate: Estate) -> None:
    one = plan(estate)
    for _each in range(2):
        round_(estate, plan=one)


def two_stops(estate: Estate) -> None:
    one = round_(estate)
    for _each in range(2):
        stop(estate, round=one)


def two_checks(estate: Estate) -> None:
    item = ChecklistItemFactory.create(
        checklist=ChecklistFactory.create(organisation=estate.organisation)
    )
    one = stop(estate)
    for _each in range(2):
        StopCheck.objects.create(stop=one, item=item, is_passed=True)


def late(estate: Estate, **values: Any) -> None:
    row: dict[str, Any] = {
        "entry_id": uuid.uuid4(), "stop": stop(estate), "result": "passed", "happened_at": NINE,
        "received_at": TEN, **values,
    }  # fmt: skip
    LateEntry.objects.create(**row)


BREAKS: dict[str, Callable[[Estate], object]] = {
    "maintenance_one_round_plan_per_name": lambda e: [plan(e, name="A") for _each in range(2)],
    "maintenance_round_plan_ends_after_it_begins": lambda e: plan(e, last_day=dt.date(2020, 1, 1)),
    "maintenance_one_round_per_plan_and_day": two_rounds,
    "maintenance_round_is_due_after_it_begins": lambda e: round_(e, due_at=NINE),
    "maintenance_round_called_off_is_closed": lambda e: round_(e, is_cancelled=True),
    "maintenance_one_stop_per_door_of_a_round": two_stops,
    "maintenance_stop_is_done_with_a_result": lambda e: stop(e, result="passed"),
    "maintenance_stop_ends_after_it_begins": lambda e: stop(e, planned_until=NINE),
    "maintenance_one_check_per_item_of_a_stop": two_checks,
    "maintenance_late_entry_came_after_it_happened": lambda e: late(
        e, received_at=NINE - (TEN - NINE)
    ),
}
