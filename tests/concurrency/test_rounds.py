"""Two planners make one round, and two phones do one door once."""

from __future__ import annotations

import datetime as dt
import uuid
from collections import Counter

import pytest
from django.db import connection

from audit.models import Event
from audit.services import idempotency
from lockers.models import BridgePresence
from maintenance.models import LateEntry, Round, RoundStop
from maintenance.services.rounds import planning
from occupancy.models import Claim
from tests.concurrency.racing import outcomes, together
from tests.conftest import MORNING
from tests.factories.cast import Estate
from tests.maintenance.rounds.walked import HOUR, do, plan, planned, stop

pytestmark = pytest.mark.django_db(transaction=True)
ONCE = "maintenance_one_round_per_plan_and_day"


@pytest.fixture
def now() -> dt.datetime:
    return MORNING


@pytest.fixture
def office(transactional_db: None, now: dt.datetime) -> Estate:
    estate = Estate.build(at=now)
    BridgePresence.objects.update(last_seen_at=now + 24 * HOUR)
    return estate


def test_four_planners_at_once_make_each_round_once(office: Estate, now: dt.datetime) -> None:
    plan(office, rule="FREQ=DAILY", days_ahead=4)
    made = together(*[lambda: planning.plan_due(now)] * 4)
    assert sum(made) == 5
    assert Counter(Round.objects.values_list("day", flat=True)).most_common(1)[0][1] == 1
    assert RoundStop.objects.count() == 15
    # Each door of each round is closed, once.
    assert Claim.objects.filter(kind="closure").count() == 15
    assert not RoundStop.objects.filter(closure=None).exists()


def test_without_the_constraint_they_would_make_it_twice(office: Estate, now: dt.datetime) -> None:
    """The negative control: looking first is not enough."""
    plan(office, rule="FREQ=DAILY", days_ahead=4)
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE maintenance_round DROP CONSTRAINT {ONCE}")
    try:
        made = together(*[lambda: planning.plan_due(now)] * 4)
        assert sum(one for one in made if isinstance(one, int)) > 5
    finally:
        RoundStop.objects.all().delete()
        Round.objects.all().delete()
        with connection.cursor() as cursor:
            cursor.execute(
                f"ALTER TABLE maintenance_round ADD CONSTRAINT {ONCE} UNIQUE (plan_id, day)"
            )


def test_of_two_phones_at_one_door_one_is_first_and_the_other_is_kept(
    office: Estate, now: dt.datetime
) -> None:
    one = planned(office, now)
    where, evening = stop(one), one.starts_at
    came = Counter(
        outcomes(
            lambda: do(where, office.olga.pk, evening), lambda: do(where, office.max.pk, evening)
        )
    )
    assert came == {"done": 1, "stop_done": 1}
    assert Event.objects.filter(action="round.stop_done").count() == 1


def test_one_entry_sent_by_two_tabs_at_once_is_one(office: Estate, now: dt.datetime) -> None:
    one = planned(office, now)
    entry = uuid.uuid4()

    def send() -> object:
        return idempotency.run(
            lambda: do(stop(one), office.olga.pk, one.starts_at, entry_id=entry)
        )  # fmt: skip

    first, second = together(send, send)
    assert first == second
    assert Event.objects.filter(action="round.stop_done").count() == 1
    assert not LateEntry.objects.exists()
