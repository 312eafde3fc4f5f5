"""What a year of lockers says: never used, damaged, asked for, and what to change. Pure.

Every piece of advice carries the figures that it rests on.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

# Below these a figure is chance: a tenth of the doors, and more than one.
SHARE = 0.1
FEWEST = 2


@dataclass(frozen=True, slots=True)
class Door:
    """What a year made of one door."""

    bank: str
    size: str
    number: str
    # How many people had it, and for how many days of the period.
    uses: int
    days_held: float
    # How often it opened; None where no lock of ours says so.
    openings: int | None
    # Tickets by category.
    faults: dict[str, int] = field(default_factory=dict)

    @property
    def is_never_used(self) -> bool:
        """Whether nobody had it."""
        return self.uses == 0

    @property
    def is_never_opened(self) -> bool:
        """Whether somebody had it, and its lock was never opened."""
        return self.uses > 0 and self.openings == 0

    @property
    def is_damaged(self) -> bool:
        """Whether it was reported as damaged."""
        return self.faults.get("damaged", 0) > 0


@dataclass(frozen=True, slots=True)
class Asked:
    """How many asked at a bank for a door and did not get one at once; "" for any size."""

    bank: str
    size: str
    waited: int = 0
    refused: int = 0


@dataclass(frozen=True, slots=True)
class Group:
    """The figures of some doors: of a bank, of a size, of one size at a bank, or of all."""

    bank: str
    size: str
    doors: int
    never_used: int
    never_opened: int
    damaged: int
    faults: dict[str, int]
    waited: int
    refused: int
    # How much of the time its doors were held, in hundredths.
    held_percent: int
    # Those that were never used, to go and look at.
    unused_numbers: tuple[str, ...] = ()

    @property
    def wanted(self) -> int:
        """How often somebody asked for more than there was."""
        return self.waited + self.refused


class Kind(enum.StrEnum):
    """What to change."""

    FEWER = "fewer"  # doors that nobody used
    MOVE = "move"  # doors that nobody used here, and people who waited there
    MORE = "more"  # people who waited or were refused
    ASK = "ask"  # doors that were held and never opened
    DAMAGE = "damage"  # doors that were damaged


@dataclass(frozen=True, slots=True)
class Advice:
    """One thing to change, and the figures it rests on."""

    kind: Kind
    here: Group
    there: Group | None = None


@dataclass(frozen=True, slots=True)
class Review:
    """The whole of it."""

    total: Group
    banks: tuple[Group, ...]
    sizes: tuple[Group, ...]
    rows: tuple[Group, ...]
    advice: tuple[Advice, ...]


def review(doors: Sequence[Door], asked: Sequence[Asked], days: float) -> Review:
    """Add up a period of ``days`` by bank and by size, and say what to change."""
    banks = _groups(doors, asked, days, lambda one: (one.bank, ""))
    rows = _groups(doors, asked, days, lambda one: (one.bank, one.size))
    return Review(
        total=_group("", "", doors, asked, days),
        banks=banks,
        sizes=_groups(doors, asked, days, lambda one: ("", one.size)),
        rows=rows,
        advice=tuple(_advice(banks, rows)),
    )


def _groups(
    doors: Sequence[Door],
    asked: Sequence[Asked],
    days: float,
    key: Callable[[Door | Asked], tuple[str, str]],
) -> tuple[Group, ...]:
    """Return the groups in the order in which their first doors come; asked-for ones at the end."""
    names = dict.fromkeys([*map(key, doors), *map(key, asked)])
    return tuple(
        _group(
            bank, size, [one for one in doors if key(one) == (bank, size)],
            [one for one in asked if key(one) == (bank, size)], days,
        )
        for bank, size in names
    )  # fmt: skip


def _group(
    bank: str, size: str, doors: Sequence[Door], asked: Sequence[Asked], days: float
) -> Group:
    faults: dict[str, int] = {}
    for door in doors:
        for category, count in door.faults.items():
            faults[category] = faults.get(category, 0) + count
    possible = len(doors) * days
    held = sum(min(max(door.days_held, 0), days) for door in doors)
    return Group(
        bank=bank, size=size, doors=len(doors),
        never_used=sum(door.is_never_used for door in doors),
        never_opened=sum(door.is_never_opened for door in doors),
        damaged=sum(door.is_damaged for door in doors),
        faults=dict(sorted(faults.items(), key=lambda one: (-one[1], one[0]))),
        waited=sum(one.waited for one in asked), refused=sum(one.refused for one in asked),
        held_percent=round(100 * held / possible) if possible else 0,
        unused_numbers=tuple(door.number for door in doors if door.is_never_used),
    )  # fmt: skip


def _counts(part: int, whole: int) -> bool:
    return part >= FEWEST and part >= whole * SHARE


def _advice(banks: Iterable[Group], rows: Sequence[Group]) -> Iterable[Advice]:
    """Say what to change, the most wanted first."""
    wanting = sorted(
        (one for one in rows if _counts(one.wanted, one.doors)), key=lambda one: -one.wanted
    )
    yield from (Advice(Kind.MORE, one) for one in wanting)
    for row in rows:
        if not _counts(row.never_used, row.doors) or row.wanted:
            continue
        # Doors of that size that stood empty here, while somebody waited for one elsewhere.
        there = next(
            (one for one in wanting if one.bank != row.bank and one.size in (row.size, "")), None
        )
        yield Advice(Kind.MOVE if there is not None else Kind.FEWER, row, there)
    banks = list(banks)
    yield from (Advice(Kind.ASK, one) for one in banks if _counts(one.never_opened, one.doors))
    yield from (Advice(Kind.DAMAGE, one) for one in banks if _counts(one.damaged, one.doors))
