"""The constraints of rollovers, broken around the services (see test_constraints)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from occupancy.models import Rollover, RolloverChange, RolloverForm, RolloverYear
from tests.factories.cast import Estate
from tests.factories.school import RegistrationGroupFactory, YearGroupFactory, academic_year

NINE = dt.datetime(2027, 8, 20, 9, tzinfo=dt.UTC)
EIGHT = NINE - dt.timedelta(hours=1)


def rollover(estate: Estate, **values: Any) -> Rollover:
    row: dict[str, Any] = {"site": estate.site, **values}
    if "from_session" not in row:
        row["from_session"] = academic_year(estate.site)
    if "to_session" not in row:
        row["to_session"] = academic_year(estate.site, 2027)
    return Rollover.objects.create(**row)


def two_rollovers(estate: Estate) -> None:
    one = rollover(estate)
    rollover(estate, from_session=one.from_session, to_session=one.to_session)


def to_the_same_year(estate: Estate) -> None:
    year = academic_year(estate.site)
    rollover(estate, from_session=year, to_session=year)


def two_years(estate: Estate) -> None:
    one, year = rollover(estate), YearGroupFactory.create(organisation=estate.organisation)
    for _each in range(2):
        RolloverYear.objects.create(rollover=one, year_group=year)


def a_year_to_itself(estate: Estate) -> None:
    year = YearGroupFactory.create(organisation=estate.organisation)
    RolloverYear.objects.create(rollover=rollover(estate), year_group=year, goes_to=year)


def two_forms(estate: Estate) -> None:
    one, form = rollover(estate), RegistrationGroupFactory.create(site=estate.site)
    for _each in range(2):
        RolloverForm.objects.create(rollover=one, registration_group=form)


BREAKS: dict[str, Callable[[Estate], object]] = {
    "occupancy_one_rollover_from_a_year": two_rollovers,
    "occupancy_rollover_goes_to_another_year": to_the_same_year,
    "occupancy_rollover_is_undone_after_it_is_done": lambda e: rollover(
        e, applied_at=NINE, undone_at=EIGHT
    ),
    "occupancy_one_line_per_year_of_a_rollover": two_years,
    "occupancy_year_goes_up_to_another": a_year_to_itself,
    "occupancy_one_line_per_form_of_a_rollover": two_forms,
    "occupancy_rollover_changed_something": lambda e: RolloverChange.objects.create(
        rollover=rollover(e), step="up"
    ),
}
