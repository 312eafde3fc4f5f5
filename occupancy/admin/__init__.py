"""Policies, groups of doors, and who has had which compartment, in the administration."""

from __future__ import annotations

from occupancy.admin import (
    allotments,
    alone,
    bookings,
    claims,
    groups,
    lost_property,
    offers,
    panels,
    policies,
    recoveries,
    shares,
    waiting,
)

__all__ = [
    "allotments",
    "alone",
    "bookings",
    "claims",
    "groups",
    "lost_property",
    "offers",
    "panels",
    "policies",
    "recoveries",
    "shares",
    "waiting",
]
