"""Names for the ids in the trail, found when it is read: the trail itself holds no names.

Apps to the right register how an actor kind's ids become names; whoever is gone stays a number.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable

from audit.models import ActorKind, Event

Resolver = Callable[[set[str]], dict[str, str]]
_resolvers: dict[str, Resolver] = {}


def register(kind: ActorKind, resolver: Resolver) -> None:
    """Say how the ids of an actor kind become names: one query for all that are asked."""
    _resolvers[kind.value] = resolver


def of(events: Iterable[Event]) -> dict[tuple[str, str], str]:
    """Return the names of all actors and people of some events, by kind and id."""
    asked: dict[str, set[str]] = defaultdict(set)
    for event in events:
        if event.actor_id:
            asked[event.actor_kind].add(event.actor_id)
        if event.person_id is not None:
            asked[ActorKind.PERSON.value].add(str(event.person_id))
    return {
        (kind, number): name
        for kind, ids in asked.items()
        if kind in _resolvers
        for number, name in _resolvers[kind](ids).items()
    }
