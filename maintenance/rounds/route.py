"""In which order the doors of a round come, and when it is at each bank. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby


@dataclass(frozen=True, slots=True)
class Door:
    """A door and its place: bank by bank, column by column, from the top."""

    id: int
    bank_id: int
    bank_position: int
    bank_name: str
    column: int
    row: int

    @property
    def place(self) -> tuple[int, str, int, int, int, int]:
        """What doors are put in order by; no two have the same."""
        return (
            self.bank_position, self.bank_name, self.bank_id, self.column, self.row, self.id
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Leg:
    """The doors of one bank, and from when until when the round is there."""

    bank_id: int
    starts_at: dt.datetime
    ends_at: dt.datetime
    door_ids: tuple[int, ...]


def legs(doors: Iterable[Door], starts_at: dt.datetime, minutes_per_door: int) -> list[Leg]:
    """Return the banks one after the other, each as long as its doors take."""
    begins, way = starts_at, []
    ordered = sorted(doors, key=lambda door: door.place)
    for bank_id, group in groupby(ordered, key=lambda door: door.bank_id):
        ids = tuple(door.id for door in group)
        ends = begins + dt.timedelta(minutes=minutes_per_door * len(ids))
        way.append(Leg(bank_id, begins, ends, ids))
        begins = ends
    return way
