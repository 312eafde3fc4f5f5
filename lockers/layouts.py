"""The doors of a layout text such as "8 columns of 3 large and 5 small"."""

from __future__ import annotations

import re
from dataclasses import dataclass

from django.utils.translation import gettext as _

from lockers.errors import UnknownLayout

BANK_HEIGHT_MM = 1800
COLUMN_WIDTH_MM = 300
# A compartment's edges are at least this long.
LEAST_HEIGHT_MM = 50
MOST_DOORS = 1000
# How tall a door of a size is beside others; a word that is not here is a medium.
_SHARES = {"tiny": 1, "small": 2, "medium": 3, "large": 4, "tall": 6, "full": 12}
_COLUMNS = re.compile(r"(\d{1,3})\s+columns?\s+of\s+", re.IGNORECASE)
_DOORS = re.compile(r"(\d{1,3})\s+([^\W\d_][\w-]{0,38})(?:\s+doors?)?", re.IGNORECASE)
_JOINED = re.compile(r"(?:\s*(?:,|;|\+|\band\b)\s*)+|\s+", re.IGNORECASE)


@dataclass(frozen=True)
class DrawnDoor:
    """One door: its size by name, its place, and its edges in millimetres from the top left."""

    size: str
    column: int
    row: int
    x_mm: int
    y_mm: int
    width_mm: int
    height_mm: int


def read(text: str) -> list[DrawnDoor]:
    """Return every door of a layout, in the order of their numbers; raises UnknownLayout."""
    parts = _COLUMNS.split(text.strip().rstrip("."))
    if len(parts) < 3 or parts[0].strip():
        raise UnknownLayout(
            problem=_("Begin with the number of columns: “8 columns of 3 large and 5 small”.")
        )
    doors: list[DrawnDoor] = []
    column = 0
    for count, contents in zip(parts[1::2], parts[2::2], strict=True):
        sizes = _sizes(contents)
        for _each in range(int(count)):
            column += 1
            doors += _column(column, sizes)
            if len(doors) > MOST_DOORS:
                raise UnknownLayout(
                    problem=_("That is more than %(most)d doors. Make several banks of them.")
                    % {"most": MOST_DOORS}
                )
    if not doors:
        raise UnknownLayout(problem=_("There is no door in that layout."))
    return doors


def sizes(doors: list[DrawnDoor]) -> list[str]:
    """Return the names of the sizes, smallest first."""
    names = dict.fromkeys(door.size for door in doors)
    return sorted(names, key=lambda name: _share(name))


def _sizes(text: str) -> list[str]:
    """Return the sizes of one column from the top, one for each door."""
    found: list[str] = []
    place = 0
    while place < len(text):
        joined = _JOINED.match(text, place)
        if joined:
            place = joined.end()
            continue
        door = _DOORS.match(text, place)
        if door is None:
            raise UnknownLayout(
                problem=_("“%(rest)s” is not a number of doors and a size, such as “3 large”.")
                % {"rest": text[place : place + 40].strip()}
            )
        found += [door[2].capitalize()] * int(door[1])
        place = door.end()
    if not found:
        raise UnknownLayout(problem=_("Say which doors a column has, such as “3 large”."))
    return found


def _column(column: int, names: list[str]) -> list[DrawnDoor]:
    """Draw one column: its doors share the height of the bank."""
    whole = sum(_share(name) for name in names)
    doors, above = [], 0
    for row, name in enumerate(names, start=1):
        top = BANK_HEIGHT_MM * above // whole
        above += _share(name)
        doors.append(
            DrawnDoor(
                size=name,
                column=column,
                row=row,
                x_mm=(column - 1) * COLUMN_WIDTH_MM,
                y_mm=top,
                width_mm=COLUMN_WIDTH_MM,
                height_mm=BANK_HEIGHT_MM * above // whole - top,
            )
        )
    lowest = min(doors, key=lambda door: door.height_mm)
    if lowest.height_mm < LEAST_HEIGHT_MM:
        raise UnknownLayout(
            problem=_(
                "A column with %(count)d doors has some that are only %(height)d mm high."
                " Take fewer."
            )
            % {"count": len(names), "height": lowest.height_mm}
        )
    return doors


def _share(name: str) -> int:
    return _SHARES.get(name.lower(), _SHARES["medium"])
