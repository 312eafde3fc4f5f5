"""One turn at the screen, and what is refused there."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from access.access_list.deciding import Answer, Place
from access.access_list.entries import Pin
from access.decisions import Code


class Refused(Exception):
    """Not done, in one stable word, with what the page needs to say so."""

    def __init__(self, code: str, **facts: Any) -> None:
        super().__init__(code)
        self.code, self.facts = code, facts


@dataclass
class Turn:
    """Somebody who showed who they are."""

    place: Place
    # Judges again what was shown, with the PIN besides or without.
    shown: Callable[[bool], Answer] = field(repr=False)
    answer: Answer
    # The PIN that was typed.
    pin: Pin | None = None
    id: str = field(default_factory=lambda: secrets.token_urlsafe(16))
    until: float = 0.0
    # The door that was opened last, and by which command.
    opened: tuple[int, uuid.UUID] | None = None

    @property
    def reader_id(self) -> int | None:
        """The screen's reader that was used; None: everything was typed."""
        return self.place.reader_id or None

    @property
    def needs_pin(self) -> bool:
        """Whether a PIN is asked for besides what was shown."""
        return self.answer.code == Code.PIN_REQUIRED
