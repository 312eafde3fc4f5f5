"""Who may give out the doors of a bank, the server or its bridge. Pure; see authority.md.

Each side counts on its own monotonic clock, in seconds.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Terms:
    """What both sides agreed on."""

    lease_s: float = 60.0
    # How far the clocks part in a lease, and how late what was checked may take effect.
    drift_s: float = 5.0

    @classmethod
    def of(cls, lease_s: float) -> Terms:
        """Return the terms of a lease; clocks may part by a twelfth of it."""
        return cls(lease_s, lease_s / 12)


@dataclass(frozen=True, slots=True)
class ServerSide:
    """What the process with the bridge's line remembers; nothing of it outlives that process."""

    terms: Terms
    term: int
    # Renewals that are under way, with the time of their sending, and the newest number.
    sent: tuple[tuple[int, float], ...] = ()
    newest: int = 0
    good_until: float = -math.inf

    def renew(self, at: float) -> ServerSide:
        """Send one more renewal, whose number is ``newest``."""
        number = self.newest + 1
        return replace(self, sent=(*self.sent, (number, at)), newest=number)

    def answered(self, term: int, number: int) -> ServerSide:
        """Take the bridge's answer to a renewal; one of another term says nothing."""
        sent = dict(self.sent).get(number)
        if term != self.term or sent is None:
            return self
        until = sent + self.terms.lease_s - self.terms.drift_s
        left = tuple((one, at) for one, at in self.sent if one > number)
        return replace(self, sent=left, good_until=max(self.good_until, until))

    def may_act(self, at: float) -> bool:
        """Say whether the server may give doors of the bank, open them and tell whose they are."""
        return at < self.good_until

    def taken_back(self, term: int) -> ServerSide:
        """Begin the next term after the bridge's ``term`` was handed back; again does nothing."""
        if term + 1 <= self.term:
            return self
        return ServerSide(self.terms, term + 1)


@dataclass(frozen=True, slots=True)
class BridgeSide:
    """What the bridge goes by; all but ``answered_at`` stands in its journal."""

    terms: Terms
    answered_at: float
    term: int = 0
    is_alone: bool = False
    # It has stopped giving doors, and waits for the server to take them back.
    is_returning: bool = False
    # The newest number of what the server said of holders.
    heard: int = 0
    # Up to which of these numbers the server knows that they are written down here.
    known: int = 0

    def started(self, at: float) -> BridgeSide:
        """Start again with what the journal holds: it may have answered a moment ago."""
        return replace(self, answered_at=at)

    def answer(self, term: int, known: int, at: float) -> BridgeSide | None:
        """Answer a renewal, counted before the answer leaves; None: it is not answered."""
        if self.is_alone or term != self.term:
            return None
        return replace(self, answered_at=at, known=max(self.known, known))

    def hear(self, term: int, number: int) -> BridgeSide | None:
        """Hear of a change of holder; None: it is too old, or nobody's to say any more."""
        if self.is_alone or term != self.term or number < self.heard:
            return None
        return replace(self, heard=number)

    def may_open(self, number: int) -> bool:
        """Say whether to open for a holder of whom the server said so under a number.

        While the server may act, it withdraws what it does not know to be written down here.
        """
        return self.may_give or number <= self.known

    @property
    def stopped_at(self) -> float:
        """When the server has surely stopped, if it is answered no more."""
        return self.answered_at + self.terms.lease_s + self.terms.drift_s

    def may_begin_alone(self, at: float) -> bool:
        """Say whether the server has surely stopped."""
        return not self.is_alone and at >= self.stopped_at

    def begin_alone(self) -> BridgeSide:
        """Decide alone from here on, in a term of its own: to be written down before any door."""
        return replace(self, term=self.term + 1, is_alone=True, is_returning=False)

    @property
    def may_give(self) -> bool:
        """Say whether the bridge gives doors by itself."""
        return self.is_alone and not self.is_returning

    def hand_back(self) -> BridgeSide:
        """Stop giving doors: to be written down before the server is told."""
        return replace(self, is_returning=True)

    def resume(self) -> BridgeSide:
        """Decide alone again: the line was cut before the server was heard to take the bank back.

        If it did, it began the next term, and nobody has answered a renewal of that one.
        """
        return replace(self, term=self.term + 2, is_returning=False)

    def taken(self, term: int, at: float) -> BridgeSide:
        """Hear that the server has taken the bank back, in the next term."""
        if not self.is_returning or term != self.term + 1:
            return self
        return replace(self, term=term, is_alone=False, is_returning=False, answered_at=at)
