"""How the demonstration's banks of lockers look: data, and the drawing of their doors."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from lockers.choices import Hinge, LockKind
from lockers.services.estate import is_reached

BANK_HEIGHT_MM = 1800
PLINTH_MM = 100
DOOR_HEIGHT_MM = {"Small": 300, "Medium": 450, "Large": 600, "Tall": 900}
_LETTERS = {"S": "Small", "M": "Medium", "L": "Large", "T": "Tall"}
WIDE_MM = 400


@dataclass(frozen=True)
class BankPlan:
    """One bank: where it stands, its columns from the left, and what its doors offer.

    A column is its doors' sizes from the top, one letter each, and its width in millimetres.
    ``first`` is the number of the first door; numbers run down each column.
    """

    name: str
    area: str
    directions: str
    columns: tuple[tuple[str, int], ...]
    first: int
    has_kiosk: bool = False
    is_ventilated: bool = False
    is_ppe: bool = False
    # Columns (from 1) with a socket in every door, and columns without electronic locks.
    charging: frozenset[int] = frozenset()
    keyed: frozenset[int] = frozenset()
    combination: frozenset[int] = frozenset()
    # Doors that are not simply in service: number, service status, note.
    troubles: tuple[tuple[int, str, str], ...] = ()
    # Doors that were forced and still stand open.
    forced: frozenset[int] = frozenset()
    # Its boards have no power when the demonstration starts.
    is_silent: bool = False
    is_near_entrance: bool = False
    # Given for an academic year: nobody takes a door of it for the day.
    for_the_year: bool = False


@dataclass(frozen=True)
class DoorPlan:
    """One door of a bank as it will stand in the database."""

    number: int
    size: str
    column: int
    row: int
    x_mm: int
    y_mm: int
    width_mm: int
    height_mm: int
    lock_kind: LockKind
    is_accessible: bool
    hinge: Hinge = field(default=Hinge.LEFT)

    @property
    def floor_mm(self) -> int:
        return PLINTH_MM + BANK_HEIGHT_MM - self.y_mm - self.height_mm

    @property
    def is_wide(self) -> bool:
        return self.width_mm >= WIDE_MM


def doors(plan: BankPlan) -> Iterator[DoorPlan]:
    """Yield a bank's doors column by column from the top, in millimetres from its top left."""
    number, x_mm = plan.first, 0
    for column, (letters, width_mm) in enumerate(plan.columns, start=1):
        y_mm = 0
        for row, letter in enumerate(letters, start=1):
            height_mm = DOOR_HEIGHT_MM[_LETTERS[letter]]
            floor_mm = PLINTH_MM + BANK_HEIGHT_MM - y_mm - height_mm
            yield DoorPlan(
                number=number,
                size=_LETTERS[letter],
                column=column,
                row=row,
                x_mm=x_mm,
                y_mm=y_mm,
                width_mm=width_mm,
                height_mm=height_mm,
                lock_kind=_lock_kind(plan, column),
                is_accessible=is_reached(floor_mm, height_mm),
                hinge=Hinge.RIGHT if column == len(plan.columns) else Hinge.LEFT,
            )
            number, y_mm = number + 1, y_mm + height_mm
        x_mm += width_mm


def _lock_kind(plan: BankPlan, column: int) -> LockKind:
    if column in plan.keyed:
        return LockKind.KEYED
    return LockKind.COMBINATION if column in plan.combination else LockKind.ELECTRONIC


def _columns(text: str) -> tuple[tuple[str, int], ...]:
    """Read columns such as "SSSSSS MMMM* TT": a star makes a column wide."""
    return tuple(
        (word.rstrip("*"), WIDE_MM if word.endswith("*") else 300) for word in text.split()
    )


