"""How a bank is wired, in one hash, and whether that is how it was commissioned."""

from __future__ import annotations

import enum
import hashlib
import json
from dataclasses import dataclass

from lockers.choices import CommissioningState
from lockers.models import Bank, Commissioning, Compartment


class Standing(enum.StrEnum):
    """Whether the wiring of a bank was found out at its doors."""

    UNWIRED = "unwired"  # nothing here is opened electronically
    NEVER = "never"
    CHANGED = "changed"  # by hand, since it was commissioned
    COMMISSIONED = "commissioned"


@dataclass(frozen=True, slots=True)
class Wiring:
    """What is known of a bank's wiring; ``last`` is its latest version."""

    standing: Standing
    last: Commissioning | None


def digest(bank: Bank) -> str:
    """Return the hash of all that decides which lock a door of the bank opens."""
    doors = list(
        Compartment.objects.filter(bank=bank, controller__isnull=False)
        .select_related("controller")
        .order_by("pk")
    )
    boards = {door.controller.pk: door.controller for door in doors if door.controller is not None}
    told = {
        "bridge": bank.bridge_id,
        "boards": [
            [one.pk, one.driver, one.address, one.unit, one.channels, one.profile, one.pulse_ms]
            for _pk, one in sorted(boards.items())
        ],
        "doors": [[door.pk, door.controller_id, door.channel, door.has_sensor] for door in doors],
    }
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def of(bank: Bank) -> Wiring:
    """Say whether a bank is wired as it was last commissioned."""
    last = latest(bank)
    if not Compartment.objects.filter(bank=bank, controller__isnull=False).exists():
        return Wiring(Standing.UNWIRED, last)
    if last is None:
        return Wiring(Standing.NEVER, None)
    same = last.config_hash == digest(bank)
    return Wiring(Standing.COMMISSIONED if same else Standing.CHANGED, last)


def is_as_commissioned(bank: Bank) -> bool:
    """Say whether nothing of a bank's wiring was changed by hand since its latest version."""
    return of(bank).standing == Standing.COMMISSIONED


def latest(bank: Bank) -> Commissioning | None:
    """Return the version of a bank that went live last."""
    return (
        Commissioning.objects.filter(bank=bank, state=CommissioningState.LIVE)
        .order_by("-version")
        .first()
    )
