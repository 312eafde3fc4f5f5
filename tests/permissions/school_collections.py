"""A collection with a line, for the tables of who may what."""

from __future__ import annotations

import datetime as dt
from typing import Any

from lockers.models import AcademicSession, Site
from maintenance.models import Collection, CollectionLine
from occupancy.models import Claim
from tests.factories.cast import Estate

BY_SITE = {"maintenance.Collection": "site", "maintenance.CollectionLine": "collection__site"}
MORE_LISTS = {"maintenance.Collection reviews"}
MORE_OBJECTS = {
    *(
        f"maintenance.Collection {verb}"
        for verb in ("begin", "charges", "close_collection", "lost_property", "on_tablet",
                     "open_doors", "remind", "rotate", "uncollected")
    ),
    "maintenance.CollectionLine charge_damage",
    "maintenance.CollectionLine clear",
}  # fmt: skip
# Of a whole site: forms have lockers everywhere.
HIDDEN_IN_AREAS = {"maintenance.Collection", "maintenance.CollectionLine"}
NEEDS: dict[str, Any] = {
    "maintenance.Collection": lambda tenant: {"session": a_session(tenant.site)},
}


def a_session(site: Site) -> AcademicSession:
    """Return the year of a site, made where there is none."""
    known = AcademicSession.objects.filter(site=site, level=1).first()
    return known or AcademicSession.objects.create(
        site=site, name="2026/27", starts_on=dt.date(2026, 9, 1), ends_on=dt.date(2027, 7, 21)
    )


def rows(estate: Estate, at: dt.datetime) -> dict[str, int]:
    """Make a collection of one locker of somebody in no form."""
    session = a_session(estate.site)
    one = Collection.objects.create(
        site=estate.site, session=session, name="Summer", starts_on=at.date(),
        ends_on=at.date(), begun_at=at,
    )  # fmt: skip
    claim = Claim.objects.filter(holder=estate.amira, kind="assignment").latest("pk")
    line = CollectionLine.objects.create(
        collection=one, claim=claim, person=estate.amira, compartment=claim.compartment,
        key="none",
    )  # fmt: skip
    return {"collection": one.pk, "collection-line": line.pk, "session": session.pk}
