"""Who may read which events. The app that knows rights says so; until it does, nobody may."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db.models import Q

_readers: list[tuple[Callable[[Any], Q], Callable[[Any], bool]]] = []


def register(condition: Callable[[Any], Q], admits: Callable[[Any], bool]) -> None:
    """Say by which condition a user's events are found, and who may look for any."""
    _readers[:] = [(condition, admits)]


def of(user: Any) -> Q:
    """Return the condition for the events that a user may read."""
    return _readers[0][0](user) if _readers else Q(pk__in=[])


def admits(user: Any) -> bool:
    """Say whether a user may read the trail of any place."""
    return bool(_readers) and _readers[0][1](user)
