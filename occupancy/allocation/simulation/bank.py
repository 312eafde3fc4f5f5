"""A bank in memory: doors that are taken and given back by what the engine plans. Pure."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from dataclasses import dataclass, replace

from occupancy.allocation import engine
from occupancy.allocation.engine import Ask
from occupancy.allocation.policy import Attached, Level, Place, Who
from occupancy.allocation.ranking import Door
from occupancy.allocation.rules import Rules

_PLACE = Place(organisation_id=1, site_id=1, bank_id=1)


@dataclass(slots=True)
class Use:
    """Somebody has a door."""

    person_id: int
    door: int
    begun_at: dt.datetime
    ends_at: dt.datetime | None
    closed_at: dt.datetime | None = None


class Bank:
    """Equal doors under one policy; who has which."""

    def __init__(self, doors: int, rules: Rules, zone: zoneinfo.ZoneInfo) -> None:
        self.rules = rules
        self.zone = zone
        self.policies = (Attached(rules, Level.SITE, _PLACE.site_id),)
        self.doors = [Door(id=n, number=str(n + 1), size_id=1, size_rank=1) for n in range(doors)]
        self.held: dict[int, Use] = {}

    def take(self, person_id: int, at: dt.datetime) -> Use | None:
        """Give somebody the best free door, or None when the engine finds none for them."""
        ask = Ask(
            who=Who(person_id, "staff"),
            at=at,
            zone=self.zone,
            # What nobody may take for themselves is given.
            is_given=not self.rules.meaning.is_walk_up,
        )
        own = {self.rules.policy_id: [1]} if person_id in self.held else {}
        plan = engine.plan(self.policies, ask, _PLACE, self.doors, own)
        if not plan.choices:
            return None
        best = plan.choices[0]
        number = best.door.id
        self.doors[number] = replace(best.door, is_free=False, uses=best.door.uses + 1)
        use = self.held[person_id] = Use(person_id, number, at, best.offer.term.ends_at)
        return use

    def give_back(self, use: Use, at: dt.datetime) -> bool:
        """Free the door of a use, unless that has happened already."""
        if use.closed_at is not None:
            return False
        use.closed_at = at
        del self.held[use.person_id]
        self.doors[use.door] = replace(self.doors[use.door], is_free=True)
        return True
