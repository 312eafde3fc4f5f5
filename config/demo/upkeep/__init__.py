"""What is broken, due or worn out in the demonstration, and who sees to it."""

from __future__ import annotations

import datetime as dt

from access.models import User
from config.demo.estate import Estate
from config.demo.upkeep import assets, desk, faults, past, rounds, stores
from config.demo.upkeep.desk import Desk


def add(estate: Estate, *, first: User, technician: User, at: dt.datetime) -> None:
    """Write it in the order in which it happened, by the services that people's hands lead to."""
    kept = desk.build(estate, first=first, technician=technician)
    assets.record(estate, kept, at=at)
    stores.build(estate, kept, at=at)
    past.add(estate.office, kept, at=at)
    assets.upgrade(estate, kept, at=at)
    stores.read_batteries(estate, kept, at=at)
    faults.add(estate, kept, at=at)
    rounds.plan(estate, kept, at=at)
    rounds.go_on(estate, at=at)
    desk.reachable(estate)


def go_on(estate: Estate, *, at: dt.datetime) -> None:
    """Have a round under way on a later day, too; everything else goes on by itself."""
    rounds.go_on(estate, at=at)


__all__ = ["Desk", "add", "go_on"]
