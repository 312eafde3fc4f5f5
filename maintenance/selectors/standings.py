"""How a door stands for whoever came to repair it. It is open only when a sensor said so."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from lockers import presence
from lockers.choices import BoardState, CommandStatus
from lockers.models import Command, Compartment
from occupancy import selectors as occupancy
from occupancy.models import Assignment
from occupancy.selectors import MapDoor
from occupancy.services.claims.assignments import in_force

# An opening that was asked for longer ago says nothing of the door any more.
_OPENING_FOR = dt.timedelta(seconds=60)
_UNDER_WAY = (CommandStatus.QUEUED, CommandStatus.SENT, CommandStatus.ACCEPTED)
_DID_NOT = (CommandStatus.FAILED, CommandStatus.EXPIRED, CommandStatus.CANCELLED)


@dataclass(frozen=True)
class Standing:
    """One door as it stands now."""

    compartment: Compartment
    # "open", "closed" or "unknown".
    door: str
    # What became of an opening a moment ago: "opening", "released", "failed", "unknown" or "".
    opening: str
    is_wired: bool
    is_reached: bool
    is_held: bool
    # What it is drawn among.
    doors: list[MapDoor]

    @property
    def may_open(self) -> bool:
        """Whether a board can be asked to open it now."""
        return self.is_wired and self.is_reached

    @property
    def is_moving(self) -> bool:
        """Whether it is worth looking again in a moment."""
        return self.opening == "opening" or self.door == "open"

    @property
    def said(self) -> str:
        """How the door stands, in a sentence."""
        if not self.is_wired:
            return _("No board drives this door: open it with its key or code.")
        if not self.is_reached:
            return _("These lockers cannot be reached right now: open it by hand.")
        if self.door == "open":
            return _("The door is open. Close it when you are done.")
        told = {
            "opening": _("The door is opening."),
            "released": _("The lock was released. Pull the door."),
            "failed": _("The door did not open."),
            "unknown": _("Nobody knows whether the door opened. Look at it."),
        }
        if self.opening in told:
            return told[self.opening]
        if self.door == "closed":
            return _("The door is closed.")
        return _("This door cannot say whether it is open.")

    @property
    def drawing(self) -> dict[str, Any]:
        """What the drawing of the bank needs: its size, and the middle of this door."""
        mine = next(door for door in self.doors if door.id == self.compartment.pk)
        return {
            "x": mine.x_mm + mine.width_mm // 2,
            "y": mine.y_mm + mine.height_mm // 2,
            "width": max(door.x_mm + door.width_mm for door in self.doors),
            "height": max(door.y_mm + door.height_mm for door in self.doors),
        }


def of(compartment: Compartment, at: dt.datetime) -> Standing:
    """Return how a door stands: three statements, however large its bank is."""
    doors = occupancy.bank_states([compartment.bank_id], at)
    mine = next(door for door in doors if door.id == compartment.pk)
    state = mine.state(at)
    newest = (
        Command.objects.filter(compartment=compartment, requested_at__gt=at - _OPENING_FOR)
        .order_by("-requested_at")
        .first()
    )
    return Standing(
        compartment=compartment,
        door=state.door,
        opening=_opening(newest, compartment.has_sensor),
        is_wired=mine.is_wired,
        is_reached=_is_reached(mine, at),
        is_held=Assignment.objects.filter(in_force(at), compartment=compartment).exists(),
        doors=doors,
    )


def _is_reached(door: MapDoor, at: dt.datetime) -> bool:
    online = presence.is_online(door.bridge_connected, door.bridge_seen_at, at)
    return online and door.board_state != BoardState.OFFLINE


def _opening(command: Command | None, has_sensor: bool) -> str:
    if command is None:
        return ""
    status = command.status
    if status in _UNDER_WAY:
        return "opening"
    if status == CommandStatus.ACTUATED:
        return "opening" if has_sensor else "released"
    if status in _DID_NOT:
        return "failed"
    return "unknown" if status == CommandStatus.UNKNOWN else ""
