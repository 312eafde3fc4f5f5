"""Names for the ids in the trail, found when it is read: the trail itself holds no names.

Apps to the right register how the ids of an actor kind or a place become names; whoever is gone
stays a number.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable

from audit.models import ActorKind, Event

Resolver = Callable[[set[str]], dict[str, str]]
# The most exact first; each has its column in an event.
PLACES = ("compartment", "bank", "site")
_resolvers: dict[str, Resolver] = {}


def register(kind: str, resolver: Resolver) -> None:
    """Say how the ids of an actor kind or a place become names: all that are asked in one query."""
    _resolvers[kind] = resolver


def place_of(event: Event) -> tuple[str, str] | None:
    """Return kind and id of the most exact place of an event."""
    for kind in PLACES:
        number = getattr(event, f"{kind}_id")
        if number is not None:
            return kind, str(number)
    return None


def of(events: Iterable[Event]) -> dict[tuple[str, str], str]:
    """Return the names of all actors, people and places of some events, by kind and id."""
    asked: dict[str, set[str]] = defaultdict(set)
    for event in events:
        if event.actor_id:
            asked[event.actor_kind].add(event.actor_id)
        if event.person_id is not None:
            asked[ActorKind.PERSON.value].add(str(event.person_id))
        if place := place_of(event):
            asked[place[0]].add(place[1])
    return {
        (kind, number): name
        for kind, ids in asked.items()
        if kind in _resolvers
        for number, name in _resolvers[kind](ids).items()
    }
