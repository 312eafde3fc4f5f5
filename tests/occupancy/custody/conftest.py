"""Ways to say what happens to doors that somebody has, in one line each."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from access.models import Person
from audit.models import ActorKind, Event
from audit.services.events import Actor
from lockers.models import BridgePresence
from occupancy.choices import UseModel
from occupancy.models import Assignment, Policy
from occupancy.services.claims import assignments
from occupancy.services.claims.assignments import Wanted
from tests import factories
from tests.factories.cast import Estate

STAFF = Actor(ActorKind.STAFF, "7")


@pytest.fixture
def policy(estate: Estate) -> Callable[..., Policy]:
    """Make another policy of the site."""

    def make(name: str, model: UseModel, **values: Any) -> Policy:
        return factories.PolicyFactory(
            organisation=estate.organisation, site=estate.site, name=name, model=model, **values
        )

    return make


@pytest.fixture
def claim(estate: Estate) -> Callable[..., Assignment]:
    """Claim a door for somebody at the bank."""

    def make(who: Person, at: dt.datetime, door: int | None = None) -> Assignment:
        BridgePresence.objects.update(last_seen_at=at)
        wanted = Wanted() if door is None else Wanted(compartment_id=estate.doors[door - 1].pk)
        got = assignments.claim(
            person_id=who.pk, bank_id=estate.bank.pk, wanted=wanted,
            actor=Actor.person(who.pk), at=at,
        )  # fmt: skip
        return Assignment.objects.get(pk=got.claim_id)

    return make


def told(action: str) -> list[Event]:
    """Return what the trail says of an action, the oldest first."""
    return list(Event.objects.filter(action=action).order_by("id"))