OFFICE_BANKS = (
    BankPlan(
        name="A",
        area="Ground floor",
        directions="Ground floor, on the left behind reception",
        columns=_columns("SSSSSS MSSSM LLL* TSSS SSSSSS TT* LLL* SSMSM SSSSSS"),
        first=1,
        has_kiosk=True,
        charging=frozenset({2, 8}),
        troubles=((23, "needs_cleaning", "Coffee spilled inside"),),
    ),
    BankPlan(
        name="B",
        area="Ground floor",
        directions="Ground floor, beside the cycle store and the showers",
        columns=_columns("MMMM LLL TT* LLL MMMM TT* TT* MMMM LLL TT* MMMM LLL"),
        first=41,
        is_ventilated=True,
        troubles=((52, "fault", "Lock sticks when it is cold, engineer comes on Thursday"),),
    ),
    BankPlan(
        name="C",
        area="First floor",
        directions="First floor, opposite the lifts",
        columns=_columns("SSSSSS MSSSM MSMSS TSSS MSSSM SSSMM SSSSSS"),
        first=101,
        has_kiosk=True,
        charging=frozenset({2, 3, 5, 6}),
    ),
    BankPlan(
        name="D",
        area="First floor",
        directions="First floor, south side, next to the kitchen",
        columns=_columns("MSSSM MMMM MSSSM MMMM SSMSM MMMM MSSSM"),
        first=137,
        charging=frozenset({1, 7}),
        troubles=((150, "out_of_service", "Hinge bent, new door is ordered"),),
        forced=frozenset({161}),
    ),
    BankPlan(
        name="E",
        area="Second floor",
        directions="Second floor, the old green lockers by the archive",
        columns=_columns("SSSSSS MMMM MMMM MMMM SSSSSS MMMM MMMM"),
        first=201,
        has_kiosk=True,
        keyed=frozenset({3, 4}),
        combination=frozenset({5}),
        troubles=((210, "out_of_service", "Key lost, cylinder is being replaced"),),
    ),
    BankPlan(
        name="F",
        area="Second floor",
        directions="Second floor, in front of the workshop",
        columns=_columns("LLL* TT* LLL* TT* TSSS TT* LLL* TT* LLL*"),
        first=233,
        is_ventilated=True,
        is_ppe=True,
    ),
)
SCHOOL_BANKS = (
    BankPlan(
        name="Corridor",
        area="Main corridor",
        directions="Main corridor, between the hall and the library",
        columns=_columns("SSSSSS MMMM SSSSSS MMMM MMMM SSSSSS MMMM MMMM SSSSSS MMMM"),
        first=1,
        has_kiosk=True,
        charging=frozenset({2}),
    ),
    BankPlan(
        name="Science",
        area="Science block",
        directions="Science block, outside laboratory 2",
        columns=_columns("SSSSSS SSSSSS SSSSSS SSSSSS SSSSSS"),
        first=101,
        keyed=frozenset({1, 2, 3, 4, 5}),
    ),
    BankPlan(
        name="Gym",
        area="Sports hall",
        directions="Sports hall, at the entrance to the changing rooms",
        columns=_columns("LLL* MMMM MMMM LLL* MMMM SSSSSS LLL*"),
        first=201,
        is_ventilated=True,
        combination=frozenset({6}),
        troubles=((206, "needs_cleaning", "Mud from the last match"),),
    ),
)
# One kind of lock to a bank: half of all doors take a key.
_YEAR = "MMMM MMMM SSSSSS TT* MMMM"
_ALL_COLUMNS = frozenset({1, 2, 3, 4, 5})
SCHOOL_YEAR_BANKS = (
    BankPlan(
        name="Hall",
        area="Ground floor",
        directions="Ground floor, between the hall and room 7A",
        columns=_columns(_YEAR),
        first=301,
        keyed=_ALL_COLUMNS,
        for_the_year=True,
    ),
    BankPlan(
        name="Entrance",
        area="Ground floor",
        directions="Ground floor, on the right behind the main entrance",
        columns=_columns(_YEAR),
        first=321,
        charging=frozenset({1, 4}),
        is_near_entrance=True,
        for_the_year=True,
    ),
    BankPlan(
        name="Library",
        area="First floor",
        directions="First floor, opposite the library and room 8A",
        columns=_columns(_YEAR),
        first=401,
        keyed=_ALL_COLUMNS,
        for_the_year=True,
    ),
    BankPlan(
        name="Music",
        area="First floor",
        directions="First floor, beside the music rooms",
        columns=_columns(_YEAR),
        first=421,
        charging=frozenset({1, 4}),
        for_the_year=True,
    ),
    BankPlan(
        name="Gallery",
        area="Second floor",
        directions="Second floor, in the gallery outside rooms 10A and 10B",
        columns=_columns(_YEAR),
        first=501,
        keyed=_ALL_COLUMNS,
        for_the_year=True,
    ),
    BankPlan(
        name="Art",
        area="Second floor",
        directions="Second floor, at the stairs to the art room",
        columns=_columns(_YEAR),
        first=521,
        combination=_ALL_COLUMNS,
        for_the_year=True,
    ),
)
POOL_BANKS = (
    BankPlan(
        name="Village",
        area="Wet changing village",
        directions="Changing village, straight after the foot bath",
        columns=_columns("SSSSSS MMMM SSSSSS MMMM SSSSSS MMMM SSSSSS MMMM SSSSSS MMMM"),
        first=1,
        has_kiosk=True,
        is_ventilated=True,
    ),
    BankPlan(
        name="Family",
        area="Family changing",
        directions="Family changing room, next to the baby tables",
        columns=_columns("LLL* LLL* MMMM* TT* LLL* MMMM*"),
        first=101,
        is_ventilated=True,
        troubles=((104, "fault", "Door does not click shut, please use another"),),
        is_silent=True,
    ),
)
FOR_THE_YEAR = frozenset(plan.name for plan in SCHOOL_YEAR_BANKS)
SILENT = frozenset(
    plan.name for plan in (*OFFICE_BANKS, *SCHOOL_BANKS, *POOL_BANKS) if plan.is_silent
)
