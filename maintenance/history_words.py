"""The history of a door in words: what each stable code says to whoever reads it."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lockers.choices import CommandStatus, ServiceStatus
from maintenance.choices import (
    AssetEventKind,
    MoveKind,
    RoundKind,
    StopResult,
    TicketStatus,
)
from maintenance.selectors.door_history import Kind, Line
from occupancy.choices import ClosedHow

_SEEN = {
    "door_opened": gettext_lazy("opened without a command"),
    "door_forced": gettext_lazy("forced open"),
    "door_unknown": gettext_lazy("cannot be read"),
}


def told(line: Line) -> str:
    """Say what happened, in a few words."""
    match line.kind:
        case Kind.USE if line.what == "begun":
            return _("given")
        case Kind.USE:
            how = _word(ClosedHow, line.text)
            return _("given back: %s") % how if how else _("given back")
        case Kind.OPENING:
            seen = _SEEN.get(line.what)
            return str(seen) if seen is not None else _word(CommandStatus, line.what)
        case Kind.FAULT:
            if line.what == "reported":
                return _("ticket #%d: reported") % (line.number or 0)
            facts = {"number": line.number or 0, "how": _word(TicketStatus, line.what)}
            return _("ticket #%(number)d: %(how)s") % facts
        case Kind.PART:
            facts = {"number": line.number or 0, "how": _word(MoveKind, line.what)}
            return _("part %(how)s, ticket #%(number)d") % facts
        case Kind.ROUND:
            kind, _colon, result = line.what.partition(":")
            return f"{_word(RoundKind, kind)}: {_word(StopResult, result)}"
        case Kind.ASSET:
            return _("lock %s") % _word(AssetEventKind, line.what)
        case Kind.SERVICE:
            return _word(ServiceStatus, line.what)


def more(line: Line) -> str:
    """Return what was written down with it."""
    return "" if line.kind is Kind.USE else line.text


def _word(choices: Any, value: str) -> str:
    return str(choices(value).label) if value in choices.values else value
