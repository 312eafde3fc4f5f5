"""How far a command got, by the lines about it. Pure."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from audit.actions import Action
from lockers.choices import CommandStatus
from lockers.services.journal.lines import Line

# What a line says of its command, the instant it fills, and what the trail calls it.
SAYS: dict[str, tuple[CommandStatus, str, Action | None]] = {
    "command_accepted": (CommandStatus.ACCEPTED, "", None),
    "command_actuated": (CommandStatus.ACTUATED, "actuated_at", None),
    "command_opened": (CommandStatus.OPENED, "opened_at", Action.OPENED),
    "command_closed": (CommandStatus.CLOSED, "ended_at", Action.CLOSED),
    "command_failed": (CommandStatus.FAILED, "ended_at", Action.NOT_OPENED),
    "command_expired": (CommandStatus.EXPIRED, "ended_at", Action.OPEN_EXPIRED),
    "command_unknown": (CommandStatus.UNKNOWN, "ended_at", Action.OPEN_UNKNOWN),
    "command_cancelled": (CommandStatus.CANCELLED, "ended_at", Action.OPEN_CANCELLED),
}
_RANK = {
    CommandStatus.QUEUED: 0,
    CommandStatus.SENT: 1,
    CommandStatus.ACCEPTED: 2,
    CommandStatus.ACTUATED: 3,
    CommandStatus.OPENED: 4,
    CommandStatus.CLOSED: 5,
}
# Every other end is reached from below this rung: a door that was seen open is no failure.
_END = 4
# What the server called unknown because it heard nothing; the bridge may still tell.
NO_ANSWER = "no_answer"


@dataclass(slots=True)
class Rung:
    """Where a command stands."""

    status: CommandStatus
    detail: str = ""
    actuated_at: dt.datetime | None = None
    opened_at: dt.datetime | None = None
    ended_at: dt.datetime | None = None

    def climb(self, line: Line) -> bool:
        """Take one line; False when it says nothing new, as every line does that comes again."""
        status, instant, _ = SAYS[line.kind]
        was_given_up = self.status == CommandStatus.UNKNOWN and self.detail == NO_ANSWER
        if status == CommandStatus.CLOSED:
            is_news = self.status == CommandStatus.OPENED
        elif was_given_up:
            is_news = True
        else:
            is_news = _RANK.get(self.status, 9) < _RANK.get(status, _END)
        if not is_news:
            return False
        self.status, self.detail = status, line.detail[:120]
        self.ended_at = None
        if instant:
            setattr(self, instant, line.occurred_at)
        return True
