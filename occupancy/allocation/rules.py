"""What one policy says, as the engine sees it, and what the models mean. Pure."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum

from occupancy.choices import AtEnd, Criterion, UseModel


class Ends(StrEnum):
    """By what a use ends when nobody finishes it."""

    LOCAL_TIME = "local_time"  # the next time that the site's clocks show the policy's hour
    AFTER = "after"  # a time after it began
    SHIFT = "shift"  # before the next shift begins, by the handover
    PERIOD = "period"  # days or months, at the policy's hour
    ACCESS = "access"  # with the person's temporary access
    WINDOW = "window"  # with the window that was reserved
    NEVER = "never"  # until it is changed


class Whose(StrEnum):
    """Whom a use is for."""

    PERSON = "person"
    ROLE = "role"
    DEPARTMENT = "department"


USUAL_ORDER = (
    Criterion.NEEDS,
    Criterion.SMALLEST,
    Criterion.NEAR,
    Criterion.USUAL,
    Criterion.LEAST_USED,
)


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a model stands for."""

    ends: Ends
    whose: Whose = Whose.PERSON
    # Whether somebody at a bank may take a door without having been given or having booked it.
    is_walk_up: bool = True
    # Whether the person picks the door; otherwise the engine may pick it for them.
    is_own_choice: bool = False
    # Whether opening it again ends the use: things are taken out once.
    ends_at_tap: bool = False


MODELS = {
    UseModel.DAY_USE: Meaning(Ends.LOCAL_TIME),
    UseModel.HOT: Meaning(Ends.LOCAL_TIME, is_own_choice=True),
    UseModel.SESSION: Meaning(Ends.AFTER, ends_at_tap=True),
    UseModel.SHARED: Meaning(Ends.AFTER),
    UseModel.SHIFT: Meaning(Ends.SHIFT),
    UseModel.FIXED: Meaning(Ends.PERIOD),
    UseModel.PERMANENT: Meaning(Ends.NEVER, is_walk_up=False),
    UseModel.ROLE: Meaning(Ends.NEVER, whose=Whose.ROLE, is_walk_up=False),
    UseModel.DEPARTMENT: Meaning(Ends.NEVER, whose=Whose.DEPARTMENT, is_walk_up=False),
    UseModel.VISITOR: Meaning(Ends.LOCAL_TIME),
    UseModel.CONTRACTOR: Meaning(Ends.ACCESS),
    UseModel.RESERVATION: Meaning(Ends.WINDOW, is_walk_up=False),
    UseModel.EXCEPTION: Meaning(Ends.PERIOD, is_walk_up=False),
}


@dataclass(frozen=True, slots=True)
class Ahead:
    """How a door may be booked for later."""

    books_ahead: dt.timedelta
    least_notice: dt.timedelta = dt.timedelta(0)
    longest: dt.timedelta = dt.timedelta(hours=24)
    no_show_after: dt.timedelta = dt.timedelta(minutes=10)
    checks_in_before: dt.timedelta = dt.timedelta(minutes=15)
    per_person: int = 5


@dataclass(frozen=True, slots=True)
class Rules:
    """One policy: for whom, how long, by what, how many, and how it ends."""

    policy_id: int
    name: str
    model: UseModel = UseModel.DAY_USE
    # Whom it is for; an empty set asks nothing.
    kinds: frozenset[str] = frozenset()
    groups: frozenset[int] = frozenset()
    departments: frozenset[int] = frozenset()
    roles: frozenset[int] = frozenset()
    needs: frozenset[str] = frozenset()
    # Whether its doors are for nobody else.
    is_exclusive: bool = False
    # Which doors and credentials; an empty set allows all.
    sizes: frozenset[int] = frozenset()
    credentials: frozenset[str] = frozenset()
    limit: int | None = 1
    # How long.
    ends_at_time: dt.time = dt.time(0, 0)
    lasts: dt.timedelta | None = None
    days: int = 0
    months: int = 0
    shifts: tuple[dt.time, ...] = ()
    handover: dt.timedelta = dt.timedelta(0)
    # What its holder may do meanwhile.
    renewals: int = 0
    may_share: bool = False
    # What happens at the end.
    grace: dt.timedelta = dt.timedelta(0)
    at_end: AtEnd = AtEnd.RELEASE
    ranking: tuple[Criterion, ...] = USUAL_ORDER
    # None: not to be booked.
    ahead: Ahead | None = None

    @property
    def meaning(self) -> Meaning:
        """What its model stands for."""
        return MODELS[self.model]

    @property
    def is_bookable(self) -> bool:
        """Whether people may book its doors for later."""
        return self.ahead is not None and self.meaning.whose is Whose.PERSON

    @property
    def asks(self) -> int:
        """How much it says about whom it is for."""
        asked = (self.kinds, self.groups, self.departments, self.roles, self.needs)
        return sum(bool(one) for one in asked)
