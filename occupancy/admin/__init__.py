"""Policies, groups of doors, and who has had which compartment, in the administration."""

from __future__ import annotations

from occupancy.admin import (
    allotments,
    alone,
    booked_sets,
    bookings,
    claims,
    groups,
    lost_property,
    offers,
    panels,
    person_panels,
    policies,
    recoveries,
    rollovers,
    searches,
    shares,
    site_panels,
    waiting,
)

__all__ = [
    "allotments",
    "alone",
    "booked_sets",
    "bookings",
    "claims",
    "groups",
    "lost_property",
    "offers",
    "panels",
    "person_panels",
    "policies",
    "recoveries",
    "rollovers",
    "searches",
    "shares",
    "site_panels",
    "waiting",
]
