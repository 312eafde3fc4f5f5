"""Which rows a member of staff may see and change: those of the places they were given.

``rights`` is the single reader of rights, ``people`` says whom somebody may see, ``admin`` holds
the one mixin for every admin. Rows that belong to an organisation rather than a site are for
staff who have the right on any of its sites. Missing and forbidden give the same 404.
"""

from __future__ import annotations

from lockers.scoping.admin import (
    JudgedByItsPage,
    OfItsPage,
    ScopedRelatedFilter,
    SiteScopedAdmin,
)
from lockers.scoping.people import events_of, people, tie
from lockers.scoping.rights import (
    MAINTAIN,
    MANAGE,
    OPERATE,
    OVERRIDE,
    RECOVER,
    STAFF,
    VIEW,
    areas_of,
    banks_of,
    holders_of,
    organisations_of,
    places_of,
    sites_of,
    within,
)

__all__ = [
    "MAINTAIN",
    "MANAGE",
    "OPERATE",
    "OVERRIDE",
    "RECOVER",
    "STAFF",
    "VIEW",
    "JudgedByItsPage",
    "OfItsPage",
    "ScopedRelatedFilter",
    "SiteScopedAdmin",
    "areas_of",
    "banks_of",
    "events_of",
    "holders_of",
    "organisations_of",
    "people",
    "places_of",
    "sites_of",
    "tie",
    "within",
]
