"""A bridge's list as the server makes it, for tests that ask it."""

from __future__ import annotations

import datetime as dt

from access.access_list import entries
from access.access_list.entries import Entry
from access.access_list.index import AccessList
from kiosk import access_lists
from lockers.models import Bridge


def made(bridge: Bridge, at: dt.datetime) -> list[Entry]:
    """Return everything that a bridge is told."""
    return [*access_lists.of_place(bridge, at), *access_lists.of_people(bridge, at)]


def as_read(bridge: Bridge, at: dt.datetime) -> AccessList:
    """Return the list that a bridge has when it has read what was written."""
    read = [entries.read(entries.written(entry)) for entry in made(bridge, at)]
    assert None not in read
    return AccessList(one for one in read if one is not None)


def keys(bridge: Bridge, at: dt.datetime) -> set[str]:
    """Return the keys of a bridge's list."""
    return {entry.key for entry in made(bridge, at)}
