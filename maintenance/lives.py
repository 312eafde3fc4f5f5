"""The life of an asset as a table: which step leads from where to where. Pure."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from maintenance.choices import AssetEventKind as Told
from maintenance.choices import AssetState as State


class Verb(enum.StrEnum):
    """What can be done with an asset."""

    ORDER = "order"
    DELIVER = "deliver"
    INSTALL = "install"
    MOVE = "move"
    REMOVE = "remove"
    DISPOSE = "dispose"


@dataclass(frozen=True, slots=True)
class Step:
    """From which states a verb leads to which, and the line it leaves in the life."""

    before: frozenset[State]
    after: State
    told: Told


STEPS: dict[Verb, Step] = {
    Verb.ORDER: Step(frozenset({State.PLANNED}), State.ORDERED, Told.ORDERED),
    # What comes without an order is delivered all the same.
    Verb.DELIVER: Step(frozenset({State.PLANNED, State.ORDERED}), State.IN_STORE, Told.DELIVERED),
    # What hung somewhere before may be used again; what was never in a store may be found there.
    Verb.INSTALL: Step(
        frozenset({State.PLANNED, State.ORDERED, State.IN_STORE, State.REMOVED}),
        State.INSTALLED,
        Told.INSTALLED,
    ),
    Verb.MOVE: Step(frozenset({State.INSTALLED}), State.INSTALLED, Told.MOVED),
    Verb.REMOVE: Step(frozenset({State.INSTALLED}), State.REMOVED, Told.REMOVED),
    # What hangs is taken down first.
    Verb.DISPOSE: Step(frozenset({State.IN_STORE, State.REMOVED}), State.DISPOSED, Told.DISPOSED),
}


def may(verb: Verb, state: State) -> bool:
    """Say whether a verb makes sense for an asset in a state."""
    return state in STEPS[verb].before


def verbs(state: State) -> set[Verb]:
    """Return what can be done with an asset in a state."""
    return {verb for verb in Verb if may(verb, state)}
