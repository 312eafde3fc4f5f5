"""An access list in memory, with what its entries are found by."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from access.access_list.entries import (
    Bank,
    Door,
    Entry,
    Granted,
    Organisation,
    Slot,
    SpentPass,
    Wiring,
)

_E = TypeVar("_E", bound=Entry)


class AccessList:
    """Entries by key and by what they are found by."""

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        self._entries: dict[str, Entry] = {}
        self._slots: dict[Slot, tuple[str, ...]] = {}
        # Grants for one opening, and PINs for one use, that were used here.
        self.used: set[str] = set()
        # What was taken from somebody and has not come anew.
        self.denied: set[str] = set()
        # Whether the use that a grant comes from still has its door, where somebody else knows.
        self.is_open: Callable[[Granted], bool] | None = None
        for entry in entries:
            self.put(entry)

    def __len__(self) -> int:
        return len(self._entries)

    def put(self, entry: Entry) -> None:
        """Take an entry in the place of the one with its key."""
        self.remove(entry.key)
        self.denied.discard(entry.key)
        self._entries[entry.key] = entry
        for slot in entry.slots:
            self._slots[slot] = (*self._slots.get(slot, ()), entry.key)

    def remove(self, key: str) -> None:
        """Forget an entry."""
        entry = self._entries.pop(key, None)
        for slot in entry.slots if entry is not None else ():
            left = tuple(one for one in self._slots[slot] if one != key)
            if left:
                self._slots[slot] = left
            else:
                del self._slots[slot]

    def deny(self, key: str) -> None:
        """Let an entry count against its person from now on; without one it is about a pass."""
        entry = self._entries.get(key)
        if entry is None:
            entry = _pass_of(key)
        refused = entry.refused() if entry is not None else None
        if refused is None:
            self.remove(key)
            self.denied.add(key)
        else:
            self.put(refused)

    def get(self, kind: type[_E], key: str) -> _E | None:
        """Return the entry of a kind with a key."""
        entry = self._entries.get(key)
        return entry if isinstance(entry, kind) else None

    def find(self, kind: type[_E], slot: str, value: Any) -> list[_E]:
        """Return the entries of a kind that are found by a value; none that was used up here."""
        found = (self._entries[key] for key in self._slots.get((slot, value), ()))
        return [one for one in found if isinstance(one, kind) and self._counts(one)]

    def _counts(self, entry: Entry) -> bool:
        if entry.key in self.used:
            return False
        return not isinstance(entry, Granted) or self.is_open is None or self.is_open(entry)

    def bank(self, bank_id: int) -> Bank:
        """Return the rules of a bank."""
        return self.get(Bank, Bank(id=bank_id).key) or Bank(id=bank_id, pin_rule="always")

    def door(self, compartment_id: int) -> Door | None:
        """Return a door."""
        return self.get(Door, f"place:door:{compartment_id}")

    def door_by_number(self, bank_id: int, number: str) -> Door | None:
        """Return a door by the number that stands on it."""
        return next(iter(self.find(Door, "door", (bank_id, number))), None)

    @property
    def organisation(self) -> Organisation | None:
        """Whose list it is."""
        return self.get(Organisation, "place:organisation")

    @property
    def wiring(self) -> str | None:
        """The configuration that came with it."""
        found = self.get(Wiring, "place:wiring")
        return found.text if found is not None else None


def _pass_of(key: str) -> SpentPass | None:
    match key.split(":"):
        case ["person", person, "pass", name]:
            return SpentPass(id=uuid.UUID(name), person_id=int(person))
    return None
