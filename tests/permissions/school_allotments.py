"""Allotments and the pages behind pupils' links, for the tables of who may what."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.utils import timezone

from lockers.models import AcademicSession, Site
from occupancy.models import Allotment, Entry
from occupancy.services.allotting import drawing, links
from tests.factories.cast import SETUP
from tests.permissions.rules import May, Rule
from tests.permissions.school_collections import a_session
from tests.permissions.world import World

_WEEK = dt.timedelta(days=7)


def _opened(world: World) -> Allotment:
    found = Allotment.objects.filter(code="permissions").first()
    if found is None:
        estate, at = world.estate, timezone.now()
        found = Allotment.objects.create(
            site=estate.site, session=a_session(estate.site), policy=estate.policy,
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
MORE_OBJECTS = {
    *(
        f"occupancy.Allotment {verb}"
        for verb in ("compare", "draw", "give", "import_wishes", "letters", "open_wishes",
                     "send_links", "waiting")
    ),
    *(f"occupancy.Rollover {verb}" for verb in ("go_over", "preview", "undo")),
}  # fmt: skip
# Of a whole site: pupils have lockers everywhere.
HIDDEN_IN_AREAS = set(BY_SITE)
NEEDS: dict[str, Any] = {
    "occupancy.Allotment": lambda tenant: {"session": a_session(tenant.site)},
    "occupancy.Allotted": lambda tenant: {
        "waiting": 1, "place": 1,
        "because": {"method": "turns", "of": 1, "wish": -1, "wishes": 0, "keeps": False,
                    "can": False},
    },
    "occupancy.Rollover": lambda tenant: {
        "from_session": a_session(tenant.site), "to_session": _next_year(tenant.site),
    },
}  # fmt: skip


def _next_year(site: Site) -> AcademicSession:
    """Return the year after a site's first, made where there is none."""
    ended = a_session(site)
    found, _new = AcademicSession.objects.get_or_create(
        site=site,
        name=f"After {ended.name}",
        defaults={
            "starts_on": ended.ends_on + dt.timedelta(1),
            "ends_on": ended.ends_on + dt.timedelta(300),
        },
    )
    return found
