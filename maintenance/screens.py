"""The screens of a bank: the app on the right that knows them says how they are found and ended."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection
from dataclasses import dataclass

from audit.services.events import Actor


@dataclass(frozen=True)
class Screen:
    """A screen at a bank, whether anybody can sign in at it or not."""

    number: int
    name: str
    bank_id: int


@dataclass(frozen=True)
class Screens:
    """What an app on the right can do with the screens at a bank."""

    # All that there are at some banks.
    every: Callable[[Collection[int]], list[Screen]]
    # Numbers and names of those that can still sign in, by bank.
    working: Callable[[int], dict[int, str]]
    # Ends them all, with a line of the trail for each.
    revoke: Callable[[int, Actor, dt.datetime], None]


_known: list[Screens] = []


def known_by(screens: Screens) -> None:
    """Let an app on the right answer for its screens."""
    if screens not in _known:
        _known.append(screens)


def at_banks(bank_ids: Collection[int]) -> list[Screen]:
    """Return the screens that there are at some banks."""
    return [one for known in _known for one in known.every(bank_ids)]


def working_at(bank_id: int) -> dict[int, str]:
    """Return the screens of a bank that can still sign in, by number."""
    return {number: name for one in _known for number, name in one.working(bank_id).items()}


def revoke_at(bank_id: int, actor: Actor, at: dt.datetime) -> None:
    """End every screen of a bank."""
    for one in _known:
        one.revoke(bank_id, actor, at)
