"""What the map, the kiosk and the API read. Every function is a fixed number of statements."""

from __future__ import annotations

from occupancy.selectors.banks import BankFacts, MapOpening, banks_of
from occupancy.selectors.doors import (
    MapDoor,
    SizeCount,
    bank_states,
    counts,
    free_by_size,
    site_states,
)
from occupancy.selectors.sites import (
    SiteMap,
    Watcher,
    may,
    may_at,
    presences,
    seen_part,
    site_map,
    sites_for,
    still_watching,
)
from occupancy.selectors.stories import Story, compartment_story

__all__ = [
    "BankFacts",
    "MapDoor",
    "MapOpening",
    "SiteMap",
    "SizeCount",
    "Story",
    "Watcher",
    "bank_states",
    "banks_of",
    "compartment_story",
    "counts",
    "free_by_size",
    "may",
    "may_at",
    "presences",
    "seen_part",
    "site_map",
    "site_states",
    "sites_for",
    "still_watching",
]
