"""What the tests of occupancy share."""

from __future__ import annotations

import datetime as dt

import pytest

from lockers.models import BridgePresence
from tests import factories
from tests.factories.cast import Estate
from tests.occupancy.waited import claim


@pytest.fixture
def full(estate: Estate, at: dt.datetime) -> Estate:
    """Return the bank with both small doors taken, by Gus and Hal; Ines and Jo would like one."""
    BridgePresence.objects.update(last_seen_at=at + dt.timedelta(days=30))
    for name in ("gus", "hal", "ines", "jo"):
        estate.extra[name] = factories.PersonFactory(
            organisation=estate.organisation, home_site=estate.site, given_name=name.title(),
            email=f"{name}@example.org",
        )  # fmt: skip
    for name, door in zip(("gus", "hal"), estate.doors, strict=False):
        claim(estate, name, at, door=door.pk)
    return estate
