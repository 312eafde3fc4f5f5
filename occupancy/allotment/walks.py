"""How far it is between two places of a site, by the areas that one leaves and enters.

An estimate, the same for everybody: out of a room ten metres, across a zone twenty-five, a floor
forty, a building a hundred and twenty. A plan in metres would be better; no school has one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

METRES = {"room": 10, "zone": 25, "floor": 40, "building": 120}


@dataclass(frozen=True, slots=True)
class Place:
    """An area: what kind it is, and which it lies in."""

    kind: str
    parent: int | None


def metres(areas: Mapping[int, Place], start: int | None, end: int | None) -> int:
    """Return the walk from one area to another; 0 where either is not known."""
    if start is None or end is None:
        return 0
    ways = [_way_out(areas, start), _way_out(areas, end)]
    shared = set(ways[0]) & set(ways[1])
    return sum(METRES[areas[one].kind] for way in ways for one in way if one not in shared)


def inside(areas: Mapping[int, Place], area: int) -> set[int]:
    """Return an area and every one that lies in it."""
    return {one for one in areas if area in _way_out(areas, one)}


def _way_out(areas: Mapping[int, Place], area: int) -> list[int]:
    way: list[int] = []
    at: int | None = area
    while at is not None and at not in way:
        way.append(at)
        at = areas[at].parent
    return way
