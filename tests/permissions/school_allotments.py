"""Allotments and the pages behind pupils' links, for the tables of who may what."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.utils import timezone

from occupancy.models import Allotment, Entry
from occupancy.services.allotting import drawing, links
from tests.factories.cast import SETUP
from tests.factories.school import academic_year
from tests.permissions.rules import May, Rule
from tests.permissions.world import World

_WEEK = dt.timedelta(days=7)


def _opened(world: World) -> Allotment:
    found = Allotment.objects.filter(code="permissions").first()
    if found is None:
        estate, at = world.estate, timezone.now()
        found = Allotment.objects.create(
            site=estate.site, session=academic_year(estate.site), policy=estate.policy,
            name="Permissions", code="permissions",
        )  # fmt: skip
        drawing.open_for_wishes(
            allotment=found, opens_at=at, closes_at=at + _WEEK, actor=SETUP, at=at
        )
        Entry.objects.create(
            allotment=found, person=estate.ben, ticket="AAAAAAAA", friend_code="AAAAAAAA"
        )
    return found


def a_link(world: World) -> dict[str, Any]:
    """Return the secret address of a pupil's wishes."""
    (slip,) = links.hand_out(allotment=_opened(world), at=timezone.now())
    return {"link": slip.link}


def a_draw(world: World) -> dict[str, Any]:
    """Return the address of a draw."""
    return {"code": _opened(world).code}


# The secret address is the right, and the file takes its code, too.
PAGES = {
    "wishes": Rule(May.PUBLIC, there=a_link),
    "draw": Rule(May.PUBLIC, there=a_draw),
    "draw-file": Rule(May.NOBODY, there=a_link),
}
BY_SITE = {
    "occupancy.Allotment": "site",
    "occupancy.Allotted": "entry__allotment__site",
    "occupancy.Entry": "allotment__site",
    "occupancy.Rollover": "site",
}
# Verbs of an allotment beside its letters and after its draw.
WAITING_OBJECTS = {
    "occupancy.Allotment import_wishes",
    "occupancy.Allotment send_links",
    "occupancy.Allotment waiting",
}
