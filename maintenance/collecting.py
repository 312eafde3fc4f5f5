"""What a line of a collection comes to: what is still to be said, brought or paid. Pure."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Standing(enum.StrEnum):
    """How a line stands."""

    TO_DO = "to_do"  # something of the three is not said yet
    MISSING = "missing"  # all is said, and something is not back
    OWES = "owes"  # all is back or lost, and there is something to settle
    COLLECTED = "collected"  # nothing is left


class Lack(enum.StrEnum):
    """What keeps a line from being collected."""

    NOT_EMPTIED = "not_emptied"
    KEY_NOT_BACK = "key_not_back"
    KEY_LOST = "key_lost"
    DAMAGE = "damage"


@dataclass(frozen=True, slots=True)
class Said:
    """What was said of a line; None and "" where nothing was."""

    emptied: bool | None = None
    # As KeyAnswer: "", "none", "back", "not_back", "lost".
    key: str = ""
    # As Condition: "", "good", "damaged".
    condition: str = ""
    # Whether the damage was charged, and whether somebody said why they are cleared all the same.
    is_damage_charged: bool = False
    is_cleared: bool = False

    @property
    def is_all_said(self) -> bool:
        """Whether each of the three was said."""
        return self.emptied is not None and self.key != "" and self.condition != ""

    @property
    def gives_door_back(self) -> bool:
        """Whether its use ends: all is said, it is empty, and nobody waits for its key."""
        return self.is_all_said and self.emptied is True and self.key != "not_back"


def lacks(said: Said) -> list[Lack]:
    """Return what keeps a line from being collected; silence about something is no lack of it."""
    if said.is_cleared:
        return []
    found = {
        Lack.NOT_EMPTIED: said.emptied is False,
        Lack.KEY_NOT_BACK: said.key == "not_back",
        Lack.KEY_LOST: said.key == "lost",
        Lack.DAMAGE: said.is_damage_charged,
    }
    return [lack for lack, is_there in found.items() if is_there]


def standing(said: Said) -> Standing:
    """Return how a line stands."""
    if said.is_cleared:
        return Standing.COLLECTED
    if not said.is_all_said:
        return Standing.TO_DO
    missing = set(lacks(said))
    if missing & {Lack.NOT_EMPTIED, Lack.KEY_NOT_BACK}:
        return Standing.MISSING
    return Standing.OWES if missing else Standing.COLLECTED
