"""A round with a door and a photo, for the tables of who may what."""

from __future__ import annotations

import datetime as dt
from typing import Any

from maintenance.models import Round, RoundStop, StopCheck
from occupancy import photos
from tests.factories.cast import Estate
from tests.factories.upkeep import ChecklistFactory, ChecklistItemFactory
from tests.pictures import picture

HOUR = dt.timedelta(hours=1)


def rows(estate: Estate, at: dt.datetime) -> dict[str, int]:
    """Make a round of one door, with a photo."""
    items = ChecklistFactory.create(organisation=estate.organisation)
    item = ChecklistItemFactory.create(checklist=items)
    one = Round.objects.create(
        site=estate.site, kind="inspection", name="Hinges", day=at.date(), starts_at=at,
        due_at=at + HOUR, checklist=items,
    )  # fmt: skip
    stop = RoundStop.objects.create(
        round=one, compartment=estate.doors[0], position=1, planned_from=at,
        planned_until=at + HOUR,
    )  # fmt: skip
    check = StopCheck.objects.create(
        stop=stop, item=item, is_passed=True, photo=photos.save(picture(), of=photos.UPKEEP)
    )
    return {"round": one.pk, "round-stop": stop.pk, "round-check": check.pk}


BY_SITE = {"maintenance.Round": "site", "maintenance.RoundPlan": "site"}
MORE_OBJECTS = {
    "maintenance.Round call_off",
    "maintenance.Round close_round",
    "maintenance.Round reassign",
    "maintenance.RoundPlan plan_now",
}
# Of a whole site: an area's part of a round is walked on the phone.
HIDDEN_IN_AREAS = {"maintenance.Round", "maintenance.RoundPlan"}
NEEDS: dict[str, Any] = {
    "maintenance.Round": lambda tenant: {
        "kind": "cleaning", "starts_at": tenant.at, "due_at": tenant.at + HOUR,
    },
    "maintenance.RoundPlan": lambda tenant: {"kind": "cleaning", "rule": "FREQ=WEEKLY;BYDAY=MO"},
}  # fmt: skip
