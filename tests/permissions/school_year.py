"""Forms, lists to hand out, openings by two and doors for many, for the tables of who may what."""

from __future__ import annotations

import datetime as dt
from typing import Any

from tests import factories
from tests.factories.cast import Estate
from tests.factories.school import RegistrationGroupFactory
from tests.permissions.rules import May, Rule, door, post, site
from tests.permissions.world import World

_MINUTE, _HOUR = dt.timedelta(minutes=1), dt.timedelta(hours=1)


def a_form(world: World) -> dict[str, Any]:
    """Return a form of the estate's site, made when it is asked for."""
    return {"form_id": form_of(world.estate)}


def form_of(estate: Estate) -> int:
    """Return the number of a form at the estate's site."""
    found = estate.site.registration_groups.first()
    return int((found or RegistrationGroupFactory.create(site=estate.site)).pk)


PAGES = {
    "forms": Rule(May.LOGIN),
    "form": Rule(May.SITE_VIEW, there=a_form),
    "hand-outs": Rule(May.SITE_OPERATE, there=site),
    "map-door-search": post(May.SITE_OPERATE, door),
}
BY_SITE = {
    "occupancy.BookedSet": "bank__site",
    "occupancy.SearchOpening": "compartment__bank__site",
}
BY_AREA = {
    "occupancy.BookedSet": "bank__area",
    "occupancy.SearchOpening": "compartment__bank__area",
}
MORE_LISTS = {"occupancy.BookedSet book_set"}
MORE_OBJECTS = {
    "occupancy.BookedSet give_up",
    "occupancy.BookedSet list_xlsx",
    "occupancy.BookedSet print_list",
    "occupancy.SearchOpening call_off",
    "occupancy.SearchOpening confirm",
    "occupancy.SearchOpening open_again",
    "occupancy.SearchOpening record",
}
NEEDS: dict[str, Any] = {
    "occupancy.BookedSet": lambda tenant: {"ends_at": tenant.at + _HOUR},
    # One that is over: nothing of it is left to be said.
    "occupancy.SearchOpening": lambda tenant: {
        "requested_at": tenant.at, "confirmed_by": factories.UserFactory.create(),
        "confirmed_at": tenant.at + _MINUTE, "found": "taken", "recorded_by": tenant.staff,
        "recorded_at": tenant.at + _HOUR, "is_pupil_present": True, "is_guardian_told": True,
    },
}  # fmt: skip
