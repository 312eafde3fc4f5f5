"""Where a door is, in words that somebody in front of the bank can follow. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

# The middle of the door above the floor, in millimetres, and what of a standing person is there.
HEIGHTS: tuple[tuple[int, str | Promise], ...] = (
    (350, gettext_lazy("near the floor")),
    (750, gettext_lazy("at knee height")),
    (1150, gettext_lazy("at waist height")),
    (1450, gettext_lazy("at chest height")),
    (1700, gettext_lazy("at eye height")),
)
HIGHEST = gettext_lazy("above your head")

ORDINALS: tuple[str | Promise, ...] = (
    gettext_lazy("first"),
    gettext_lazy("second"),
    gettext_lazy("third"),
    gettext_lazy("fourth"),
    gettext_lazy("fifth"),
    gettext_lazy("sixth"),
    gettext_lazy("seventh"),
    gettext_lazy("eighth"),
    gettext_lazy("ninth"),
    gettext_lazy("tenth"),
)


class Placed(Protocol):
    """What is known of a door's place: column and row from 1, heights in millimetres."""

    @property
    def id(self) -> int: ...
    @property
    def column(self) -> int: ...
    @property
    def row(self) -> int: ...
    @property
    def height_mm(self) -> int: ...
    @property
    def floor_mm(self) -> int: ...


@dataclass(frozen=True)
class _Column:
    number: int
    doors: Sequence[Placed]


def words(doors: Iterable[Placed], only: Collection[int] | None = None) -> dict[int, str]:
    """Return for every door of one bank where it is: "the third from the left, at waist height".

    ``doors`` are all of the bank; with ``only``, it is told of these alone.
    """
    by_column: dict[int, list[Placed]] = {}
    for door in doors:
        by_column.setdefault(door.column, []).append(door)
    columns = [
        _Column(number, sorted(by_column[number], key=lambda door: door.row))
        for number in sorted(by_column)
    ]
    told: dict[int, str] = {}
    for place, column in enumerate(columns):
        heights = [_height(door.floor_mm + door.height_mm // 2) for door in column.doors]
        for row, (door, at_height) in enumerate(zip(column.doors, heights, strict=True)):
            if only is not None and door.id not in only:
                continue
            across = _across(place, len(columns))
            if heights.count(at_height) == 1:
                told[door.id] = _("%(across)s, %(height)s") % {
                    "across": across,
                    "height": at_height,
                }
            else:
                told[door.id] = _("%(across)s, %(height)s, the %(row)s from the top") % {
                    "across": across,
                    "height": at_height,
                    "row": ordinal(row),
                }
    return told


def height(middle_mm: int) -> str:
    """Return the words for the height of a door's middle above the floor, in millimetres."""
    return str(_height(middle_mm))


def _height(middle_mm: int) -> str | Promise:
    return next((said for below, said in HEIGHTS if middle_mm < below), HIGHEST)


def ordinal(place: int) -> str:
    """Return "first" for 0 and so on; beyond ten as a number."""
    return str(ORDINALS[place]) if place < len(ORDINALS) else _("number %d") % (place + 1)


def _across(place: int, columns: int) -> str:
    """Count from the side that is nearer."""
    if columns == 1:
        return _("in the only column")
    if place == 0:
        return _("the first on the left")
    if place == columns - 1:
        return _("the first on the right")
    if place < columns / 2:
        return _("the %(ordinal)s from the left") % {"ordinal": ordinal(place)}
    return _("the %(ordinal)s from the right") % {"ordinal": ordinal(columns - 1 - place)}
