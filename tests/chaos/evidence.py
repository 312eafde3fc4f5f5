"""What a run leaves behind to be judged: what people were told, what the locks did, what is kept.

Instants are seconds since 1970 by the clock of the run, which nothing sets. Where only a box could
say when, and its clock was wrong, they are when its journal was seen to have the line.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import Literal

# yours: this door is yours; gone: it is given back; refused: nothing was given; none: no door of
# this bank is yours.
What = Literal["yours", "gone", "refused", "none"]


@dataclass(frozen=True, slots=True)
class Pulse:
    """A lock that moved, as its board saw it; ``seq`` is the newest line that its bridge had."""

    door: int
    at: float
    seq: int


@dataclass(frozen=True, slots=True)
class Told:
    """An answer that reached somebody; a bridge alone names doors only, and its command."""

    person: int
    what: What
    asked_at: float
    told_at: float
    claim: int | None = None
    door: int | None = None
    scan: str = ""
    command: uuid.UUID | None = None
    # They had given it back at the server themselves, of which the bridge had not heard yet.
    knew_better: bool = False


@dataclass(frozen=True, slots=True)
class GaveUp:
    """Somebody who asked for the end of their use; whether it was heard, they may not know."""

    person: int
    claim: int | None
    at: float
    door: int | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """A use as the database has it; ``began`` and ``over`` are its places in the audit trail."""

    id: int
    door: int
    holder: int
    started_at: float
    closed_at: float | None
    closed_how: str = ""
    scan: str = ""
    began: int = 0
    over: int | None = None
    # It was withdrawn, and goes on because its bridge opened for it alone.
    was_undone: bool = False

    def covers(self, at: float, within_s: float = 0.0) -> bool:
        """Say whether it was running then."""
        is_over = self.closed_at is not None and self.closed_at < at - within_s
        return self.started_at <= at + within_s and not is_over


@dataclass(frozen=True, slots=True)
class Command:
    """An open as the database has it."""

    id: uuid.UUID
    door: int
    person: int | None
    claim: int | None
    deadline: float


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a bridge's journal, there or at the server."""

    bridge: int
    journal: uuid.UUID
    seq: int
    kind: str
    at: float
    door: int | None = None
    command: uuid.UUID | None = None


@dataclass
class Evidence:
    """All of it."""

    pulses: list[Pulse] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)
    gave_up: list[GaveUp] = field(default_factory=list)
    claims: list[Claim] = field(default_factory=list)
    commands: list[Command] = field(default_factory=list)
    # Commands whose asking stands in the audit trail.
    audited: set[uuid.UUID] = field(default_factory=set)
    # What the bridges have on their disks, and what the server has of it.
    written: list[Line] = field(default_factory=list)
    stored: list[Line] = field(default_factory=list)
    # What did not settle after the last fault.
    unsettled: list[str] = field(default_factory=list)
    # Doors that a bridge gave while the server had given them to somebody else.
    clashes: list[int] = field(default_factory=list)
    # What servers wrote into their logs of rules of the database that they ran into.
    broken: list[str] = field(default_factory=list)
