"""Every model is had by every way: taken, used, over when its time is, and the next one's then."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine

from access.choices import PersonKind
from access.models import Person
from access.services import temporary
from lockers.choices import ServiceStatus
from lockers.models import BridgePresence, Command, Compartment
from occupancy.allocation.rules import MODELS, Ends, Whose
from occupancy.choices import UseModel
from occupancy.models import Claim, Policy
from tests import factories
from tests.conftest import MORNING
from tests.factories.cast import SETUP, Estate
from tests.occupancy.policies.ways import WAYS, Way, has_it

HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
EVENING = MORNING.replace(hour=18)

# What a policy of each way to end has to say, and when a use that began at nine is over then;
# London is UTC in November. A model with an end that stands not here fails.
SAYS: dict[Ends, tuple[dict[str, Any], dt.datetime | None]] = {
    Ends.LOCAL_TIME: ({"ends_at_time": dt.time(18)}, EVENING),
    Ends.AFTER: ({"lasts": 3 * HOUR}, MORNING + 3 * HOUR),
    Ends.SHIFT: (
        {"shifts": [dt.time(6), dt.time(14), dt.time(22)], "handover": HOUR / 2},
        MORNING.replace(hour=13, minute=30),
    ),
    # The first day counts.
    Ends.PERIOD: ({"days": 7, "ends_at_time": dt.time(18)}, EVENING + 6 * DAY),
    Ends.ACCESS: ({"person_kinds": [PersonKind.CONTRACTOR]}, MORNING + DAY),
    Ends.WINDOW: ({"books_ahead": 7 * DAY}, MORNING + 2 * HOUR),
    Ends.NEVER: ({}, None),
}


@pytest.fixture
def clock() -> Iterator[time_machine.Coordinates]:
    with time_machine.travel(MORNING, tick=False) as traveller:
        yield traveller


@pytest.fixture
def one_door(estate: Estate) -> Estate:
    """Only door 1 works, and its bridge is heard at every hour."""
    BridgePresence.objects.update(last_seen_at=MORNING.replace(year=2100))
    Compartment.objects.exclude(pk=estate.doors[0].pk).update(
        service_status=ServiceStatus.OUT_OF_SERVICE
    )
    return estate


def belongs(estate: Estate, person: Person, whose: Whose) -> None:
    """Make one person the one that a role or department goes by; the other has it no more."""
    if whose is Whose.ROLE:
        person.role = factories.RoleFactory(organisation=estate.organisation)
    elif whose is Whose.DEPARTMENT:
        person.department = factories.DepartmentFactory(organisation=estate.organisation)
    person.save()


def admitted(estate: Estate, kind: PersonKind) -> None:
    """Let both be here for a while; Amira until tomorrow morning."""
    for person, until in ((estate.amira, MORNING + DAY), (estate.ben, MORNING + 30 * DAY)):
        person.kind = kind
        person.save()
        temporary.give(
            person=person, site=estate.site, starts_at=MORNING, ends_at=until, actor=SETUP,
            at=MORNING,
        )  # fmt: skip


@pytest.mark.parametrize("way", WAYS.values(), ids=list(WAYS))
@pytest.mark.parametrize("model", list(UseModel))
def test_taken_used_over_and_the_next_one_s(
    one_door: Estate, clock: time_machine.Coordinates, model: UseModel, way: type[Way]
) -> None:
    estate, meaning = one_door, MODELS[model]
    rules, ends_at = SAYS[meaning.ends]
    Policy.objects.filter(pk=estate.policy.pk).update(model=model, **rules)
    if kind := {"visitor": PersonKind.VISITOR, "contractor": PersonKind.CONTRACTOR}.get(model):
        admitted(estate, kind)
    for person in (estate.amira, estate.ben):
        belongs(estate, person, meaning.whose)
    by = way(estate, meaning)

    by.take(estate.amira)
    claim = has_it(estate, MORNING)
    assert claim is not None
    assert claim.policy_id == estate.policy.pk
    assert (claim.due_at, claim.ends_at) == (ends_at, ends_at)
    assert (claim.holder or claim.role or claim.department) == by.whose(estate.amira)

    clock.shift(HOUR)
    openings = Command.objects.filter(compartment=estate.doors[0]).count()
    by.use(estate.amira, claim)
    assert Command.objects.filter(compartment=estate.doors[0]).count() == openings + 1

    if ends_at is None:
        clock.shift(400 * DAY)
        assert has_it(estate, MORNING + 400 * DAY) == claim, "no clock ends it"
        by.give_up(estate.amira, claim)
        clock.shift(HOUR)
    else:
        second = dt.timedelta(seconds=1)
        assert has_it(estate, ends_at - second) == claim
        # No job runs: it is over in the query that asks.
        assert has_it(estate, ends_at) is None
        clock.move_to(ends_at)

    by.take(estate.ben)
    claim.refresh_from_db()
    assert claim.closed_at is not None
    assert claim.closed_how == ("expired" if ends_at else claim.closed_how)
    mine = Claim.objects.get(compartment=estate.doors[0], closed_at=None, kind="assignment")
    assert (mine.holder or mine.role or mine.department) == by.whose(estate.ben)


def test_the_engine_says_of_every_model_what_it_means() -> None:
    assert set(MODELS) == set(UseModel)
    assert {meaning.ends for meaning in MODELS.values()} == set(SAYS)
