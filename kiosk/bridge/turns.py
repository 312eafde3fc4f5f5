"""Who showed something at a reader a moment ago, and may type there now."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from access.access_list.deciding import Answer
from access.access_list.entries import Pin
from access.passes import Pass

# Within this time after a badge its PIN is typed, and after that a door's number.
TYPED_WITHIN_S = 15.0


@dataclass
class Turn:
    """What was shown, and what was said to it."""

    text: str = field(repr=False)
    given: Pass | None
    answer: Answer
    # The server asked for the PIN, so that it is the server that is asked about it.
    is_of_server: bool = False
    # The PIN that they typed; it was right.
    pin: Pin | None = None


class Turns:
    """One for each reader: digits belong to what was shown there last, and to nothing else."""

    def __init__(self) -> None:
        self._turns: dict[int, tuple[Turn, float]] = {}

    def begin(self, reader_id: int, turn: Turn) -> None:
        """Let somebody type; who begins anew has the whole time again."""
        self._turns[reader_id] = turn, time.monotonic() + TYPED_WITHIN_S

    def end(self, reader_id: int) -> None:
        """Let nobody type any more."""
        self._turns.pop(reader_id, None)

    def of(self, reader_id: int) -> Turn | None:
        """Return whose turn it is to type."""
        turn, until = self._turns.get(reader_id, (None, 0.0))
        return turn if time.monotonic() < until else None
